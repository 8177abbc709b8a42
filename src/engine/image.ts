import type { GuestMemory } from "./memory.ts";

/**
 * A world at rest: the part of a guest's memory that is in use.
 *
 * Memory past the image is not part of it: the guest zeroes what it hands out again. Nor is the stack, which lies before
 * `start` and is dead between calls.
 */
export class Image {
  readonly #start: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  private constructor(start: number, bytes: Uint8Array<ArrayBuffer>) {
    this.#start = start;
    this.#bytes = bytes;
  }

  /** Copies the bytes from `start` to `end`. */
  static capture(memory: GuestMemory, start: number, end: number): Image {
    return new Image(start, memory.bytes.slice(start, end));
  }

  /** Makes `memory` this world again. */
  restore(memory: GuestMemory): void {
    memory.bytes.set(this.#bytes, this.#start);
  }
}
