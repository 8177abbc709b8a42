import { Sandbox, SandboxError } from "@sandglass/sandglass";
import assert from "assert";

const MIB = 2 ** 20;

function residentMiB(): number {
  return Deno.memoryUsage().rss / MIB;
}

const GOOD: [script: string, data: unknown, value: unknown][] = [
  ["1 + 1", undefined, 2],
  ["data.reduce((a, b) => a + b)", [1, 2, 3], 6],
  ["await Promise.resolve(data.a)", { a: "é" }, "é"],
  ["export default (data) => new Map(data)", [[1, 2]], new Map([[1, 2]])],
  ["JSON.parse(JSON.stringify(data))", { a: [1, { b: null }] }, { a: [1, { b: null }] }],
  ["typeof left + typeof Array.prototype.left", undefined, "undefinedundefined"],
];

const BAD = [
  "null.x",
  "throw { left: 1 }",
  "][",
  "() => 1",
  "globalThis.left = Array.prototype.left = 1; Object.freeze(Object.prototype); throw 1",
  "(function f() { f() })()",
  "Promise.reject(new Error('lost')); 1",
  "console.log('x'.repeat(300_000))",
  "'x'.repeat(200_000)",
  "await new Promise(() => {})",
];

const ENDLESS = [
  "for (;;);",
  "/^(a+)+$/.test('a'.repeat(40) + 'b')",
  "(function again() { Promise.resolve().then(again) })(); 1",
  "new Array(1e9) + ''",
  "try { for (;;); } finally { for (;;); }",
];

const HUNGRY = [
  "const all = []; for (;;) all.push(new Uint8Array(1e5))",
  "let s = 'ab'; for (;;) { s += s; s.at(-1) }",
  "const all = []; for (;;) all.push([all])",
];

Deno.test("50,000 runs of good and hostile scripts in one process take bounded memory", () => {
  const sandbox = new Sandbox({
    limits: { timeMs: 2, memoryBytes: 4 * MIB, outputBytes: 100_000, logBytes: 10_000 },
  });
  const quick = new Sandbox({ limits: { timeMs: 500, memoryBytes: 4 * MIB } });
  const fails = (script: string) => {
    try {
      sandbox.runSync(script);
    } catch (error) {
      assert(error instanceof SandboxError, `${script} threw ${error}`);
      return;
    }
    assert.fail(`${script} did not fail`);
  };
  let before = 0;
  for (let round = 0; round < 50_000; round++) {
    if (round === 5_000) before = residentMiB();
    if (round % 50 === 0) fails(ENDLESS[(round / 50) % ENDLESS.length]!);
    else if (round % 50 === 25) fails(HUNGRY[((round - 25) / 50) % HUNGRY.length]!);
    else if (round % 3 === 0) fails(BAD[(round / 3) % BAD.length]!);
    else {
      const [script, data, value] = GOOD[round % GOOD.length]!;
      assert.deepStrictEqual(quick.runSync(script, { data }), value, `round ${round}: ${script}`);
    }
  }
  const grown = residentMiB() - before;
  assert(grown < 150, `The process grew by ${grown.toFixed(0)} MiB`);
});

const KINDS: [name: string, rounds: number, script: string][] = [
  ["arrays", 50, "const all = []; for (;;) all.push([all])"],
  ["buffers", 50, "const all = []; for (;;) all.push(new Uint8Array(1e5).fill(1))"],
  ["one large buffer", 50, "new Uint8Array(12e6).fill(1).length"],
  ["strings", 50, "let s = 'ab'; for (;;) { s += s; s.at(-1) }"],
  ["cycles", 50, "for (let i = 0; i < 1e5; i++) { const o = {}; o.o = o }"],
  ["failures", 50, "const all = []; for (let i = 0; i < 2e4; i++) all.push({ i }); throw all"],
  ["logs", 50, "for (let i = 0; i < 2000; i++) console.log('x'.repeat(100))"],
  // A value is the caller's once it is out, and V8 takes its time to free it: a few of each say what one run takes.
  ["a large value of bytes", 3, "new Uint8Array(4e6).fill(1)"],
  ["a large value of text", 3, "'x'.repeat(4e6)"],
  ["a large value of numbers", 3, "new Array(3e5).fill(0.5)"],
  ["one small object many times", 3, "const part = {}; new Array(5e5).fill(part)"],
  ["one small buffer many times", 3, "const part = new ArrayBuffer(0); new Array(3e5).fill(part)"],
  ["one small Map many times", 3, "const part = new Map(); new Array(3e5).fill(part)"],
  [
    "a list without end behind a proxy",
    3,
    "const part = []; new Proxy([], { get: (_, key) => key === 'length' ? 1e7 : part })",
  ],
];

for (const [name, rounds, script] of KINDS) {
  Deno.test(`With 16 MiB the process grows by less than 40 MiB over ${rounds} runs: ${name}`, async () => {
    const sandbox = new Sandbox({ limits: { timeMs: 200, memoryBytes: 16 * MIB } });
    const run = () => sandbox.run(script).catch((error) => assert(error instanceof SandboxError, String(error)));
    await run();
    const before = residentMiB();
    let most = 0;
    for (let round = 0; round < rounds; round++) {
      await run();
      most = Math.max(most, residentMiB() - before);
      await new Promise((resolve) => setTimeout(resolve));
    }
    assert(most < 40, `The process grew by ${most.toFixed(0)} MiB`);
  });
}
