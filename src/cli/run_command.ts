import { parseArgs } from "parse-args";
import { type ErrorCode, SandboxError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { LOG_LEVELS, type LogTarget } from "../log.ts";
import type { RunOptions } from "../options.ts";
import { Sandbox } from "../sandbox.ts";
import { parseBytes, parseCount, parseTime, UsageError } from "./quantity.ts";
import { reportUsage, visible } from "./report.ts";

/** What `sandglass run --help` prints. */
export const RUN_HELP = `Run a script in a sandbox and print its value.

Usage: sandglass run SCRIPT [options]

  SCRIPT            a file of JavaScript, or - for standard input

Input, which the script finds in the global \`data\`:
  --data FILE       a file, or - for standard input
  --format FORMAT   what it is: json (default) or msgpack

Limits, which hold whatever the script does:
  --time TIME       such as 50ms or 2s (default 1s)
  --memory SIZE     such as 16MB or 8MiB (default 64MiB)
  --fuel N          units of work, the same on every machine (default 1e10)

Output, on standard output; all else goes to standard error:
  --json            print the value as JSON
  --stats           tell what the run cost

Exit status: 0 fine, 1 the script failed, 2 wrong use or bad input, 3 a limit.

Examples:
  echo '[1, 2, 3]' > numbers.json
  echo 'data.reduce((a, b) => a + b)' > sum.js
  sandglass run sum.js --data numbers.json
  cat numbers.json | sandglass run sum.js --data - --time 50ms --stats`;

const FORMATS = ["json", "msgpack"] as const;

const LIMIT_CODES: ReadonlySet<ErrorCode> = new Set(["time", "fuel", "memory", "stack", "output", "log"]);

/** Runs a script as the command line says and gives the exit status. */
export async function runCommand(args: string[]): Promise<number> {
  const { values: flags, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      data: { type: "string" },
      format: { type: "string", default: "json" },
      time: { type: "string" },
      memory: { type: "string" },
      fuel: { type: "string" },
      json: { type: "boolean" },
      stats: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (flags.help) {
    console.log(RUN_HELP);
    return 0;
  }
  const [path, ...rest] = positionals;
  if (path === undefined) throw new UsageError("Cannot run: no script is named. See sandglass run --help");
  if (rest.length > 0) throw new UsageError(`Cannot run ${JSON.stringify(rest[0])} too: one script at a time`);
  if (path === "-" && flags.data === "-") throw new UsageError("Cannot read both script and data from standard input");
  const format = FORMATS.find((format) => format === flags.format);
  if (format === undefined) {
    throw new UsageError(`Cannot read the data as ${JSON.stringify(flags.format)}: --format takes json or msgpack`);
  }
  const sandbox = makeSandbox({
    timeMs: flags.time === undefined ? undefined : parseTime(flags.time, "--time"),
    memoryBytes: flags.memory === undefined ? undefined : parseBytes(flags.memory, "--memory"),
    fuel: flags.fuel === undefined ? undefined : parseCount(flags.fuel, "--fuel"),
  });
  const script = new TextDecoder().decode(await read(path, sandbox.limits.inputBytes));
  const options: RunOptions = { name: path === "-" ? "stdin" : visible(path.split("/").at(-1)!) };
  if (flags.data !== undefined) options[format] = await read(flags.data, sandbox.limits.inputBytes);
  try {
    const { value, usage } = await sandbox.evaluate(script, options);
    console.log(flags.json ? toJson(value) : toText(value));
    if (flags.stats) console.error(reportUsage(usage, sandbox.limits));
    return 0;
  } catch (error) {
    if (error instanceof PrintError) {
      console.error(visible(error.message));
      return 1;
    }
    if (!(error instanceof SandboxError)) throw error;
    const file = `the input ${flags.data === undefined ? "" : label(flags.data)}`.trimEnd();
    console.error(visible(error.code === "input" ? error.message.replace("the input", file) : error.message));
    if (error.guest !== undefined && error.guest.stack !== "") console.error(visible(error.guest.stack.trimEnd()));
    if (flags.stats && error.usage !== undefined) console.error(reportUsage(error.usage, sandbox.limits));
    return error.code === "input" ? 2 : LIMIT_CODES.has(error.code) ? 3 : 1;
  }
}

function makeSandbox(limits: Partial<Limits>): Sandbox {
  const write = (text: string) => console.error(visible(text));
  const target = Object.fromEntries(LOG_LEVELS.map((level) => [level, write])) as LogTarget;
  try {
    return new Sandbox({ limits, console: target });
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

/** Reads a file or standard input whole, up to a limit: it may be endless. */
async function read(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    const stream = path === "-" ? Deno.stdin.readable : (await Deno.open(path)).readable;
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) throw new UsageError(`Cannot read ${label(path)}: it is over ${limit} bytes`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${label(path)}: ${reason(error)}`);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function label(path: string): string {
  return path === "-" ? "standard input" : JSON.stringify(path);
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory || /directory/i.test(String(error))) return "it is a folder";
  if (error instanceof Deno.errors.NotCapable) return "deno was not given --allow-read for it";
  if (error instanceof Deno.errors.PermissionDenied) return "the system denies it";
  return error instanceof Error ? error.message : String(error);
}

function toText(value: unknown): string {
  const text = typeof value === "string"
    ? value
    : Deno.inspect(value, { depth: 20, iterableLimit: Infinity, colors: false, strAbbreviateSize: 1e9 });
  return Deno.stdout.isTerminal() ? visible(text) : text;
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    const lost = typeof part === "bigint" || part instanceof Map || part instanceof Set || ArrayBuffer.isView(part) ||
      part instanceof ArrayBuffer || (typeof part === "number" && !Number.isFinite(part));
    if (!lost) return part;
    throw new PrintError(`Cannot print the value as JSON, which has no form for ${Deno.inspect(part).slice(0, 60)}`);
  }) ?? "null";
}

/** The value cannot be printed as it was asked for. */
class PrintError extends Error {}
