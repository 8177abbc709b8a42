import { type LogEntry, type LogTarget, Sandbox, SandboxError } from "@sandglass/sandglass";
import assert from "assert";

const sandbox = new Sandbox();

/** What a run does to its world, and what the next run must not see of it. */
const TRACES: [name: string, script: string, look: string][] = [
  ["a global", "globalThis.left = 1; var a = 1; function f() {}", "[typeof left, typeof a, typeof f].join()"],
  ["a lexical global", "let left = 1; const b = 2; class C {}", "[typeof left, typeof b, typeof C].join()"],
  ["a sloppy global", "left = 1", "typeof left"],
  [
    "a prototype's new property",
    "Object.prototype.left = 1; Array.prototype.left = 1",
    "typeof ({}).left + typeof [].left",
  ],
  ["a prototype's accessor", "Object.defineProperty(Object.prototype, 'a', { get: () => 1 })", "typeof ({}).a"],
  [
    "a frozen prototype",
    "Object.freeze(Object.prototype); Object.freeze(Array.prototype)",
    "Object.isFrozen(Object.prototype)",
  ],
  [
    "a replaced prototype",
    "Object.setPrototypeOf(Array.prototype, null)",
    "[].toString === Object.prototype.toString || [] instanceof Object",
  ],
  ["JSON", "JSON = { parse: 1 }", "typeof JSON.parse"],
  ["JSON.stringify", "JSON.stringify = () => 'left'", "JSON.stringify(1)"],
  ["Map.prototype.forEach", "Map.prototype.forEach = Map.prototype.set = () => { throw 1 }", "new Map([[1, 2]])"],
  ["Set.prototype.add", "Set.prototype.add = Set.prototype.forEach = () => { throw 1 }", "new Set([1, 2])"],
  ["Array iteration", "Array.prototype[Symbol.iterator] = function* () { yield 'left' }", "[...[1, 2]].join()"],
  [
    "Error.prepareStackTrace",
    "Error.prepareStackTrace = () => 'left'",
    "typeof new Error('x').stack + new Error('x').stack.includes('left')",
  ],
  ["Error.stackTraceLimit", "Error.stackTraceLimit = 0", "Error.stackTraceLimit"],
  ["Promise.prototype.then", "Promise.prototype.then = () => 'left'", "await Promise.resolve(5)"],
  [
    "Function.prototype.call",
    "Function.prototype.call = Function.prototype.apply = () => 'left'",
    "Math.max.call(null, 1, 2)",
  ],
  ["Math.random", "Math.random = () => 'left'", "typeof Math.random()"],
  ["Date", "Date = class { static now() { return 'left' } }", "typeof Date.now()"],
  ["Date.prototype.getTime", "Date.prototype.getTime = () => 'left'", "new Date(0)"],
  ["BigInt.prototype.toString", "BigInt.prototype.toString = () => 'left'", "5n"],
  ["console", "console.log = () => { throw 1 }; console = 1", "typeof console.log"],
  ["data", "data = 'left'", "typeof data"],
  ["a deleted global", "delete globalThis.Array; delete globalThis.console", "typeof Array + typeof console"],
  ["an undeletable global", "Object.defineProperty(globalThis, 'left', { value: 1 })", "typeof left"],
  ["globals that cannot grow", "Object.preventExtensions(globalThis)", "Object.isExtensible(globalThis)"],
  [
    "the global symbol registry",
    "Symbol.for('left').x; globalThis.s = Symbol.for('left')",
    "Symbol.keyFor(Symbol.for('left'))",
  ],
  ["a pending promise", "new Promise(() => {}).then(() => left = 1); 1", "typeof left"],
  ["an unread rejection", "Promise.reject(new Error('left')); 1", "1"],
  ["a rejection and a limit", "Promise.reject(new Error('left')); for (;;);", "1"],
  ["a finalizer", "(globalThis.r = new FinalizationRegistry(() => console.log('left'))).register({}, 1); 1", "1"],
  ["RegExp state", "/(.)/.exec('left')", "typeof RegExp.$1"],
  ["a pending exception", "({ get a() { throw new Error('left') } })", "({ a: 1 })"],
  [
    "TextDecoder state",
    "new TextDecoder().decode(new Uint8Array([0xe2, 0x82]), { stream: true })",
    "new TextDecoder().decode(new Uint8Array([65]))",
  ],
];

for (const [name, script, look] of TRACES) {
  Deno.test(`The next run sees nothing of ${name}`, async () => {
    const limits = { timeMs: 50 };
    const expected = await new Sandbox({ limits }).run(look);
    const used = new Sandbox({ limits });
    for (let round = 0; round < 3; round++) {
      await used.run(script).catch((error) => assert(error instanceof SandboxError, String(error)));
      assert.deepStrictEqual(await used.run(look), expected);
    }
  });
}

Deno.test("A script that replaces every built-in changes neither its input, its value nor its error", async () => {
  const spoil = `
    const poison = () => { throw new Error("poison") };
    const { defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
    const found = [], seen = new Set();
    const walk = (object) => {
      if (object === null || (typeof object !== "object" && typeof object !== "function") || seen.has(object)) return;
      seen.add(object);
      for (const key of ownKeys(object)) {
        const { value, configurable, get } = getOwnPropertyDescriptor(object, key);
        if (configurable && (get || typeof value === "function")) found[found.length] = { object, key };
        walk(value);
      }
    };
    const spoil = (object) => {
      walk(object);
      const to = { get: () => poison, configurable: true };
      for (let i = 0; i < found.length; i++) defineProperty(found[i].object, found[i].key, to);
    };`;
  const roots = [
    "Map",
    "Set",
    "Date",
    "Promise",
    "JSON",
    "BigInt",
    "Uint8Array",
    "ArrayBuffer",
    "String",
    "Number",
    "Array",
  ];
  for (const root of roots) {
    const made =
      "({ m: new Map([[1, { a: 2n }]]), s: new Set([1]), d: new Date(0), u: new Uint8Array(2), b: -5n, t: 'é' })";
    const script = `const made = ${made}; ${spoil} spoil(${root}.prototype ?? ${root}); made`;
    assert.deepStrictEqual(await sandbox.run(script), {
      m: new Map([[1, { a: 2n }]]),
      s: new Set([1]),
      d: new Date(0),
      u: new Uint8Array(2),
      b: -5n,
      t: "é",
    }, root);
  }
});

Deno.test("Setters on Object.prototype see nothing of the input", async () => {
  const script = `const seen = [];
    for (const key of ["a", "0", "value", "then"]) Object.defineProperty(Object.prototype, key, { set(x) { seen.push(x) } });
    [await 1, { b: 2 }, seen]`;
  const { value } = await sandbox.evaluate(script, { data: { a: 1, then: 2 } }).catch(() => ({ value: null }));
  if (value !== null) assert.deepStrictEqual((value as unknown[])[2], []);
});

Deno.test("Math.random differs between runs that have no seed", async () => {
  const numbers = await Promise.all(Array.from({ length: 50 }, () => sandbox.run("Math.random()")));
  assert.equal(new Set(numbers).size, 50);
  const pairs = await sandbox.run<number[]>("[Math.random(), Math.random()]");
  assert.notEqual(pairs[0], pairs[1]);
});

Deno.test("The clock is this moment's in every run", async () => {
  for (let round = 0; round < 3; round++) {
    const before = Date.now();
    const [now, made] = await sandbox.run<[number, number]>("[Date.now(), +new Date()]");
    assert(now >= before && made >= now && made <= Date.now());
    const passed = await sandbox.run<number>("performance.now()");
    assert(passed >= 0 && passed < 1000);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
});

Deno.test("Nothing of the host is in a global, an error or a stack", async () => {
  const errors = [
    "null.x",
    "throw new Error('mine')",
    "undefined_name",
    "eval('][')",
    "new Function('return null.x')()",
    "await import('./other.js')",
    "await import('file:///etc/passwd')",
    "await import('npm:x')",
    "JSON.parse('{')",
    "[].reduce((a) => a)",
    "new Array(-1)",
    "decodeURIComponent('%')",
    "'x'.repeat(-1)",
    "new Proxy({}, null)",
    "console.log.call(null, Symbol()); null.x",
    "const f = () => { try { f() } catch { throw new Error('caught') } }; f()",
    "structuredClone(() => 1)",
    "crypto.getRandomValues(1)",
    "performance.now.call(1)",
  ];
  const host = /file:\/\/|\/work|\/home|\/src|\.ts\b|\.rs\b|Deno|wasm|node:|cargo|javy|rquickjs|sandbox\.|world\./i;
  for (const script of errors) {
    const error = await sandbox.run(script, { name: "mine.js" }).then(() => undefined, (error) => error);
    if (error === undefined) continue;
    assert(error instanceof SandboxError, `${script}: ${error}`);
    if (error.code === "stack") continue;
    const { name, message, stack } = error.guest!;
    const said = `${name} ${message} ${stack}`.replaceAll(script, "").replace("file:///etc/passwd", "");
    assert(!host.test(said), `${script}: ${said}`);
    assert(!host.test(error.message.replace("file:///etc/passwd", "")), `${script}: ${error.message}`);
    const own = await sandbox.run<string>(
      `try { (0, eval)(data) } catch (error) { String(error && error.stack) + String(error) }`,
      { data: script.replace("await", "0,") },
    ).catch(() => "");
    assert(!host.test((own ?? "").replaceAll("file:///etc/passwd", "")), `${script}: ${own}`);
  }
});

Deno.test("No global of the host is there, however it is looked for", async () => {
  const names = ["Deno", "process", "require", "window", "self", "WebAssembly", "Javy", "std", "os", "bjson", "module"];
  for (const name of names) {
    assert.equal(await sandbox.run(`typeof ${name}`), "undefined", name);
    assert.equal(await sandbox.run(`new Function("return typeof ${name}")()`), "undefined", name);
  }
  const all = await sandbox.run<string[]>("Reflect.ownKeys(globalThis).map(String)");
  assert.deepEqual(all.filter((name) => /javy|sandglass|host|wasi|^__/i.test(name)), []);
});

Deno.test("No module can be imported", async () => {
  for (
    const name of [
      "std",
      "os",
      "qjs:std",
      "qjs:os",
      "bjson",
      "./x.js",
      "file:///etc/passwd",
      "node:fs",
      "https://a.test/x.js",
    ]
  ) {
    for (
      const script of [
        `import * as x from "${name}"; export default 1`,
        `export default await import("${name}")`,
        `await import("${name}")`,
      ]
    ) {
      const error = await sandbox.run(script).catch((error) => error);
      assert(error instanceof SandboxError, `${script} gave ${error}`);
      assert(["script", "syntax"].includes(error.code), `${script} gave ${error.code}`);
    }
  }
});

Deno.test("A thenable in a value is data and is never called", async () => {
  const value = await sandbox.run<Record<string, unknown>>("({ then: 1, catch: [2], finally: { then: null } })");
  assert.deepEqual(value, { then: 1, catch: [2], finally: { then: null } });
  assert.equal(
    await sandbox.run("({ a: [{ then: 'x' }] })").then((value) => (value as { a: { then: string }[] }).a[0]!.then),
    "x",
  );
});

Deno.test("A value has no getters, no prototypes and no functions of the script's", async () => {
  const script = `class A { get g() { return 1 } constructor() { this.x = [new Date(0)] } toJSON() { return 1 } }
    Object.defineProperty(new A(), "own", { get: () => "read once", enumerable: true })`;
  const value = await sandbox.run<Record<string, unknown>>(script);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyDescriptors(value).own, {
    value: "read once",
    writable: true,
    enumerable: true,
    configurable: true,
  });
  assert.deepEqual(Reflect.ownKeys(value), ["x", "own"]);
});

Deno.test("An error's fields are text, whatever the script made of them", async () => {
  const thrown = [
    "null",
    "undefined",
    "'text'",
    "5n",
    "Symbol('s')",
    "() => 1",
    "{ name: 'N', message: 'M', stack: 'S' }",
    "Object.assign(new Error('m'), { name: 1, stack: { at: 1 } })",
    "Object.assign(new Error('m'), { name: 'x'.repeat(1e6), message: 'y'.repeat(1e6), stack: 'z'.repeat(1e6) })",
    "Object.assign(new Error(), { code: 'time', path: 'x', offset: 3 })",
    "new Proxy(new Error('m'), { get() { throw 1 } })",
    "Object.defineProperty(new Error('m'), 'message', { get() { throw new Error('again') } })",
    "Object.defineProperty(new Error('m'), 'stack', { get() { return globalThis } })",
    "new AggregateError([new Error('a')], 'm')",
    "Object.create(Error.prototype)",
    "new (class extends Error { name = '__proto__' })('\\ud800')",
  ];
  for (const value of thrown) {
    for (const script of [`throw (${value})`, `await Promise.reject((${value}))`]) {
      const error = await sandbox.run(script).catch((error) => error);
      assert(error instanceof SandboxError, `${script} gave ${error}`);
      assert.equal(error.code, "script", script);
      const { name, message, stack, line, column } = error.guest!;
      for (const text of [name, message, stack]) assert(typeof text === "string" && text.length <= 17_000, script);
      for (const place of [line, column]) assert(place === undefined || Number.isInteger(place), script);
      assert(error.message.length < 40_000, script);
      assert.deepEqual([error.path, error.offset], [undefined, undefined], script);
    }
  }
});

Deno.test("Overlapping runs do not see each other", async () => {
  const runs = Array.from({ length: 50 }, (_, index) =>
    sandbox.run(
      "globalThis.mine ??= data; await null; mine = mine + ':' + data; await Promise.resolve(); [mine, typeof other]",
      { data: index },
    ));
  const values = await Promise.all(runs);
  assert.deepEqual(values, values.map((_, index) => [`${index}:${index}`, "undefined"]));
});

function target(write: (text: string) => void): LogTarget {
  return { log: write, info: write, warn: write, error: write, debug: write };
}

Deno.test("An error of the caller's console comes out as it is, and the sandbox works on", () => {
  const mine = new Error("full");
  let angry = true;
  const sandbox = new Sandbox({
    console: target(() => {
      if (angry) throw mine;
    }),
  });
  for (
    const script of [
      "console.log(1)",
      "try { console.log(1) } catch {} 2",
      "(() => { try { console.log(1) } finally { return 1 } })()",
    ]
  ) {
    angry = true;
    let thrown: unknown;
    try {
      sandbox.runSync(script);
    } catch (error) {
      thrown = error;
    }
    assert.equal(thrown, mine, script);
    angry = false;
    assert.equal(sandbox.runSync("1 + 1"), 2);
  }
});

Deno.test("A console may run the same sandbox again while it is called", () => {
  const inner: unknown[] = [];
  const sandbox: Sandbox = new Sandbox({
    limits: { logBytes: 1000 },
    console: target((text) => {
      if (text.length < 3) {
        inner.push(sandbox.runSync("console.log(data + 'x'); globalThis.a = data; data.length", { data: text }));
      }
    }),
  });
  const script = "globalThis.a = 'outer'; console.log('o'); const after = a; console.log('p'); [after, a, typeof data]";
  assert.deepEqual(sandbox.runSync(script), ["outer", "outer", "undefined"]);
  assert.deepEqual(inner, [2, 1, 2, 1]);
});

Deno.test("A console that runs the sandbox again for ever ends clearly", async () => {
  const sandbox: Sandbox = new Sandbox({
    limits: { timeMs: 200 },
    console: target(() => {
      sandbox.runSync("console.log(1)");
    }),
  });
  await assert.rejects(sandbox.run("console.log(1)"));
  assert.equal(await sandbox.run("1 + 1"), 2);
});

Deno.test("Usage and logs of a run inside another are each their own", () => {
  let inside: readonly LogEntry[] = [];
  const sandbox: Sandbox = new Sandbox({ console: target(() => {}) });
  const outer = new Sandbox({
    console: target(() => {
      try {
        sandbox.runSync("console.log('in'); null.x");
      } catch (error) {
        inside = (error as SandboxError).logs;
      }
    }),
  });
  try {
    outer.runSync("console.log('out'); null.y");
    assert.fail("It did not throw");
  } catch (error) {
    assert(error instanceof SandboxError);
    assert.deepEqual(error.logs, [{ level: "log", text: "out" }]);
    assert.deepEqual(inside, [{ level: "log", text: "in" }]);
    assert(error.usage!.bytesLogged === 19);
  }
});

Deno.test("A getter of the input may run the same sandbox", async () => {
  const data = {
    get a() {
      return sandbox.runSync("data * 2", { data: 21 });
    },
  };
  assert.deepEqual(await sandbox.run("data", { data }), { a: 42 });
});
