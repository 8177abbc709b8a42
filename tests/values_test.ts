import { encode as pack } from "@msgpack/msgpack";
import { Sandbox, SandboxError } from "@sandglass/sandglass";
import assert from "assert";
import { plainData } from "./plain_data.ts";
import { Random } from "./random.ts";

const SEED = 20_260_117;
const sandbox = new Sandbox();

/** structuredClone takes a `__proto__` of its own for a setter's call; compared beside the clone, the value stays whole. */
function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [clone(key), clone(item)]));
  if (value instanceof Set) return new Set([...value].map(clone));
  if (value === null || value === undefined || Object.getPrototypeOf(value) !== Object.prototype) {
    return structuredClone(value);
  }
  const copy = {};
  for (const [key, item] of Object.entries(value as object)) {
    Object.defineProperty(copy, key, { value: clone(item), writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

/** Script text that makes the same value. */
function source(value: unknown): string {
  if (typeof value === "bigint") return value < 0n ? `(${value}n)` : `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : `(${String(value)})`;
  if (Array.isArray(value)) return `[${value.map(source).join()}]`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Map) return `new Map([${[...value].map((pair) => source(pair)).join()}])`;
  if (value instanceof Set) return `new Set([${[...value].map(source).join()}])`;
  if (value instanceof ArrayBuffer) return `new Uint8Array([${new Uint8Array(value).join()}]).buffer`;
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `new ${value.constructor.name}(new Uint8Array([${bytes.join()}]).buffer)`;
  }
  return `({${Object.entries(value).map(([key, item]) => `[${JSON.stringify(key)}]: ${source(item)}`).join()}})`;
}

async function refusal(script: string, options = {}): Promise<SandboxError> {
  const error = await sandbox.run(script, options).then(
    () => assert.fail(`${script} was not refused`),
    (error) => error,
  );
  assert(error instanceof SandboxError, `${script} threw no SandboxError but ${error}`);
  assert.equal(error.code, "value", error.message);
  assert(error.message.includes(error.path ?? "?"), error.message);
  return error;
}

Deno.test("2,000 random values go through a script and come back as structuredClone makes them", async () => {
  const random = new Random(SEED);
  for (let round = 0; round < 2000; round++) {
    const data = plainData(random);
    const value = await sandbox.run("data", { data });
    assert.deepStrictEqual(value, clone(data), `seed ${SEED}, value ${round}`);
  }
});

Deno.test("500 random values made inside a script come out as the same made here", async () => {
  const random = new Random(SEED + 1);
  for (let round = 0; round < 500; round++) {
    const made = plainData(random);
    const script = source(made);
    assert.deepStrictEqual(
      await sandbox.run(script),
      made,
      `seed ${SEED + 1}, value ${round}: ${script.slice(0, 500)}`,
    );
  }
});

Deno.test("A script sees random values as this side made them", async () => {
  const random = new Random(SEED + 2);
  const compare = `
    const same = (a, b) => {
      if (Object.is(a, b)) return true;
      if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
      if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
      if (a instanceof Date) return Object.is(+a, +b);
      if (a instanceof Map || a instanceof Set) return same([...a], [...b]);
      if (a instanceof ArrayBuffer) return same([...new Uint8Array(a)], [...new Uint8Array(b)]);
      const keys = Reflect.ownKeys(a);
      if (keys.join() !== Reflect.ownKeys(b).join()) return false;
      return keys.every((key) => same(Object.getOwnPropertyDescriptor(a, key).value,
        Object.getOwnPropertyDescriptor(b, key).value));
    };`;
  for (let round = 0; round < 300; round++) {
    const data = plainData(random, 3);
    const script = `${compare} same(data, ${source(data)})`;
    assert.equal(await sandbox.run(script, { data }), true, `seed ${SEED + 2}, value ${round}: ${source(data)}`);
  }
});

Deno.test("Zeros keep their sign and NaN is NaN, in and out", async () => {
  for (const number of [-0, 0, NaN, Infinity, -Infinity]) {
    assert(Object.is(await sandbox.run("data", { data: number }), number));
    assert(Object.is(((await sandbox.run("({ a: [data] })", { data: number })) as { a: number[] }).a[0], number));
    assert.equal(await sandbox.run(`Object.is(data, ${source(number)})`, { data: number }), true);
  }
});

for (const digits of [1, 40, 255, 256, 65_535, 65_536, 65_585, 100_000]) {
  Deno.test(`Bigints of ${digits} hexadecimal digits are not changed in silence`, async () => {
    for (const data of [(1n << BigInt(4 * digits)) - 1n, -(1n << BigInt(4 * digits - 1))]) {
      assert((await sandbox.run("data", { data })) === data, "It came back as another");
      const made = data < 0n ? `-(1n << ${4 * digits - 1}n)` : `(1n << ${4 * digits}n) - 1n`;
      assert((await sandbox.run(made)) === data, "It came out as another");
      assert.equal(await sandbox.run(`data === ${made}`, { data }), true);
    }
  });
}

Deno.test("Strings keep NUL, lone surrogates and every code unit, as values and as keys", async () => {
  const all = String.fromCharCode(...Array.from({ length: 0x10000 }, (_, index) => index));
  for (const text of ["\0", "a\0b", "\ud800", "\udc00\ud800", "x".repeat(50) + "\udfff", all]) {
    assert((await sandbox.run("data", { data: text })) === text);
    assert.deepStrictEqual(await sandbox.run("data", { data: { [text]: 1 } }), { [text]: 1 });
    assert.equal(await sandbox.run("data.length", { data: text }), text.length);
  }
  assert.equal(
    await sandbox.run("let all = ''; for (let i = 0; i < 0x10000; i++) all += String.fromCharCode(i); all"),
    all,
  );
});

Deno.test("A key `__proto__` is an own key on both sides and pollutes neither", async () => {
  const data = JSON.parse('{"__proto__": {"polluted": 1}, "a": {"__proto__": 2}}');
  const look = "[Object.keys(data), Object.keys(data.a), data.polluted, ({}).polluted, data.__proto__.polluted]";
  for (const input of [{ data }, { json: JSON.stringify(data) }, { msgpack: pack([...Object.keys(data)]) }]) {
    const value = await sandbox.run("Array.isArray(data) ? data : " + look, input);
    if (!("msgpack" in input)) {
      assert.deepStrictEqual(value, [["__proto__", "a"], ["__proto__"], undefined, undefined, 1]);
    }
  }
  const back = await sandbox.run<Record<string, unknown>>("({ ['__proto__']: { polluted: 1 }, b: 1 })");
  assert.deepEqual(Object.keys(back), ["__proto__", "b"]);
  assert.equal(Object.getPrototypeOf(back), Object.prototype);
  assert.equal(back.polluted, undefined);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("Instances, objects without a prototype, proxies and getters come out as plain data", async () => {
  const plain: [string, unknown][] = [
    ["class A { x = 1; #y = 2; get z() { return 3 } }; new A()", { x: 1 }],
    ["Object.create(null, { a: { value: 1, enumerable: true }, b: { value: 2 } })", { a: 1 }],
    ["new Proxy({ a: 1 }, {})", { a: 1 }],
    ["new Proxy([1, 2], {})", [1, 2]],
    ["({ get a() { return [1] } })", { a: [1] }],
    ["({ a: 1, [Symbol('b')]: 2 })", { a: 1 }],
    ["[1, , 3]", [1, undefined, 3]],
    ["class B extends Array {}; B.of(1, 2)", [1, 2]],
    ["class C extends Map {}; new C([[1, 2]])", new Map([[1, 2]])],
    ["class D extends Uint8Array {}; D.of(1, 2)", Uint8Array.of(1, 2)],
    ["new Uint16Array(new Uint16Array([1, 2, 3]).buffer, 2, 1)", Uint16Array.of(2)],
    ["(function () { return arguments })(1, 2)", { 0: 1, 1: 2 }],
    ["(function () { 'use strict'; return arguments })(1, 2)", { 0: 1, 1: 2 }],
  ];
  for (const [script, value] of plain) assert.deepStrictEqual(await sandbox.run(script), value, script);
});

Deno.test("What is no data is refused on its way out, with its path", async () => {
  const refused: [string, string][] = [
    ["() => 1", "$"],
    ["({ a: { b: [0, 1, 2, () => 1] } })", "$.a.b[3]"],
    ["[{ 'no word': Symbol('x') }]", '$[0]["no word"]'],
    ["({ a: Symbol.iterator })", "$.a"],
    ["[class {}]", "$[0]"],
    ["const o = { a: [{}] }; o.a[0].b = o; o", "$.a[0].b"],
    ["const a = [1]; a.push(a); a", "$[1]"],
    ["({ a: new WeakMap() })", "$.a"],
    ["[/x/]", "$[0]"],
    ["({ a: [new Error('x')] })", "$.a[0]"],
    ["[Promise.resolve(1)]", "$[0]"],
    ["({ then(done) { done(1) } })", "$.then"],
    ["({ a: Object(1n) })", "$.a"],
    ["globalThis", "$.TextDecoder"],
    ["({ get a() { throw new Error('angry') } })", "$.a"],
    ["({ a: [new Proxy({}, { ownKeys() { throw 1 } })] })", "$.a[0]"],
    ["({ a: new Proxy({ b: 1 }, { get() { throw 1 } }) })", "$.a.b"],
    ["const r = Proxy.revocable([], {}); r.revoke(); [r.proxy]", "$[0]"],
  ];
  for (const [script, path] of refused) {
    const error = await refusal(script);
    if (script === "globalThis") assert.match(error.path ?? "", /^\$\.\w+$/);
    else assert.equal(error.path, path, script);
  }
  for (
    const script of ["new Map([[1, 2], [3, Math.max]])", "new Map([[1, 2], [Math.max, 3]])", "new Set([1, Math.max])"]
  ) {
    assert.match((await refusal(script)).path ?? "", /^\$.*1/, script);
  }
});

Deno.test("A refusal names the class of what is no data", async () => {
  const classes: [string, string][] = [
    ["/x/", "RegExp"],
    ["new Error('x')", "Error"],
    ["new WeakMap()", "WeakMap"],
    ["Object('a')", "String"],
    ["[Promise.resolve()]", "Promise"],
    ["new DataView(new ArrayBuffer(8))", "DataView"],
  ];
  for (const [script, name] of classes) {
    const { message } = await refusal(script);
    assert(message.includes(name), `${script}: ${message}`);
  }
});

Deno.test("What is no data is refused on its way in, with its path", async () => {
  const cycle: Record<string, unknown> = { a: [] };
  (cycle.a as unknown[]).push(cycle);
  const angry = Object.defineProperty({}, "b", {
    enumerable: true,
    get() {
      throw new Error("angry");
    },
  });
  const refused: [unknown, string][] = [
    [() => 1, "$"],
    [{ a: { b: [0, 1, 2, () => 1] } }, "$.a.b[3]"],
    [[Symbol("x")], "$[0]"],
    [cycle, "$.a[0]"],
    [{ a: angry }, "$.a.b"],
    [{ a: /x/ }, "$.a"],
    [[new Error("x")], "$[0]"],
  ];
  for (const [data, path] of refused) assert.equal((await refusal("1", { data })).path, path);
});

Deno.test("100,000 levels are a clear error, in and out", async () => {
  let data: unknown = 1;
  for (let level = 0; level < 100_000; level++) data = level % 2 === 0 ? [data] : { a: data };
  const limited = (error: unknown, code: string) => {
    assert(error instanceof SandboxError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, /deeper than 1024 levels/);
    assert(error.message.length < 1000);
    return true;
  };
  await assert.rejects(sandbox.run("1", { data }), (error) => limited(error, "value"));
  const json = "[".repeat(100_000) + "]".repeat(100_000);
  await assert.rejects(sandbox.run("1", { json }), (error) => limited(error, "input"));
  await assert.rejects(sandbox.run("1", { json: '{"a":'.repeat(100_000) }), (error) => limited(error, "input"));
  const msgpack = new Uint8Array(100_000).fill(0x91);
  await assert.rejects(sandbox.run("1", { msgpack }), (error) => limited(error, "input"));
  for (const wrap of ["[a]", "({ a })", "new Map([[1, a]])", "new Map([[a, 1]])", "new Set([a])"]) {
    const script = `let a = 1; for (let i = 0; i < 100_000; i++) a = ${wrap}; a`;
    await assert.rejects(sandbox.run(script), (error) => limited(error, "value"));
  }
});

Deno.test("1,000 levels go in and come back", async () => {
  let data: unknown = 1;
  for (let level = 0; level < 1000; level++) data = level % 2 === 0 ? [data] : { a: data };
  assert.equal(JSON.stringify(await sandbox.run("data", { data })), JSON.stringify(data));
  assert.equal(JSON.stringify(await sandbox.run("data", { json: JSON.stringify(data) })), JSON.stringify(data));
});

Deno.test("Bytes of @msgpack/msgpack are read as it reads them itself", async () => {
  const values = [
    ...[0, 1, -1, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1],
    ...[-32, -33, -128, -129, -32768, -32769, -(2 ** 31), -(2 ** 31) - 1, 1.5, NaN, Infinity, 1e300],
    ...[null, true, false, "", "é", "x".repeat(31), "x".repeat(32), "x".repeat(256), "x".repeat(65536)],
    ...[[], [1, [2]], Array(16).fill(0), Array(65536).fill(1), {}, { a: 1, "": { b: [] } }, { "1": 1, "é": 2 }],
    ...[new Uint8Array(3), new Uint8Array(256), new Uint8Array(65536), new Date(0), new Date(1.6e12)],
    ...[new Date(2 ** 34 * 1000), new Date(-1), new Date(1), new Date(4294967295999)],
  ];
  for (const value of values) {
    const got = await sandbox.run("data", { msgpack: pack(value) });
    assert.deepStrictEqual(got, value);
  }
  assert.equal(await sandbox.run("data", { msgpack: pack(0.5, { forceFloat32: true }) }), 0.5);
});

Deno.test("500 random JSON values in bytes of @msgpack/msgpack come back the same", async () => {
  const random = new Random(SEED + 4);
  for (let round = 0; round < 500; round++) {
    const value = JSON.parse(jsonText(random, 4)) as unknown;
    if (JSON.stringify(value).includes("__proto__")) continue; // the packer refuses that key
    const plain = JSON.parse(JSON.stringify(value).replace(/\\ud[89a-f]../g, ""));
    assert.deepStrictEqual(
      await sandbox.run("data", { msgpack: pack(plain) }),
      plain,
      `seed ${SEED + 4}, value ${round}`,
    );
  }
});

Deno.test("64-bit integers past what a number holds are bigints", async () => {
  const numbers = [2n ** 64n - 1n, 2n ** 63n, 2n ** 53n, -(2n ** 63n), -(2n ** 53n)];
  for (const number of numbers) {
    const msgpack = pack(number, { useBigInt64: true });
    assert.equal(await sandbox.run("data", { msgpack }), number);
  }
});

/** JSON text of a random value, with every form of number, escape and white space. */
function jsonText(random: Random, depth: number): string {
  const space = () => random.pick(["", "", "", " ", "\n", "\t\r ", " ".repeat(40)]);
  const inner = () => space() + jsonText(random, depth - 1) + space();
  switch (random.below(depth > 0 ? 7 : 4)) {
    case 0:
      return random.pick(["null", "true", "false"]);
    case 1:
    case 2:
      return jsonNumber(random);
    case 3:
      return jsonString(random);
    case 4:
    case 5:
      return `[${random.some(6, inner).join(",") || space()}]`;
    default: {
      const member = () => `${space()}${random.pick(KEYS)}${space()}:${inner()}`;
      return `{${random.some(6, member).join(",") || space()}}`;
    }
  }
}

/** No key that is one escape alone: V8 15.0 reads the second key of `{"__proto__":0,"\n":0}` as a backslash. */
const KEYS = [
  '"__proto__"',
  '"a"',
  '"b"',
  '"12"',
  '"é"',
  '"x y"',
  '""',
  '"constructor"',
  '"\\u0061b"',
  '"ab"',
  '"\\u00312"',
  '"\\n\\t"',
  '"\\ud83dx"',
  '"\\uD83D\\uDCA9"',
  '"💩"',
  '"\\\\x"',
  '"\\u0000\\u0000"',
  '"__pr\\u006fto__"',
];

function jsonNumber(random: Random): string {
  const digits = (most: number) => random.some(most, () => String(random.below(10))).join("") || "7";
  const whole = random.pick([
    "0",
    String(1 + random.below(9)) + digits(random.pick([3, 14, 18, 40])),
    "9007199254740993",
  ]);
  const fraction = random.pick(["", "", "." + digits(5), "." + digits(30), ".0", ".000000000000000000000000000001"]);
  const power = random.pick([
    "",
    "",
    "",
    "e" + digits(2),
    "E+" + digits(1),
    "e-" + digits(2),
    "e400",
    "e-400",
    "e0005",
  ]);
  return random.pick(["", "-"]) + whole + fraction + power;
}

function jsonString(random: Random): string {
  const part = () =>
    random.pick([
      ...["plain", "é", "€", "💩", "\u2028", "\x7f", "\\n", "\\\\", '\\"', "\\/", "\\b\\f\\r\\t", "a".repeat(20)],
      ...["\\u0000", "\\u00e9", "\\uD83D\\uDCA9", "\\ud83d", "\\uDCA9", "\\uFEFF", "\\u0022"],
    ]);
  return `"${random.some(5, part).join("")}"`;
}

Deno.test("2,000 random JSON texts are read as JSON.parse reads them, as text and as bytes", async () => {
  const random = new Random(SEED + 3);
  for (let round = 0; round < 2000; round++) {
    const json = random.pick(["", " ", "\n"]) + jsonText(random, 4) + random.pick(["", "\t", " \n"]);
    const value = JSON.parse(json);
    const input = round % 2 === 0 ? json : new TextEncoder().encode(json);
    const got = await sandbox.run("data", { json: input });
    const label = `seed ${SEED + 3}, text ${round}: ${json.slice(0, 500)}`;
    assert.deepStrictEqual(got, value, label);
    assert.equal(JSON.stringify(got), JSON.stringify(value), label); // the order of keys too
  }
});

Deno.test("Numbers in JSON are rounded as JSON.parse rounds them", async () => {
  const random = new Random(SEED + 5);
  const texts = Array.from({ length: 20_000 }, () => jsonNumber(random));
  const got = await sandbox.run<number[]>("data", { json: `[${texts.join()}]` });
  for (const [index, text] of texts.entries()) {
    assert(Object.is(got[index], JSON.parse(text)), `seed ${SEED + 5}: ${text} was read as ${got[index]}`);
  }
});

Deno.test("Texts that JSON.parse refuses are refused as input, with the offset", async () => {
  const bad = [
    ...["", " ", "tru", "nul", "01", "-", "1.", ".5", "1e", "+1", "0x10", "NaN", "Infinity", "undefined", "'a'"],
    ...["[", "[1,]", "[,1]", "[1 2]", "{", "{a:1}", '{"a"}', '{"a":}', '{"a":1,}', '{"a" 1}', "{,}", "]", "}", "[1}"],
    ...[
      '"',
      '"\\"',
      '"\\x"',
      '"\\u12"',
      '"\\u12G4"',
      '"\n"',
      '"\t"',
      '"a\0b"',
      "1 2",
      "[] []",
      "\ufeff1",
      "\u00a01",
      "//",
      "1n",
    ],
  ];
  for (const json of bad) {
    assert.throws(() => JSON.parse(json), SyntaxError);
    const error = await sandbox.run("1", { json }).catch((error) => error);
    assert(error instanceof SandboxError && error.code === "input", `${JSON.stringify(json)} gave ${error}`);
    assert(error.offset !== undefined && error.offset <= new TextEncoder().encode(json).length, json);
    assert(error.message.includes(`byte ${error.offset}`), error.message);
  }
});

Deno.test("JSON bytes that are not UTF-8 are refused as input, with the offset", async () => {
  const bad = [
    "22ff22",
    "22c3",
    "22c32822",
    "22eda08022",
    "22c08022",
    "22f490808022",
    "227b80",
    "ff",
    "5b22612280225d",
  ];
  for (const hex of bad) {
    const error = await sandbox.run("data", { json: Uint8Array.fromHex(hex) }).catch((error) => error);
    assert(error instanceof SandboxError && error.code === "input", `${hex} gave ${error}`);
    assert(error.offset !== undefined && error.offset <= hex.length / 2, hex);
  }
});
