import assert from "assert";
import { checkLimits, DEFAULT_LIMITS, type Limits } from "./limits.ts";

const NAMES = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];

Deno.test("Every limit has a finite default", () => {
  assert.deepEqual(NAMES.toSorted(), [
    "fuel",
    "inputBytes",
    "logBytes",
    "memoryBytes",
    "outputBytes",
    "stackBytes",
    "timeMs",
  ]);
  for (const name of NAMES) assert(Number.isFinite(DEFAULT_LIMITS[name]) && DEFAULT_LIMITS[name] > 0, name);
});

Deno.test("Limits that are not given are the defaults", () => {
  assert.deepEqual(checkLimits(), DEFAULT_LIMITS);
  assert.deepEqual(checkLimits({}), DEFAULT_LIMITS);
  assert.deepEqual(checkLimits({ fuel: 5, timeMs: undefined }), { ...DEFAULT_LIMITS, fuel: 5 });
});

Deno.test("The defaults are in the ranges of the limits", () => {
  assert.deepEqual(checkLimits(DEFAULT_LIMITS), DEFAULT_LIMITS);
});

for (const name of NAMES) {
  Deno.test(`A limit ${name} out of range is an error that names it and the value`, () => {
    for (const value of [-1, NaN, Infinity, -Infinity, 2 ** 54, 1e300]) {
      assert.throws(
        () => checkLimits({ [name]: value }),
        (error) => {
          assert(error instanceof RangeError);
          assert(error.message.includes(`limits.${name}`), error.message);
          assert(error.message.includes(String(value)), error.message);
          return true;
        },
      );
    }
  });

  Deno.test(`A limit ${name} that is no number is an error that names it and the value`, () => {
    for (const value of ["1000000", null, true, [], {}, 5n, "many", Symbol("much")]) {
      assert.throws(
        () => checkLimits({ [name]: value as unknown as number }),
        (error) => error instanceof RangeError && error.message.includes(`limits.${name} to ${String(value)}`),
      );
    }
  });
}

Deno.test("Only the time may be a fraction", () => {
  assert.equal(checkLimits({ timeMs: 1.5 }).timeMs, 1.5);
  for (const name of NAMES.filter((name) => name !== "timeMs")) {
    const value = DEFAULT_LIMITS[name] + 0.5;
    assert.throws(() => checkLimits({ [name]: value }), RangeError, name);
  }
});

Deno.test("A name that is no limit's is a TypeError that names it and the limits", () => {
  for (const name of ["timeMS", "memory", "toString", "__proto__", "constructor", ""]) {
    const given = Object.fromEntries([[name, 1]]);
    assert.throws(
      () => checkLimits(given),
      (error) => {
        assert(error instanceof TypeError);
        assert(error.message.includes(`limits.${name}`), error.message);
        for (const known of NAMES) assert(error.message.includes(known), error.message);
        return true;
      },
    );
  }
});
