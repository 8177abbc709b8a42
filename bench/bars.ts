import { JOBS } from "./article.ts";
import { kernels } from "./kernels.ts";
import type { Memory } from "./memory.ts";
import { quickjsPeers } from "./peers.ts";
import type { Results } from "./results.ts";

/** What was asked for, and what came of it. */
export interface Bar {
  readonly job: string;
  readonly against: string;
  readonly measured: number;
  readonly most: number;
  /** Empty for a ratio. */
  readonly unit: "" | " ms" | " MiB";
}

/** A warm kernel on the metered guest. */
export interface KernelRatios {
  readonly kernel: string;
  /** Against the unmetered guest. */
  readonly metering: number;
  readonly bestPeer: string;
  readonly againstPeer: number;
}

/** The kernels' ratios, each beside the peer that is better on it. */
export function kernelRatios(results: Results): KernelRatios[] {
  return Object.keys(kernels).map((kernel) => {
    const group = `run: ${kernel}`;
    const bestPeer = results.best(group, quickjsPeers.map(({ name }) => name));
    return {
      kernel,
      metering: results.ratio(group, "sandglass", "sandglass, unmetered"),
      bestPeer,
      againstPeer: results.ratio(group, "sandglass", bestPeer),
    };
  });
}

/** All bars, from the results of one run. */
export function bars(results: Results, memory: Memory): Bar[] {
  const ratios = kernelRatios(results);
  const newSandbox = results.median("snapshot of 100 KB", "new Sandbox from it") / 1000;
  const startUp = results.difference("start-up", "one script in sandglass", "an empty file") / 1000;
  return [
    againstPeers(results, "fresh world", 0.12),
    againstPeers(results, "track: JSON bytes", 0.35),
    againstPeers(results, "track: a JS value", 0.40),
    against(results, "track: JSON bytes", "node:vm (no sandbox)", 0.9),
    {
      job: "run: five kernels, metering",
      against: "sandglass, unmetered",
      measured: geometricMean(ratios.map(({ metering }) => metering)),
      most: 1.06,
      unit: "",
    },
    {
      job: "run: five kernels",
      against: "the better peer on each",
      measured: geometricMean(ratios.map(({ againstPeer }) => againstPeer)),
      most: 1,
      unit: "",
    },
    against(results, "track: data in the image", "sandglass, in a session", 1.25),
    against(results, "track: data in the image", JOBS.restored, 0.07),
    against(results, "track: data in the image", JOBS.restoredFromBytes, 0.07),
    against(results, "functions in the image", "sandglass, 1 + 1 in a fresh world", 1.3),
    against(results, "library of 240 KB", "sandglass, as a new text", 0.4),
    { job: "new Sandbox", against: "a snapshot of 100 KB", measured: newSandbox, most: 3, unit: " ms" },
    {
      job: `${memory.sandboxes.toLocaleString("en")} warm sandboxes`,
      against: "the memory of their process",
      measured: memory.after,
      most: 1024,
      unit: " MiB",
    },
    { job: "start-up of a process", against: "an empty file", measured: startUp, most: 30, unit: " ms" },
  ];
}

function againstPeers(results: Results, group: string, most: number): Bar {
  return against(results, group, results.best(group, quickjsPeers.map(({ name }) => name)), most);
}

function against(results: Results, group: string, other: string, most: number): Bar {
  return { job: group, against: other, measured: results.ratio(group, "sandglass", other), most, unit: "" };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
