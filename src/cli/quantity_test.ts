import assert from "assert";
import { formatBytes, formatTime, parseBytes, parseCount, parseTime } from "./quantity.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("Times, sizes and counts are read with their units", () => {
  assert.equal(parseTime("50ms", "--time"), 50);
  assert.equal(parseTime("1.5 s", "--time"), 1500);
  assert.equal(parseTime("20", "--time"), 20);
  assert.equal(parseBytes("16MB", "--memory"), 16_000_000);
  assert.equal(parseBytes("8MiB", "--memory"), 8 << 20);
  assert.equal(parseBytes("0.5kB", "--memory"), 500);
  assert.equal(parseCount("1e6", "--fuel"), 1_000_000);
});

Deno.test("What is no quantity is refused by flag and value", () => {
  for (const text of ["", "ms", "5x", "-1ms", "1 000", "0x10", "NaN", "Infinity", "1e", "constructor", "5 __proto__"]) {
    assert.throws(() => parseTime(text, "--time"), UsageError, text);
    assert.throws(() => parseBytes(text, "--memory"), new RegExp(`Cannot read --memory ${JSON.stringify(text)}`), text);
  }
  assert.throws(() => parseCount("5ms", "--fuel"), UsageError);
});

Deno.test("Quantities are written for people", () => {
  assert.deepEqual([0, 1023, 1024, 2.44 * 2 ** 20, 64 << 20, 2 ** 40].map(formatBytes), [
    "0 B",
    "1,023 B",
    "1 KiB",
    "2.4 MiB",
    "64 MiB",
    "1,024 GiB",
  ]);
  assert.deepEqual([0.123, 1.999, 50, 1000].map(formatTime), ["0.12 ms", "2 ms", "50 ms", "1,000 ms"]);
});
