import { Sandbox, SandboxError } from "@sandglass/sandglass";
import assert from "assert";
import { encode } from "../src/codec/encode.ts";
import { plainData } from "./plain_data.ts";
import { Random } from "./random.ts";

const SEED = 7_331;
const ROUNDS = 5_000;

// What mutated bytes may come to: a value, or a refusal of it on one side. Anything else is a defect.
const CODES = new Set(["input", "value"]);

const sandbox = new Sandbox({ limits: { timeMs: 2000, memoryBytes: 16 << 20 } });

function mutate(random: Random, bytes: Uint8Array, alphabet: readonly number[]): Uint8Array {
  const mutated = [...bytes];
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(mutated.length + 1);
    switch (random.below(6)) {
      case 0:
        mutated[Math.min(at, mutated.length)] = random.pick(alphabet);
        break;
      case 1:
        if (at < mutated.length) mutated[at]! ^= 1 << random.below(8);
        break;
      case 2:
        mutated.splice(at, 1 + random.below(4));
        break;
      case 3:
        mutated.splice(at, 0, ...random.some(4, () => random.pick(alphabet)));
        break;
      case 4:
        mutated.length = at;
        break;
      default:
        mutated.splice(at, 0, ...mutated.slice(random.below(mutated.length + 1)).slice(0, 20));
    }
  }
  return Uint8Array.from(mutated);
}

function feed(bytes: Uint8Array, option: "json" | "msgpack", label: string): void {
  const shown = `${label}: ${bytes.toHex().slice(0, 400)}`;
  try {
    sandbox.runSync("data", { [option]: bytes });
  } catch (error) {
    assert(error instanceof SandboxError, `${shown} threw ${error}`);
    assert(CODES.has(error.code), `${shown} gave ${error.code}: ${error.message}`);
    if (error.code === "input") {
      assert(error.offset !== undefined && error.offset >= 0 && error.offset <= bytes.length, shown);
    }
  }
  assert.equal(sandbox.runSync("1 + 1"), 2, shown);
}

const JSON_ALPHABET = [...new TextEncoder().encode('{}[]:,"\\/bfnrtu0123456789.eE+- \n\t\0é'), 0x80, 0xed, 0xff];
const JSON_SEEDS = [
  '{"name":"a\\u0041\\n\\ud83d\\udca9","list":[1,-0,2.5e-7,1e400,true,false,null],"deep":[[[{"a":[{}]}]]],"":{"":""}}',
  '[{"id":1,"tag":"é€💩"},{"id":2,"tag":"\\"quoted\\""},{"id":123456789012345678901234567890,"tag":"__proto__"}]',
  ' { "__proto__" : { "x" : [ 0.1 , 0.00000000000000000000001 ] } , "a" : "' + "x".repeat(40) + '" } ',
];

Deno.test(`${ROUNDS} mutated JSON texts are values or refusals, and the sandbox stays whole`, () => {
  const random = new Random(SEED);
  const encoder = new TextEncoder();
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutate(random, encoder.encode(random.pick(JSON_SEEDS)), JSON_ALPHABET);
    feed(bytes, "json", `seed ${SEED}, text ${round}`);
  }
});

Deno.test("A mutated JSON text is a value where JSON.parse gives one, and the same", () => {
  const random = new Random(SEED + 1);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let round = 0; round < 2000; round++) {
    const bytes = mutate(random, encoder.encode(JSON_SEEDS[0]), JSON_ALPHABET);
    let expected: { value: unknown } | undefined;
    try {
      expected = { value: JSON.parse(decoder.decode(bytes)) };
    } catch { /* it is no JSON */ }
    let got: { value: unknown } | undefined;
    try {
      got = { value: sandbox.runSync("data", { json: bytes }) };
    } catch { /* the test above looks into it */ }
    assert.deepStrictEqual(got, expected, `seed ${SEED + 1}, text ${round}: ${bytes.toHex()}`);
  }
});

const MSGPACK_ALPHABET = [
  ...[0x00, 0x01, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1, 0xbf],
  ...Array.from({ length: 0x40 }, (_, index) => 0xc0 + index),
  ...[0x2d, 0x30, 0x62, 0x64, 0x65, 0x66, 0x6d, 0x6e, 0x73, 0x74],
];

Deno.test(`${ROUNDS} mutated MessagePack documents are values or refusals, and the sandbox stays whole`, () => {
  const random = new Random(SEED + 2);
  for (let round = 0; round < ROUNDS; round++) {
    const seed = encode(plainData(random, 3), 1 << 20).slice(0, 2000);
    feed(mutate(random, seed, MSGPACK_ALPHABET), "msgpack", `seed ${SEED + 2}, document ${round}`);
  }
});

Deno.test("2,000 documents of random bytes are values or refusals, and the sandbox stays whole", () => {
  const random = new Random(SEED + 3);
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from(random.some(40, () => random.pick(MSGPACK_ALPHABET)));
    feed(bytes, "msgpack", `seed ${SEED + 3}, document ${round}`);
  }
});
