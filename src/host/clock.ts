import type { Fuel } from "../engine/fuel.ts";

/** The guest's numbers for its clocks. */
const WALL = 0;

/** Steps of the monotonic clock, in milliseconds: what browsers give a page that is not isolated. */
const STEP_MS = 0.1;

/** With a seed, time starts here (2020-01-01) and goes on with the fuel paid: the same on every machine. */
const SEEDED_START_MS = 1_577_836_800_000;
const SEEDED_FUEL_PER_MS = 100_000;

/** The script's clocks, coarse on purpose: a fine clock helps it to observe the host. */
export class Clock {
  #seeded = false;
  #start = 0;
  #fuelBefore = 0;

  /**
   * Begins a run.
   *
   * @param ageMs Milliseconds on the monotonic clock at the start.
   * @param ageFuel The same in fuel, for a clock that goes by it.
   */
  begin(seeded: boolean, ageMs: number, ageFuel: number): void {
    this.#seeded = seeded;
    this.#start = performance.now() - ageMs;
    this.#fuelBefore = ageFuel;
  }

  /** The guest's imports: milliseconds since 1970 (wall), or since the world began (monotonic). */
  imports(fuel: () => Fuel): Record<"clock", WebAssembly.ImportValue> {
    return {
      clock: (which: number) => {
        if (this.#seeded) {
          const passed = coarse((this.#fuelBefore + fuel().used) / SEEDED_FUEL_PER_MS);
          return which === WALL ? Math.floor(SEEDED_START_MS + passed) : passed;
        }
        return which === WALL ? Date.now() : coarse(performance.now() - this.#start);
      },
    };
  }
}

function coarse(milliseconds: number): number {
  return Math.floor(milliseconds / STEP_MS) * STEP_MS;
}
