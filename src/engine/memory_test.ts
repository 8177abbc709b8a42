import assert from "assert";
import { SandboxError } from "../errors.ts";
import { GuestMemory } from "./memory.ts";

Deno.test("A guest's pointer and length name its bytes", () => {
  const memory = new GuestMemory(1, 2);
  memory.bytes.set([1, 2, 3], 10);
  assert.deepEqual([...memory.at(11, 2)], [2, 3]);
  assert.equal(memory.at(65_536, 0).length, 0);
});

Deno.test("A pointer or length past the end is refused, also as a negative number", () => {
  const memory = new GuestMemory(1, 2);
  for (const [pointer, length] of [[65_530, 7], [65_537, 0], [-1, 1], [0, -1], [-8, 8], [2 ** 31, 2 ** 31]] as const) {
    assert.throws(() => memory.at(pointer, length), SandboxError, `${pointer}, ${length}`);
  }
});

Deno.test("Bytes are found again after the memory grew", () => {
  const memory = new GuestMemory(1, 2);
  memory.bytes[5] = 7;
  memory.memory.grow(1);
  assert.equal(memory.bytes.length, 2 * 65_536);
  assert.equal(memory.bytes[5], 7);
});
