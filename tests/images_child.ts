/** What `images_test.ts` does in a process of its own, so that what may hang or grow there hurts nobody else. */

import { Sandbox, Script } from "@sandglass/sandglass";
import assert from "assert";
import { programs, worlds } from "./altered.ts";
import { KEPT } from "./kept.ts";
import { begin, outcomes } from "./outcomes.ts";
import { endlessProgram, endlessWorld, leave, lift, reach } from "./reach.ts";

const MIB = 2 ** 20;

/** Starts worlds that another process made, and runs programs that it compiled. */
async function restore(folder: string): Promise<void> {
  for (const [index, { what, value }] of KEPT.entries()) {
    const [snapshot, bytes] = await Promise.all(
      ["snapshot", "script"].map((kind) => Deno.readFile(`${folder}/${index}.${kind}`)),
    );
    const sandbox = new Sandbox({ snapshot });
    const look = Script.load(bytes!);
    for (let round = 0; round < 2; round++) assert.deepStrictEqual(await sandbox.run(look), value, what);
    assert.deepEqual(sandbox.snapshot(), snapshot, what);
    begin(what);
  }
}

/** Makes ten thousand different warm sandboxes and keeps them. */
async function crowd(count: number): Promise<void> {
  const cold = new Sandbox();
  const warms: Sandbox[] = [];
  for (let index = 0; index < count; index++) {
    const script =
      `const scale = ${index}; const f = (x) => x * scale; function g(x) { return f(x) + 1 } class A${index} {}`;
    warms.push(await cold.warm(script));
  }
  for (const [index, warm] of warms.entries()) assert.equal(await warm.run("g(2)"), index * 2 + 1);
  outcomes.residentMiB = Math.ceil(Deno.memoryUsage().rss / MIB);
}

const MODES: Record<string, (...args: string[]) => Promise<void>> = {
  crowd: (count) => crowd(Number(count)),
  endlessProgram,
  endlessWorld,
  leave,
  lift,
  programs: (seed, count) => programs(Number(seed), Number(count)),
  reach,
  restore,
  worlds: (seed, count) => worlds(Number(seed), Number(count)),
};

if (import.meta.main) {
  const [mode, ...args] = Deno.args;
  await MODES[mode!]!(...args);
  console.log(JSON.stringify(outcomes));
}
