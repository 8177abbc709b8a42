import { checkBytes } from "./check.ts";
import { Difference } from "./engine/difference.ts";
import { execute, type Manner } from "./execution.ts";
import { type Outcome, Wanted } from "./guest/run.ts";
import { readSnapshot, writeSnapshot } from "./guest/snapshot.ts";
import type { World } from "./guest/world.ts";
import { baseImage, loadGuestFor } from "./guest/worlds.ts";
import { seedOf } from "./host/entropy.ts";
import type { Limits } from "./limits.ts";
import { type Evaluation, readTask, readTerms, type RunOptions, type SandboxOptions, type Terms } from "./options.ts";
import type { Script } from "./script.ts";
import { Session } from "./session.ts";

/**
 * What scripts may do and where they start. Every run starts fresh from it and leaves no trace.
 *
 * It owns nothing that has to be freed, costs microseconds to make if it takes no snapshot, and may serve any number of
 * runs at once.
 *
 * @example
 * ```ts
 * import { Sandbox } from "@sandglass/sandglass";
 * import assert from "node:assert/strict";
 *
 * const sandbox = new Sandbox({ limits: { timeMs: 50, memoryBytes: 8 << 20 } });
 * const { value, usage } = await sandbox.evaluate("data.map((x) => x * 2)", { data: [1, 2] });
 * assert.deepEqual(value, [2, 4]);
 * assert(usage.timeMs < 50);
 * ```
 */
export class Sandbox {
  #terms: Terms;
  /** Where runs start; from the base image if it is not set. */
  #image: Difference | undefined;
  /** How many times its image was warmed, as far as is known: each draws random numbers of its own. */
  #generation = 0;

  /**
   * Makes a sandbox; no script runs yet.
   *
   * @param options What its scripts may do.
   * @throws {RangeError} A limit or the seed is not a whole number in its range.
   * @throws {TypeError} An option is not known or of the wrong kind.
   * @throws {SandboxError} `input`: the snapshot is foreign, cut or altered. `memory`: it needs more than the limit.
   */
  constructor(options: SandboxOptions = {}) {
    this.#terms = readTerms(options);
    const { snapshot } = options;
    if (snapshot === undefined) return;
    const { memoryBytes } = this.limits;
    this.#image = readSnapshot(checkBytes(snapshot, "snapshot"), baseImage(memoryBytes), memoryBytes);
    this.#generation = 1;
  }

  /** The limits of every run. */
  get limits(): Limits {
    return this.#terms.limits;
  }

  /**
   * Runs a script and gives its value: its last expression's, or, for a module, its default export's, which is called
   * with `data` if it is a function. Promises are awaited.
   *
   * @param script JavaScript text, or a compiled script.
   * @param options Its input and name.
   * @returns The value; plain data only. It is untrusted, whatever type is asked for.
   * @throws {SandboxError} The run failed; its `code` says why.
   * @throws {TypeError} An option is wrong.
   */
  async run<T = unknown>(script: string | Script, options: RunOptions = {}): Promise<T> {
    return (await this.evaluate<T>(script, options)).value;
  }

  /** Does what {@linkcode Sandbox.run} does, where no `await` is possible. */
  runSync<T = unknown>(script: string | Script, options: RunOptions = {}): T {
    return this.#run(script, options).value as T;
  }

  /** Does what {@linkcode Sandbox.run} does, and tells the cost and the log too. */
  async evaluate<T = unknown>(script: string | Script, options: RunOptions = {}): Promise<Evaluation<T>> {
    const outcome = this.#run(script, options);
    const loading = this.#image && loadGuestFor(this.#image);
    if (loading !== undefined) await loading;
    return outcome as Evaluation<T>;
  }

  /**
   * Runs a script and gives a sandbox that starts after it: its functions, its parsed data, a library it loaded. This
   * one stays as it is. Clocks start again and random numbers are fresh in every run, or follow the seed.
   *
   * @param script JavaScript text, or a compiled script. Its value is not asked for and may be anything.
   * @param options Its input and name. The global `data` stays set for runs that bring no input.
   * @returns A sandbox with the same limits, seed and console.
   * @throws {SandboxError} The run failed, or it waits for something: its `code` says why.
   * @throws {TypeError} An option is wrong.
   *
   * @example
   * ```ts
   * import { Sandbox } from "@sandglass/sandglass";
   * import assert from "node:assert/strict";
   *
   * const warm = await new Sandbox().warm("const score = (x) => x * 2");
   * assert.equal(await warm.run("score(data)", { data: 21 }), 42);
   * ```
   */
  async warm(script: string | Script, options: RunOptions = {}): Promise<Sandbox> {
    const warm = new Sandbox();
    warm.#terms = this.#terms;
    warm.#generation = this.#generation + 1;
    const base = baseImage(this.limits.memoryBytes);
    const keep = (world: World) => warm.#image = world.captureDifference(base);
    this.#run(script, options, { wanted: Wanted.Nothing, keep });
    await loadGuestFor(warm.#image!);
    return warm;
  }

  /**
   * Where its runs start, as bytes: `new Sandbox({ snapshot })` starts from there, in any process. What scripts have let
   * go of may be in it too: warm it with nothing that its readers must not have.
   */
  snapshot(): Uint8Array<ArrayBuffer> {
    const base = baseImage(this.limits.memoryBytes);
    return writeSnapshot(this.#image ?? Difference.between(base, base));
  }

  /** Opens one living world that starts from here, and whose runs share globals. */
  open(): Session {
    return new Session(this.#terms, this.#image ?? baseImage(this.limits.memoryBytes), this.#generation);
  }

  #run(script: string | Script, options: RunOptions, manner?: Manner): Outcome {
    const { limits, seed } = this.#terms;
    const task = readTask(script, options, limits);
    return execute(this.#image ?? baseImage(limits.memoryBytes), task, this.#terms, {
      seed: seed === undefined ? undefined : seedOf(seed, this.#generation, 0),
      ...manner,
    });
  }
}
