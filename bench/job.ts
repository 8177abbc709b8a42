import assert from "assert";

/** What is measured: one call of `run`, beside the other jobs of its group. */
export interface Job {
  readonly group: string;
  readonly name: string;
  readonly run: () => unknown;
  /** Whether `run` gives a promise. */
  readonly waits: boolean;
}

/** All jobs so far, in the order of their definitions. */
export const jobs: Job[] = [];

/**
 * Defines a job, for `deno bench` and for `bench/main.ts` alike.
 *
 * @param group The work that the jobs of a group do, each in its way; its first job is the baseline.
 * @param name Who does it.
 * @param run Does it once.
 * @param expected What it has to come to, numbers to four digits. It is run once here, to see that it does.
 */
export async function job(group: string, name: string, run: () => unknown, expected: unknown): Promise<void> {
  const given = run();
  const waits = given instanceof Promise;
  assert.equal(summary(await given), summary(expected), `${group}, ${name}: the result is not the expected one`);
  const baseline = !jobs.some((job) => job.group === group);
  jobs.push({ group, name, run, waits });
  // `deno bench` waits for a promise only if the function is written as async.
  Deno.bench({ group, name, baseline, fn: waits ? async () => void (await run()) : () => void run() });
}

/** Engines differ in the last digits of `Math`, and in the prototypes of what they give. */
function summary(value: unknown): string {
  return JSON.stringify(value, (_key, part) => typeof part === "number" ? Number(part.toPrecision(4)) : part);
}
