import { parseArgs } from "parse-args";
import { SandboxError } from "../errors.ts";
import { printFailure, STATUS_HELP } from "./failure.ts";
import { HELP_FLAG } from "./flags.ts";
import { reportUsage } from "./report.ts";
import { readTask, TASK_FLAGS, TASK_HELP } from "./task.ts";
import { PrintError, toJson, toText } from "./value.ts";
import { visible } from "./visible.ts";

const HELP = `Run a script in a sandbox and print its value.

Usage: sandglass run SCRIPT [options]

${TASK_HELP}

Output, on standard output; all else goes to standard error:
  --json            print the value as JSON
  --stats           tell what the run cost

${STATUS_HELP}

Examples:
  echo '[1, 2, 3]' > numbers.json
  echo 'data.reduce((a, b) => a + b)' > sum.js
  sandglass run sum.js --data numbers.json
  cat numbers.json | sandglass run sum.js --data - --time 50ms --stats`;

/** Runs a script as the command line says and gives the exit status. */
export async function runCommand(args: string[]): Promise<number> {
  const options = { ...TASK_FLAGS, json: { type: "boolean" }, stats: { type: "boolean" }, ...HELP_FLAG } as const;
  const { values: flags, positionals } = parseArgs({ args, allowPositionals: true, options });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const task = await readTask("run", positionals, flags);
  const { limits } = task.sandbox;
  try {
    const { value, usage } = await task.sandbox.evaluate(task.script, task.options);
    const text = flags.json ? toJson(value) : toText(value);
    console.log(Deno.stdout.isTerminal() ? visible(text) : text);
    if (flags.stats) console.error(reportUsage(usage, limits));
    return 0;
  } catch (error) {
    if (error instanceof PrintError) {
      console.error(visible(error.message));
      return 1;
    }
    const status = printFailure(error, flags.data);
    if (flags.stats && error instanceof SandboxError && error.usage) console.error(reportUsage(error.usage, limits));
    return status;
  }
}
