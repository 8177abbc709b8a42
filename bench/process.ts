/** Measures all jobs in this process and prints the samples as JSON: a part of `bench/main.ts`. */

import { jobs } from "./job.ts";
import { measure, type Samples } from "./measure.ts";

const PHASES = [
  "compile",
  "first_instance",
  "fresh_world",
  "decode",
  "run",
  "encode",
  "track",
  "article",
  "functions",
  "library",
  "snapshot",
  "start_up",
];

// One after the other: side by side, imports that wait would define their jobs in any order.
for (const phase of PHASES) await import(`./${phase}_bench.ts`);

const samples: Samples[] = [];
for (const [group, members] of Map.groupBy(jobs, (job) => job.group)) {
  console.error(`  ${group}`);
  samples.push(...await measure(members));
}
console.log(JSON.stringify(samples));
