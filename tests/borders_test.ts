import { run, Sandbox, SandboxError } from "@sandglass/sandglass";
import assert from "assert";

const sandbox = new Sandbox();

async function failure(script: string, options = {}): Promise<SandboxError> {
  const error = await sandbox.run(script, options).catch((error) => error);
  assert(error instanceof SandboxError, `${script} gave ${error}`);
  return error;
}

Deno.test("The log of a silent run stays empty when others log later", async () => {
  const { logs } = await sandbox.evaluate("1");
  const failed = await failure("null.x");
  await new Sandbox().run("console.log('of another')");
  assert.deepEqual([logs, failed.logs], [[], []]);
});

Deno.test("What a console target throws comes out as it is, also if it is another run's error", () => {
  const inner = new Sandbox();
  const fail = () => void inner.runSync("console.log('inner'); throw new Error('inner')");
  const silent = () => {};
  const outer = new Sandbox({ console: { log: fail, info: silent, warn: silent, error: silent, debug: silent } });
  assert.throws(() => outer.runSync("console.log('outer')"), (error) => {
    assert(error instanceof SandboxError);
    assert.deepEqual(error.logs, [{ level: "log", text: "inner" }]);
    return error.guest?.message === "inner";
  });
});

Deno.test("A console that lacks a method is refused when it is given", () => {
  for (const console of [null, {}, { log() {} }, 5]) {
    assert.throws(
      () => new Sandbox({ console: console as never }),
      /^TypeError: Cannot set console: it has no function/,
    );
  }
});

Deno.test("Options that are no object, and limits that are none, are refused", async () => {
  await assert.rejects(
    run("1", null as never),
    /^TypeError: Cannot take the options of a run: they are no object but null/,
  );
  assert.throws(() => new Sandbox(5 as never), TypeError);
  assert.throws(() => new Sandbox({ limits: 5 as never }), TypeError);
  assert.throws(() => new Sandbox({ limits: Object.create({ time: 5 }) }), /Cannot set limits.time/);
});

Deno.test("Names that could steer a terminal or hide a place are refused", async () => {
  for (const name of ["", "a\nb", "\x1b[2J", "\u2028", "x".repeat(2000)]) {
    await assert.rejects(run("1", { name }), /^TypeError: Cannot use the name/);
  }
});

Deno.test("Views that follow a resizable buffer come out at their length of now", async () => {
  const grown = "b = new ArrayBuffer(4, { maxByteLength: 16 }); u = new Uint8Array(b); b.resize(16); u";
  assert.deepEqual(await run(grown), new Uint8Array(16));
  const shrunk = "b = new ArrayBuffer(16, { maxByteLength: 16 }); u = new Uint16Array(b, 2); b.resize(5); u";
  assert.deepEqual(await run(shrunk), new Uint16Array(1));
});

Deno.test("A detached buffer is refused on its way out", async () => {
  const error = await failure("const b = new ArrayBuffer(16); b.transfer(); ({ a: [b] })");
  assert.deepEqual([error.code, error.path], ["value", "$.a[0]"]);
});

Deno.test("Sparse keys do not fill the host's memory", async () => {
  const before = Deno.memoryUsage().rss;
  await sandbox.run("const part = { 1023: 0, 2575: 0 }; new Array(20_000).fill(part)");
  assert(Deno.memoryUsage().rss - before < 100 << 20, `It grew from ${before} to ${Deno.memoryUsage().rss}`);
  assert.deepEqual(await sandbox.run("({ 5: 1, 99: 2, a: 3 })"), { 5: 1, 99: 2, a: 3 });
});

for (
  const [what, script] of [
    [
      "Keys that collide in the host's maps",
      "const s = new Set(); for (let i = 1; i < 60_000; i++) s.add((BigInt(i) << 64n) | 1n); s",
    ],
    ["Long strings with lone surrogates", "'\\ud800'.repeat(7e6)"],
  ] as const
) {
  Deno.test(`${what} do not outlast the time limit`, () => {
    const start = performance.now();
    try {
      new Sandbox({ limits: { timeMs: 150 } }).runSync(script);
    } catch (error) {
      assert(error instanceof SandboxError && error.code === "time", String(error));
    }
    assert(performance.now() - start < 400, `It took ${performance.now() - start} ms`);
  });
}

Deno.test("Errors stay short whatever a script puts into them", async () => {
  for (
    const script of [
      "({ get a() { throw new Error('é'.repeat(5e6)) } })",
      "throw { toString() {}, message: 'x'.repeat(5e6) }",
      "class A {}; Object.defineProperty(A, 'name', { value: 'x'.repeat(5e6) }); [new (class extends A {}), Promise.resolve(new A), new WeakRef({})]",
      "throw Object.assign(new Error('x'.repeat(5e6)), { name: 'n'.repeat(5e6) })",
    ]
  ) {
    const error = await failure(script);
    assert(error.message.length < 50_000, `${script}: ${error.message.length}`);
  }
});

Deno.test("An import that cannot be loaded says so, however it is made", async () => {
  assert.match((await failure("import x from 'nothing'; export default x")).message, /could not load module 'nothing'/);
  assert.match(
    await run<string>("await import('nothing').catch((error) => error.message)"),
    /could not load module 'nothing'/,
  );
});

Deno.test("A DOMException tells its name and message", async () => {
  const error = await failure("atob('%%%')");
  assert.equal(error.guest?.name, "InvalidCharacterError");
  assert.notEqual(error.guest?.message, "");
});

Deno.test("Time begins with the run, not with the guest's build", async () => {
  const [now, origin, passed] = await run<number[]>("[Date.now(), performance.timeOrigin, performance.now()]");
  assert(Math.abs(now! - Date.now()) < 5000 && Math.abs(origin! - now!) < 5000 && passed! < 5000);
});

Deno.test("Rejections that are handled late cost no more than their number", async () => {
  const script = (count: number) =>
    `await Promise.allSettled(Array.from({ length: ${count} }, async () => { throw 1 })); 1`;
  const fuel = async (count: number) => (await sandbox.evaluate(script(count))).usage.fuel;
  const [few, many] = [await fuel(1000), await fuel(8000)];
  assert(many < few * 16, `${few} for 1,000 and ${many} for 8,000`);
});

Deno.test("The log shows what a script looks at, and runs none of its code", async () => {
  const { logs, value } = await sandbox.evaluate(`
    let ran = 0;
    const spy = { configurable: true, get() { ran++ } };
    Object.defineProperty(Symbol.prototype, "description", spy);
    Object.defineProperty(Object.getPrototypeOf(Int8Array.prototype), "length", spy);
    Map.prototype.forEach = Date.prototype.toISOString = () => ran++;
    console.log(new Date(0), new Map([["a", { b: 1 }]]), new Set([1]), new Uint8Array(3), Symbol("s"), { get x() { ran++ } });
    ran`);
  assert.equal(value, 0);
  assert.equal(
    logs[0]!.text,
    '1970-01-01T00:00:00.000Z Map(1) { "a" => { b: 1 } } Set(1) { 1 } Uint8Array(3) [ 0, 0, 0 ] Symbol(s) { x: [Getter] }',
  );
});

Deno.test("Exotic data is refused with its path, never by an error of the language", async () => {
  const exotic = [
    Object.create(Date.prototype),
    Object.create(Map.prototype),
    new Proxy(new Map(), {}),
    {
      get a() {
        throw Symbol("s");
      },
    },
    Object.create({
      get constructor() {
        throw new Error("no");
      },
    }, { [Symbol.toStringTag]: { value: "X" } }),
  ];
  for (const value of exotic) {
    const error = await failure("1", { data: [value] });
    assert.equal(error.code, "value");
    assert.match(error.path!, /^\$\[0\]/);
  }
  assert.deepEqual(await run("data", { data: new Proxy([], { get: (_, key) => key === "length" ? -1 : 0 }) }), []);
});
