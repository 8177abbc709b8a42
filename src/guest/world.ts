import { decode } from "../codec/decode.ts";
import type { Image } from "../engine/image.ts";
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
import { quickjs } from "./quickjs.js";
import type { Format, Outcome, Run } from "./run.ts";

/** Exports of the script guest. */
interface Exports {
  /** Runs the script that the host holds; 0 if it handed over its value, 1 if its failure. */
  evaluate(format: Format, outputBytes: number, collectBytes: number): number;
  /** End of the memory in use: it only grows in a run. */
  memory_end(): number;
}

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
  }

  /** Size of its memory now, in bytes. */
  get memoryBytes(): number {
    return this.#instance.memory.bytes.length;
  }

  /** The world as it is now; only good between runs. */
  capture(): Image {
    return this.#instance.capture(this.#instance.exports.memory_end());
  }

  /** Runs a script in the world of `image`. What stops it, limits included, leaves nothing behind: see `capture`. */
  run(image: Image, run: Run): Outcome {
    const { limits } = run;
    const instance = this.#instance;
    this.#limits = limits;
    image.restore(instance.memory);
    this.#exchange.begin(run.script, run.name, run.input);
    this.#console.begin(limits.logBytes, run.console);
    this.#clock.begin(run.seed !== undefined);
    this.#entropy.begin(run.seed);
    instance.begin(limits);
    let bytesOut = 0;
    try {
      const { outputBytes, memoryBytes } = limits;
      const status = instance.exports.evaluate(run.format, outputBytes, memoryBytes * COLLECT_PART);
      const checkTime = () => instance.fuel.checkTime();
      checkTime();
      const handed = this.#exchange.end();
      if (status !== 0) throw explainFailure(decode(handed, checkTime), run);
      bytesOut = handed.length;
      const value = decode(handed, checkTime);
      checkTime();
      return { value, usage: this.#usage(run, bytesOut), logs: this.#console.end() };
    } catch (thrown) {
      if (thrown instanceof CallerError) throw thrown.thrown;
      const error = instance.explain(thrown);
      if (error instanceof SandboxError) {
        error.usage = this.#usage(run, bytesOut);
        error.logs = this.#console.end();
      }
      throw error;
    } finally {
      this.#exchange.end();
      this.#console.end();
    }
  }

  #usage(run: Run, bytesOut: number): Usage {
    const { fuel, exports } = this.#instance;
    return {
      fuel: fuel.used,
      timeMs: fuel.elapsedMs,
      peakMemoryBytes: exports.memory_end(),
      bytesIn: run.input.length,
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
