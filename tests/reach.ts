/** Images and programs that a hostile hand altered to a purpose. */

import { Sandbox, Script } from "@sandglass/sandglass";
import assert from "assert";
import { attempt, begin, check, SMALL } from "./outcomes.ts";
import { alterScript, alterWorld } from "./sealed.ts";

/** A world whose script reads and writes all of the engine's memory, by a typed array that begins at address 0. */
async function makeReach(mark: number): Promise<Uint8Array<ArrayBuffer>> {
  const [length, fill] = [12_347, 0xa5];
  const warm = await new Sandbox().warm(`const all = new Uint8Array(${length}).fill(${fill}); const mark = ${mark}`);
  return alterWorld(warm.snapshot(), (memory, start, end) => {
    const words = Array.from({ length: (end - start) >> 2 }, (_, index) => start + 4 * index);
    const data = words.find((at) => memory.getUint32(at, true) === fill * 0x01010101)!;
    for (const at of words) {
      const word = memory.getUint32(at, true);
      if (word === data) memory.setUint32(at, 0, true);
      else if (word === length) memory.setUint32(at, 22 << 16, true); // as much as there is at first
    }
  });
}

/** What such a script may try; `START` is where the stack ends and the engine's data begins. */
const REACHES: [what: string, script: string][] = [
  ["clears all memory", "all.fill(0); 1"],
  ["fills all memory", "all.fill(255); 1"],
  ["clears the stack", "all.fill(0, 0, START); 1"],
  ["fills the stack", "(() => { for (let i = 0; i < START; i++) all[i] = 0x41; return 1 })()"],
  ["spoils the engine's data bit by bit", "for (let i = START; i < all.length; i++) all[i] ^= 1 << (i & 7)"],
  ["writes anywhere for ever", "for (;;) all[Math.floor(Math.random() * all.length)] = Math.random() * 256"],
  ["writes to the heap for ever", "for (;;) all[START + Math.floor(Math.random() * 3e5)] = Math.random() * 256"],
  [
    "moves memory about",
    "for (;;) all.copyWithin(Math.random() * 1.4e6, Math.random() * 1.4e6, Math.random() * 1.4e6)",
  ],
  ["sorts memory", "all.sort(); 1"],
  ["changes what is being encoded", "({ a: 1, get b() { all.fill(255, 0, START); return [1, 2] }, c: 'x' })"],
];

/** Lifts the limit of the value while it is encoded: on the stack stands about what `outputBytes` says. */
const LIFT = `({ get a() {
  const words = new Uint32Array(all.buffer, 0, START >> 2);
  for (let i = 0; i < words.length; i++) if (words[i] > 99_000 && words[i] <= 100_003) words[i] = 0x7fffffff;
  return new Uint8Array(5e5);
} })`;

export async function reach(): Promise<void> {
  const snapshot = await makeReach(1);
  const expected = await check();
  const sandbox = new Sandbox({
    snapshot,
    seed: 1,
    limits: { ...SMALL, fuel: 1e7, timeMs: 200, outputBytes: 100_003 },
  });
  assert.equal(sandbox.runSync("all[0] = 77; all[0] + mark"), 78, "it does not reach all memory: this shows nothing");
  for (const [what, script] of REACHES) {
    begin(`what ${what}`);
    const text = script.replaceAll("START", String(1 << 20));
    for (let round = 0; round < 3; round++) {
      await attempt(what, () => sandbox.run(text));
      assert.equal(await check(), expected, what);
      using session = sandbox.open();
      await attempt(what, () => session.run(text));
      await attempt(what, () => session.run("1 + 1"));
      await attempt(what, () => session.snapshot());
      assert.equal(await check(), expected, what);
    }
  }
}

export async function lift(): Promise<void> {
  const sandbox = new Sandbox({ snapshot: await makeReach(1), limits: { outputBytes: 100_003 } });
  begin("what lifts the limit of the value");
  await assert.rejects(sandbox.run(LIFT.replace("START", String(1 << 20))), { code: "output" });
}

/** What one foreign world writes past its own end, another must not find. */
export async function leave(): Promise<void> {
  const [one, other] = [await makeReach(1), await makeReach(2)].map((snapshot) => new Sandbox({ snapshot }));
  const ends = "all.subarray(0, 1000), all.subarray(all.length - 1000)";
  const isThere = (sandbox: Sandbox) => sandbox.runSync(`[${ends}].some((part) => part.includes(123))`);
  begin("a secret");
  isThere(one!); // compiled now: to compile clears too
  one!.runSync("all.fill(123, all.length - 1000); mark");
  assert.equal(isThere(one!), true, "nothing was left: this shows nothing");
  assert.equal(isThere(other!), false, "the other world found it");
  one!.runSync("all.fill(123, 0, 1000); mark");
  assert.equal(isThere(other!), false, "the other world found it in the stack");
}

/** Bytecode that jumps back to its first instruction without asking for leave: `push_0; ret`, in the place of `goto8`. */
const [GOTO_BACK, ENDLESS] = [[0xf2, 0xff], [0xba, 0x6d]];

function makeEndless(bytes: Uint8Array, from: number): void {
  for (let at = from; at < bytes.length - 1; at++) {
    if (bytes[at] !== GOTO_BACK[0] || bytes[at + 1] !== GOTO_BACK[1]) continue;
    bytes.set(ENDLESS, at);
    return;
  }
  throw new Error("The engine's bytecode has changed: this shows nothing");
}

export async function endlessProgram(): Promise<void> {
  const bytes = alterScript(Script.compile("for (;;);"), (bytecode) => makeEndless(bytecode, 0));
  for (const limit of [{ timeMs: 50 }, { fuel: 1e6 }]) {
    begin(`an endless program with ${JSON.stringify(limit)}`);
    const sandbox = new Sandbox({ limits: limit });
    await assert.rejects(sandbox.run(Script.load(bytes)), { code: Object.hasOwn(limit, "fuel") ? "fuel" : "time" });
  }
}

export async function endlessWorld(): Promise<void> {
  const mark = Uint8Array.of(0x71, 0x5b, 0x4c, 0x3d);
  const warm = await new Sandbox().warm("function spin() { let mark = 0x3d4c5b71; for (;;); return mark }");
  const snapshot = alterWorld(warm.snapshot(), ({ buffer }, start, end) => {
    const bytes = new Uint8Array(buffer, 0, end);
    for (let at = start; at < end; at++) {
      if (mark.every((byte, index) => bytes[at + index] === byte)) makeEndless(bytes.subarray(0, at + 20), at);
    }
  });
  begin("an endless world");
  await assert.rejects(new Sandbox({ snapshot, seed: 1, limits: { timeMs: 50 } }).run("spin()"), { code: "time" });
}
