/**
 * The command `sandglass`.
 *
 * @example
 * ```sh
 * sandglass run sum.js --data numbers.json --time 50ms
 * ```
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import { UsageError } from "./usage_error.ts";
import { visible } from "./visible.ts";

const HELP = `Run code that you did not write: safely, fast, inside limits.

Usage: sandglass COMMAND

  run SCRIPT               run a script and print its value
  warm SCRIPT -o FILE      run a script and write a snapshot to start others from
  compile SCRIPT -o FILE   compile a script
  repl                     run what you type, line by line

  --help                   this page, or a command's (sandglass run --help)
  --version                the version`;

/** Runs the command line and gives the exit status. Only the command that is asked for is loaded. */
async function main([command, ...rest]: string[]): Promise<number> {
  switch (command) {
    case "run":
      return await (await import("./run_command.ts")).runCommand(rest);
    case "warm":
      return await (await import("./warm_command.ts")).warmCommand(rest);
    case "compile":
      return await (await import("./compile_command.ts")).compileCommand(rest);
    case "repl":
      return await (await import("./repl_command.ts")).replCommand(rest);
    case "--help":
    case "-h":
      console.log(HELP);
      return 0;
    case "--version":
      console.log(manifest.version);
      return 0;
    case undefined:
      console.error(HELP);
      return 2;
    default:
      throw new UsageError(`Cannot find the command ${JSON.stringify(command)}. See sandglass --help`);
  }
}

/** The person's mistake as one line, if it is one. */
function mistake(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.message;
  const { code, message } = error as { code?: unknown; message?: string };
  if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return `Cannot write the output: ${message}`;
  const fromArguments = typeof code === "string" && code.startsWith("ERR_PARSE_ARGS");
  return fromArguments ? `Cannot read the command line: ${message!.split(/\n|\. /)[0]}` : undefined;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    const line = mistake(error);
    if (line === undefined) throw error;
    console.error(visible(line));
    Deno.exitCode = 2;
  }
}
