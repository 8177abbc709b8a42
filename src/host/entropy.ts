import type { GuestMemory } from "../engine/memory.ts";

/** Most bytes that one call fills; what `crypto.getRandomValues` takes. */
const MOST_BYTES = 65_536;

/** SplitMix64 (Steele, Lea and Flood 2014): the step of its state, and the number that a state gives. */
const GAMMA = 0x9e3779b97f4a7c15n;

function mixed(state: bigint): bigint {
  let bits = BigInt.asUintN(64, state);
  bits = BigInt.asUintN(64, (bits ^ (bits >> 30n)) * 0xbf58476d1ce4e5b9n);
  bits = BigInt.asUintN(64, (bits ^ (bits >> 27n)) * 0x94d049bb133111ebn);
  return bits ^ (bits >> 31n);
}

/**
 * The seed of one of several runs that share a seed, so that each draws from a stream of its own.
 *
 * @param generation How many times what it runs from was warmed.
 * @param run Its number in its session.
 */
export function seedOf(seed: number, generation: number, run: number): bigint {
  return [generation, run].reduce((state, number) => mixed(state + GAMMA * BigInt(number)), mixed(BigInt(seed)));
}

/** The script's source of random bytes: the system's, or with a seed always the same. */
export class Entropy {
  #state: bigint | undefined;

  /** Begins a run. */
  begin(seed: bigint | undefined): void {
    this.#state = seed;
  }

  #fill(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state === undefined) {
      crypto.getRandomValues(bytes);
      return;
    }
    for (let index = 0; index < bytes.length; index++) {
      this.#state = BigInt.asUintN(64, this.#state + GAMMA);
      bytes[index] = Number(mixed(this.#state) >> 56n);
    }
  }

  /** The guest's imports. */
  imports(memory: GuestMemory): Record<"entropy", WebAssembly.ImportValue> {
    return {
      entropy: (pointer: number, length: number) => {
        this.#fill(memory.at(pointer, Math.min(length >>> 0, MOST_BYTES)));
      },
    };
  }
}
