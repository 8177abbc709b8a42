import { decode } from "../codec/decode.ts";
import { Difference } from "../engine/difference.ts";
import { type Image, restoreWritten, WholeImage } from "../engine/image.ts";
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
import type { Compiled, Reading } from "./program.ts";
import { quickjs } from "./quickjs.js";
import { Format, type Outcome, type Run, type Spent, Wanted } from "./run.ts";

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
  /** Where its memory ended as it was made. */
  readonly #leastEnd: number;
  #limits!: Limits;
  /** The image that its memory is, if it is one. */
  #holds: Image | undefined;
  /** The image that its memory was before the last run, whose writing is marked if the guest is tracked. */
  #before: Image | undefined;
  /** What came from elsewhere into the last run, if anything did. */
  #foreign: object | undefined;
  /** The furthest that its memory was in use. */
  #usedEnd: number;

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
    this.#leastEnd = this.#usedEnd = this.#instance.exports.memory_end();
  }

  /** Size of its memory now, in bytes. */
  get memoryBytes(): number {
    return this.#instance.memory.bytes.length;
  }

  /** The image that a run begins from soonest, if there is one: its memory is that, or it can tell what differs. */
  get near(): Image | undefined {
    return this.isTracked ? this.#before : this.#holds;
  }

  /** Whether what it writes is marked. */
  get isTracked(): boolean {
    return this.#instance.memory.cards !== undefined;
  }

  /**
   * The world as it is now; only good between runs.
   *
   * @param last The image before the last run, if nobody needs it any more.
   * @param spent Another image that nobody needs any more.
   */
  capture(last?: WholeImage, spent?: WholeImage): WholeImage {
    const { memory, memory: { cards }, stackTop } = this.#instance;
    const end = this.#end();
    const changed = cards !== undefined && last !== undefined && last === this.#before
      ? last.become(memory, cards, end, this.#foreign)
      : undefined;
    const image = changed ?? WholeImage.capture(memory, stackTop, end, this.#foreign, spent);
    this.#settle(image);
    return image;
  }

  /** The same as its difference from the base image, which takes less room and longer. */
  captureDifference(base: WholeImage): Difference {
    const { memory, stackTop } = this.#instance;
    const image = Difference.between(base, WholeImage.capture(memory, stackTop, this.#end(), this.#foreign));
    this.#settle(image);
    return image;
  }

  /** Where its memory in use ends, as the guest says, which is not believed. */
  #end(): number {
    const end = this.#instance.exports.memory_end() >>> 0;
    if (end >= this.#leastEnd && end <= this.#instance.memory.bytes.length) return end;
    throw new SandboxError("script", `Cannot keep the world: the engine met a fault (its memory ends at ${end})`);
  }

  /** Its memory is this image now. */
  #settle(image: Image): void {
    const { memory: { bytes, cards } } = this.#instance;
    this.#holds = this.#before = image;
    cards?.clear(bytes.length);
  }

  /** Makes its memory this image. */
  #become(image: Image): void {
    if (this.#holds === image) return;
    const { memory, memory: { cards } } = this.#instance;
    if (cards !== undefined && this.#before === image) return restoreWritten(image, memory, cards);
    image.restore(memory);
    this.#settle(image);
  }

  /** Compiles a source text, in the world of `base`: one that no script has touched. */
  compile(base: Image, source: string, name: string, limits: Limits): Compiled {
    const work = { source, name, limits, format: Format.None, input: NOTHING };
    return this.#do(base, work, (checkTime) => {
      const { fuel, exports } = this.#instance;
      const reading = exports.compile();
      checkTime();
      const handed = this.#exchange.end();
      if (reading === FAILED) throw explainFailure(decode(handed, checkTime), name, Format.None, NOTHING);
      return {
        program: { name, reading, bytecode: handed },
        spent: { fuel: fuel.used, ms: 0, memoryBytes: exports.memory_end() },
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
    return this.#do(image, { ...run, source, name, foreign }, (checkTime) => {
      const { outputBytes, memoryBytes } = limits;
      const collectBytes = memoryBytes * COLLECT_PART;
      const status = this.#instance.exports.evaluate(reading, format, wanted, outputBytes, collectBytes);
      checkTime();
      const handed = this.#exchange.end();
      if (status !== 0) {
        const error = explainFailure(decode(handed, checkTime), name, format, input);
        if (error.code === "script" || error.code === "value") ended?.();
        throw error;
      }
      const value = decode(handed, checkTime);
      checkTime();
      ended?.();
      return { value, usage: this.#usage(run, handed.length), logs: this.#console.end() };
    });
  }

  /** Begins work, does it, and ends it, however it comes out. */
  #do<T>(image: Image, work: Work, body: (checkTime: () => void) => T): T {
    const { limits, seed, age, spent = UNSPENT } = work;
    const instance = this.#instance;
    this.#limits = limits;
    this.#become(image);
    this.#holds = undefined;
    if (work.foreign !== undefined && work.foreign !== this.#foreign) this.#wipe(image);
    this.#foreign = work.foreign;
    this.#exchange.begin(work.source, work.name, work.input);
    this.#console.begin(limits.logBytes, work.console);
    this.#clock.begin(seed !== undefined, age?.ms ?? 0, age?.fuel ?? 0);
    this.#entropy.begin(seed);
    instance.begin(limits, spent.fuel, spent.ms);
    try {
      return body(() => instance.fuel.checkTime());
    } catch (thrown) {
      if (thrown instanceof CallerError) throw thrown.thrown;
      const error = instance.explain(thrown);
      if (error instanceof SandboxError) {
        error.usage = this.#usage(work, 0);
        error.logs = this.#console.end();
      }
      throw error;
    } finally {
      this.#exchange.end();
      this.#console.end();
      this.#usedEnd = Math.max(this.#usedEnd, instance.exports.memory_end() >>> 0);
    }
  }

  /**
   * Clears what is not of the image: the stack, and memory past it. Scripts cannot see what earlier runs left there, but
   * bytecode and images from elsewhere may.
   */
  #wipe(image: Image): void {
    const { memory: { bytes }, stackTop } = this.#instance;
    bytes.fill(0, 0, stackTop);
    bytes.fill(0, image.end, Math.min(this.#usedEnd, bytes.length));
    this.#usedEnd = image.end;
  }

  #usage({ input, spent = UNSPENT }: { input: Uint8Array; spent?: Spent }, bytesOut: number): Usage {
    const { fuel, exports, memory } = this.#instance;
    const memoryEnd = Math.min(exports.memory_end() >>> 0, memory.bytes.length);
    return {
      fuel: fuel.used,
      timeMs: fuel.elapsedMs,
      peakMemoryBytes: Math.max(spent.memoryBytes, memoryEnd),
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
      : new SandboxError("output", `Stopped the run: its value takes more than limits.outputBytes, ${outputBytes}`);
  }
}
