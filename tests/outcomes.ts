/** What runs of hostile images and programs may come to. */

import { type ErrorCode, Sandbox, SandboxError } from "@sandglass/sandglass";

const MIB = 2 ** 20;

/** Limits that end a hostile run soon. */
export const SMALL = { timeMs: 40, fuel: 2e6, memoryBytes: 6 * MIB, outputBytes: MIB, logBytes: 10_000 };

/** How often each outcome was met. */
export const outcomes: Record<string, number> = {};

/** What the last attempt came to. */
export let last: "value" | "fault" | ErrorCode;

/** Does what may end by a value or a `SandboxError`, and by nothing else. */
export async function attempt<T>(label: string, act: () => T | Promise<T>): Promise<Awaited<T> | undefined> {
  try {
    const value = await act();
    last = "value";
    return value;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw new Error(`${label} threw ${error}`, { cause: error });
    last = error.message.includes("the engine met a fault") ? "fault" : error.code;
    return undefined;
  } finally {
    outcomes[last] = (outcomes[last] ?? 0) + 1;
  }
}

const checker = new Sandbox({ limits: { ...SMALL, timeMs: 10_000 }, seed: 1 });
const CHECK = `const all = new Map(data.map((x) => [x, { x, at: Math.random() }])); /b+/.exec("abbc").index;
  class A { #x = [...all.keys()]; get x() { return this.#x.toSorted().join() } } await null; [new A().x, all.get(2).at]`;

/** What a run that has nothing to do with the others comes to and costs: always the same, if they left no trace. */
export async function check(): Promise<string> {
  const { value, usage: { fuel } } = await checker.evaluate(CHECK, { data: [3, 1, 2] });
  return JSON.stringify([value, fuel]);
}

/** Says on standard output what comes next, so that the parent can tell where it hung. */
export function begin(what: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${what}\n`));
}
