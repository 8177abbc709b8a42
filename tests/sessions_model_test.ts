import { type ErrorCode, Sandbox, type Session } from "@sandglass/sandglass";
import assert from "assert";
import { Buffer } from "node:buffer";
import { Random } from "./random.ts";

const SEED = 51_423;

/** What a session is to hold. */
interface State {
  n: number;
  list: number[];
  texts: Record<string, string>;
  numbers: Uint32Array;
}

type Checkpoint = ReturnType<Session["checkpoint"]>;

interface Living {
  session: Session;
  state: State;
  checkpoints: [Checkpoint, State][];
}

const SETUP = (size: number) => `let n = 0, list = [], texts = {}; const numbers = new Uint32Array(${size}); 0`;

const LOOK = "({ n, list: new Int32Array(list), texts, numbers })";

/** Whether a session, or a sandbox, holds what it is to hold. */
async function look(one: Session | Sandbox, { n, list, texts, numbers }: State, label: string): Promise<void> {
  const seen = await one.run<{ n: number; list: Int32Array; texts: unknown; numbers: Uint32Array }>(LOOK);
  assert.deepEqual([seen.n, seen.texts], [n, texts], label);
  assert.equal(Buffer.compare(bytes(seen.list), bytes(Int32Array.from(list))), 0, `${label}: list`);
  assert.equal(Buffer.compare(bytes(seen.numbers), bytes(numbers)), 0, `${label}: numbers`);
}

function bytes({ buffer }: Int32Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer);
}

/** What a script does, and the same here. */
const STEPS: ((random: Random) => [script: string, act: (state: State) => void])[] = [
  (random) => {
    const by = random.below(1000);
    return [`n += ${by}`, (state) => state.n += by];
  },
  (random) => {
    const count = random.pick([1, 10, 3000]);
    return [`for (let i = 0; i < ${count}; i++) list.push(i)`, ({ list }) => {
      for (let i = 0; i < count; i++) list.push(i);
    }];
  },
  (random) => {
    const length = random.below(1 + random.below(5000));
    return [`list = list.slice(-${length + 1})`, (state) => state.list = state.list.slice(-length - 1)];
  },
  (random) => {
    const [key, length] = [random.below(30), random.pick([1, 100, 20_000])];
    return [`texts.k${key} = "x".repeat(${length})`, ({ texts }) => texts[`k${key}`] = "x".repeat(length)];
  },
  (random) => {
    const key = random.below(30);
    return [`delete texts.k${key}`, ({ texts }) => delete texts[`k${key}`]];
  },
  (random) => {
    const [from, length, value] = [random.next(), random.pick([1, 5, 300]), random.below(2 ** 31)];
    return [
      `{ const from = Math.floor(${from} * numbers.length); numbers.fill(${value}, from, from + ${length}) }`,
      ({ numbers }) =>
        numbers.fill(value, Math.floor(from * numbers.length), Math.floor(from * numbers.length) + length),
    ];
  },
];

/** Ends that a run may come to: whether what it did before is kept. */
const ENDS: [end: string, code?: ErrorCode][] = [
  ["0"],
  ["0"],
  ["0"],
  ["await null; 0"],
  ["throw new Error('kept')", "script"],
  ["() => 1", "value"],
  ["numbers.fill(7); list = null; for (;;);", "fuel"],
  ["numbers.fill(8); n = texts = 0; (function f() { f() })()", "stack"],
  ["numbers.fill(9); const a = []; for (;;) a.push(new Uint8Array(1e5).fill(1))", "memory"],
  ["numbers.fill(6); 'x'.repeat(3e6)", "output"],
  ["numbers.fill(5); for (;;) console.log(list.length)", "log"],
];

const KEPT: readonly (ErrorCode | undefined)[] = [undefined, "script", "value"];

Deno.test(`Sessions small and large hold what a model of them holds (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  const limits = { memoryBytes: 12 << 20, fuel: 2e7, timeMs: 60_000, outputBytes: 2e6, logBytes: 2000 };
  const cold = new Sandbox({ limits });
  const sizes = [10, 5_000, 300_000];
  const warms = await Promise.all(sizes.map((size) => cold.warm(SETUP(size))));
  const fresh = (size: number): State => ({ n: 0, list: [], texts: {}, numbers: new Uint32Array(size) });
  const open = (): Living => {
    const index = random.below(sizes.length);
    return { session: warms[index]!.open(), state: fresh(sizes[index]!), checkpoints: [] };
  };
  const living = Array.from({ length: 14 }, open); // more than stay whole in memory
  for (let step = 0; step < 1500; step++) {
    const index = random.below(living.length);
    const one = living[index]!;
    const label = `seed ${SEED}, step ${step}, session ${index}`;
    const action = random.below(20);
    if (action === 0) one.checkpoints.push([one.session.checkpoint(), structuredClone(one.state)]);
    else if (action === 1 && one.checkpoints.length > 0) {
      const [checkpoint, state] = random.pick(one.checkpoints);
      one.session.restore(checkpoint);
      one.state = structuredClone(state);
    } else if (action === 2) {
      const session = new Sandbox({ snapshot: one.session.snapshot(), limits }).open();
      one.session[Symbol.dispose]();
      living[index] = { session, state: one.state, checkpoints: [] };
    } else if (action === 3 && random.below(4) === 0) {
      one.session[Symbol.dispose]();
      living[index] = open();
    } else if (action === 4) {
      const size = random.below(sizes.length);
      assert.deepEqual(await warms[size]!.run(`n++; numbers.fill(3); list.push(n); n`), 1, label);
      await look(warms[size]!, fresh(sizes[size]!), label);
    } else {
      const [script, act] = random.pick(STEPS)(random);
      const [end, code] = random.pick(ENDS);
      const found = await one.session.run(`${script}\n; ${end}`).then(() => undefined, (error) => error.code);
      assert.equal(found, code, `${label}: ${script}; ${end}`);
      if (KEPT.includes(code)) act(one.state);
    }
    const checked = random.below(3) === 0 ? living[random.below(living.length)]! : living[index]!;
    await look(checked.session, checked.state, label);
  }
});

Deno.test("A session that runs within the run of another, of many, harms none of them", () => {
  const sessions: Session[] = [];
  const log = (text: string) => {
    const next = Number(text) + 1;
    if (next < sessions.length) assert.equal(sessions[next]!.runSync("dive()"), next);
  };
  const sandbox = new Sandbox({
    console: { log, info: log, warn: log, error: log, debug: log },
    limits: { fuel: 1e7 },
  });
  for (const size of [10, 400_000]) {
    sessions.length = 0;
    for (let index = 0; index < 12; index++) {
      const session = sandbox.open();
      const dive =
        `() => { runs++; numbers[${index}] = runs; console.log("${index}"); numbers[0] = runs++; return ${index} }`;
      session.runSync(`let runs = 0; const numbers = new Uint32Array(${size}); const dive = ${dive}; 0`);
      sessions.push(session);
    }
    for (let round = 1; round <= 3; round++) {
      assert.equal(sessions[0]!.runSync("dive()"), 0);
      assert.throws(() => sessions[0]!.runSync("dive(); for (;;);"), { code: "fuel" });
      for (const [index, session] of sessions.entries()) {
        const runs = index === 0 ? 2 * round : 4 * round; // the others' runs within a stopped one were not stopped
        assert.deepEqual(session.runSync(`[runs, numbers[0]]`), [runs, runs - 1], `${size}, ${index}, ${round}`);
      }
    }
  }
});
