import { Checkpoint, imageOf } from "./checkpoint.ts";
import { Difference } from "./engine/difference.ts";
import type { Image, WholeImage } from "./engine/image.ts";
import { SandboxError } from "./errors.ts";
import { execute } from "./execution.ts";
import { type Outcome, Wanted } from "./guest/run.ts";
import { writeSnapshot } from "./guest/snapshot.ts";
import type { World } from "./guest/world.ts";
import { baseImage, forgetImage, loadGuestFor } from "./guest/worlds.ts";
import { seedOf } from "./host/entropy.ts";
import type { Limits } from "./limits.ts";
import { type Evaluation, readTask, type RunOptions, type Task, type Terms } from "./options.ts";
import type { Script } from "./script.ts";

/** Sessions that hold their whole world, the one that ran last last: it is copied faster than a difference is found. */
const recent: WeakRef<Session>[] = [];
const MOST_RECENT = 8;
const MOST_RECENT_BYTES = 64 << 20;

/** Runs a script as {@linkcode Session.run} does, and gives its value as `console.log` would show it; for the REPL. */
export let inspectIn: (session: Session, script: string, options: RunOptions) => Evaluation<string>;

/**
 * One living world: its runs share globals, as the lines of a REPL or the cells of a notebook do.
 *
 * A run that throws keeps what it did. A run that meets a limit, or stops in any other way that is not its own, leaves
 * the world as it was before it. Between runs a session is memory only: it holds nothing that others wait for.
 *
 * @example
 * ```ts
 * import { Sandbox } from "@sandglass/sandglass";
 * import assert from "node:assert/strict";
 *
 * using session = new Sandbox({ limits: { timeMs: 50 } }).open();
 * await session.run("let n = 1");
 * await session.run("n = 2; while (true) {}").catch(() => {}); // stopped: it never was
 * assert.equal(await session.run("n + 1"), 2);
 * ```
 */
export class Session {
  readonly #terms: Terms;
  /** The world now; none once disposed. */
  #image: Image | undefined;
  /** The same if a run of this session left it, and an earlier one whose memory is free to be used again. */
  #own: WholeImage | undefined;
  #spent: WholeImage | undefined;
  #isRunning = false;
  readonly #generation: number;
  #runs = 0;
  #fuel = 0;
  readonly #start = performance.now();

  /** Made by `Sandbox.open`. */
  constructor(terms: Terms, image: Image, generation: number) {
    this.#terms = terms;
    this.#image = image;
    this.#generation = generation;
  }

  /** The limits of every run. */
  get limits(): Limits {
    return this.#terms.limits;
  }

  /**
   * Runs a script in the world as the runs before left it, and gives its value.
   *
   * @param script JavaScript text, or a compiled script.
   * @param options Its input and name. Without an input, the global `data` stays what it is.
   * @returns The value; plain data only. It is untrusted, whatever type is asked for.
   * @throws {SandboxError} The run failed; its `code` says why. `disposed`: the session is.
   * @throws {TypeError} An option is wrong, or a run of this session is going on.
   */
  async run<T = unknown>(script: string | Script, options: RunOptions = {}): Promise<T> {
    return (await this.evaluate<T>(script, options)).value;
  }

  /** Does what {@linkcode Session.run} does, where no `await` is possible. */
  runSync<T = unknown>(script: string | Script, options: RunOptions = {}): T {
    return this.#run(script, options).value as T;
  }

  /** Does what {@linkcode Session.run} does, and tells the cost and the log too. */
  async evaluate<T = unknown>(script: string | Script, options: RunOptions = {}): Promise<Evaluation<T>> {
    const outcome = this.#run(script, options);
    const loading = this.#image && loadGuestFor(this.#image);
    if (loading !== undefined) await loading;
    return outcome as Evaluation<T>;
  }

  /**
   * The world as it is now, to come back to. It takes memory for what differs from a fresh world.
   *
   * @throws {SandboxError} `disposed`: the session is.
   * @throws {TypeError} A run of it is going on.
   */
  checkpoint(): Checkpoint {
    return new Checkpoint(this, this.#difference("make a checkpoint of"));
  }

  /**
   * Makes the world what it was at a checkpoint. Time and random numbers are not turned back.
   *
   * @throws {SandboxError} `disposed`: the session is.
   * @throws {TypeError} The checkpoint is another session's, or a run is going on.
   */
  restore(checkpoint: Checkpoint): void {
    this.#check("restore");
    this.#image = imageOf(checkpoint, this);
  }

  /**
   * The world as it is now, as bytes: `new Sandbox({ snapshot })` starts from there, in any process. What scripts have let
   * go of may be in it too.
   *
   * @throws {SandboxError} `disposed`: the session is.
   * @throws {TypeError} A run of it is going on.
   */
  snapshot(): Uint8Array<ArrayBuffer> {
    return writeSnapshot(this.#difference("take a snapshot of"));
  }

  /** Ends the session and gives its memory back. It may be called twice. */
  [Symbol.dispose](): void {
    if (this.#own !== undefined) forgetImage(this.#own);
    this.#image = this.#own = this.#spent = undefined;
  }

  static {
    inspectIn = (session, script, options) => session.#run(script, options, Wanted.Text) as Evaluation<string>;
  }

  #run(script: string | Script, options: RunOptions, wanted = Wanted.Value): Outcome {
    this.#check("run in");
    this.#isRunning = true;
    try {
      // Before the image is looked at: reading the options may call functions of the caller's, which may run anything.
      const task = readTask(script, options, this.limits);
      return this.#execute(task, wanted);
    } finally {
      this.#isRunning = false;
    }
  }

  #execute(task: Task, wanted: Wanted): Outcome {
    if (this.#image === undefined) throw isDisposed("run in");
    const { seed } = this.#terms;
    const run = this.#runs++;
    try {
      const outcome = execute(this.#image, task, this.#terms, {
        wanted,
        seed: seed === undefined ? undefined : seedOf(seed, this.#generation, run),
        age: { ms: performance.now() - this.#start, fuel: this.#fuel },
        keep: (world) => this.#keep(world),
      });
      this.#fuel += outcome.usage.fuel;
      return outcome;
    } catch (error) {
      if (error instanceof SandboxError) this.#fuel += error.usage?.fuel ?? 0;
      throw error;
    } finally {
      if (this.#own !== undefined) this.#becomeRecent();
    }
  }

  #keep(world: World): void {
    if (this.#image === undefined) return; // disposed by a function of the caller's that the run called
    const image = world.capture(this.#own, this.#spent);
    if (image.bytes.buffer !== this.#own?.bytes.buffer) this.#spent = this.#own;
    this.#image = this.#own = image;
  }

  /** Takes the last place among the recent ones. Those that fall out keep less. */
  #becomeRecent(): void {
    if (recent.at(-1)?.deref() === this) return;
    const others = recent.map((other) => other.deref()).filter((other) => other !== undefined && other !== this);
    const sessions = [...others, this] as Session[];
    let bytes = sessions.reduce((sum, session) => sum + session.#wholeBytes, 0);
    while (sessions.length > MOST_RECENT || bytes > MOST_RECENT_BYTES) {
      const index = sessions.findIndex((session) => !session.#isRunning);
      if (index < 0) break;
      const [oldest] = sessions.splice(index, 1) as [Session];
      bytes -= oldest.#wholeBytes;
      const free = oldest.#compact();
      this.#spent ??= free;
    }
    recent.splice(0, recent.length, ...sessions.map((session) => new WeakRef(session)));
  }

  get #wholeBytes(): number {
    return (this.#own?.bytes.buffer.byteLength ?? 0) + (this.#spent?.bytes.buffer.byteLength ?? 0);
  }

  /** Keeps only what differs from the base, as a thousand sessions may wait; gives away bytes that are free then. */
  #compact(): WholeImage | undefined {
    const [own, free] = [this.#own, this.#spent];
    if (own !== undefined && this.#image === own) {
      this.#image = Difference.between(baseImage(this.limits.memoryBytes), own, true);
    }
    this.#own = this.#spent = undefined;
    return free;
  }

  #difference(action: string): Difference {
    return Difference.between(baseImage(this.limits.memoryBytes), this.#check(action));
  }

  #check(action: string): Image {
    if (this.#image === undefined) throw isDisposed(action);
    if (this.#isRunning) throw new TypeError(`Cannot ${action} the session: a run of it is going on`);
    return this.#image;
  }
}

function isDisposed(action: string): SandboxError {
  return new SandboxError("disposed", `Cannot ${action} the session: it is disposed`);
}
