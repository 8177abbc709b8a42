import { Sandbox, SandboxError, Script } from "@sandglass/sandglass";
import assert from "assert";
import { Random } from "./random.ts";

const MIB = 2 ** 20;
const SEED = 8_086;

/** Does `round` `rounds` times and says by how many MiB the process grew in the second half of them. */
async function growth(rounds: number, round: (index: number) => unknown): Promise<number> {
  let before = 0;
  for (let index = 0; index < rounds; index++) {
    if (index === rounds / 2) before = Deno.memoryUsage().rss;
    await round(index);
    if (index % 100 === 0) await new Promise((resolve) => setTimeout(resolve)); // finalizers run between tasks
  }
  return (Deno.memoryUsage().rss - before) / MIB;
}

const limits = { timeMs: 1000, fuel: 1e6, memoryBytes: 4 * MIB, outputBytes: 100_000 };
const cold = new Sandbox({ limits });

/** So much that it would be seen if each round kept it. */
const MUCH = new Uint8Array(100_000).fill(7);
const LONG = Script.compile(`data + 1 // ${"x".repeat(100_000)}`);

const CYCLES: [what: string, rounds: number, round: (index: number) => unknown][] = [
  ["warm sandboxes and forks of them", 10_000, async (index) => {
    const warm = await cold.warm("const list = [data.index, 1]; const sum = () => list.reduce((a, b) => a + b)", {
      data: { index, MUCH },
    });
    const fork = await warm.warm("list.push(1)");
    assert.equal(await fork.run("list.push(1); sum()"), index + 3);
    assert.equal(await warm.run("sum()"), index + 1);
  }],
  ["snapshots and sandboxes from them", 3000, async (index) => {
    const warm = await cold.warm("const n = data.index", { data: { index, MUCH } });
    assert.equal(await new Sandbox({ snapshot: warm.snapshot(), limits }).run("n"), index);
  }],
  ["sessions that go back and forth", 1500, async (index) => {
    const session = cold.open();
    await session.run("let n = data; const big = new Array(1e4).fill(n)", { data: index });
    const checkpoint = session.checkpoint();
    await session.run("n = -1; big.push(1)");
    await session.run("big.length = 0; for (;;) big.push([big])").catch((error) =>
      assert(error instanceof SandboxError)
    );
    session.restore(checkpoint);
    assert.deepEqual(await session.run("[n, big.length]"), [index, 10_000]);
    if (index % 2 === 0) session[Symbol.dispose](); // the others are left to the collector
  }],
  ["warm scripts and snapshots that fail", 3000, async (index) => {
    const bad = ["null.x", "][", "for (;;);", "await new Promise(() => {})", "const a = []; for (;;) a.push([a])"];
    await assert.rejects(cold.warm(bad[index % bad.length]!), SandboxError);
    const bytes = cold.snapshot().slice(0, index % 70);
    assert.throws(() => new Sandbox({ snapshot: bytes }), SandboxError);
  }],
  ["compiled scripts", 10_000, async (index) => {
    const script = Script.load(LONG.bytes);
    assert.equal(await cold.run(script, { data: index }), index + 1);
  }],
  ["large worlds and forks of them", 300, async (index) => {
    const large = new Sandbox({ limits: { ...limits, memoryBytes: 16 * MIB, fuel: 1e8 } });
    const warm = await large.warm("const big = new Uint8Array(4e6).fill(data)", { data: index % 256 });
    for (let fork = 0; fork < 3; fork++) {
      assert.equal(await warm.run("const old = big[5]; big.fill(0); old"), index % 256);
    }
    using session = warm.open();
    for (let run = 0; run < 3; run++) assert.equal(await session.run("big[5]++"), (index + run) % 256);
  }],
];

for (const [what, rounds, round] of CYCLES) {
  Deno.test(`${rounds.toLocaleString("en")} rounds leak nothing: ${what}`, async () => {
    const grown = await growth(rounds, round);
    assert(grown < 150, `The process grew by ${grown.toFixed(0)} MiB`);
  });
}

Deno.test("10,000 different warm sandboxes of a few functions each are held in a process of less than 1 GiB", async () => {
  const script = new URL("images_child.ts", import.meta.url).pathname;
  const args = ["run", "--no-prompt", "--allow-sys", script, "crowd", "10000"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  const { residentMiB } = JSON.parse(decoder.decode(stdout).trim().split("\n").at(-1)!);
  assert(residentMiB > 10 && residentMiB < 1024, `The process took ${residentMiB} MiB`);
});

Deno.test(`1,000 sessions that are open at once keep their own state, whatever their order (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  const warm = await cold.warm("let n = 0; const list = []");
  const states = Array.from({ length: 1000 }, (_, index) => ({ session: warm.open(), n: 0, list: [index] }));
  for (const [index, { session }] of states.entries()) await session.run("list.push(data)", { data: index });
  for (let round = 0; round < 5000; round++) {
    const state = random.pick(states);
    const by = random.below(100);
    if (random.below(20) === 0) {
      await assert.rejects(state.session.run("n = -1; list.length = 0; for (;;);"), { code: "fuel" });
    } else {
      state.n += by;
      state.list.push(by);
      assert.equal(await state.session.run("n += data; list.push(data); n", { data: by }), state.n, `round ${round}`);
    }
  }
  for (const { session, n, list } of states) {
    assert.deepEqual(await session.run("[n, list]"), [n, list]);
    session[Symbol.dispose]();
  }
  assert.deepEqual(await warm.run("[n, list]"), [0, []]);
});
