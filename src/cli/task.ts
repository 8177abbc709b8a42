import type { RunOptions } from "../options.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Script } from "../script.ts";
import { readFile, readScript } from "./file.ts";
import { checkStandardInput, LIMIT_FLAGS, LIMIT_HELP, readLimits, readPath, SNAPSHOT_FLAG } from "./flags.ts";
import { startSandbox } from "./start.ts";
import { UsageError } from "./usage_error.ts";

/** Flags of the commands that run a script. */
export const TASK_FLAGS = {
  ...LIMIT_FLAGS,
  ...SNAPSHOT_FLAG,
  data: { type: "string" },
  format: { type: "string", default: "json" },
} as const;

/** What a help page says of them. */
export const TASK_HELP = `  SCRIPT            a file of JavaScript, a compiled one, or - for standard input

Where it starts:
  --snapshot FILE   from what sandglass warm wrote; from nothing without it

Input, which the script finds in the global \`data\`:
  --data FILE       a file, or - for standard input
  --format FORMAT   what it is: json (default) or msgpack

${LIMIT_HELP}`;

const FORMATS = ["json", "msgpack"] as const;

/** A script to run: where, and with what. */
export interface Task {
  readonly sandbox: Sandbox;
  readonly script: string | Script;
  readonly options: RunOptions;
}

/** Reads all that a command line names for a run. */
export async function readTask(
  command: string,
  positionals: string[],
  flags: { readonly [flag in keyof typeof TASK_FLAGS]?: string },
): Promise<Task> {
  const path = readPath(positionals, command);
  const { data, snapshot } = flags;
  checkStandardInput({ script: path, data, snapshot });
  const format = FORMATS.find((format) => format === flags.format);
  if (format === undefined) {
    throw new UsageError(`Cannot read the data as ${JSON.stringify(flags.format)}: --format takes json or msgpack`);
  }
  const sandbox = await startSandbox(readLimits(flags), snapshot);
  const { inputBytes } = sandbox.limits;
  const { script, name } = await readScript(path, inputBytes);
  const input = data === undefined ? {} : { [format]: await readFile(data, inputBytes) };
  return { sandbox, script, options: { name, ...input } };
}
