import { type ErrorCode, type LogTarget, Sandbox, SandboxError, Script, type Session } from "@sandglass/sandglass";
import assert from "assert";

function target(log: (text: string) => void): LogTarget {
  return { log, info: log, warn: log, error: log, debug: log };
}

const HOSTILE: [what: string, script: string, ...codes: ErrorCode[]][] = [
  ["an endless loop", "while (true) {}", "time"],
  ["a loop in finally", "try { throw 1 } finally { while (true) {} }", "time"],
  ["a loop that catches", "for (;;) try { for (;;); } catch { continue }", "time"],
  ["a huge sparse array as text", "new Array(1e9) + ''", "time", "memory"],
  ["indexOf on an endless array-like", "Array.prototype.indexOf.call({ length: 2**53 - 1 }, 1)", "time"],
  ["a regular expression that backtracks", "/^(a+)+$/.test('a'.repeat(40) + 'b')", "time"],
  ["a huge power", "2n ** 100000000n", "time", "memory"],
  ["a sort with an endless comparator", "[3, 2, 1].sort(() => { for (;;); })", "time"],
  ["a chain of microtasks", "(function again() { Promise.resolve().then(again) })(); 1", "time", "memory"],
  ["an async loop", "for (;;) await 1", "time", "memory"],
  ["a thenable that never settles", "await { then(done) { done({ then: this.then }) } }", "time", "memory"],
  ["a getter that loops in the result", "({ get a() { for (;;); } })", "time"],
  ["a proxy that loops in the result", "new Proxy({}, { ownKeys() { for (;;); } })", "time"],
  ["a loop in what an error says", "throw Object.defineProperty(new Error(), 'name', { get() { for (;;); } })", "time"],
  ["a loop in prepareStackTrace", "Error.prepareStackTrace = () => { for (;;); }; null.x", "time"],
  ["recursion", "(function f() { f() })()", "stack"],
  ["recursion in a Proxy trap", "const p = new Proxy({}, { get: (_, key) => p[key] }); p.x", "stack"],
  ["recursion in eval", "(function f() { eval('f()') })()", "stack"],
  ["JSON.parse of deep text", "JSON.parse('['.repeat(1e6))", "stack", "memory"],
  ["a deep expression", "eval('('.repeat(1e5))", "stack"],
  ["a doubling string", "let s = 'ab'; for (;;) { s += s; s.at(-1) }", "memory"],
  ["arrays of arrays", "let a = []; for (;;) a = [a, a, new Array(1000).fill(a)]", "memory", "time"],
  ["closures without end", "let f = () => 1; for (;;) { const g = f; f = () => g }", "memory", "time"],
  ["an ArrayBuffer of 2 GiB", "new ArrayBuffer(2**31 - 1)", "memory"],
  ["typed arrays without end", "const all = []; for (;;) all.push(new Float64Array(1e5))", "memory"],
  ["an endless value", "let a = [1]; for (let i = 0; i < 100; i++) a = [a, a]; a", "output"],
  ["an endless log", "for (;;) console.log('x'.repeat(1000))", "log"],
  ["finalizers without end", "new FinalizationRegistry(() => { for (;;); }).register({}, 1); for (;;);", "time"],
  ["a rejection and a loop", "Promise.reject(new Error('left')); for (;;);", "time"],
];

Deno.test("After every hostile script a session is as it was, to the byte, and goes on", async (test) => {
  const limits = { timeMs: 40, memoryBytes: 16 << 20, outputBytes: 100_000, logBytes: 10_000 };
  using session = new Sandbox({ limits }).open();
  await session.run("let n = 0; const state = new Map([['list', [1]]]); const next = () => ++n; 0", { data: "kept" });
  const spoil = `n = -1; state.clear(); data = 0; globalThis.left = Array.prototype.left = 1; delete globalThis.Set;
    Promise.resolve().then(() => state.set("list", 2)); Object.freeze(Object.prototype);`;
  for (const [index, [what, script, ...codes]] of HOSTILE.entries()) {
    await test.step(what, async () => {
      const before = session.snapshot();
      const error = await session.run(`${spoil} { ${script} }`).catch((error) => error);
      assert(error instanceof SandboxError, `It gave ${Deno.inspect(error).slice(0, 200)}`);
      assert(codes.includes(error.code), `${error.code}: ${error.message}`);
      assert.deepEqual(session.snapshot(), before);
      const value = await session.run("[next(), state.get('list'), data, typeof left + typeof Set, [...[1]].length]");
      assert.deepEqual(value, [index + 1, [1], "kept", "undefinedfunction", 1]);
    });
  }
});

type Checkpoint = ReturnType<Session["checkpoint"]>;

const REFUSED: [action: string, act: (session: Session, checkpoint: Checkpoint) => unknown][] = [
  ["run in", (session) => session.runSync("n = 100")],
  ["restore", (session, checkpoint) => session.restore(checkpoint)],
  ["make a checkpoint of", (session) => session.checkpoint()],
  ["take a snapshot of", (session) => session.snapshot()],
];

for (const [action, act] of REFUSED) {
  Deno.test(`A console cannot ${action} the session whose run calls it, and the run goes on`, async () => {
    const refused: unknown[] = [];
    const log = () => {
      try {
        act(session, first);
      } catch (error) {
        refused.push(String(error));
      }
    };
    using session = new Sandbox({ console: target(log) }).open();
    const first = session.checkpoint();
    await session.run("let n = 1");
    assert.equal(await session.run("n++; console.log('now'); n++; n"), 3);
    assert.deepEqual(refused, [`TypeError: Cannot ${action} the session: a run of it is going on`]);
    assert.equal(await session.run("n"), 3);
  });
}

Deno.test("A refusal inside a run, let through, is the caller's own error and ends the run", async () => {
  using session: Session = new Sandbox({ console: target(() => void session.runSync("1")) }).open();
  await session.run("let n = 1");
  const refused = /^TypeError: Cannot run in the session: a run of it is going on$/;
  await assert.rejects(session.run("n = 2; try { console.log(1) } catch {}"), refused);
  assert.equal(await session.run("n"), 1);
});

Deno.test("A session disposed in the middle of its run lets the run end, and is disposed", async () => {
  const session: Session = new Sandbox({ console: target(() => session[Symbol.dispose]()) }).open();
  await session.run("let n = 1");
  assert.equal(await session.run("n++; console.log(1); n"), 2);
  await assert.rejects(session.run("n"), { code: "disposed" });
  assert.throws(() => session.snapshot(), { code: "disposed" });
});

Deno.test("What a console throws comes out as it is, and the run never was", async () => {
  const mine = new RangeError("full");
  let angry = true;
  const log = () => {
    if (angry) throw mine;
  };
  using session = new Sandbox({ console: target(log) }).open();
  await session.run("let n = 1; 0");
  for (const script of ["console.log(1)", "try { console.log(1) } catch {} 2", "await 1; console.log(1)"]) {
    const before = session.snapshot();
    angry = true;
    assert.equal(await session.run(`n++; ${script}`).catch((error) => error), mine);
    assert.throws(() => session.runSync(`n++; ${script}`), (error) => error === mine);
    angry = false;
    assert.deepEqual(session.snapshot(), before);
  }
  assert.equal(await session.run("console.log(n); n"), 1);
});

Deno.test("A console may run other sessions and sandboxes, and each keeps its own state", async () => {
  const seen: unknown[] = [];
  using other = new Sandbox().open();
  other.runSync("let n = 100");
  const log = () => void seen.push(other.runSync("++n"), new Sandbox().runSync("typeof n"));
  using session = new Sandbox({ console: target(log) }).open();
  await session.run("let n = 1");
  assert.equal(await session.run("console.log(n++); console.log(n++); n"), 3);
  assert.deepEqual(seen, [101, "undefined", 102, "undefined"]);
});

Deno.test("What a value's getters leave to be done is not the next run's", async () => {
  using session = new Sandbox().open();
  await session.run("let n = 0");
  const left = "({ get a() { queueMicrotask(() => { n++; throw new Error('late') }); return 1 } })";
  await session.run(left).catch((error) => assert.equal(error.guest?.message, "late"));
  assert.equal(await session.run("5"), 5);
});

Deno.test("Numbers differ between runs of a session, and after it went back", async () => {
  using session = new Sandbox().open();
  const drawn = [await session.run("Math.random()")];
  const first = session.checkpoint();
  for (let round = 0; round < 10; round++) {
    drawn.push(await session.run("Math.random()"), await session.run("Math.random()"));
    session.restore(first);
  }
  assert.equal(new Set(drawn).size, 21);
});

Deno.test("With a seed a session's runs are the same each time, and differ from each other", async () => {
  const play = async (seed: number) => {
    using session = new Sandbox({ seed, limits: { fuel: 1e6 } }).open();
    const outcomes: unknown[] = [];
    const draw = async () => {
      const { value, usage } = await session.evaluate("[Math.random(), Math.random(), Date.now(), performance.now()]");
      outcomes.push([value, usage.fuel]);
    };
    await draw();
    const checkpoint = session.checkpoint();
    await draw();
    await session.run("for (let i = 0; i < 1e5; i++); throw 1").catch(() => {});
    await session.run("for (;;);").catch(() => {});
    await draw();
    session.restore(checkpoint);
    await draw();
    await session.run(Script.compile("Math.random(); 0"));
    await draw();
    return outcomes as [value: number[], fuel: number][];
  };
  const first = await play(1);
  assert.deepEqual(await play(1), first);
  assert.equal(new Set(first.flatMap(([[a, b]]) => [a, b])).size, 10);
  const times = first.map(([[, , now, passed]]) => [now!, passed!]);
  for (const column of [0, 1]) {
    const list = times.map((time) => time[column]!);
    assert.deepEqual(list, list.toSorted((a, b) => a - b));
  }
  assert(times[2]![1]! > times[1]![1]! + 5, `A run that met its limit took no time: ${times.join("; ")}`);
  const other = await play(2);
  assert(!other.some(([[a]]) => first.some(([[b]]) => a === b)));
});

Deno.test("The first run of a session with a seed is as a sandbox's", async () => {
  const sandbox = new Sandbox({ seed: 7 });
  const script = "[Math.random(), Date.now(), performance.now()]";
  assert.deepEqual(await sandbox.open().run(script), await sandbox.run(script));
});

Deno.test("The clock of a session goes on between its runs, and is not turned back", async () => {
  using session = new Sandbox().open();
  const first = session.checkpoint();
  let last = await session.run<number>("performance.now()");
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (round === 1) session.restore(first);
    const [start, now, origin] = await session.run<number[]>("[performance.now(), Date.now(), performance.timeOrigin]");
    assert(start! >= last + 19, `${start} after ${last}`);
    assert(Math.abs(Date.now() - now!) < 1000 && Math.abs(origin! + start! - now!) < 1000);
    last = start!;
  }
});
