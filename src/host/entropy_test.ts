import assert from "assert";
import { GuestMemory } from "../engine/memory.ts";
import { Entropy } from "./entropy.ts";

function bytes(seed: number | undefined, length = 16): number[] {
  const memory = new GuestMemory(1, 1);
  const entropy = new Entropy();
  entropy.begin(seed === undefined ? undefined : BigInt(seed));
  const fill = entropy.imports(memory).entropy as (pointer: number, length: number) => void;
  fill(8, length);
  return [...memory.bytes.subarray(8, 8 + length)];
}

Deno.test("A seed gives the same bytes, another seed others, no seed fresh ones", () => {
  assert.deepEqual(bytes(1), bytes(1));
  assert.notDeepEqual(bytes(1), bytes(2));
  assert.notDeepEqual(bytes(undefined), bytes(undefined));
  assert.notDeepEqual(bytes(-1), bytes(1));
});

Deno.test("Random bytes are filled where the guest says, and nowhere else", () => {
  const memory = new GuestMemory(1, 1);
  const entropy = new Entropy();
  entropy.begin(1n);
  (entropy.imports(memory).entropy as (pointer: number, length: number) => void)(100, 8);
  const changed = memory.bytes.findIndex((byte) => byte !== 0);
  assert(changed >= 100 && memory.bytes.findLastIndex((byte) => byte !== 0) < 108);
});
