import type { Job } from "./job.ts";

const WARM_UP_MS = 250;
/** A batch is at least this long, so that collecting garbage and switching between jobs even out. */
const BATCH_MS = 20;
const ROUNDS = 21;

/** A job's cost, once a round. */
export interface Samples {
  readonly group: string;
  readonly name: string;
  /** Microseconds of one call, by round. */
  readonly microseconds: number[];
}

/**
 * Measures jobs in turns: each round has a batch of each, and starts with another, so that a busy spell of the machine
 * meets them all.
 */
export async function measure(jobs: readonly Job[]): Promise<Samples[]> {
  const entries: { job: Job; calls: number; microseconds: number[] }[] = [];
  for (const job of jobs) entries.push({ job, calls: await warmUp(job), microseconds: [] });
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const { job, calls, microseconds } = entries[(round + turn) % entries.length]!;
      microseconds.push(await batch(job, calls) * 1000 / calls);
    }
  }
  return entries.map(({ job: { group, name }, microseconds }) => ({ group, name, microseconds }));
}

/** Runs a job until it is warm, and tells how many calls make a batch. */
async function warmUp(job: Job): Promise<number> {
  let calls = 1;
  let total = 0;
  while (true) {
    const milliseconds = await batch(job, calls);
    total += milliseconds;
    if (total >= WARM_UP_MS) return Math.max(1, Math.ceil(calls * BATCH_MS / milliseconds));
    if (milliseconds < BATCH_MS) calls *= 2;
  }
}

/** Milliseconds that calls of a job take. */
async function batch({ run, waits }: Job, calls: number): Promise<number> {
  const start = performance.now();
  if (waits) { for (let call = 0; call < calls; call++) await run(); }
  else {
    for (let call = 0; call < calls; call++) run();
  }
  return performance.now() - start;
}
