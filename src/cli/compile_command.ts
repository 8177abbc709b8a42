import { parseArgs } from "parse-args";
import { DEFAULT_LIMITS } from "../limits.ts";
import { Script } from "../script.ts";
import { printFailure } from "./failure.ts";
import { label, readScript } from "./file.ts";
import { HELP_FLAG, readPath } from "./flags.ts";
import { checkOutput, OUTPUT_FLAG, writeOutput } from "./output.ts";
import { UsageError } from "./usage_error.ts";

const HELP = `Compile a script, so that runs of it need not.

Usage: sandglass compile SCRIPT -o FILE

  SCRIPT            a file of JavaScript, or - for standard input

Output:
  -o, --output FILE the compiled script; - for standard output

It goes wherever a script goes, in this version of Sandglass. The source text is in it.

Exit status: 0 fine, 1 the script does not parse, 2 wrong use, 3 a limit.

Examples:
  echo 'data.reduce((a, b) => a + b)' > sum.js
  sandglass compile sum.js -o sum.compiled
  echo '[1, 2, 3]' | sandglass run sum.compiled --data -`;

/** Compiles a script as the command line says, writes it, and gives the exit status. */
export async function compileCommand(args: string[]): Promise<number> {
  const options = { ...OUTPUT_FLAG, ...HELP_FLAG };
  const { values: flags, positionals } = parseArgs({ args, allowPositionals: true, options });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const path = readPath(positionals, "compile");
  const output = await checkOutput(flags.output, "compile");
  const { script: source, name } = await readScript(path, DEFAULT_LIMITS.inputBytes);
  if (source instanceof Script) throw new UsageError(`Cannot compile ${label(path)}: it is a compiled script`);
  let bytes;
  try {
    bytes = Script.compile(source, { name }).bytes;
  } catch (error) {
    return printFailure(error);
  }
  await writeOutput(output, bytes);
  return 0;
}
