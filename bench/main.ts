/**
 * Measures all jobs beside each other, compares them with the bars, and writes `bench/RESULTS.md`: `deno task bench`.
 * With `--plot` it also draws `bench/article.svg`. The jobs are those of the `_bench.ts` files; `deno bench -A` runs the
 * same ones, each by itself.
 */

import { parseArgs } from "parse-args";
import { articleFigures } from "./article.ts";
import { bars } from "./bars.ts";
import { runChild } from "./child.ts";
import type { Samples } from "./measure.ts";
import type { Memory } from "./memory.ts";
import { barsTable, report } from "./report.ts";
import { Results } from "./results.ts";

/** Where V8 puts code, and what it inlines, differs from process to process by some percent. */
const PROCESSES = 3;

const { values: { plot } } = parseArgs({ args: Deno.args, options: { plot: { type: "boolean" } } });

const runs: Samples[][] = [];
for (let process = 1; process <= PROCESSES; process++) {
  console.error(`Process ${process} of ${PROCESSES}`);
  runs.push(await runChild<Samples[]>("process.ts"));
}
console.error("Memory");
const memory = await runChild<Memory>("memory.ts");

const results = new Results(runs);
const reached = bars(results, memory);
Deno.writeTextFileSync(new URL("RESULTS.md", import.meta.url), report(results, reached, memory));
if (plot) {
  // Loaded only here: nothing else needs the library that draws.
  const { drawArticle } = await import("./plot.ts");
  Deno.writeTextFileSync(new URL("article.svg", import.meta.url), drawArticle(articleFigures(results)));
}
console.log(`${barsTable(reached)}\n\nAll medians: bench/RESULTS.md${plot ? ", the plot: bench/article.svg" : ""}`);
