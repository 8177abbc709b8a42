/**
 * Measures all jobs beside each other, compares them with the bars, and writes `bench/RESULTS.md`: `deno task bench`.
 * The jobs are those of the `_bench.ts` files; `deno bench -A` runs the same ones, each by itself.
 */

import { bars } from "./bars.ts";
import type { Samples } from "./measure.ts";
import { barsTable, report } from "./report.ts";
import { Results } from "./results.ts";

/** Where V8 puts code, and what it inlines, differs from process to process by some percent. */
const PROCESSES = 3;

const runs: Samples[][] = [];
for (let process = 1; process <= PROCESSES; process++) {
  console.error(`Process ${process} of ${PROCESSES}`);
  runs.push(await measureInProcess());
}
const results = new Results(runs);
const reached = bars(results);
Deno.writeTextFileSync(new URL("RESULTS.md", import.meta.url), report(results, reached));
console.log(`${barsTable(reached)}\n\nAll medians: bench/RESULTS.md`);

async function measureInProcess(): Promise<Samples[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("process.ts", import.meta.url).href],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) Deno.exit(1); // it has said why
  return JSON.parse(new TextDecoder().decode(stdout));
}
