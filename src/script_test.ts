import assert from "assert";
import { Buffer } from "node:buffer";
import { run } from "@sandglass/sandglass";
import { Random } from "../tests/random.ts";
import { type ErrorCode, SandboxError } from "./errors.ts";
import { seal, unseal } from "./guest/seal.ts";
import { Sandbox } from "./sandbox.ts";
import { Script } from "./script.ts";

const SEED = 4_242;

const sandbox = new Sandbox();

function failure(act: () => unknown): SandboxError {
  try {
    act();
  } catch (error) {
    assert(error instanceof SandboxError, String(error));
    return error;
  }
  assert.fail("It did not fail");
}

/** Scripts of all kinds, and their values for `data` being `[1, 2, 3]`. */
const SCRIPTS: [script: string, value: unknown][] = [
  ["data.reduce((a, b) => a + b)", 6],
  ["", undefined],
  ["let a = 1; const b = 2; var c = 3; a + b + c", 6],
  ["await Promise.resolve(5)", 5],
  ["const all = await Promise.all(data.map(async (x) => x * 2)); all", [2, 4, 6]],
  ["for await (const x of (async function* () { yield 1 })()) x", 1],
  ["export default 5", 5],
  ["export default (data) => data.length", 3],
  ["export default async (data) => { await null; return data[0] }", 1],
  ["export const a = 1; const b = await 2; export default a + b", 3],
  ["class A { #x = 1; static s = 2; get x() { return this.#x } } new A().x + A.s", 3],
  ["[.../(\\w)(?<n>\\d)/gd.exec('a1').indices.groups.n]", [1, 2]],
  ["`${data}` + String.raw`\\n` + 'é💩\\ud800'.length", "1,2,3\\n4"],
  ["(function* () { yield* data })().next()", { value: 1, done: false }],
  ["[2n ** 70n, -0, NaN, 0x7fffffff, 1e300]", [2n ** 70n, -0, NaN, 0x7fffffff, 1e300]],
  ["label: for (const x of data) { switch (x) { case 2: break label } } try { throw 1 } catch { 'caught' }", "caught"],
  ["with (data) length", 3],
  ["var await = 3; await + 1", 4],
  ["eval('data.length') + new Function('return 1')()", 4],
  ["'use strict'; (function () { return this })()", undefined],
];

for (const [text, value] of SCRIPTS) {
  Deno.test(`A compiled script comes to what its text does: ${text}`, async () => {
    const script = Script.compile(text);
    const loaded = Script.load(script.bytes);
    const options = { data: [1, 2, 3] };
    using session = sandbox.open();
    for (const form of [text, script, loaded, script]) {
      assert.deepStrictEqual(await sandbox.run(form, options), value);
      assert.deepStrictEqual(await run(form, options), value);
      assert.deepStrictEqual(sandbox.runSync(form, options), value);
      session.restore(session.checkpoint());
    }
    assert.deepStrictEqual(await session.run(loaded, options), value);
    const warm = await sandbox.warm(script, options);
    assert.deepStrictEqual(await warm.open().run("data"), [1, 2, 3]);
  });
}

Deno.test("A compiled script's functions and classes are there for later runs", async () => {
  const library = Script.load(Script.compile("class A { static make() { return new A() } } let n = 1").bytes);
  const warm = await sandbox.warm(library);
  using session = warm.open();
  assert.equal(await session.run(Script.compile("n += A.make() instanceof A ? 1 : 0; n")), 2);
  assert.equal(await session.run(Script.compile("n += 1; n")), 3);
  assert.equal(await warm.run("n"), 1);
});

Deno.test("A compiled script may run any number of times, each as fresh as the first", async () => {
  const script = Script.compile(
    "globalThis.n = (globalThis.n ?? 0) + 1; const o = { a: 1 }; o.a++; [n, o, /x/g.lastIndex]",
  );
  for (let round = 0; round < 5; round++) assert.deepEqual(await sandbox.run(script), [1, { a: 2 }, 0]);
  using session = sandbox.open();
  const counter = Script.compile("globalThis.n = (globalThis.n ?? 0) + 1; n");
  for (let round = 1; round < 5; round++) assert.equal(await session.run(counter), round);
});

Deno.test("A script has its name in errors, also after it was loaded, and the place of the error", () => {
  const text = "\n  null.x";
  for (
    const [script, name] of [[Script.compile(text), "script.js"], [
      Script.compile(text, { name: "é.js" }),
      "é.js",
    ]] as const
  ) {
    for (const form of [script, Script.load(script.bytes)]) {
      assert.equal(form.name, name);
      const error = failure(() => sandbox.runSync(form));
      assert.equal(
        error.message,
        `The script "${name}" failed: TypeError: cannot read property 'x' of null (${name}:2:3)`,
      );
      assert.deepEqual([error.code, error.guest?.line, error.guest?.column], ["script", 2, 3]);
    }
  }
});

Deno.test("A text that does not parse is refused as it is compiled, with its place", () => {
  const error = failure(() => Script.compile("let a = 1;\nlet a", { name: "twice.js" }));
  assert.equal(error.code, "syntax");
  assert.match(error.message, /^Cannot parse the script "twice.js": SyntaxError: .*\(twice.js:2:/);
  assert.equal(error.guest?.name, "SyntaxError");
});

Deno.test("A text that cannot be compiled within the default limits is refused as they say", () => {
  const cases: [text: string, code: ErrorCode][] = [["(".repeat(1e5), "stack"], [" ".repeat(17 << 20), "input"]];
  for (const [text, code] of cases) assert.equal(failure(() => Script.compile(text)).code, code);
  assert.equal(sandbox.runSync(Script.compile("1 + 1")), 2);
});

Deno.test("A compiled script is held to the limits of the sandbox that runs it", () => {
  const cases: [text: string, code: ErrorCode, limits: object][] = [
    ["for (;;);", "fuel", { fuel: 1e5 }],
    ["for (;;);", "time", { timeMs: 20 }],
    ["export default () => { for (;;); }", "fuel", { fuel: 1e5 }],
    ["const a = []; for (;;) a.push([a])", "memory", { memoryBytes: 4 << 20 }],
    ["(function f() { f() })()", "stack", { stackBytes: 64 << 10 }],
    ["'x'.repeat(2000)", "output", { outputBytes: 1000 }],
    [`"${"x".repeat(2000)}"; 1`, "input", { inputBytes: 1000 }],
  ];
  for (const [text, code, limits] of cases) {
    const small = new Sandbox({ limits });
    assert.equal(failure(() => small.runSync(Script.compile(text))).code, code, text);
    assert.equal(small.runSync(Script.compile("1 + 1")), 2);
  }
});

Deno.test("A compiled script has its own name: to give it another is a TypeError", async () => {
  const script = Script.compile("1");
  const why = /^TypeError: Cannot name the run: a compiled script has its own name$/;
  for (const name of ["a.js", "script.js"]) {
    await assert.rejects(sandbox.run(script, { name }), why);
    await assert.rejects(sandbox.warm(script, { name }), why);
    await assert.rejects(sandbox.open().run(script, { name }), why);
  }
  assert.equal(await sandbox.run(script, { name: undefined }), 1);
});

Deno.test("A caller's mistakes are TypeErrors", async () => {
  for (const text of [5, null, undefined, ["1"], {}, Symbol("s"), "\ud800"]) {
    assert.throws(() => Script.compile(text as string), /^TypeError: Cannot take script: /);
  }
  for (const options of [{ nme: "a" }, { limits: {} }, null, 5]) {
    assert.throws(() => Script.compile("1", options as never), TypeError);
  }
  for (const name of ["", "a\nb", "x".repeat(2000)]) assert.throws(() => Script.compile("1", { name }), TypeError);
  for (const bytes of [null, undefined, 5, "text", [], new ArrayBuffer(8), new DataView(new ArrayBuffer(8))]) {
    assert.throws(() => Script.load(bytes as never), /^TypeError: Cannot take bytes: it is no Uint8Array/);
  }
  for (const script of [{}, { name: "x" }, Object.create(Script.prototype), Object.create(Script.compile("1"))]) {
    await assert.rejects(sandbox.run(script as never), TypeError);
  }
});

Deno.test("Bytes that are no script of this version are refused, and told what they are", () => {
  const { bytes } = Script.compile("1");
  const changed = (at: number) => bytes.map((byte, index) => index === at ? byte ^ 0x40 : byte);
  const cases: [bytes: Uint8Array, why: RegExp][] = [
    [new Uint8Array(0), /these bytes are none of Sandglass$/],
    [new TextEncoder().encode("1 + 1"), /these bytes are none of Sandglass$/],
    [sandbox.snapshot(), /these bytes are a snapshot$/],
    [changed(9), /these bytes are of no known kind$/],
    [changed(10), /it is of format \d+, and this version reads \d+$/],
    [changed(20), /another guest made it/],
    [bytes.subarray(0, 30), /it is cut: 30 bytes are left$/],
    [bytes.subarray(0, bytes.length - 1), /it is cut: \d+ of \d+ bytes are left$/],
    [Uint8Array.from([...bytes, 0]), /it was altered: 1 bytes follow its end$/],
  ];
  for (const [bytes, why] of cases) {
    const error = failure(() => Script.load(bytes));
    assert.equal(error.code, "input");
    assert.match(error.message, /^Cannot read the script: /);
    assert.match(error.message, why);
  }
});

/** A sealed script of these parts, whatever they are. */
function sealed(reading: number, name: string | Uint8Array, bytecode: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof name === "string" ? new TextEncoder().encode(name) : name;
  return seal("script", Uint8Array.from([reading, bytes.length & 0xff, bytes.length >> 8, ...bytes, ...bytecode]));
}

Deno.test("Parts that are no script's are refused, whatever they are", () => {
  const { bytes } = Script.compile("1", { name: "a.js" });
  const bytecode = unseal("script", bytes).slice(3 + "a.js".length);
  assert.deepEqual(sealed(0, "a.js", bytecode), bytes);
  const altered: [bytes: Uint8Array, why: RegExp][] = [
    ...[0, 1, 2].map((
      length,
    ): [Uint8Array, RegExp] => [seal("script", new Uint8Array(length)), /its head is not whole$/]),
    ...[3, 255].map((reading): [Uint8Array, RegExp] => [sealed(reading, "a.js", bytecode), /is no kind of script$/]),
    [seal("script", Uint8Array.of(0, 5, 0, 97, 98)), /its name is not whole$/],
    [seal("script", Uint8Array.of(0, 0xff, 0xff, 97, 98)), /its name is not whole$/],
    ...["", "a\nb", "\x1b[2J", "x".repeat(2000), Uint8Array.of(0xff), Uint8Array.of(0xed, 0xa0, 0x80)].map((
      name,
    ): [Uint8Array, RegExp] => [sealed(0, name, bytecode), /its name is no name$/]),
  ];
  for (const [bytes, why] of altered) {
    const error = failure(() => Script.load(bytes));
    assert.equal(error.code, "input");
    assert.match(error.message, /^Cannot read the script: it was altered: /);
    assert.match(error.message, why);
  }
  for (const code of [new Uint8Array(0), new Uint8Array(1000).fill(0xff)]) {
    for (const reading of [0, 1, 2]) {
      assert.match(failure(() => sandbox.runSync(Script.load(sealed(reading, "a.js", code)))).code, /script|syntax/);
    }
  }
});

Deno.test(`A script's bytes altered at 2,000 places are refused, or fail as they run (seed ${SEED})`, () => {
  const { bytes } = Script.compile("const f = (x) => x * data; f(2)");
  const careful = new Sandbox({ limits: { timeMs: 50, memoryBytes: 4 << 20 } });
  const values = new Set<unknown>();
  for (let round = 0; round < 2000; round++) {
    const random = new Random(SEED + round);
    const altered = bytes.slice();
    const at = random.pick([random.below(47), 47 + random.below(bytes.length - 47)]);
    altered[at] = random.pick([0, 0xff, altered[at]! ^ 1 << random.below(8), random.below(256)]);
    try {
      values.add(careful.runSync(Script.load(altered), { data: 21 }));
    } catch (error) {
      assert(error instanceof SandboxError, `seed ${SEED + round} threw ${error}`);
    }
  }
  assert.deepEqual([...values], [42]);
  assert.equal(unseal("script", bytes).length, bytes.length - 47);
});

Deno.test("Bytes that their owner changes later change nothing of a script, nor those that a script gave", () => {
  const { bytes } = Script.compile("6 * 7", { name: "é".repeat(40) });
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  const view = new Uint8Array(999).subarray(5, 5 + bytes.length);
  for (const mine of [bytes.slice(), view, shared as Uint8Array, Buffer.from(bytes)]) {
    mine.set(bytes);
    const script = Script.load(mine);
    mine.fill(0);
    assert.equal(sandbox.runSync(script), 42, mine.constructor.name);
    script.bytes.fill(0);
    assert.deepEqual(script.bytes, bytes);
    assert.equal(sandbox.runSync(script), 42);
  }
});
