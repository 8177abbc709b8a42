import type { Limits } from "../limits.ts";
import type { Usage } from "../usage.ts";
import { formatBytes, formatTime } from "./quantity.ts";

/** What a run cost beside what it may cost, as a table for a terminal. */
export function reportUsage(usage: Usage, limits: Limits): string {
  const count = (units: number) => units.toLocaleString("en");
  const rows = [
    ["", "used", "limit"],
    ["Time", formatTime(usage.timeMs), formatTime(limits.timeMs)],
    ["Fuel", count(usage.fuel), count(limits.fuel)],
    ["Memory", formatBytes(usage.peakMemoryBytes), formatBytes(limits.memoryBytes)],
    ["Input", formatBytes(usage.bytesIn), formatBytes(limits.inputBytes)],
    ["Value", formatBytes(usage.bytesOut), formatBytes(limits.outputBytes)],
    ["Log", formatBytes(usage.bytesLogged), formatBytes(limits.logBytes)],
    ["Stack", "", formatBytes(limits.stackBytes)],
  ];
  return rows.map(([name, used, limit]) => `  ${name!.padEnd(8)}${used!.padStart(12)}${limit!.padStart(18)}`).join(
    "\n",
  );
}

/** Text of a script with its control characters made visible, so that it cannot steer the terminal. */
export function visible(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what it is about
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}
