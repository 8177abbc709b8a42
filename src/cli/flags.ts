import type { Limits } from "../limits.ts";
import { parseBytes, parseCount, parseTime } from "./quantity.ts";
import { UsageError } from "./usage_error.ts";

/** The flag of every command. */
export const HELP_FLAG = { help: { type: "boolean", short: "h" } } as const;

/** Flags that hold runs to limits. */
export const LIMIT_FLAGS = { time: { type: "string" }, memory: { type: "string" }, fuel: { type: "string" } } as const;

/** What a help page says of them. */
export const LIMIT_HELP = `Limits, which hold whatever the script does:
  --time TIME       such as 50ms or 2s (default 1s)
  --memory SIZE     such as 16MB or 8MiB (default 64MiB)
  --fuel N          units of work, the same on every machine (default 1e10)`;

/** The flag that says where runs start. */
export const SNAPSHOT_FLAG = { snapshot: { type: "string" } } as const;

/** What flags were given. */
type Given<Flags> = { readonly [flag in keyof Flags]?: string };

/** The limits that were given. */
export function readLimits({ time, memory, fuel }: Given<typeof LIMIT_FLAGS>): Partial<Limits> {
  return {
    timeMs: time === undefined ? undefined : parseTime(time, "--time"),
    memoryBytes: memory === undefined ? undefined : parseBytes(memory, "--memory"),
    fuel: fuel === undefined ? undefined : parseCount(fuel, "--fuel"),
  };
}

/** The one script that is named. */
export function readPath([path, ...rest]: string[], command: string): string {
  if (path === undefined) {
    throw new UsageError(`Cannot ${command}: no script is named. See sandglass ${command} --help`);
  }
  if (rest.length === 0) return path;
  throw new UsageError(`Cannot ${command} ${JSON.stringify(rest[0])} too: one script at a time`);
}

/** Refuses to read several things from standard input (`-`). */
export function checkStandardInput(paths: { readonly [what: string]: string | undefined }): void {
  const [one, other] = Object.keys(paths).filter((what) => paths[what] === "-");
  if (other !== undefined) throw new UsageError(`Cannot read both ${one} and ${other} from standard input`);
}
