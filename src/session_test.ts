import assert from "assert";
import { KEPT } from "../tests/kept.ts";
import { type ErrorCode, SandboxError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import { Sandbox } from "./sandbox.ts";
import { Script } from "./script.ts";

const sandbox = new Sandbox();

for (const { what, script, options, look, value } of KEPT) {
  Deno.test(`A later run of a session finds ${what}`, async () => {
    using session = sandbox.open();
    await session.evaluate(`${script}\n;`, options).catch((error) => assert.equal(error.code, "value"));
    assert.deepStrictEqual(await session.run(look), value);
  });
}

Deno.test("Runs of a session share globals, whatever way they are called", async () => {
  using session = sandbox.open();
  await session.run("let n = 1; globalThis.list = []");
  assert.equal(session.runSync("n += 1; list.push('sync'); n"), 2);
  assert.equal((await session.evaluate("n += 1; list.push('evaluate'); n")).value, 3);
  assert.equal(await session.run(Script.compile("n += 1; list.push('compiled'); n")), 4);
  assert.deepEqual(await session.run("list"), ["sync", "evaluate", "compiled"]);
});

Deno.test("An input stays until a run brings another", async () => {
  using session = sandbox.open();
  assert.equal(await session.run("typeof data"), "undefined");
  assert.deepEqual(await session.run("data", { data: { a: 1 } }), { a: 1 });
  assert.deepEqual(await session.run("data.a++; data"), { a: 2 });
  assert.deepEqual(await session.run("data", { json: "[1]" }), [1]);
  assert.deepEqual(await session.run("data", { msgpack: Uint8Array.of(5) }), 5);
  assert.equal(await session.run("data", { data: undefined }), undefined);
});

Deno.test("A run that throws keeps what it did", async () => {
  using session = sandbox.open();
  await session.run("let n = 0; const list = []");
  const throwing: [action: string, code: ErrorCode][] = [
    ["throw new Error('mine')", "script"],
    ["throw 5", "script"],
    ["null.x", "script"],
    ["await Promise.reject(1)", "script"],
    ["Promise.reject(1); 1", "script"],
    ["new Promise(() => {})", "script"],
    ["() => 1", "value"],
    ["({ get a() { list.push('read'); throw 1 } })", "value"],
  ];
  for (const [index, [action, code]] of throwing.entries()) {
    await assert.rejects(session.run(`n++; list.push(${index}); ${action}`), { code }, action);
    assert.equal(await session.run("n"), index + 1, action);
  }
  assert.deepEqual(await session.run("list"), [0, 1, 2, 3, 4, 5, 6, 7, "read"]);
});

Deno.test("A run that never began leaves the session as it was", async () => {
  using session = sandbox.open();
  await session.run("let n = 1", { data: "kept" });
  const before = session.snapshot();
  await assert.rejects(session.run("n = 2; ]["), { code: "syntax" });
  await assert.rejects(session.run("n = 2", { json: "{" }), { code: "input" });
  await assert.rejects(session.run("n = 2", { data: () => 1 }), { code: "value" });
  await assert.rejects(session.run("n = 2", { data: 1, json: "1" }), TypeError);
  await assert.rejects(session.run("n = 2", { nothing: 1 } as never), TypeError);
  await assert.rejects(session.run(5 as never), TypeError);
  assert.deepEqual(session.snapshot(), before);
  assert.deepEqual(await session.run("[n, data]"), [1, "kept"]);
});

const STOPS: [code: ErrorCode, action: string, limits?: Partial<Limits>][] = [
  ["time", "for (;;);", { timeMs: 50 }],
  ["fuel", "for (;;);", { fuel: 1e6 }],
  ["memory", "const a = []; for (;;) a.push(new Uint8Array(1e5).fill(1))", { memoryBytes: 4 << 20 }],
  ["memory", "new ArrayBuffer(2 ** 31 - 1)"],
  ["stack", "(function f() { f() })()"],
  ["output", "'x'.repeat(2000)", { outputBytes: 1000 }],
  ["output", "({ get a() { n = 5; return 'x'.repeat(2000) } })", { outputBytes: 1000 }],
  ["log", "for (;;) console.log('x')", { logBytes: 100 }],
];

for (const [code, action, limits] of STOPS) {
  Deno.test(`A run that is stopped leaves its session as it was, to the byte: ${code} by ${action}`, async () => {
    using session = new Sandbox({ limits }).open();
    await session.run("let n = 1; const state = { a: [1], m: new Map([[1, 2]]) }; 0", { data: [7] });
    const before = session.snapshot();
    const spoil = `n = 2; state.a.push(2); state.m.clear(); data = 8; globalThis.left = 1; Array.prototype.left = 1;
      Promise.resolve().then(() => n = 3); delete globalThis.JSON; Object.freeze(Object.prototype);`;
    for (const options of [{}, { data: "other" }]) {
      const error = await session.run(spoil + action, options).catch((error) => error);
      assert(error instanceof SandboxError, String(error));
      assert.equal(error.code, code, error.message);
      assert.deepEqual(session.snapshot(), before);
    }
    const look = "[n, state, data, typeof left + typeof [].left + typeof JSON, Object.isFrozen(Object.prototype)]";
    const state = { a: [1], m: new Map([[1, 2]]) };
    assert.deepEqual(await session.run(look), [1, state, [7], "undefinedundefinedobject", false]);
    assert.equal(await session.run("++n"), 2);
  });
}

Deno.test("A checkpoint can be gone back to in any order and as often as one likes", async () => {
  using session = sandbox.open();
  await session.run("const list = []; class A {}");
  const checkpoints = [session.checkpoint()];
  for (let n = 1; n < 5; n++) {
    await session.run(`list.push(${n}); A.prototype["p${n}"] = new Array(5e4).fill(${n})`);
    checkpoints.push(session.checkpoint());
  }
  for (const index of [4, 0, 2, 2, 3, 0, 4, 1]) {
    session.restore(checkpoints[index]!);
    const expected = [1, 2, 3, 4].slice(0, index);
    assert.deepEqual(await session.run("list"), expected);
    assert.equal(await session.run("Object.keys(A.prototype).length"), index);
    await session.run("list.push('changed'); A.prototype.changed = 1").catch(() => {});
    await assert.rejects(session.run("list.push(1); for (;;) list.push([list])"), SandboxError);
    session.restore(checkpoints[index]!);
    assert.deepEqual(await session.run("list"), expected);
  }
});

Deno.test("A checkpoint that was gone back to is the same world, to the byte", async () => {
  using session = sandbox.open();
  await session.run("let n = 1");
  const [checkpoint, snapshot] = [session.checkpoint(), session.snapshot()];
  for (let round = 0; round < 3; round++) {
    await session.run("n++; globalThis.more = new Array(1e5).fill(n); 1");
    assert.notDeepEqual(session.snapshot(), snapshot);
    session.restore(checkpoint);
    assert.deepEqual(session.snapshot(), snapshot);
    session.restore(session.checkpoint());
    assert.equal(await session.run("n + typeof more"), "1undefined");
    session.restore(checkpoint);
  }
});

Deno.test("A checkpoint of another session, or what is none, is a TypeError", async () => {
  using session = sandbox.open();
  using other = sandbox.open();
  await session.run("let n = 1");
  const mine = session.checkpoint();
  assert.throws(() => other.restore(mine), /^TypeError: Cannot restore the checkpoint: it is another session's$/);
  const forged = [Object.create(mine), Object.create(Object.getPrototypeOf(mine)), { ...mine }, {}, null, undefined, 5];
  for (const checkpoint of forged) {
    assert.throws(
      () => session.restore(checkpoint as typeof mine),
      /^TypeError: Cannot restore the checkpoint: it is none$/,
      String(checkpoint?.constructor?.name),
    );
  }
  assert.equal(await session.run("n"), 1);
});

Deno.test("A session changes nothing of the sandbox that it was opened from, nor of other sessions", async () => {
  const warm = await sandbox.warm("let n = 1; const list = []", { data: { a: 1 } });
  using one = warm.open();
  using two = warm.open();
  await one.run("n = 10; list.push('one'); data.a = 10; Array.prototype.left = 1");
  await two.run("n = 20; list.push('two')");
  const look = "[n, list.join(), data.a, typeof [].left]";
  assert.deepEqual(await one.run(look), [10, "one", 10, "number"]);
  assert.deepEqual(await two.run(look), [20, "two", 1, "undefined"]);
  assert.deepEqual(await warm.run(look), [1, "", 1, "undefined"]);
  assert.deepEqual(await warm.open().run(look), [1, "", 1, "undefined"]);
});

Deno.test("A session's snapshot starts a sandbox where the session stands", async () => {
  using session = sandbox.open();
  await session.run("let n = 1");
  const first = session.snapshot();
  await session.run("n++");
  const second = session.snapshot();
  session[Symbol.dispose]();
  assert.equal(await new Sandbox({ snapshot: first }).run("n"), 1);
  assert.equal(await new Sandbox({ snapshot: second }).run("n"), 2);
  using again = new Sandbox({ snapshot: second }).open();
  assert.equal(await again.run("++n"), 3);
});

Deno.test("A session may be disposed twice, and does nothing after it", async () => {
  const session = sandbox.open();
  await session.run("let n = 1");
  const checkpoint = session.checkpoint();
  session[Symbol.dispose]();
  session[Symbol.dispose]();
  const disposed = (action: string) => ({
    name: "SandboxError",
    code: "disposed",
    message: `Cannot ${action} the session: it is disposed`,
  });
  await assert.rejects(session.run("n"), disposed("run in"));
  await assert.rejects(session.evaluate("n"), disposed("run in"));
  assert.throws(() => session.runSync("n"), disposed("run in"));
  assert.throws(() => session.checkpoint(), disposed("make a checkpoint of"));
  assert.throws(() => session.restore(checkpoint), disposed("restore"));
  assert.throws(() => session.snapshot(), disposed("take a snapshot of"));
  assert.equal(session.limits.timeMs, 1000);
});

Deno.test("Usage and log are each run's own", async () => {
  using session = sandbox.open();
  const first = await session.evaluate("for (let i = 0; i < 1e5; i++); console.log('first')", { data: "x" });
  const second = await session.evaluate("console.log('second')");
  assert.deepEqual(first.logs, [{ level: "log", text: "first" }]);
  assert.deepEqual(second.logs, [{ level: "log", text: "second" }]);
  assert(second.usage.fuel < first.usage.fuel / 10, `${second.usage.fuel} after ${first.usage.fuel}`);
  assert.deepEqual([first, second].map(({ usage }) => [usage.bytesIn, usage.bytesLogged]), [[2, 21], [0, 22]]);
  const failed = await session.run("console.log('third'); throw 1").catch((error) => error) as SandboxError;
  assert.deepEqual(failed.logs, [{ level: "log", text: "third" }]);
  assert.equal(failed.usage?.bytesLogged, 21);
});
