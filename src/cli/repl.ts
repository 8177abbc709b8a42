import type { Checkpoint } from "../checkpoint.ts";
import { SandboxError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { inspectIn, type Session } from "../session.ts";
import type { Usage } from "../usage.ts";
import { complete, type Completions, declarations } from "./completion.ts";
import { completeCommand, dotCommand } from "./dot_commands.ts";
import { isLimit, printFailure } from "./failure.ts";
import type { Total } from "./report.ts";
import { printLog, startSandbox } from "./start.ts";
import { NAME, scriptOf } from "./statement.ts";
import { UsageError } from "./usage_error.ts";
import { visible } from "./visible.ts";

const NO_RUNS: Total = { runs: 0, fuel: 0, timeMs: 0 };

/** Runs what is typed, line by line, in one session. */
export class Repl {
  /** Where lines run. */
  session!: Session;
  /** What `.restore` goes back to. */
  checkpoint?: Checkpoint;
  /** What the last run cost, and all runs of the session. */
  usage?: Usage;
  total = NO_RUNS;
  /** Whether `.exit` was typed. */
  hasEnded = false;
  /** Whether a line failed. */
  hasFailed = false;
  /** Lines of a script that is not whole yet. */
  #begun: string | undefined;
  #isCompleting = false;
  readonly #declared = new Set<string>();

  private constructor() {}

  /** Opens a session, from a snapshot if a file with one is named. */
  static async start(limits: Partial<Limits>, snapshot?: string): Promise<Repl> {
    const repl = new Repl();
    await repl.restart(limits, snapshot);
    return repl;
  }

  /** Goes on in a new session. */
  async restart(limits: Partial<Limits>, snapshot?: string): Promise<void> {
    // A getter that logs would write into the line that is being completed.
    const sandbox = await startSandbox(limits, snapshot, (text) => this.#isCompleting || printLog(text));
    this.session?.[Symbol.dispose]();
    this.session = sandbox.open();
    this.checkpoint = this.usage = undefined;
    this.total = NO_RUNS;
  }

  /** Whether the next line goes on with a script that earlier ones began. */
  get isWaiting(): boolean {
    return this.#begun !== undefined;
  }

  /** Takes a line and runs the script that it ends, if it ends one; a command of the REPL may take a while. */
  take(line: string): Promise<void> | undefined {
    if (!this.isWaiting && /^\s*\.[a-z]/i.test(line)) return this.#command(line.trim());
    const text = (this.isWaiting ? `${this.#begun}\n${line}` : line).toWellFormed();
    const script = scriptOf(text);
    this.#begun = script === undefined ? text : undefined;
    if (script !== undefined) this.#run(script);
  }

  /** Runs what was begun as it is: no line follows. */
  end(): void {
    if (this.#begun !== undefined) this.#run(this.#begun);
    this.forget();
  }

  /** Forgets what was begun. */
  forget(): void {
    this.#begun = undefined;
  }

  /** Completes the name that a line ends with. */
  complete(line: string): Completions {
    if (!this.isWaiting && /^\s*\.[a-z]*$/.test(line)) return completeCommand(line.trim());
    this.#isCompleting = true;
    try {
      return complete(this.session, line, this.#declared);
    } finally {
      this.#isCompleting = false;
    }
  }

  #run(script: string): void {
    try {
      const { value, usage } = inspectIn(this.session, script, { name: NAME });
      this.#count(usage);
      if (value !== "undefined") console.log(visible(value));
    } catch (error) {
      this.hasFailed = true;
      printFailure(error);
      if (!(error instanceof SandboxError)) return;
      this.#count(error.usage);
      if (isLimit(error)) console.error("The run is undone: the session is as it was before it");
    }
    for (const name of declarations(script)) this.#declared.add(name);
  }

  #count(usage: Usage | undefined): void {
    if (usage === undefined) return;
    const { runs, fuel, timeMs } = this.total;
    this.usage = usage;
    this.total = { runs: runs + 1, fuel: fuel + usage.fuel, timeMs: timeMs + usage.timeMs };
  }

  async #command(line: string): Promise<void> {
    try {
      await dotCommand(this, line);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.hasFailed = true;
      console.error(visible(error.message));
    }
  }
}
