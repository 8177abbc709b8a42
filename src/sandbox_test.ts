import assert from "assert";
import { KEPT } from "../tests/kept.ts";
import { type ErrorCode, SandboxError } from "./errors.ts";
import type { LogTarget } from "./log.ts";
import type { RunOptions, SandboxOptions } from "./options.ts";
import { Sandbox } from "./sandbox.ts";
import { Script } from "./script.ts";

const sandbox = new Sandbox();

for (const { what, script, options, look, value } of KEPT) {
  Deno.test(`Runs of a warm sandbox find ${what}, each as if it were the first`, async () => {
    const before = await sandbox.run("Reflect.ownKeys(globalThis).map(String)");
    const warm = await sandbox.warm(script, options);
    for (let round = 0; round < 3; round++) assert.deepStrictEqual(await warm.run(look), value);
    assert.deepStrictEqual(await sandbox.run("Reflect.ownKeys(globalThis).map(String)"), before);
    assert.equal(await sandbox.run("typeof [].last + typeof data"), "undefinedundefined");
  });
}

Deno.test("A warm sandbox can be warmed again, and each of the line stays as it is", async () => {
  const first = await sandbox.warm("let n = 1; const line = ['first']");
  const second = await first.warm("n++; line.push('second'); const more = 1");
  const third = await second.warm("n++; line.push('third')");
  const look = "[n, line.join(), typeof more]";
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await first.run(look), [1, "first", "undefined"]);
    assert.deepEqual(await second.run(look), [2, "first,second", "number"]);
    assert.deepEqual(await third.run(look), [3, "first,second,third", "number"]);
  }
});

Deno.test("What a run changes, no other run and no fork sees", async () => {
  const warm = await sandbox.warm("let n = 0; const map = new Map(); class A {}", { data: { list: [1] } });
  const fork = await warm.warm("n = 100");
  const spoil = `n++; data.list.push(2); map.set(1, 1); A.prototype.x = 1; globalThis.left = 1; Array.prototype.y = 1;
    delete globalThis.Map; data.n = n`;
  const look = "[n, data, map.size, typeof A.prototype.x + typeof left + typeof [].y, typeof Map]";
  for (let round = 0; round < 3; round++) {
    assert.equal(await warm.run(spoil), 1);
    assert.equal(await fork.run(spoil), 101);
    await assert.rejects(warm.run(`${spoil}; throw 1`), { code: "script" });
    assert.deepEqual(await warm.run(look), [0, { list: [1] }, 0, "undefinedundefinedundefined", "function"]);
    assert.deepEqual(await fork.run(look), [100, { list: [1] }, 0, "undefinedundefinedundefined", "function"]);
  }
});

Deno.test("Runs of one warm sandbox inside each other do not see each other", async () => {
  const inner: unknown[] = [];
  const log = (text: string) => {
    if (text !== "inner") inner.push(warm.runSync("n += 10; console.log('inner'); n"));
  };
  const warm = await new Sandbox({ console: target(log) }).warm("let n = 1");
  assert.equal(warm.runSync("n++; console.log('outer'); n++; console.log('outer'); n"), 3);
  assert.deepEqual(inner, [11, 11]);
  assert.equal(warm.runSync("n"), 1);
});

Deno.test("An input given to a run takes the place of the warm one in that run only", async () => {
  const warm = await sandbox.warm("const first = data", { data: { a: 1 } });
  const inputs: RunOptions[] = [{ data: 2 }, { json: "2" }, { msgpack: Uint8Array.of(2) }];
  for (const options of inputs) {
    assert.deepEqual(await warm.run("[data, first]", options), [2, { a: 1 }]);
    assert.deepEqual(await warm.run("[data, first === data]"), [{ a: 1 }, true]);
  }
  assert.equal(await warm.run("data", { data: undefined }), undefined);
  assert.deepEqual(await warm.run("data"), { a: 1 });
});

Deno.test("The value of a warm script is not asked for and may be anything", async () => {
  const small = new Sandbox({ limits: { outputBytes: 30 } });
  for (
    const script of [
      "(x) => x",
      "Symbol()",
      "const o = {}; o.o = o",
      "new Uint8Array(1e6)",
      "({ get a() { globalThis.read = true; throw 1 } })",
      "export default () => () => 1",
      "await { then(done) { done(() => 1) } }",
    ]
  ) {
    assert.equal(await (await small.warm(script)).run("typeof read"), "undefined", script);
  }
});

const FAILURES: [
  code: ErrorCode,
  message: RegExp,
  script: string,
  limits?: SandboxOptions["limits"],
  run?: RunOptions,
][] = [
  ["script", /^The script "warm.js" failed: TypeError: .*\(warm.js:1:18\)$/, "globalThis.n = 1; null.x"],
  ["script", /failed: Error: lost/, "Promise.reject(new Error('lost')); 1"],
  ["script", /failed: it waits for a promise that nothing is left to settle$/, "await new Promise(() => {})"],
  ["script", /failed: it waits for a promise that nothing is left to settle$/, "new Promise(() => {})"],
  ["syntax", /^Cannot parse the script "warm.js"/, "]["],
  ["input", /^Cannot read the input: at byte 1 /, "1", {}, { json: "[}" }],
  ["input", /limits\.inputBytes/, "1", { inputBytes: 100 }, { data: "x".repeat(100) }],
  ["value", /^Cannot pass \$\.f into the sandbox/, "1", {}, { data: { f() {} } }],
  ["time", /limits\.timeMs, 20 ms/, "for (;;);", { timeMs: 20 }],
  ["fuel", /limits\.fuel, 100000 units/, "for (;;);", { fuel: 1e5 }],
  ["memory", /limits\.memoryBytes, 4194304/, "const a = []; for (;;) a.push([a])", { memoryBytes: 4 << 20 }],
  ["stack", /limits\.stackBytes, 65536/, "(function f() { f() })()", { stackBytes: 64 << 10 }],
  ["log", /limits\.logBytes, 100/, "for (;;) console.log('x')", { logBytes: 100 }],
];

for (const [code, message, script, limits, options] of FAILURES) {
  Deno.test(`A warm script that fails is an error, and the sandbox works on: ${code} by ${script}`, async () => {
    const failing = new Sandbox({ limits });
    const error = await failing.warm(script, { name: "warm.js", ...options }).catch((error) => error);
    assert(error instanceof SandboxError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.equal(await failing.run("typeof n + (1 + 1)"), "undefined2");
    assert.equal(await (await failing.warm("let n = 5")).run("n"), 5);
  });
}

Deno.test("A mistake of the caller's is a TypeError that the promise carries", async () => {
  await assert.rejects(sandbox.warm(5 as never), /^TypeError: Cannot take script/);
  await assert.rejects(sandbox.warm("1", { data: 1, json: "1" }), /^TypeError: Cannot take both data and json/);
  await assert.rejects(sandbox.warm("1", { time: 5 } as never), /^TypeError: Cannot set "time"/);
});

Deno.test("A warm sandbox keeps the limits, the seed and the console", async () => {
  const said: string[] = [];
  const limits = { fuel: 1e6, logBytes: 1000 };
  const cold = new Sandbox({ limits, seed: 3, console: target((text) => said.push(text)) });
  const warm = await cold.warm("console.log('warming')");
  assert.deepEqual(warm.limits, cold.limits);
  const { logs } = await warm.evaluate("console.log('running')");
  assert.deepEqual(logs, [{ level: "log", text: "running" }]);
  assert.deepEqual(said, ["warming", "running"]);
  assert.equal(await warm.run("Math.random()"), await warm.run("Math.random()"));
  await assert.rejects(warm.run("for (;;);"), { code: "fuel" });
});

Deno.test("What a warm script took is not counted again, but for its memory", async () => {
  const cold = new Sandbox({ limits: { fuel: 1e6, memoryBytes: 8 << 20 } });
  const warm = await cold.warm("const kept = new Uint8Array(4e6).fill(1); for (let i = 0; i < 1e5; i++);");
  const { usage } = await warm.evaluate("kept.length");
  assert(usage.fuel < 1e5, `It paid ${usage.fuel}`);
  assert(usage.peakMemoryBytes > 4e6, `It had ${usage.peakMemoryBytes}`);
  await assert.rejects(warm.run("new Uint8Array(4e6)[0]"), { code: "memory" });
  assert.equal(await cold.run("new Uint8Array(4e6)[0]"), 0);
});

Deno.test("A run costs the same fuel, whether its world is still there or has to be made again", async () => {
  const warms = await Promise.all(
    [1, 2, 3].map((n) => new Sandbox({ seed: 1 }).warm(`const list = Array(${n}e4).fill(1)`)),
  );
  const costs = warms.map(() => new Set<string>());
  for (let round = 0; round < 5; round++) {
    for (const [index, warm] of warms.entries()) {
      for (let again = 0; again <= round % 2; again++) {
        const { value, usage } = await warm.evaluate("list.map((x) => [x, Math.random()]).length");
        costs[index]!.add(`${value} ${usage.fuel} ${usage.peakMemoryBytes}`);
      }
      if (round === 2) await sandbox.run("const a = []; for (let i = 0; i < 1e5; i++) a.push({ i })");
    }
  }
  assert.deepEqual(costs.map(({ size }) => size), [1, 1, 1], JSON.stringify(costs.map((cost) => [...cost])));
});

Deno.test("Runs of a warm sandbox draw numbers of their own, also if the warm script drew some", async () => {
  const drawn: number[] = [];
  for (const script of ["1", "Math.random()", "for (let i = 0; i < 100; i++) Math.random()"]) {
    for (const warm of [await sandbox.warm(script), await sandbox.warm(script)]) {
      for (let round = 0; round < 3; round++) drawn.push(...await warm.run<number[]>("[Math.random(), Math.random()]"));
    }
  }
  assert.equal(new Set(drawn).size, 36);
});

Deno.test("With a seed the numbers of every run follow it, and so do value and fuel", async () => {
  const draw = "[Math.random(), Math.random()]";
  const outcomes = async (seed: number, script: string) => {
    const warm = await new Sandbox({ seed }).warm(script);
    const runs = [await warm.evaluate(draw), await warm.evaluate(draw), await warm.evaluate(draw)];
    return runs.map(({ value, usage }) => JSON.stringify([value, usage.fuel]));
  };
  for (const script of ["1", "Math.random()"]) {
    const all = new Set([...await outcomes(1, script), ...await outcomes(1, script)]);
    assert.equal(all.size, 1, script);
    assert(!all.has((await outcomes(2, script))[0]!), script);
  }
});

Deno.test("With a seed no run draws what the warm scripts before it drew", async () => {
  const cold = new Sandbox({ seed: 1 });
  const draw = "for (let i = 0; i < 5; i++) all.push(Math.random()); all";
  const first = await cold.warm("globalThis.all = []; for (let i = 0; i < 5; i++) all.push(Math.random())");
  const second = await first.warm("for (let i = 0; i < 5; i++) all.push(Math.random())");
  const all = await second.run<number[]>(draw);
  assert.equal(new Set(all).size, 15);
  assert.deepEqual(await second.open().run(draw), all);
  const again = new Sandbox({ snapshot: first.snapshot(), seed: 1 });
  assert.equal(new Set(await again.run<number[]>(draw)).size, 10);
});

Deno.test("A snapshot follows the seed of the sandbox that starts from it", async () => {
  const snapshot = (await new Sandbox({ seed: 1 }).warm("Math.random()")).snapshot();
  const draw = (seed?: number) => new Sandbox({ snapshot, seed }).run("Math.random()");
  assert.equal(await draw(2), await draw(2));
  assert.notEqual(await draw(2), await draw(3));
  assert.notEqual(await draw(), await draw());
});

Deno.test("The clocks are each run's own, not the warming's", async () => {
  const warm = await sandbox.warm("const made = Date.now(); while (performance.now() < 200);");
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (let round = 0; round < 2; round++) {
    const before = Date.now();
    const [now, then, passed, origin] = await warm.run<number[]>(
      "[Date.now(), made, performance.now(), performance.timeOrigin]",
    );
    assert(before <= now! && now! <= Date.now(), `${before}, ${now}`);
    assert(now! - then! >= 200, `made at ${then}, run at ${now}`);
    assert(passed! < 200, `The run began at ${passed} ms`);
    assert(Math.abs(origin! + passed! - now!) < 200);
  }
});

Deno.test("With a seed the clocks of a warm sandbox begin where those of any do", async () => {
  const times = "[Date.now(), performance.now(), +new Date()]";
  const cold = new Sandbox({ seed: 1 });
  const warm = await cold.warm("for (let i = 0; i < 1e6; i++); const passed = performance.now()");
  assert(await warm.run<number>("passed") > 1);
  assert.deepEqual(await warm.run(times), await cold.run(times));
});

Deno.test("What a failed warm script left undone does not show in later runs", async () => {
  const left = new Sandbox({ limits: { fuel: 1e6 } });
  for (
    const script of [
      "Promise.reject(new Error('left')); for (;;);",
      "queueMicrotask(() => console.log('left')); throw 1",
      "(function again() { queueMicrotask(() => { console.log('left'); again() }) })(); 1",
      "Promise.reject(new Error('left')); throw new Error('first')",
    ]
  ) {
    await assert.rejects(left.warm(script), SandboxError, script);
    assert.deepEqual((await left.evaluate("await 1")).logs, [], script);
  }
});

Deno.test("A warm script's finalizers are done before the sandbox is made", async () => {
  const warm = await sandbox.warm(`const registry = new FinalizationRegistry(() => { throw new Error("left") });
    (() => { const made = {}; registry.register(made); return made })()`).catch((error) => error);
  if (warm instanceof SandboxError) return; // it may as well fail the warm script
  assert.equal(await warm.run("1"), 1);
});

Deno.test("A compiled script warms a sandbox, and runs in it", async () => {
  const warm = await sandbox.warm(Script.compile("const score = (x) => x * data"), { data: 2 });
  assert.equal(await warm.run(Script.compile("score(21)")), 42);
});

Deno.test("runSync and evaluate start from the warm world too", async () => {
  const warm = await sandbox.warm("const n = 5");
  assert.equal(warm.runSync("n"), 5);
  assert.equal((await warm.evaluate("n")).value, 5);
});

function target(log: (text: string) => void): LogTarget {
  return { log, info: log, warn: log, error: log, debug: log };
}
