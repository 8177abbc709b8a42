import type { Completions } from "./completion.ts";
import { writeOutput } from "./output.ts";
import type { Repl } from "./repl.ts";
import { reportLimits, reportTotal, reportUsage } from "./report.ts";
import { UsageError } from "./usage_error.ts";

/** A command of the REPL itself. */
interface DotCommand {
  /** What it does. */
  readonly help: string;
  /** Whether a file is named after it. */
  readonly takesFile?: true;
  run(repl: Repl, path: string): void | Promise<void>;
}

const COMMANDS: Record<string, DotCommand> = {
  ".help": { help: "this list", run: () => console.log(listCommands()) },
  ".save": {
    help: "write a snapshot of the session",
    takesFile: true,
    run: async ({ session }, path) => await writeOutput(fileOf(path), session.snapshot()),
  },
  ".load": {
    help: "go on in a new session that starts from a snapshot",
    takesFile: true,
    run: async (repl, path) => await repl.restart(repl.session.limits, fileOf(path)),
  },
  ".checkpoint": {
    help: "keep the session as it is now, for .restore",
    run(repl) {
      repl.checkpoint = repl.session.checkpoint();
    },
  },
  ".restore": {
    help: "go back to the checkpoint",
    run({ session, checkpoint }) {
      if (checkpoint === undefined) throw new UsageError("Cannot restore: there is no checkpoint. See .checkpoint");
      session.restore(checkpoint);
    },
  },
  ".limits": {
    help: "what a run may take",
    run: ({ session }) => console.log(reportLimits(session.limits)),
  },
  ".usage": {
    help: "what the last run took, and all runs together",
    run({ session, usage, total }) {
      if (usage !== undefined) console.log(reportUsage(usage, session.limits));
      console.log(reportTotal(total));
    },
  },
  ".exit": {
    help: "end (as Ctrl-D does)",
    run(repl) {
      repl.hasEnded = true;
    },
  },
};

/** A path that is always a file's: standard input and output (`-`) are taken here. */
function fileOf(path: string): string {
  return path === "-" ? "./-" : path;
}

/** The list that `.help` prints. */
export function listCommands(): string {
  const rows = Object.entries(COMMANDS).map(([name, { help, takesFile }]) => [takesFile ? `${name} FILE` : name, help]);
  return rows.map(([name, help]) => `  ${name!.padEnd(14)} ${help}`).join("\n");
}

/** Does what a line that begins with a dot says. */
export async function dotCommand(repl: Repl, line: string): Promise<void> {
  const [, name, path] = /^(\S+)\s*(.*)$/.exec(line)!;
  const command = Object.hasOwn(COMMANDS, name!) ? COMMANDS[name!]! : undefined;
  if (command === undefined) throw new UsageError(`Cannot find the command ${JSON.stringify(name)}. See .help`);
  if (command.takesFile && path === "") throw new UsageError(`Cannot do ${name}: no file is named`);
  if (!command.takesFile && path !== "") {
    throw new UsageError(`Cannot do ${name} with ${JSON.stringify(path)}: it takes nothing`);
  }
  await command.run(repl, path!);
}

/** Completes the name of a command. */
export function completeCommand(begun: string): Completions {
  return [Object.keys(COMMANDS).filter((name) => name.startsWith(begun)), begun];
}
