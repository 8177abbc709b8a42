/** Images and programs that a hostile hand altered at random. */

import { Sandbox, Script, type Session } from "@sandglass/sandglass";
import assert from "assert";
import { KEPT } from "./kept.ts";
import { attempt, begin, check, last, SMALL } from "./outcomes.ts";
import { Random } from "./random.ts";
import { alterScript, alterWorld, repack, unpack } from "./sealed.ts";

const LOOKS = KEPT.filter(({ options }) => options === undefined);
const LOOK = LOOKS.map(({ look }) =>
  `try { await (async () => { seen.push(await eval(${JSON.stringify(look)})) })() } catch {}`
);
const SCRIPTS = [
  "1 + 1",
  `const seen = []; ${LOOK.join("\n")} String(seen)`,
  "const made = []; for (let i = 0; i < 3000; i++) { const o = { i }; o.o = o; made.push(i % 7 ? o : [o]) } made.length",
  "console.log(Reflect.ownKeys(globalThis).map((key) => { try { return typeof globalThis[key] } catch {} })); data",
  "null.x",
  "for (;;);",
];

/** A world with things of all kinds, small or large enough for the tracked guest. */
async function makeWorld(large: boolean): Promise<Uint8Array<ArrayBuffer>> {
  using session = new Sandbox({ limits: { ...SMALL, timeMs: 10_000, fuel: 1e10 } }).open();
  for (const { script } of LOOKS) await session.run(`${script}\n; 0`);
  await session.run(large ? "const rows = Array.from({ length: 2e4 }, (_, i) => ({ i, text: 'row ' + i })); 0" : "0", {
    data: { list: [1, "a", { b: 2n }] },
  });
  return session.snapshot();
}

function alterBytes(random: Random, bytes: Uint8Array, from: number, to: number): void {
  const word = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let count = random.pick([1, 2, 8, 64, 256]); count > 0; count--) {
    const at = from + random.below(to - from);
    const near = Math.min(Math.max(from, at & ~3), to - 4);
    const kind = random.below(6);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at]! ^= 1 << random.below(8);
    else if (kind === 2) word.setUint32(near, random.pick([0, 1, 0x7fffffff, 0x80000000, 0xffffffff]), true);
    else if (kind === 3) word.setUint32(near, word.getUint32(near, true) + random.pick([-8, -4, -1, 1, 4, 8]), true);
    else if (kind === 4) word.setUint32(near, word.getUint32(from + (random.below(to - from - 4) & ~3), true), true);
    else bytes.fill(random.pick([0, 0xff, random.below(256)]), at, Math.min(at + random.below(64), to));
  }
}

async function useWorld(label: string, snapshot: Uint8Array<ArrayBuffer>, random: Random): Promise<void> {
  const sandbox = await attempt(label, () => new Sandbox({ snapshot, limits: SMALL }));
  if (sandbox === undefined) return;
  for (const script of [random.pick(SCRIPTS), SCRIPTS[1]!, SCRIPTS[2]!]) {
    await attempt(label, () => sandbox.run(script));
  }
  await attempt(label, () => sandbox.run("data", { data: [1, "x", { y: new Map([[1, 2]]) }] }));
  const warm = await attempt(label, () => sandbox.warm("globalThis.warmed = [1, 2, 3]"));
  if (warm !== undefined) await attempt(label, () => warm.run(SCRIPTS[1]!));
  using session: Session = sandbox.open();
  const first = await attempt(label, () => session.checkpoint());
  await attempt(label, () => session.run(SCRIPTS[1]!));
  await attempt(label, () => session.run(random.pick(SCRIPTS)));
  const taken = await attempt(label, () => session.snapshot());
  const again = taken && await attempt(label, () => new Sandbox({ snapshot: taken, limits: SMALL }));
  if (again !== undefined) await attempt(label, () => again.run("typeof data"));
  if (first !== undefined) await attempt(label, () => session.restore(first));
  await attempt(label, () => session.run("1"));
}

/** Runs worlds that a hostile hand altered: bytes of a snapshot's payload, or any bytes of the engine's memory. */
export async function worlds(seed: number, count: number): Promise<void> {
  const snapshots = [await makeWorld(false), await makeWorld(true)];
  const expected = await check();
  for (let round = seed; round < seed + count; round++) {
    const random = new Random(round);
    const snapshot = snapshots[round % 8 === 0 ? 1 : 0]!;
    let altered: Uint8Array<ArrayBuffer>;
    if (round % 2 === 0) {
      const { end, payload } = unpack(snapshot);
      alterBytes(random, payload, 0, payload.length);
      altered = repack({ end, payload });
    } else {
      altered = alterWorld(
        snapshot,
        ({ buffer }, start, end) => alterBytes(random, new Uint8Array(buffer), start, end),
      );
    }
    begin(`world of seed ${round}`);
    await useWorld(`The world of seed ${round}`, altered, random);
    assert.equal(await check(), expected, `after the world of seed ${round}`);
  }
}

/** Ends of a run that leave what it did. */
const KEEPING = ["value", "script"];

/** Runs programs that a hostile hand altered. */
export async function programs(seed: number, count: number): Promise<void> {
  const scripts = [
    ...LOOKS.map(({ script }) => script),
    "const f = (a, ...b) => { try { return [a, ...b].map((x) => x ** 2) } finally { f.n = 1 } }; f(1, 2, data)",
    "let s = ''; for (const [k, v] of Object.entries({ a: 1, b: 2 })) { switch (v) { case 1: s += k; break; default: s += v } } s",
    "export default async function* (data) { yield data; for await (const x of [1]) yield `${x}` }",
  ].map((text) => Script.compile(text));
  const sandbox = new Sandbox({ limits: SMALL });
  const expected = await check();
  for (let round = seed; round < seed + count; round++) {
    const random = new Random(round);
    const reading = random.below(8) === 0 ? random.below(3) : undefined;
    const alter = (bytecode: Uint8Array) => alterBytes(random, bytecode, 5, bytecode.length);
    const bytes = alterScript(random.pick(scripts), alter, reading);
    begin(`program of seed ${round}`);
    const label = `The program of seed ${round}`;
    const script = Script.load(bytes);
    await attempt(label, () => sandbox.run(script, { data: [1, 2] }));
    using session = sandbox.open();
    await session.run("globalThis.mark = { n: 1 }; 0");
    const before = session.snapshot();
    await attempt(label, () => session.run(script));
    if (!KEEPING.includes(last)) {
      assert.deepEqual(session.snapshot(), before, label);
      assert.equal(await session.run("mark.n"), 1, label);
    }
    await attempt(label, () => session.run(SCRIPTS[2]!));
    await attempt(label, () => session.snapshot());
    const warm = await attempt(label, () => sandbox.warm(script));
    if (warm !== undefined) await attempt(label, () => warm.run(SCRIPTS[3]!));
    assert.equal(await check(), expected, `after the program of seed ${round}`);
  }
}
