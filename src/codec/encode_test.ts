import { decode as unpack } from "@msgpack/msgpack";
import assert from "assert";
import { SandboxError } from "../errors.ts";
import { encode } from "./encode.ts";
import { pathOf } from "./path.ts";

const MUCH = 1 << 26;

function hex(value: unknown, limit = MUCH): string {
  return encode(value, limit).toHex();
}

function refusal(value: unknown, limit = MUCH): SandboxError {
  try {
    encode(value, limit);
  } catch (error) {
    assert(error instanceof SandboxError, `It threw no SandboxError but ${error}`);
    return error;
  }
  throw new assert.AssertionError({ message: "It was not refused" });
}

function refusedAt(value: unknown): string | undefined {
  const error = refusal(value);
  assert.equal(error.code, "value", error.message);
  assert(error.message.includes(error.path ?? "?"), error.message);
  return error.path;
}

Deno.test("Constants take one byte", () => {
  assert.equal(hex(null), "c0");
  assert.equal(hex(false), "c2");
  assert.equal(hex(true), "c3");
  assert.equal(hex(undefined), "d40000");
});

Deno.test("Integers take the fewest bytes of the signed forms", () => {
  const forms: [number, string][] = [
    [0, "00"],
    [127, "7f"],
    [-1, "ff"],
    [-32, "e0"],
    [128, "d10080"],
    [-33, "d1ffdf"],
    [32767, "d17fff"],
    [-32768, "d18000"],
    [32768, "d200008000"],
    [-32769, "d2ffff7fff"],
    [2 ** 31 - 1, "d27fffffff"],
    [-(2 ** 31), "d280000000"],
  ];
  for (const [value, bytes] of forms) assert.equal(hex(value), bytes, String(value));
});

Deno.test("Numbers past 32 bits, fractions, -0, NaN and the infinities are float64", () => {
  const forms: [number, string][] = [
    [2 ** 31, "cb41e0000000000000"],
    [0.5, "cb3fe0000000000000"],
    [-0, "cb8000000000000000"],
    [Infinity, "cb7ff0000000000000"],
    [-Infinity, "cbfff0000000000000"],
    [NaN, "cb7ff8000000000000"],
    [2 ** 53, "cb4340000000000000"],
    [5e-324, "cb0000000000000001"],
  ];
  for (const [value, bytes] of forms) assert.equal(hex(value), bytes, String(value));
});

Deno.test("A string has the shortest head for its bytes", () => {
  assert.equal(hex(""), "a0");
  assert.equal(hex("a\0"), "a26100");
  const heads: [number, string][] = [
    [31, "bf"],
    [32, "d920"],
    [40, "d928"],
    [41, "d929"],
    [255, "d9ff"],
    [256, "da0100"],
    [65535, "daffff"],
    [65536, "db00010000"],
  ];
  for (const [length, head] of heads) {
    assert.equal(hex("x".repeat(length)), head + "78".repeat(length), String(length));
  }
});

Deno.test("A string that is not ASCII has a head of its bytes, not its characters", () => {
  for (const text of ["é", "💩", "é".repeat(15), "é".repeat(20), "é".repeat(128), "€".repeat(30_000)]) {
    assert.equal(unpack(encode(text, MUCH)), text);
  }
});

Deno.test("A string with a lone surrogate goes as UTF-16", () => {
  assert.equal(hex("\ud800"), "d57300d8");
  assert.equal(hex("a\udc00b"), "c7067361" + "00" + "00dc" + "6200");
  assert.equal(hex({ "\udfff": 1 }), "81d573ffdf01");
  assert.equal(hex("x".repeat(200) + "\ud83d"), "c80192" + "73" + "7800".repeat(200) + "3dd8");
});

Deno.test("A bigint goes as hexadecimal digits", () => {
  const text = (digits: string) => new TextEncoder().encode(digits).toHex();
  assert.equal(hex(0n), "d46e30");
  assert.equal(hex(-1n), "d56e2d31");
  assert.equal(hex(255n), "d56e6666");
  assert.equal(hex(-0x123n), "d66e" + text("-123"));
  assert.equal(hex(0x1234567n), "c7076e" + text("1234567"));
  assert.equal(hex(1n << 256n), "c7416e" + text("1" + "0".repeat(64)));
});

for (const digits of [31, 32, 40, 41, 255, 256, 65_535, 65_536, 65_585, 80_000]) {
  Deno.test(`A bigint of ${digits} hexadecimal digits goes whole`, () => {
    const bytes = encode((1n << BigInt(digits * 4)) - 1n, MUCH);
    const text = new TextDecoder().decode(bytes);
    assert(text.slice(text.indexOf("n") + 1) === "f".repeat(digits));
  });
}

Deno.test("A Date goes as a float64 of its milliseconds, NaN if it is invalid", () => {
  assert.equal(hex(new Date(0)), "d7640000000000000000");
  assert.equal(hex(new Date(1)), "d7643ff0000000000000");
  assert.equal(hex(new Date(NaN)), "d7647ff8000000000000");
});

Deno.test("Bytes and typed arrays go as their own part of the buffer", () => {
  const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assert.equal(hex(new Uint8Array(buffer, 2, 3)), "c403030405");
  assert.equal(hex(new Uint8Array(0)), "c400");
  assert.equal(hex(buffer), "d7620102030405060708");
  assert.equal(hex(new ArrayBuffer(0)), "c70062");
  assert.equal(hex(new Uint16Array(buffer, 2, 1)), "c70374040304");
  const kinds = [
    Uint8ClampedArray,
    Int8Array,
    undefined,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
    Float16Array,
    Float32Array,
    Float64Array,
  ];
  for (const [kind, type] of kinds.entries()) {
    if (type !== undefined) {
      assert.equal(
        hex(new type(buffer)),
        `c90000000974${kind.toString(16).padStart(2, "0")}`.replace("c900000009", "c709") + "0102030405060708",
      );
    }
  }
});

Deno.test("Long bytes have heads of 16 and 32 bits", () => {
  assert.equal(hex(new Uint8Array(256)).slice(0, 6), "c50100");
  assert.equal(hex(new Uint8Array(65536)).slice(0, 10), "c600010000");
  assert.equal(hex(new ArrayBuffer(256)).slice(0, 8), "c8010062");
  assert.equal(hex(new ArrayBuffer(65536)).slice(0, 12), "c90001000062");
  assert.equal(hex(new Int8Array(255)).slice(0, 10), "c801007401");
});

Deno.test("Arrays have the shortest head, and a hole is undefined", () => {
  assert.equal(hex([]), "90");
  // deno-lint-ignore no-sparse-arrays
  assert.equal(hex([1, , "a"]), "9301d40000a161");
  assert.equal(hex(Array(15).fill(0)).slice(0, 2), "9f");
  assert.equal(hex(Array(16).fill(0)).slice(0, 6), "dc0010");
  assert.equal(hex(Array(65535).fill(0)).slice(0, 6), "dcffff");
  assert.equal(hex(Array(65536).fill(0)).slice(0, 10), "dd00010000");
});

Deno.test("Plain objects, objects without a prototype and instances go as their own enumerable string keys", () => {
  class Point {
    x = 1;
    #secret = 2;
    get y() {
      return this.#secret;
    }
  }
  assert.equal(hex({}), "80");
  assert.equal(hex({ a: 1, [Symbol("b")]: 2 }), "81a16101");
  assert.equal(hex(Object.assign(Object.create(null), { a: 1 })), "81a16101");
  assert.equal(hex(new Point()), "81a17801");
  assert.equal(hex(Object.defineProperty({}, "hidden", { value: 1 })), "80");
  const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [index, 0]));
  assert.equal(hex(keys(15)).slice(0, 2), "8f");
  assert.equal(hex(keys(16)).slice(0, 6), "de0010");
  assert.equal(hex(keys(65536)).slice(0, 10), "df00010000");
});

Deno.test("A key `__proto__` is an ordinary key", () => {
  assert.equal(hex(JSON.parse('{"__proto__":1}')), "81a95f5f70726f746f5f5f01");
  assert.equal(hex({ __proto__: { a: 1 } }), "80");
});

Deno.test("A Map and a Set go as extensions of their length", () => {
  assert.equal(hex(new Map<unknown, unknown>([["a", 1], [null, []]])), "c9000000056da16101c090");
  assert.equal(hex(new Set([1, "a"])), "c9000000036501a161");
  assert.equal(hex(new Map()), "c9000000006d");
});

Deno.test("A Map whose iteration was replaced goes by its own entries", () => {
  const map = new Map([["a", 1]]);
  map.entries = map[Symbol.iterator] = () => assert.fail("It was called");
  assert.equal(hex(map), "c9000000036da16101");
});

Deno.test("What is no data is refused with its path", () => {
  assert.equal(refusedAt(() => 1), "$");
  assert.equal(refusedAt({ a: { b: [0, 1, 2, () => 1] } }), "$.a.b[3]");
  assert.equal(refusedAt([{ "no word": Symbol("x") }]), '$[0]["no word"]');
  assert.equal(refusedAt({ 'quote"': class {} }), '$["quote\\""]');
  assert.equal(refusedAt({ 1: Symbol.iterator }), '$["1"]');
  assert.equal(refusedAt({ a: 1, b: [[], [Math.max]] }), "$.b[1][0]");
  assert.match(refusedAt(new Map([["a", 1], ["b", Math.max as unknown as number]])) ?? "", /^\$.*1/);
  assert.match(refusedAt(new Set([0, Math.max])) ?? "", /^\$.*1/);
});

Deno.test("Objects of the engine's own that are no data are refused by their class", () => {
  const values: [unknown, string][] = [
    [new Error("x"), "Error"],
    [/x/, "RegExp"],
    [new WeakMap(), "WeakMap"],
    [new WeakRef({}), "WeakRef"],
    [Promise.resolve(), "Promise"],
    [new DataView(new ArrayBuffer(8)), "DataView"],
    [new URL("data:"), "URL"],
    [Object(1), "Number"],
    [Object("a"), "String"],
    [Object(1n), "BigInt"],
  ];
  for (const [value, name] of values) {
    assert.equal(refusedAt({ value }), "$.value", name);
    assert(refusal(value).message.includes(name), name);
  }
});

Deno.test("A value that contains itself is refused where it comes again", () => {
  const record: Record<string, unknown> = { a: {} };
  record.a = [{ b: record }];
  assert.equal(refusedAt(record), "$.a[0].b");
  const array: unknown[] = [1];
  array.push(array);
  assert.equal(refusedAt(array), "$[1]");
  const map = new Map<unknown, unknown>();
  map.set("self", map);
  assert.match(refusedAt({ map }) ?? "", /^\$\.map/);
});

Deno.test("A value that comes twice beside itself is no cycle", () => {
  const twice = { a: 1 };
  assert.equal(hex([twice, twice]), "9281a16101c90000000372000001"); // the second by the keys of the first
});

Deno.test("A getter or a proxy that throws is refused with its path", () => {
  const angry = () => {
    throw new Error("angry");
  };
  assert.equal(refusedAt({ a: Object.defineProperty({}, "b", { enumerable: true, get: angry }) }), "$.a.b");
  assert.equal(refusedAt([0, Object.defineProperty([1], 0, { get: angry })]), "$[1][0]");
  assert.equal(refusedAt({ a: new Proxy({}, { ownKeys: angry }) }), "$.a");
  assert.equal(refusedAt({ a: new Proxy({ b: 1 }, { get: angry }) }), "$.a.b");
  assert.equal(refusedAt({ a: new Proxy({}, { getPrototypeOf: angry }) }), "$.a");
});

Deno.test("A detached buffer is refused with its path", () => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  assert.equal(refusedAt({ a: [buffer] }), "$.a[0]");
});

Deno.test("Nesting is refused before the stack ends, and the path stays short", () => {
  for (const wrap of [(x: unknown) => [x], (x: unknown) => ({ a: x }), (x: unknown) => new Set([x])]) {
    let value: unknown = 1;
    for (let level = 0; level < 100_000; level++) value = wrap(value);
    const error = refusal(value);
    assert.equal(error.code, "value");
    assert.match(error.message, /nests deeper than 1024 levels/);
    assert((error.path ?? "").length < 300);
  }
});

Deno.test("1,024 levels are not too many", () => {
  let value: unknown = 1;
  for (let level = 0; level < 1024; level++) value = [value];
  assert.equal(hex(value), "91".repeat(1024) + "01");
});

Deno.test("Bytes over the limit are refused as input", () => {
  const endless: object = {};
  let shared: unknown[] = [0];
  for (let level = 0; level < 100; level++) shared = [shared, shared];
  const values = [
    "x".repeat(101),
    "é".repeat(51),
    new Uint8Array(99),
    Array(98).fill(1),
    Array(2 ** 32 - 1),
    shared,
    {
      ["k".repeat(200)]: 1,
    },
    1n << 500n,
    [endless, "\ud800".repeat(60)],
  ];
  for (const value of values) {
    const error = refusal(value, 100);
    assert.equal(error.code, "input");
    assert.match(error.message, /limits\.inputBytes.*100/);
  }
});

Deno.test("Bytes up to the limit are not refused", () => {
  for (const value of ["x".repeat(98), new Uint8Array(98), Array(97).fill(1), "é".repeat(49)]) {
    assert.equal(encode(value, 100).length, 100);
  }
});

Deno.test("A getter may encode a value of its own meanwhile", () => {
  const value = {
    a: 1,
    get b() {
      return encode([1, 2, 3], MUCH).slice();
    },
    c: 2,
  };
  assert.equal(hex(value), "83a16101a162c40493010203a16302");
});

Deno.test("A refused value leaves nothing to the next", () => {
  refusal({ a: [1, 2, Symbol("x")] });
  assert.equal(hex({ a: 1 }), "81a16101");
});

Deno.test("A path is written as a script would", () => {
  assert.equal(pathOf([]), "$");
  assert.equal(pathOf(["a", 3, "$b_1", "c d", "1e", ""]), '$.a[3].$b_1["c d"]["1e"][""]');
});
