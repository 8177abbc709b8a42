import type { Limits } from "../limits.ts";
import type { Usage } from "../usage.ts";
import { formatBytes, formatTime } from "./quantity.ts";

/** What a run cost beside what it may cost, as a table for a terminal. */
export function reportUsage(usage: Usage, limits: Limits): string {
  return table([
    ["", "used", "limit"],
    ["Time", formatTime(usage.timeMs), formatTime(limits.timeMs)],
    ["Fuel", formatCount(usage.fuel), formatCount(limits.fuel)],
    ["Memory", formatBytes(usage.peakMemoryBytes), formatBytes(limits.memoryBytes)],
    ["Input", formatBytes(usage.bytesIn), formatBytes(limits.inputBytes)],
    ["Value", formatBytes(usage.bytesOut), formatBytes(limits.outputBytes)],
    ["Log", formatBytes(usage.bytesLogged), formatBytes(limits.logBytes)],
    ["Stack", "", formatBytes(limits.stackBytes)],
  ]);
}

/** What a run may cost, as a table for a terminal. */
export function reportLimits(limits: Limits): string {
  return table([
    ["", "limit"],
    ["Time", formatTime(limits.timeMs)],
    ["Fuel", formatCount(limits.fuel)],
    ["Memory", formatBytes(limits.memoryBytes)],
    ["Input", formatBytes(limits.inputBytes)],
    ["Value", formatBytes(limits.outputBytes)],
    ["Log", formatBytes(limits.logBytes)],
    ["Stack", formatBytes(limits.stackBytes)],
  ]);
}

/** What all runs of a session cost together. */
export interface Total {
  /** How many there were. */
  readonly runs: number;
  /** Their fuel. */
  readonly fuel: number;
  /** Their time, in milliseconds. */
  readonly timeMs: number;
}

/** What all runs of a session cost together, as a line for a terminal. */
export function reportTotal({ runs, fuel, timeMs }: Total): string {
  return `  In all: ${formatCount(runs)} ${runs === 1 ? "run" : "runs"}, ${formatTime(timeMs)}, ${
    formatCount(fuel)
  } fuel`;
}

function formatCount(units: number): string {
  return units.toLocaleString("en");
}

function table(rows: string[][]): string {
  const lines = rows.map(([name, ...cells]) =>
    `  ${name!.padEnd(8)}${cells.map((cell, at) => cell.padStart(at === cells.length - 1 ? 18 : 12)).join("")}`
  );
  return lines.map((line) => line.trimEnd()).join("\n");
}
