import { cpus } from "node:os";
import config from "../deno.json" with { type: "json" };
import guest from "../src/guest/quickjs.json" with { type: "json" };
import { articleSection } from "./article_section.ts";
import { type Bar, kernelRatios } from "./bars.ts";
import { CALLS } from "./kernels.ts";
import { table } from "./markdown.ts";
import type { Memory } from "./memory.ts";
import type { Results } from "./results.ts";

/** The bars as a table. */
export function barsTable(bars: readonly Bar[]): string {
  return table(
    ["job", "against", "measured", "bar", ""],
    bars.map(({ job, against, measured, most, unit }) => {
      const digits = { "": 3, " ms": 1, " MiB": 0 }[unit];
      return [
        job,
        against,
        measured.toFixed(digits) + unit,
        `≤ ${most}${unit}`,
        measured <= most ? "reached" : "missed",
      ];
    }),
  );
}

/** The whole report, as Markdown. */
export function report(results: Results, bars: readonly Bar[], memory: Memory): string {
  return `# Benchmarks

Written by \`deno task bench\`. Sandglass is metered and holds all its default limits; the peers hold none.

${machine()}

## Bars

A ratio is ours to theirs, the median over rounds in which both ran, in three processes; of several kernels it is the
geometric mean.

${barsTable(bars)}

## The article

${articleSection(results)}

## Memory

${memorySection(memory)}

## Kernels

${kernelsTable(results)}

## Medians

Microseconds of one call; in a warm world (run), of ${CALLS} calls of the kernel.

${results.groups.map((group) => `### ${group}\n\n${groupTable(results, group)}`).join("\n\n")}
`;
}

function memorySection({ sandboxes, before, after }: Memory): string {
  const [count, most, least] = [sandboxes, after, before].map((figure) => Math.round(figure).toLocaleString("en"));
  return `A process with ${count} warm sandboxes of a few functions each, no two the same, takes ${most} MiB: RSS, with
garbage and the compiled texts that are kept. It took ${least} MiB before, so each takes
${((after - before) * 1024 / sandboxes).toFixed(0)} KiB.`;
}

function machine(): string {
  const processors = cpus();
  const peers = ["quickjs-wasi", "quickjs-emscripten"] as const;
  return table(["what", "which"], [
    ["processor", `${processors[0]?.model ?? "unknown"}, ${processors.length} cores`],
    ["system", `${Deno.build.os} ${Deno.osRelease()}, ${Deno.build.arch}`],
    ["Deno", `${Deno.version.deno}, V8 ${Deno.version.v8}`],
    ["sandglass", `${config.version}, guest ${guest.sha256.slice(0, 12)}`],
    ...peers.map((peer) => [peer, config.imports[peer].slice(`npm:${peer}@`.length)]),
    ["date", new Date().toISOString().slice(0, 10)],
  ]);
}

function kernelsTable(results: Results): string {
  return table(
    ["kernel", "metered to unmetered", "to the better peer", "which is"],
    kernelRatios(results).map(({ kernel, metering, bestPeer, againstPeer }) => [
      kernel,
      metering.toFixed(3),
      againstPeer.toFixed(3),
      bestPeer,
    ]),
  );
}

function groupTable(results: Results, group: string): string {
  const names = results.names(group);
  return table(
    ["who", "µs", `× ${names[0]}`],
    names.map((name) => [
      name,
      results.median(group, name).toFixed(1),
      results.ratio(group, name, names[0]!).toFixed(2),
    ]),
  );
}
