import type { Repl } from "./repl.ts";

const PROMPT = "> ";
const PROMPT_ON = "... ";

/** Lines that can be called up again. */
const HISTORY_LINES = 1000;

/**
 * Has a REPL take all lines of standard input; from a terminal with a prompt, history and completion.
 *
 * @returns The exit status: 1 if a line failed and nobody was there to see it.
 */
export async function converse(repl: Repl): Promise<number> {
  const isTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  const [{ createInterface }, { stdin, stdout }] = await Promise.all([import("node:readline"), import("node:process")]);
  const lines = createInterface({
    input: stdin,
    ...isTerminal && { output: stdout, completer: (line: string) => repl.complete(line) },
    terminal: isTerminal,
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
  });
  const ask = () => {
    if (!isTerminal || repl.hasEnded) return;
    lines.setPrompt(repl.isWaiting ? PROMPT_ON : PROMPT);
    lines.prompt();
  };

  let wasInterrupted = false;
  lines.on("SIGINT", () => {
    const isEmpty = lines.line === "" && !repl.isWaiting;
    if (isEmpty && wasInterrupted) return lines.close();
    if (isEmpty) console.log("\nCtrl-C once more ends");
    wasInterrupted = true;
    repl.forget();
    lines.write(null, { ctrl: true, name: "e" }); // to the end of the line, which is then cut to its beginning
    lines.write(null, { ctrl: true, name: "u" });
    ask();
  });

  lines.on("SIGTSTP", () => {}); // stopping this process takes a permission, and leaves the terminal broken without it

  const { promise: end, resolve, reject } = Promise.withResolvers<void>();
  const waiting: string[] = [];
  let isTaking = false;
  let isClosed = false;
  const takeAll = async () => {
    if (isTaking) return;
    isTaking = true;
    while (waiting.length > 0 && !repl.hasEnded) {
      const done = repl.take(waiting.shift()!);
      if (done !== undefined) await done; // lines of a paste come in one go: each answer goes before the next line
      ask();
    }
    isTaking = false;
    if (repl.hasEnded) lines.close();
    if (isClosed) resolve();
  };
  lines.on("line", (line) => {
    wasInterrupted = false;
    waiting.push(line);
    takeAll().catch(reject);
  });
  lines.on("close", () => {
    isClosed = true;
    takeAll().catch(reject);
  });
  if (isTerminal) console.log("Ctrl-D or .exit ends, .help tells more");
  ask();
  await end;

  if (isTerminal) {
    if (!repl.hasEnded) console.log(); // Ctrl-D leaves the cursor behind the prompt
    return 0;
  }
  repl.end();
  return repl.hasFailed ? 1 : 0;
}
