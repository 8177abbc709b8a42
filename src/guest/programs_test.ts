import assert from "assert";
import { type ErrorCode, SandboxError } from "../errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits.ts";
import { Sandbox } from "../sandbox.ts";
import { Script } from "../script.ts";
import { compiledOf } from "./programs.ts";

const MIB = 2 ** 20;

let texts = 0;

/** A text that was not compiled before; it takes as much to compile as the other ones of it. */
function unseen(text: string): string {
  return `/* ${String(++texts).padStart(8)} of programs_test */ ${text}`;
}

/** What a run came to and cost, but for its time. */
async function outcome(sandbox: Sandbox, text: string): Promise<string> {
  return await sandbox.evaluate(text, { data: [1, 2, 3] }).then(
    ({ value, usage: { fuel, peakMemoryBytes } }) => JSON.stringify({ value, fuel, peakMemoryBytes }),
    (error) => {
      assert(error instanceof SandboxError, String(error));
      const { code, message, usage } = error;
      return JSON.stringify({ code, message, fuel: usage?.fuel, peakMemoryBytes: usage?.peakMemoryBytes });
    },
  );
}

/** Texts that take something to compile, beside what they take to run. */
const TEXTS = [
  "1 + 1",
  "data.map((x) => x * 2)",
  "await Promise.all(data)",
  "export default (data) => data.length",
  "null.x",
  "][",
  `const f = (x) => x; ${"f(1); ".repeat(2000)}`,
  `[${"[],".repeat(3000)}].length`,
];

for (const text of TEXTS) {
  Deno.test(`A run costs the same the first time and later, here and elsewhere: ${text.slice(0, 40)}`, async () => {
    const source = unseen(text);
    const other = unseen(text);
    const make = () => new Sandbox({ seed: 1 });
    const sandbox = make();
    const first = await outcome(sandbox, source);
    for (let round = 0; round < 3; round++) assert.equal(await outcome(sandbox, source), first);
    assert.equal(await outcome(make(), source), first);
    const larger = new Sandbox({ seed: 1, limits: { memoryBytes: 128 * MIB, fuel: 1e12, stackBytes: 512 << 10 } });
    assert.equal(await outcome(larger, source), first);
    await outcome(larger, other);
    assert.equal(await outcome(make(), other), first);
  });
}

/** What a small limit stops, though a large one lets it compile. */
const STOPPED: [code: ErrorCode, limits: Partial<Limits>, text: string][] = [
  ["fuel", { fuel: 2000 }, `[${"0,".repeat(20_000)}].length`],
  ["memory", { memoryBytes: 3 * MIB }, `[${"0,".repeat(200_000)}].length`],
  ["stack", { stackBytes: 16 << 10 }, `${"[".repeat(100)}1${"]".repeat(100)}.length`],
  ["input", { inputBytes: 1000 }, `"${"x".repeat(2000)}".length`],
];

for (const [code, limits, text] of STOPPED) {
  Deno.test(`A text compiled elsewhere still meets a limit that it would have met here: ${code}`, async () => {
    const [small, large] = [new Sandbox({ limits, seed: 1 }), new Sandbox({ seed: 1 })];
    const source = unseen(text);
    const before = await outcome(small, source);
    assert.equal(JSON.parse(before).code, code, before);
    const value = await outcome(large, source);
    assert.notEqual(JSON.parse(value).value, undefined, value);
    for (let round = 0; round < 3; round++) {
      assert.equal(await outcome(small, source), before);
      assert.equal(await outcome(large, source), value);
    }
  });
}

Deno.test("A text compiled with little stack is run as well where there is more, and the other way round", async () => {
  const stacks = [16 << 10, 512 << 10, 64 << 10, 896 << 10].map((stackBytes) =>
    new Sandbox({ limits: { stackBytes } })
  );
  const source = unseen("const f = () => [[[[[[data]]]]]]; f()");
  const outcomes = new Set<string>();
  for (const sandbox of [...stacks, ...stacks.toReversed()]) outcomes.add(await outcome(sandbox, source));
  assert.equal(outcomes.size, 1, [...outcomes].join("\n"));
});

Deno.test("What compiling took counts against the limits of every run, and the program is the same", async () => {
  const source = unseen(`const f = (x) => x; ${"f(1); ".repeat(500)}`);
  const { program, spent } = compiledOf(source, "a.js", DEFAULT_LIMITS);
  const again = compiledOf(source, "a.js", DEFAULT_LIMITS);
  assert.equal(again.program, program);
  assert.deepEqual([again.spent.fuel, again.spent.memoryBytes], [spent.fuel, spent.memoryBytes]);
  assert(spent.fuel > 1000 && spent.memoryBytes > MIB && spent.ms > 0, JSON.stringify(spent));
  assert.equal(again.spent.ms, 0);
  const { usage } = await new Sandbox().evaluate(source, { name: "a.js" });
  assert(usage.fuel > spent.fuel && usage.peakMemoryBytes >= spent.memoryBytes, JSON.stringify(usage));
  const exact = new Sandbox({ limits: { fuel: usage.fuel } });
  assert.equal((await exact.evaluate(source, { name: "a.js" })).usage.fuel, usage.fuel);
  await assert.rejects(new Sandbox({ limits: { fuel: spent.fuel } }).run(source, { name: "a.js" }), { code: "fuel" });
});

Deno.test("One text under two names gives each run its own name in errors", async () => {
  const sandbox = new Sandbox();
  const source = unseen("\nnull.x");
  for (const name of ["a.js", "b.js", "a.js", undefined, "b.js"]) {
    const error = await sandbox.run(source, { name }).catch((error) => error) as SandboxError;
    const shown = name ?? "script.js";
    assert(error.message.startsWith(`The script "${shown}" failed: `), error.message);
    assert(error.message.includes(`(${shown}:2:`), error.message);
    assert(error.guest?.stack.includes(`${shown}:2:`), error.guest?.stack);
  }
  const [a, b] = ["a.js", "b.js"].map((name) => compiledOf(source, name, DEFAULT_LIMITS).program);
  assert.notEqual(a, b);
  assert.deepEqual([a!.name, b!.name], ["a.js", "b.js"]);
});

Deno.test("Texts that differ in one character are different programs", async () => {
  const sandbox = new Sandbox();
  const source = unseen("'é'.length + 1");
  assert.equal(await sandbox.run(source), 2);
  assert.equal(await sandbox.run(source.replace("+ 1", "+ 2")), 3);
  assert.equal(await sandbox.run(source.replace("'é'", "'e\u0301'")), 3);
  assert.equal(await sandbox.run(source), 2);
});

Deno.test("What a world did to its built-ins and globals does not reach a text compiled for it", async () => {
  const spoil = `{
    const { ownKeys } = Reflect;
    const found = [Object, Function, Array, String, RegExp, Promise, Symbol, Math, JSON, Reflect];
    for (let i = found.length - 1; i >= 0; i--) if (found[i].prototype) found[found.length] = found[i].prototype;
    for (let i = 0; i < found.length; i++) {
      const keys = ownKeys(found[i]);
      for (let k = 0; k < keys.length; k++) try { found[i][keys[k]] = () => "spoilt" } catch {}
    }
    eval = Function = () => "spoilt"; data = "spoilt"; globalThis.undefinedName = "spoilt"; 0 }`;
  const sandbox = new Sandbox();
  const warm = await sandbox.warm(spoil);
  using session = sandbox.open();
  await session.run(spoil);
  const text =
    "[`a${1}`, /(.)/.exec('x')[1], [...[1, 2]], { ...{ a: 1 } }.a, typeof undefinedName, eval('1 + 1'), (([a]) => a)([7])]";
  for (const run of [warm.run.bind(warm), session.run.bind(session)]) {
    const source = unseen(text);
    const theirs = await run(source).then(JSON.stringify, (error) => error.code);
    const ours = await sandbox.run(source);
    assert.deepEqual(ours, ["a1", "x", [1, 2], 1, "undefined", 2, 7]);
    assert.notEqual(theirs, JSON.stringify(ours));
    assert.deepEqual(await sandbox.run(Script.compile(source)), ours);
  }
});

Deno.test("A run cannot change a program for the runs after it", async () => {
  const sandbox = new Sandbox();
  using session = sandbox.open();
  const source = unseen(
    "const tag = (parts) => parts; globalThis.seen ??= []; f();\n" +
      "function f() { const t = tag`a${1}b`; seen.push(t); f.count = (f.count ?? 0) + 1; return t }\n" +
      "const re = /x/g; re.lastIndex++; [f.count, f().join(), re.lastIndex, seen.every((t) => t === seen[0])]",
  );
  assert.deepEqual(await sandbox.run(source), [1, "a,b", 1, true]);
  assert.deepEqual(await sandbox.run(source), [1, "a,b", 1, true]);
  await session.run(source);
  assert.deepEqual(await sandbox.run(source), [1, "a,b", 1, true]);
});

for (
  const [what, run] of [
    ["texts that are run once", (sandbox) => sandbox.runSync(unseen(`5 // ${"x".repeat(40_000)}`))],
    ["names of one text", (sandbox) => sandbox.runSync(`5 // ${"y".repeat(80_000)}`, { name: `${++texts}.js` })],
  ] as [what: string, run: (sandbox: Sandbox) => unknown][]
) {
  Deno.test(`Thousands of ${what} do not grow the process without bound`, () => {
    const sandbox = new Sandbox();
    for (let round = 0; round < 5000; round++) run(sandbox); // the collector takes its time
    const before = Deno.memoryUsage().rss;
    for (let round = 0; round < 10_000; round++) run(sandbox); // 800 MB of source and bytecode
    const grown = (Deno.memoryUsage().rss - before) / MIB;
    assert(grown < 300, `The process grew by ${grown.toFixed(0)} MiB`);
  });
}

Deno.test("A text that was given up for others is compiled again, to the same", async () => {
  const sandbox = new Sandbox({ seed: 1 });
  const source = unseen("data.map((x) => x + 1)");
  const before = await outcome(sandbox, source);
  const { program } = compiledOf(source, "script.js", DEFAULT_LIMITS);
  const padding = "x".repeat(100_000);
  for (let index = 0; index < 300; index++) sandbox.runSync(unseen(`5 // ${padding}`));
  const again = compiledOf(source, "script.js", DEFAULT_LIMITS).program;
  assert.notEqual(again, program);
  assert.deepEqual(again, program);
  assert.equal(await outcome(sandbox, source), before);
});
