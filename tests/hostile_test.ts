import { type ErrorCode, type Limits, type RunOptions, Sandbox, SandboxError } from "@sandglass/sandglass";
import assert from "assert";

const TIME_MS = 100;

// A stop comes within 20 ms of the limit on a quiet machine; the rest is for a noisy one.
const SLACK_MS = 150;

const limits: Partial<Limits> = { timeMs: TIME_MS, memoryBytes: 32 << 20 };

/** Runs a script that has to fail, and looks at the sandbox after it. */
async function stop(
  script: string,
  options: RunOptions = {},
  sandbox = new Sandbox({ limits }),
): Promise<SandboxError> {
  const start = performance.now();
  const error = await sandbox.run(script, options).then(
    (value) => assert.fail(`It was not stopped but gave ${Deno.inspect(value).slice(0, 200)}`),
    (error) => error,
  );
  const took = performance.now() - start;
  assert(error instanceof SandboxError, `It threw no SandboxError but ${error}`);
  assert(took < sandbox.limits.timeMs + SLACK_MS, `It took ${took} ms`);
  assert.equal(
    await sandbox.run("typeof mark + Object.keys(globalThis).includes('mark') + (1 + 1)"),
    "undefinedfalse2",
  );
  return error;
}

const HOSTILE: [name: string, script: string, ...codes: ErrorCode[]][] = [
  ["an endless loop", "while (true) {}", "time"],
  ["an empty for loop", "for (;;);", "time"],
  ["a loop with continue", "a: while (true) { for (;;) continue a; }", "time"],
  ["a huge sparse array as text", "new Array(1e9) + ''", "time", "memory"],
  ["indexOf on an endless array-like", "Array.prototype.indexOf.call({ length: 2**53 - 1 }, 1)", "time"],
  ["lastIndexOf on an endless array-like", "Array.prototype.lastIndexOf.call({ length: 2**53 - 1 }, 1)", "time"],
  ["reverse of an endless array-like", "Array.prototype.reverse.call({ length: 2**53 - 1 })", "time", "memory"],
  ["a regular expression that backtracks", "/^(a+)+$/.test('a'.repeat(40) + 'b')", "time"],
  ["a regular expression that looks ahead and backtracks", "/^(?=(a+)+$)b/.test('a'.repeat(40) + 'b')", "time"],
  [
    "a regular expression with backreferences",
    "/(.*)(.*)(.*)(.*)\\1\\2\\3\\4x/.exec('a'.repeat(2000))",
    "time",
    "memory",
  ],
  ["replacing in a long text over and over", "for (;;) 'ab'.repeat(1e5).replaceAll('a', '$&$&')", "time", "memory"],
  ["a huge power", "2n ** 100000000n", "time", "memory"],
  ["products of bigints", "let x = 3n ** 300000n; for (;;) x * x", "time", "memory"],
  ["a long bigint as text", "let x = 3n ** 600000n; for (;;) x.toString()", "time", "memory"],
  ["a sort with an endless comparator", "[3, 2, 1].sort(() => { for (;;); })", "time"],
  [
    "a sort that never agrees",
    "const a = Array.from({ length: 1e5 }, (_, i) => i); for (;;) a.sort(() => Math.random() - 0.5)",
    "time",
  ],
  ["a getter that loops in the result", "({ get a() { for (;;); } })", "time"],
  ["a proxy that loops in the result", "new Proxy({}, { ownKeys() { for (;;); } })", "time"],
  [
    "a proxy in the result whose length is endless",
    "new Proxy([], { get: (_, key) => key === 'length' ? 2**53 - 1 : 0 })",
    "time",
    "output",
    "memory",
  ],
  [
    "an iterator that never ends",
    "[...{ [Symbol.iterator]: () => ({ next: () => ({ value: 1 }) }) }]",
    "time",
    "memory",
  ],
  ["a generator that never ends", "for (const x of (function* () { for (;;) yield 1; })());", "time"],
  ["a loop in finally", "try { throw 1 } finally { while (true) {} }", "time"],
  ["a chain of microtasks", "(function again() { Promise.resolve().then(again) })(); 1", "time", "memory"],
  ["a chain of queueMicrotask", "(function again() { queueMicrotask(again) })(); 1", "time", "memory"],
  ["an async loop", "for (;;) await 1", "time", "memory"],
  [
    "an async generator that never ends",
    "for await (const x of (async function* () { for (;;) yield 1; })());",
    "time",
    "memory",
  ],
  ["a thenable that never settles anything", "await { then(done) { done({ then: this.then }) } }", "time", "memory"],
  [
    "a loop in what a thrown error says",
    "throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } })",
    "time",
  ],
  ["a loop in prepareStackTrace", "Error.prepareStackTrace = () => { for (;;); }; null.x", "time"],
  ["a loop in a module", "export default () => { for (;;); }", "time"],
  ["JSON.parse of deep text", "JSON.parse('['.repeat(1e6))", "stack", "memory"],
  [
    "JSON.parse of huge text",
    "const s = '[' + '0,'.repeat(1e6) + '0]'; const all = []; for (;;) all.push(JSON.parse(s))",
    "time",
    "memory",
  ],
  [
    "JSON.stringify of a deep value",
    "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
    "stack",
    "time",
  ],
  ["JSON.stringify of a huge value", "const a = []; a[2**32 - 2] = 1; JSON.stringify(a)", "time", "memory"],
  [
    "JSON.stringify of what grows",
    "JSON.stringify({ toJSON() { return { a: this, b: this } } })",
    "stack",
    "time",
    "memory",
  ],
  ["recursion", "(function f() { f() })()", "stack"],
  ["recursion with many variables", "(function f(a, b, c, d) { const x = [a, b]; return f(x, ...x) + 1 })()", "stack"],
  ["mutual recursion", "const f = () => g(), g = () => f(); f()", "stack"],
  ["recursion in toString", "const o = { toString() { return '' + o } }; '' + o", "stack"],
  ["recursion in valueOf", "const o = { valueOf() { return +o } }; +o", "stack"],
  ["recursion in a getter", "const o = { get a() { return this.a } }; o.a", "stack"],
  ["recursion in a Proxy trap", "const p = new Proxy({}, { get: (_, key) => p[key] }); p.x", "stack"],
  ["recursion in a sort", "(function f() { [2, 1].sort(f) })()", "stack"],
  ["recursion in a replacer", "(function f() { 'a'.replace(/a/, f) })()", "stack"],
  ["recursion in a constructor", "class A { constructor() { new A() } }; new A()", "stack"],
  ["recursion in a generator", "function* g() { yield* g() }; [...g()]", "stack", "memory"],
  ["recursion in eval", "(function f() { eval('f()') })()", "stack"],
  ["recursion through apply and Reflect", "(function f() { Reflect.apply(f, null, []) })()", "stack"],
  ["a deep expression", "eval('('.repeat(1e5))", "stack"],
  ["a deep array literal", "new Function('['.repeat(1e5))", "stack"],
  ["a chain of proxies", "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x", "stack", "memory"],
  ["flattening deep arrays", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)", "stack"],
  ["joining deep arrays", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; '' + a", "stack"],
  ["a doubling string", "let s = 'ab'; for (;;) s += s", "memory"],
  ["a doubling string that is read", "let s = 'ab'; for (;;) { s += s; s.at(-1) }", "memory"],
  ["padding", "const all = []; for (;;) all.push('x'.padEnd(1e6))", "memory", "time"],
  ["arrays of arrays", "let a = []; for (;;) a = [a, a, new Array(1000).fill(a)]", "memory", "time"],
  ["an array that only grows", "const a = []; for (;;) a.push([a])", "memory", "time"],
  ["a Map that only grows", "const m = new Map(); for (;;) m.set({}, m.size)", "memory", "time"],
  ["keys without end", "const o = {}; for (let i = 0;; i++) o['key' + i] = i", "memory", "time"],
  ["symbols without end", "const o = {}; for (;;) o[Symbol()] = 1", "memory", "time"],
  ["closures without end", "let f = () => 1; for (;;) { const g = f; f = () => g }", "memory", "time"],
  ["an ArrayBuffer of 2 GiB", "new ArrayBuffer(2**31)", "memory"],
  ["an ArrayBuffer just under 2 GiB", "new ArrayBuffer(2**31 - 1)", "memory"],
  ["an ArrayBuffer of half the memory, twice", "[new ArrayBuffer(20e6), new ArrayBuffer(20e6)].length", "memory"],
  ["typed arrays without end", "const all = []; for (;;) all.push(new Float64Array(1e5))", "memory"],
  ["a growing ArrayBuffer", "const b = new ArrayBuffer(8, { maxByteLength: 2**30 }); b.resize(2**30)", "memory"],
  ["filling a large array over and over", "const u = new Uint8Array(2e7); for (;;) u.fill(1)", "time"],
  ["moving in a large array over and over", "const u = new Uint8Array(2e7); for (;;) u.copyWithin(1, 0)", "time"],
  ["searching a large array over and over", "const u = new Uint8Array(2e7); for (;;) u.indexOf(1)", "time"],
  ["searching a long text for a long text", "const s = 'a'.repeat(1e6); s.indexOf('a'.repeat(5e5) + 'b')", "time"],
  ["comparing long texts over and over", "const s = 'a'.repeat(5e6), t = 'a'.repeat(5e6); for (;;) s === t", "time"],
  [
    "many arguments",
    "Math.max.apply(null, { length: 65535 }); for (;;) Math.max.apply(null, { length: 65535 })",
    "time",
  ],
  ["normalising over and over", "const s = 'e\\u0301'.repeat(1e5); for (;;) s.normalize('NFC')", "time", "memory"],
  ["changing the case over and over", "const s = 'ß'.repeat(1e6); for (;;) s.toUpperCase()", "time", "memory"],
  ["encoding over and over", "const s = 'é'.repeat(1e6); for (;;) encodeURIComponent(s)", "time", "memory"],
  ["cloning a Set over and over", "const s = new Set(Array(1e4).keys()); for (;;) s.union(s)", "time", "memory"],
  ["parsing code over and over", "const s = 'var a = 1;'.repeat(1e4); for (;;) new Function(s)", "time", "memory"],
  [
    "compiling expressions over and over",
    "for (let i = 0;; i++) new RegExp('(a|b|c){1,100}'.repeat(100) + i)",
    "time",
    "memory",
  ],
];

for (const [name, script, ...codes] of HOSTILE) {
  Deno.test(`It stops at its limit: ${name}`, async () => {
    const error = await stop(`globalThis.mark = 1; ${script}`.replace(/^globalThis.mark = 1; (export .*)/, "$1"));
    assert(codes.includes(error.code), `${error.code}: ${error.message}`);
  });
}

const CAUGHT: [limit: ErrorCode, action: string][] = [
  ["time", "for (;;);"],
  ["fuel", "for (;;);"],
  ["memory", "const all = []; for (;;) all.push(new Uint8Array(1e5))"],
  ["memory", "new ArrayBuffer(2 ** 31 - 1)"],
  ["stack", "(function f() { f() })()"],
  ["log", "for (;;) console.log('x'.repeat(100))"],
];

for (const [code, action] of CAUGHT) {
  const sandbox = new Sandbox({ limits: { ...limits, ...(code === "fuel" ? { fuel: 1e6 } : {}), logBytes: 1000 } });
  const wraps: [string, string][] = [
    ["catch", `try { ${action} } catch {} 1`],
    ["finally", `(() => { try { ${action} } finally { return 1 } })()`],
    ["catch in a loop", `for (let i = 0; i < 3; i++) try { ${action} } catch { continue } 1`],
    ["a promise", `await Promise.resolve().then(() => { ${action} }).catch(() => 1).finally(() => 1); 1`],
    [
      "a generator's return",
      `(() => { for (const x of (function* () { try { yield 1 } finally { ${action} } })()) return 1 })()`,
    ],
    ["a disposal", `(() => { try { return 1 } finally { try { ${action} } finally { return 1 } } })()`],
    ["an error's own stack", `Error.prepareStackTrace = () => 1; try { ${action} } catch {} 1`],
  ];
  for (const [wrap, script] of wraps) {
    Deno.test(`A script cannot catch the limit ${code} by ${wrap} (${action.slice(0, 30)})`, async () => {
      assert.equal((await stop(script, {}, sandbox)).code, code);
    });
  }
}

Deno.test("What a script does after it met a limit does not happen", async () => {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const target = { log: say, info: say, warn: say, error: say, debug: say };
  const sandbox = new Sandbox({ limits: { ...limits, fuel: 1e6 }, console: target });
  await stop(
    "try { console.log('before'); for (;;); } catch { console.log('caught') } finally { console.log('after') }",
    {},
    sandbox,
  );
  assert.deepEqual(said, ["before"]);
});

Deno.test("Time counts the whole run: input, parsing and output too", async () => {
  const sandbox = new Sandbox({ limits: { timeMs: 5, memoryBytes: 256 << 20, outputBytes: 64 << 20 } });
  const json = `[${"0,".repeat(3e6)}0]`;
  assert.equal((await stop("1", { json }, sandbox)).code, "time");
  assert.equal((await stop("a = [" + "0,".repeat(1e6) + "0]", {}, sandbox)).code, "time");
});

Deno.test("A value that is small in the guest and huge here ends in time", async () => {
  const sandbox = new Sandbox({ limits: { timeMs: TIME_MS } });
  for (const part of ["[]", "{}", "new ArrayBuffer(0)", "new Map()", "new Uint8Array(0)", "new Date()"]) {
    const start = performance.now();
    await sandbox.run(`new Array(1e6).fill(${part})`).catch((error) => assert(error instanceof SandboxError));
    const took = performance.now() - start;
    assert(took < TIME_MS + SLACK_MS, `${part}: it took ${took} ms`);
  }
});

Deno.test("The output limit is exact", async () => {
  const sandbox = new Sandbox({ limits: { outputBytes: 100 } });
  assert.equal(await sandbox.run("'x'.repeat(90)"), "x".repeat(90)); // 2 bytes before it, 8 for the value
  for (
    const script of [
      "'x'.repeat(91)",
      "[[]]",
      "Array(100).fill(0)",
      "new Uint8Array(99)",
      "({ ['k'.repeat(99)]: 1 })",
      "10n ** 200n",
    ]
  ) {
    assert.equal((await stop(script, {}, sandbox)).code, "output", script);
  }
});

Deno.test("A small value that describes an endless output meets the output limit", async () => {
  const sandbox = new Sandbox({ limits: { outputBytes: 100_000 } });
  for (
    const script of [
      "let a = [1]; for (let i = 0; i < 100; i++) a = [a, a]; a",
      "let a = { b: 1 }; for (let i = 0; i < 100; i++) a = { a, b: a }; a",
      "let a = new Map([[1, 1]]); for (let i = 0; i < 100; i++) a = new Map([[1, a], [2, a]]); a",
      "const s = 'x'.repeat(50_000); [s, s, s]",
      "const u = new Uint8Array(50_000); [u, u, u]",
      "new Array(1e6)",
    ]
  ) assert.equal((await stop(script, {}, sandbox)).code, "output", script);
});

Deno.test("The output limit counts a getter's work as it goes", async () => {
  const sandbox = new Sandbox({ limits: { outputBytes: 1000 } });
  const script =
    "let reads = 0; new Proxy([], { get: (_, key) => { if (key === 'length') return 1e9; reads++; return 'x'.repeat(100) } })";
  assert.equal((await stop(script, {}, sandbox)).code, "output");
});

Deno.test("The log limit counts bytes and entries, and the error carries what was logged", async () => {
  const sandbox = new Sandbox({ limits: { logBytes: 100 } });
  assert.equal(await sandbox.run("console.log('x'.repeat(84))"), undefined);
  let error = await stop("console.log('x'.repeat(85))", {}, sandbox);
  assert.equal(error.code, "log");
  assert.deepEqual(error.logs, []);
  error = await stop("for (;;) console.warn('é')", {}, sandbox);
  assert.equal(error.code, "log");
  assert.deepEqual(error.logs, Array(5).fill({ level: "warn", text: "é" }));
  error = await stop("for (;;) console.log()", {}, sandbox);
  assert.equal(error.code, "log");
  assert.equal(error.logs.length, 6);
});

Deno.test("The log limit holds for values that print long", async () => {
  const sandbox = new Sandbox({ limits: { ...limits, logBytes: 1000 } });
  const shown =
    "let a = [1]; for (let i = 0; i < 50; i++) a = [a, a, a]; console.log(a); const b = Array(1e6).fill('xy'); console.log(b)";
  assert.equal((await stop(shown, {}, sandbox)).code, "log");
});

Deno.test("The input limit is exact, for every form of input", async () => {
  const sandbox = new Sandbox({ limits: { inputBytes: 100 } });
  for (
    const [fits, over] of [
      [{ data: "x".repeat(98) }, { data: "x".repeat(99) }],
      [{ json: `"${"x".repeat(98)}"` }, { json: `"${"x".repeat(99)}"` }],
      [{ json: new Uint8Array(100).fill(48, 0, 1).fill(32, 1) }, {
        json: new Uint8Array(101).fill(48, 0, 1).fill(32, 1),
      }],
      [{ json: `"${"é".repeat(49)}"` }, { json: `"${"é".repeat(50)}"` }],
      [{ msgpack: new Uint8Array(100).fill(0xc0).fill(0xd9, 0, 1).fill(98, 1, 2).fill(65, 2) }, {
        msgpack: new Uint8Array(101),
      }],
    ] as [RunOptions, RunOptions][]
  ) {
    await sandbox.run("1", fits);
    const error = await stop("1", over, sandbox);
    assert.equal(error.code, "input");
    assert.match(error.message, /limits\.inputBytes.*100/);
  }
});

Deno.test("Fuel ends a run at the same place every time", async () => {
  const sandbox = new Sandbox({ limits: { fuel: 2e6 }, seed: 1 });
  const counts = new Set<unknown>();
  for (let round = 0; round < 5; round++) {
    const error = await stop("for (let i = 0;; i++) if (i % 1000 === 0) console.log(i)", {}, sandbox);
    assert.equal(error.code, "fuel");
    assert.equal(error.usage?.fuel, 2e6);
    counts.add(error.logs.at(-1)?.text);
  }
  assert.equal(counts.size, 1);
});

Deno.test("A stack limit holds as much as it says", async () => {
  const depth = async (stackBytes: number) => {
    const sandbox = new Sandbox({ limits: { stackBytes } });
    let reached = 0;
    for (let step = 1 << 16; step >= 1; step >>= 1) {
      const script = `(function f(n) { return n === 0 ? 0 : 1 + f(n - 1) })(${reached + step})`;
      const fits = await sandbox.run(script).then(() => true, (error) => (assert.equal(error.code, "stack"), false));
      if (fits) reached += step;
    }
    return reached;
  };
  const [little, much] = [await depth(64 << 10), await depth(512 << 10)];
  assert(little > 20, `64 KiB hold ${little} calls`);
  assert(much > little * 4, `512 KiB hold ${much} calls, 64 KiB ${little}`);
});

const MEASURED = [
  "1 + 1",
  "data.map((x) => x * 2)",
  "const m = new Map(); for (let i = 0; i < 1000; i++) m.set('k' + i, { i }); [...m.values()].sort((a, b) => b.i - a.i)[0]",
  "Array.from({ length: 100 }, () => Math.random()).sort()",
  "[Date.now(), new Date().toISOString(), performance.now(), Math.random()]",
  "await Promise.all([1, 2, 3].map(async (x) => { await x; return x * 2 }))",
  "JSON.parse(JSON.stringify(Array(500).fill({ a: [1, 'é'] }))).length",
  "/(\\w+)@(\\w+)/.exec('x'.repeat(500) + '@' + 'y')[1].length",
  "const cyclic = []; for (let i = 0; i < 2e4; i++) { const o = {}; o.o = o; cyclic[i % 10] = o } cyclic.length",
  "let made = new Set(); const registry = new FinalizationRegistry(() => made.add(1)); for (let i = 0; i < 1000; i++) registry.register({}, i); made.size",
];

Deno.test("The same script, data and seed give the same value and fuel, on every run and in every sandbox", async () => {
  const outcome = async (sandbox: Sandbox, script: string) => {
    const { value, usage } = await sandbox.evaluate(script, { data: [1, 2, 3] });
    return JSON.stringify({ value, fuel: usage.fuel, peak: usage.peakMemoryBytes });
  };
  const first = new Sandbox({ seed: 42 });
  for (const script of MEASURED) {
    const expected = await outcome(first, script);
    for (let round = 0; round < 5; round++) {
      assert.equal(await outcome(first, script), expected, script);
      assert.equal(await outcome(new Sandbox({ seed: 42 }), script), expected, script);
      await stop("let s = 'ab'; for (;;) { s += s; s.at(-1) }");
    }
    const other = await outcome(new Sandbox({ seed: 43 }), script);
    assert.equal(other === expected, !script.includes("random"), script);
  }
});

Deno.test("Fuel is the same in a new instance, in one used before and with every memory limit", async () => {
  const script = "const all = []; for (let i = 0; i < 2e4; i++) all.push({ i }); all.length";
  const fuels = new Set<number>();
  // No other test has these limits, so that the first run of each is in an instance that never ran.
  for (const pages of [0, 1, 2]) {
    const sandbox = new Sandbox({ seed: 1, limits: { memoryBytes: (24 << 20) + (pages << 16) } });
    for (let round = 0; round < 3; round++) fuels.add((await sandbox.evaluate(script)).usage.fuel);
  }
  assert.equal(fuels.size, 1, [...fuels].join());
});

Deno.test("A seed fixes the time: it starts at the same moment and goes on with work", async () => {
  const sandbox = new Sandbox({ seed: 5 });
  const [before, after] = await sandbox.run<number[]>(
    "const before = Date.now(); for (let i = 0; i < 1e6; i++); [before, Date.now()]",
  ) as [number, number];
  assert.equal(before, Date.UTC(2020, 0, 1));
  assert(after > before);
});

Deno.test("A seed is any safe integer and nothing else", async () => {
  for (const seed of [0, -1, 2 ** 53 - 1, -(2 ** 53) + 1]) {
    assert.equal(
      await new Sandbox({ seed }).run("Math.random()"),
      await new Sandbox({ seed }).run("Math.random()"),
    );
  }
  for (const seed of [0.5, NaN, Infinity, 2 ** 53, "1", 1n, null]) {
    assert.throws(
      () => new Sandbox({ seed: seed as unknown as number }),
      (error) => error instanceof RangeError && error.message.includes(`seed to ${String(seed)}`),
    );
  }
});
