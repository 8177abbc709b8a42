import type { GuestMemory } from "../engine/memory.ts";

/** Most bytes that one call fills; what `crypto.getRandomValues` takes. */
const MOST_BYTES = 65_536;

/** The script's source of random bytes: the system's, or with a seed always the same. */
export class Entropy {
  #state: bigint | undefined;

  /** Begins a run. */
  begin(seed: number | undefined): void {
    this.#state = seed === undefined ? undefined : BigInt(seed);
  }

  #fill(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state === undefined) {
      crypto.getRandomValues(bytes);
      return;
    }
    for (let index = 0; index < bytes.length; index++) bytes[index] = Number(this.#next() >> 56n);
  }

  /** The guest's imports. */
  imports(memory: GuestMemory): Record<"entropy", WebAssembly.ImportValue> {
    return {
      entropy: (pointer: number, length: number) => {
        this.#fill(memory.at(pointer, Math.min(length >>> 0, MOST_BYTES)));
      },
    };
  }

  /** SplitMix64 (Steele, Lea and Flood 2014). */
  #next(): bigint {
    this.#state = BigInt.asUintN(64, this.#state! + 0x9e3779b97f4a7c15n);
    let mixed = this.#state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  }
}
