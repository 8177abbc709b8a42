import { decode, outputLimit } from "../codec/decode.ts";
import { Contents } from "../engine/contents.ts";
import type { Difference } from "../engine/difference.ts";
import type { Image, WholeImage } from "../engine/image.ts";
import { Instance } from "../engine/instance.ts";
import { SandboxError } from "../errors.ts";
import { Clock } from "../host/clock.ts";
import { CallerError, Console } from "../host/console.ts";
import { Entropy } from "../host/entropy.ts";
import { Exchange } from "../host/exchange.ts";
import { wasiImports } from "../host/wasi.ts";
import type { Limits } from "../limits.ts";
import type { Usage } from "../usage.ts";
import { explainFailure } from "./failure.ts";
import type { Compiled, Reading, Spent } from "./program.ts";
import { quickjs } from "./quickjs.js";
import { Format, type Outcome, type Run, Wanted } from "./run.ts";

/** Exports of the script guest. */
interface Exports {
  /** Compiles the source that the host holds; how it was read if it handed over the program, else `FAILED`. */
  compile(): Reading | typeof FAILED;
  /** Runs the program that the host holds; 0 if it handed over its value, 1 if its failure. */
  evaluate(reading: Reading, format: Format, wanted: Wanted, outputBytes: number, collectBytes: number): number;
  /** End of the memory in use: it only grows in a run. */
  memory_end(): number;
}

const FAILED = 3;

/** What the parts of the host are told as work begins. */
interface Work extends Omit<Run, "program" | "wanted"> {
  readonly source: string | Uint8Array;
  readonly name: string;
  readonly foreign?: object;
  /** The most that it may hand over. */
  readonly mostBytes: number;
}

const NOTHING = new Uint8Array(0);
const UNSPENT: Spent = { fuel: 0, ms: 0, memoryBytes: 0 };

/** Pages that the guest's memory begins with, from its import. */
const INITIAL_PAGES = 22;

/** Memory that the engine fills before it looks for cycles, as a part of the memory limit. */
const COLLECT_PART = 1 / 8;

/** An instance of the script guest. It serves one run at a time, each from an image. */
export class World {
  readonly #instance: Instance<Exports>;
  readonly #exchange = new Exchange();
  readonly #console = new Console();
  readonly #clock = new Clock();
  readonly #entropy = new Entropy();
  readonly #contents: Contents;
  #limits!: Limits;

  /**
   * @param memoryBytes The most memory that it may have.
   * @param module The guest, or another build of it.
   */
  constructor(memoryBytes: number, module: WebAssembly.Module = quickjs) {
    this.#instance = new Instance<Exports>(module, memoryBytes, INITIAL_PAGES, (memory) => ({
      sandglass: {
        memory: memory.memory,
        ...this.#exchange.imports(memory),
        ...this.#console.imports(memory),
        ...this.#clock.imports(() => this.#instance.fuel),
        ...this.#entropy.imports(memory),
        limit: (which: number) => {
          throw this.#limit(which);
        },
      },
      wasi_snapshot_preview1: wasiImports(memory),
    }));
    const { memory, stackTop } = this.#instance;
    this.#contents = new Contents(memory, stackTop, this.memoryEnd);
  }

  /** Size of its memory now, in bytes. */
  get memoryBytes(): number {
    return this.#instance.memory.bytes.length;
  }

  /** End of the memory in use, as the guest says. */
  get memoryEnd(): number {
    return this.#instance.exports.memory_end() >>> 0;
  }

  /** Whether what it writes is marked. */
  get isTracked(): boolean {
    return this.#instance.memory.cards !== undefined;
  }

  /** What came from elsewhere into the last run, if anything did. */
  get foreign(): object | undefined {
    return this.#contents.foreign;
  }

  /** The image that a run begins from soonest, if there is one. */
  get near(): Image | undefined {
    return this.#contents.near;
  }

  /** The world as it is now, see {@linkcode Contents.capture}; only good between runs. */
  capture(last?: WholeImage, spent?: WholeImage): WholeImage {
    return this.#contents.capture(this.memoryEnd, last, spent);
  }

  /** The same as its difference from the base image. */
  captureDifference(base: WholeImage): Difference {
    return this.#contents.captureDifference(this.memoryEnd, base);
  }

  /** Forgets that its memory is this image, or near it. */
  forget(image: Image): void {
    this.#contents.forget(image);
  }

  /** Compiles a source text, in the world of `base`: one that no script has touched. */
  compile(base: Image, source: string, name: string, limits: Limits): Compiled {
    const work = { source, name, limits, format: Format.None, input: NOTHING, mostBytes: Infinity };
    return this.#do(base, work, (checkTime) => {
      const { fuel, exports } = this.#instance;
      const reading = exports.compile();
      checkTime();
      const handed = this.#exchange.end();
      if (reading === FAILED) throw explainFailure(decode(handed, checkTime), name, Format.None, NOTHING);
      return {
        program: { name, reading, bytecode: handed },
        spent: { fuel: fuel.used, ms: 0, memoryBytes: this.memoryEnd },
        stackBytes: limits.stackBytes,
      };
    });
  }

  /**
   * Runs a program in the world of `image`.
   *
   * @param ended Is called if the run came to its own end, also by a throw, while the world is as it left it. Whatever
   * stops a run, limits included, leaves nothing behind.
   */
  run(image: Image, run: Run, ended?: () => void): Outcome {
    const { program, format, input, wanted = Wanted.Value, limits } = run;
    const { bytecode: source, name, reading } = program;
    const foreign = image.foreign && program.foreign ? {} : image.foreign ?? program.foreign;
    const { outputBytes, memoryBytes } = limits;
    return this.#do(image, { ...run, source, name, foreign, mostBytes: outputBytes }, (checkTime) => {
      const collectBytes = memoryBytes * COLLECT_PART;
      const status = this.#instance.exports.evaluate(reading, format, wanted, outputBytes, collectBytes);
      checkTime();
      const handed = this.#exchange.end();
      if (status !== 0) {
        const error = explainFailure(decode(handed, checkTime), name, format, input);
        error.usage = this.#usage(run, 0);
        if (error.code === "script" || error.code === "value") ended?.();
        throw error;
      }
      const value = decode(handed, checkTime, outputBytes);
      checkTime();
      const outcome = { value, usage: this.#usage(run, handed.length), logs: this.#console.end() };
      ended?.();
      return outcome;
    });
  }

  /** Begins work, does it, and ends it, however it comes out. */
  #do<T>(image: Image, work: Work, body: (checkTime: () => void) => T): T {
    const { limits, seed, age, spent = UNSPENT } = work;
    const instance = this.#instance;
    this.#limits = limits;
    instance.begin(limits, spent.fuel, spent.ms); // restoring takes of its time
    this.#contents.become(image, work.foreign);
    this.#exchange.begin(work.source, work.name, work.input, work.mostBytes);
    this.#console.begin(limits.logBytes, work.console);
    this.#clock.begin(seed !== undefined, age?.ms ?? 0, age?.fuel ?? 0);
    this.#entropy.begin(seed);
    try {
      return body(() => instance.fuel.checkTime());
    } catch (thrown) {
      if (thrown instanceof CallerError) throw thrown.thrown;
      const error = instance.explain(thrown);
      if (error instanceof SandboxError) {
        error.usage ??= this.#usage(work, 0);
        error.logs = this.#console.end();
      }
      throw error;
    } finally {
      this.#exchange.end();
      this.#console.end();
      this.#contents.note(this.memoryEnd);
    }
  }

  #usage({ input, spent = UNSPENT }: { input: Uint8Array; spent?: Spent }, bytesOut: number): Usage {
    const { fuel } = this.#instance;
    return {
      fuel: fuel.used,
      timeMs: fuel.elapsedMs,
      peakMemoryBytes: Math.max(spent.memoryBytes, Math.min(this.memoryEnd, this.memoryBytes)),
      bytesIn: input.length,
      bytesOut,
      bytesLogged: this.#console.bytes,
    };
  }

  /** The guest met a limit that it sees first, by its numbers. */
  #limit(which: number): SandboxError {
    const { memoryBytes, outputBytes } = this.#limits;
    return which === 0
      ? new SandboxError("memory", `Stopped the run: it needs more than limits.memoryBytes, ${memoryBytes}`)
      : outputLimit(outputBytes);
  }
}
