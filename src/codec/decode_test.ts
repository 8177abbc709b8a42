import assert from "assert";
import { SandboxError } from "../errors.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";

const noCheck = () => {};

function from(hex: string): unknown {
  return decode(Uint8Array.fromHex(hex.replaceAll(" ", "")), noCheck);
}

function assertMalformed(bytes: Uint8Array<ArrayBuffer>): void {
  const shown = bytes.length > 64 ? `${bytes.length} bytes` : bytes.toHex();
  try {
    decode(bytes, noCheck);
  } catch (error) {
    assert(error instanceof SandboxError, `${shown} threw no SandboxError but ${error}`);
    assert.equal(error.code, "output", shown);
    return;
  }
  assert.fail(`${shown} was not refused`);
}

Deno.test("Constants, integers and floats of every form that the guest writes are read", () => {
  const forms: [string, unknown][] = [
    ["c0", null],
    ["c2", false],
    ["c3", true],
    ["d40000", undefined],
    ["00", 0],
    ["7f", 127],
    ["ff", -1],
    ["e0", -32],
    ["ccff", 255],
    ["d18000", -32768],
    ["d280000000", -(2 ** 31)],
    ["cb8000000000000000", -0],
    ["cb7ff8000000000000", NaN],
    ["cbfff0000000000000", -Infinity],
    ["cb3fb999999999999a", 0.1],
  ];
  for (const [hex, value] of forms) assert(Object.is(from(hex), value), hex);
});

Deno.test("Strings of every form are read", () => {
  assert.equal(from("a0"), "");
  assert.equal(from("a3610062"), "a\0b");
  assert.equal(from("a3efbbbf"), "\ufeff");
  assert.equal(from("d903 e282ac"), "€");
  assert.equal(from("da0004 f09f92a9"), "💩");
  assert.equal(from("db00000001 78"), "x");
  assert.equal(from("d9ff" + "78".repeat(255)), "x".repeat(255));
  assert.equal(from("d573 00d8"), "\ud800");
  assert.equal(from("c70073"), "");
  const long = "\udc00".repeat(10_000);
  assert.equal(decode(encode(long, 1 << 20).slice(), noCheck), long);
});

Deno.test("Bigints are read", () => {
  assert.equal(from("d46e30"), 0n);
  assert.equal(from("d56e2d66"), -15n);
  assert.equal(from("c7036e313030"), 256n);
});

Deno.test("A bigint is digits and nothing else", () => {
  for (const hex of ["c7006e", "d46e2d", "d46e67", "d56e2d2d", "d56e3078", "d56e2031", "d66e315f3031", "d46e6e"]) {
    assertMalformed(Uint8Array.fromHex(hex));
  }
});

Deno.test("Dates are read, those past the range as invalid", () => {
  assert.deepEqual(from("d7643ff0000000000000"), new Date(1));
  assert(Number.isNaN((from("d7647ff8000000000000") as Date).getTime()));
  assert(Number.isNaN((from("d7647fefffffffffffff") as Date).getTime()));
});

Deno.test("Buffers and typed arrays are read into memory of their own", () => {
  const bytes = Uint8Array.fromHex("92c40201 02d56203 04".replaceAll(" ", ""));
  const [array, buffer] = decode(bytes, noCheck) as [Uint8Array, ArrayBuffer];
  assert.deepEqual(array, Uint8Array.of(1, 2));
  assert.deepEqual(new Uint8Array(buffer), Uint8Array.of(3, 4));
  assert.equal(array.buffer.byteLength, 2);
  bytes.fill(0);
  assert.deepEqual([...array, ...new Uint8Array(buffer)], [1, 2, 3, 4]);
  assert.deepEqual(from("c70574 06 01000080"), Uint32Array.of(0x80000001));
  assert.deepEqual(from("d57409 00 3c".replace("d57409", "c70374 09")), Float16Array.of(1));
  assert.deepEqual(from("d4740b"), new Float64Array(0));
});

Deno.test("A typed array of no known kind or with part of an element is refused", () => {
  for (const hex of ["d4740c", "d474ff", "d5740301", "c7047406000000", "c70074"]) {
    assertMalformed(Uint8Array.fromHex(hex));
  }
});

Deno.test("Arrays and records of every head are read", () => {
  assert.deepEqual(from("90"), []);
  assert.deepEqual(from("dc0002 01 02"), [1, 2]);
  assert.deepEqual(from("dd00000002 01 c0"), [1, null]);
  assert.deepEqual(from("80"), {});
  assert.deepEqual(from("de0001 a161 01"), { a: 1 });
  assert.deepEqual(from("df00000001 a161 91 02"), { a: [2] });
  assert.deepEqual(from("81 d573 00d8 01"), { "\ud800": 1 });
});

Deno.test("A key `__proto__` becomes an own property and changes no prototype", () => {
  const value = from("82 a95f5f70726f746f5f5f 81 a178 01 a161 02") as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value), ["__proto__", "a"]);
  assert.deepEqual(Object.getOwnPropertyDescriptor(value, "__proto__"), {
    value: { x: 1 },
    writable: true,
    enumerable: true,
    configurable: true,
  });
  assert.equal(value.x, undefined);
});

Deno.test("Maps and Sets are read to their extension's end", () => {
  assert.deepEqual(
    from("c7046d a161 01 02".replace("c704", "c705") + "03"),
    new Map<unknown, unknown>([["a", 1], [2, 3]]),
  );
  assert.deepEqual(from("c9000000036501a161"), new Set([1, "a"]));
  assert.deepEqual(from("c7006d"), new Map());
  assert.deepEqual(from("c70065"), new Set());
});

Deno.test("A Map or Set that does not end with its extension is refused", () => {
  for (const hex of ["d46d01", "c7036d0102a1", "d465a161", "c7016501 02".replace(" ", ""), "d46591"]) {
    assertMalformed(Uint8Array.fromHex(hex));
  }
});

Deno.test("What the guest never writes is refused", () => {
  const marks = ["c1", "ca00000000", "cd0001", "ce00000001", "cf0000000000000001", "d001", "d30000000000000001"];
  for (const hex of [...marks, "8101 02", "81c0 01", "81d40000 01", "d4ff00", "d40100", "c70001"]) {
    assertMalformed(Uint8Array.fromHex(hex.replaceAll(" ", "")));
  }
});

Deno.test("Bytes after the value are refused", () => {
  for (const hex of ["0000", "c0c0", "9101 01", "a161 00"]) {
    assertMalformed(Uint8Array.fromHex(hex.replaceAll(" ", "")));
  }
});

Deno.test("A length that the bytes do not fill is refused at once", () => {
  const long = ["ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff", "c9ffffffff62", "c9ffffffff74", "c9ffffffff6d"];
  for (const hex of long) {
    assertMalformed(Uint8Array.fromHex(hex));
    assertMalformed(Uint8Array.fromHex(hex + "00"));
  }
});

Deno.test("Nesting is refused before the stack ends", () => {
  for (const mark of [[0x91], [0x81, 0xa0], [0xc9, 0xff, 0xff, 0xff, 0xff, 0x65]]) {
    const bytes = new Uint8Array(100_000 * mark.length);
    for (let at = 0; at < bytes.length; at++) bytes[at] = mark[at % mark.length]!;
    assertMalformed(bytes);
  }
});

const DOCUMENT = {
  constants: [null, true, false, undefined],
  numbers: [0, -1, 200, -200, 70_000, 1.5, -0, NaN, Infinity],
  texts: ["", "short", "x".repeat(50), "é€💩", "\ud800", "y".repeat(300)],
  bigints: [0n, -1n, 1n << 100n],
  dates: [new Date(0), new Date(NaN)],
  bytes: [new Uint8Array(3), new ArrayBuffer(5), new Float64Array([1, 2]), new Int8Array(300)],
  map: new Map<unknown, unknown>([["a", { b: [1] }], [{ c: 1 }, new Set([1, [2]])]]),
  wide: Array.from({ length: 20 }, (_, index) => index),
};

Deno.test("What was encoded comes back the same", () => {
  assert.deepStrictEqual(decode(encode(DOCUMENT, 1 << 20).slice(), noCheck), DOCUMENT);
});

Deno.test("Every truncation of a document is refused as output", () => {
  const bytes = encode(DOCUMENT, 1 << 20).slice();
  for (let length = 0; length < bytes.length; length++) assertMalformed(bytes.slice(0, length));
});

Deno.test("Every change of one byte of a document is a value or is refused as output", () => {
  const bytes = encode(DOCUMENT, 1 << 20).slice();
  for (let at = 0; at < bytes.length; at++) {
    for (const change of [0x01, 0x10, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[at]! ^= change;
      try {
        decode(changed, noCheck);
      } catch (error) {
        assert(error instanceof SandboxError && error.code === "output", `byte ${at} ^ ${change}: ${error}`);
      }
    }
  }
});
