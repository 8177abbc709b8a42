import type { Limits } from "../limits.ts";
import { LOG_LEVELS, type LogTarget } from "../log.ts";
import { Sandbox } from "../sandbox.ts";
import { naming, readFile } from "./file.ts";
import { UsageError } from "./usage_error.ts";
import { visible } from "./visible.ts";

/** Prints what a script logs. */
export function printLog(text: string): void {
  console.error(visible(text));
}

/** Makes a sandbox that starts from a snapshot, if a file with one is named, and prints its log. */
export async function startSandbox(limits: Partial<Limits>, path?: string, log = printLog): Promise<Sandbox> {
  const target = Object.fromEntries(LOG_LEVELS.map((level) => [level, log])) as LogTarget;
  try {
    const options = { limits, console: target };
    const fresh = new Sandbox(options);
    if (path === undefined) return fresh;
    // A world that is larger than its limit could not start, so no more is read.
    const snapshot = await readFile(path, fresh.limits.memoryBytes);
    return naming("the snapshot", path, () => new Sandbox({ ...options, snapshot }));
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}
