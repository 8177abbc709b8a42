import { isStackEnd, SandboxError } from "../errors.ts";
import { type Limits, PAGE_BYTES } from "../limits.ts";
import { Cards } from "./cards.ts";
import { Fuel } from "./fuel.ts";
import { GuestMemory } from "./memory.ts";

/** Exports that the meter adds to a guest. */
interface MeterExports {
  /** Only if the guest is tracked. */
  cards?: WebAssembly.Memory;
  fuel: WebAssembly.Global;
  stack_pointer: WebAssembly.Global;
  stack_limit: WebAssembly.Global;
}

/** A metered module that runs, with its memory, its fuel and its stack under the host's control. */
export class Instance<Exports> {
  readonly memory: GuestMemory;
  readonly fuel: Fuel;
  readonly exports: Exports;
  readonly #meter: MeterExports;
  /** Where the stack begins; it grows down from here to 0, and static data begins here. */
  readonly stackTop: number;
  #limits!: Limits;

  /**
   * @param module A module that the meter made.
   * @param memoryBytes The most memory it may have.
   * @param imports Makes the imports of a memory; the meter's are added.
   */
  constructor(
    module: WebAssembly.Module,
    memoryBytes: number,
    initialPages: number,
    imports: (memory: GuestMemory) => WebAssembly.Imports,
  ) {
    this.memory = new GuestMemory(initialPages, Math.floor(memoryBytes / PAGE_BYTES));
    const instance = new WebAssembly.Instance(module, {
      ...imports(this.memory),
      meter: {
        out_of_fuel: () => this.fuel.refill(),
        stack_overflow: () => {
          throw this.#stackOverflow();
        },
      },
    });
    this.exports = instance.exports as Exports;
    this.#meter = instance.exports as unknown as MeterExports;
    this.stackTop = this.#meter.stack_pointer.value;
    if (this.#meter.cards !== undefined) this.memory.cards = new Cards(this.#meter.cards);
    this.fuel = new Fuel(this.#meter.fuel);
  }

  /** Begins a run: fuel, clock and stack as the limits say, of which `spent` is gone already. */
  begin(limits: Limits, spentFuel: number, spentMs: number): void {
    this.#meter.stack_pointer.value = this.stackTop;
    this.#meter.stack_limit.value = this.stackTop - limits.stackBytes;
    this.#limits = limits;
    this.fuel.begin(limits, spentFuel, spentMs);
  }

  /**
   * Tells what a throw out of the guest means: an error of ours or of a caller's function as it is; the end of either
   * stack, and what else stopped the engine, as a `SandboxError`.
   */
  explain(thrown: unknown): unknown {
    if (isStackEnd(thrown)) return this.#stackOverflow();
    if (!(thrown instanceof WebAssembly.RuntimeError)) return thrown;
    const pointer = this.#meter.stack_pointer.value;
    if (pointer < 0 || pointer > this.stackTop) return this.#stackOverflow();
    return new SandboxError("script", `Stopped the run: the engine met a fault (${thrown.message})`);
  }

  #stackOverflow(): SandboxError {
    const { stackBytes } = this.#limits;
    return new SandboxError("stack", `Stopped the run: its calls nest too deep for limits.stackBytes, ${stackBytes}`);
  }
}
