import { parseArgs } from "parse-args";
import { printFailure, STATUS_HELP } from "./failure.ts";
import { HELP_FLAG } from "./flags.ts";
import { checkOutput, OUTPUT_FLAG, writeOutput } from "./output.ts";
import { readTask, TASK_FLAGS, TASK_HELP } from "./task.ts";

const HELP = `Run a script and write a snapshot of what it leaves: its functions, its data, a library it loaded.

Usage: sandglass warm SCRIPT -o FILE [options]

${TASK_HELP}

Output:
  -o, --output FILE the snapshot; - for standard output

A snapshot is of this version of Sandglass. It holds whatever the script kept, the data too.

${STATUS_HELP}

Examples:
  echo 'const rates = new Map(data); const rate = (name) => rates.get(name)' > rates.js
  echo '[["EUR", 1], ["USD", 1.08]]' | sandglass warm rates.js --data - -o rates.snapshot
  echo 'rate("USD") * 50' | sandglass run - --snapshot rates.snapshot`;

/** Warms a sandbox as the command line says, writes its snapshot, and gives the exit status. */
export async function warmCommand(args: string[]): Promise<number> {
  const options = { ...TASK_FLAGS, ...OUTPUT_FLAG, ...HELP_FLAG };
  const { values: flags, positionals } = parseArgs({ args, allowPositionals: true, options });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const output = await checkOutput(flags.output, "warm");
  const { sandbox, script, options: input } = await readTask("warm", positionals, flags);
  let snapshot;
  try {
    snapshot = (await sandbox.warm(script, input)).snapshot();
  } catch (error) {
    return printFailure(error, flags.data);
  }
  await writeOutput(output, snapshot);
  return 0;
}
