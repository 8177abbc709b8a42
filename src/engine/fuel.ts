import { SandboxError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** Units granted at a time: well under a millisecond of most work, so that the clock is read that often. */
const SLICE = 50_000;

/** Pays out fuel in slices and looks at the clock between them. */
export class Fuel {
  readonly #counter: WebAssembly.Global;
  #limits!: Limits;
  #start = 0;
  #left = 0;

  constructor(counter: WebAssembly.Global) {
    this.#counter = counter;
  }

  /** Begins a run, which has `spent` units and `spentMs` milliseconds of its limits already, no more than they are. */
  begin(limits: Limits, spent = 0, spentMs = 0): void {
    const slice = Math.min(SLICE, limits.fuel - spent);
    this.#limits = limits;
    this.#left = limits.fuel - spent - slice;
    this.#counter.value = slice;
    this.#start = performance.now() - spentMs;
  }

  /** Units that the run has paid. */
  get used(): number {
    const { fuel } = this.#limits;
    return Math.min(fuel, fuel - this.#left - this.#counter.value);
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return performance.now() - this.#start;
  }

  /** The guest's import: its counter is below zero. Refuels, or ends the run by throwing through it. */
  readonly refill = (): void => {
    const debt = -this.#counter.value;
    const grant = Math.min(this.#left, debt + SLICE);
    this.#left -= grant;
    this.#counter.value = grant - debt;
    if (grant < debt) {
      throw new SandboxError("fuel", `Stopped the run: it has used limits.fuel, ${this.#limits.fuel} units`);
    }
    this.checkTime();
  };

  /** Ends the run if its time is over. */
  checkTime(): void {
    const { timeMs } = this.#limits;
    if (this.elapsedMs > timeMs) {
      throw new SandboxError("time", `Stopped the run: it has taken limits.timeMs, ${timeMs} ms`);
    }
  }
}
