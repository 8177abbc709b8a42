import { parseArgs } from "parse-args";
import { converse } from "./conversation.ts";
import { listCommands } from "./dot_commands.ts";
import { checkStandardInput, HELP_FLAG, LIMIT_FLAGS, LIMIT_HELP, readLimits, SNAPSHOT_FLAG } from "./flags.ts";
import { Repl } from "./repl.ts";
import { UsageError } from "./usage_error.ts";

const HELP = `Run what you type, line by line, in one session: what a line declares, the next ones see.

Usage: sandglass repl [options]

Where it starts:
  --snapshot FILE   from what sandglass warm or .save wrote; from nothing without it

${LIMIT_HELP}

Commands, on a line of their own:
${listCommands()}

Values go to standard output; the log and errors go to standard error. Tab completes names. A line that is not whole is
asked on; Ctrl-C clears it. A run cannot be broken off: its limits end it, and what it did is undone then.

Exit status: 0 fine, 1 a line failed and standard input is no terminal, 2 wrong use.

Examples:
  sandglass repl --time 100ms
  sandglass repl --snapshot rates.snapshot
  printf 'let n = 20\\nn * 2\\n' | sandglass repl`;

/** Runs lines as the command line says and gives the exit status. */
export async function replCommand(args: string[]): Promise<number> {
  const options = { ...LIMIT_FLAGS, ...SNAPSHOT_FLAG, ...HELP_FLAG };
  const { values: flags, positionals } = parseArgs({ args, allowPositionals: true, options });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals.length > 0) {
    throw new UsageError(`Cannot run ${JSON.stringify(positionals[0])} in the REPL. See sandglass repl --help`);
  }
  checkStandardInput({ snapshot: flags.snapshot, lines: "-" });
  const repl = await Repl.start(readLimits(flags), flags.snapshot);
  return await converse(repl);
}
