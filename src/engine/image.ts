import type { Cards } from "./cards.ts";
import type { GuestMemory } from "./memory.ts";

/**
 * A world at rest: the part of a guest's memory that is in use, from `start` to `end`.
 *
 * Memory past the image is not part of it: the guest zeroes what it hands out again. Nor is the stack, which lies before
 * `start` and is dead between calls. An image does not change, but who holds the only one may give its bytes to the next.
 */
export interface Image {
  readonly start: number;
  readonly end: number;
  /** Set if bytes from elsewhere went into it, which may hold anything: the same object for all that came of them. */
  readonly foreign?: object;
  /** Makes `memory` this world again; it grows if it has to. */
  restore(memory: GuestMemory): void;
  /** Copies its bytes from `from` to `to` into `memory`, which has room for them. */
  copy(memory: Uint8Array, from: number, to: number): void;
}

/** Makes `memory`, which was this world before it was written to, this world again. */
export function restoreWritten(image: Image, memory: GuestMemory, cards: Cards): void {
  const { bytes } = memory;
  cards.take(image.start, image.end, (from, to) => image.copy(bytes, from, to));
}

/** An image that has all bytes. */
export class WholeImage implements Image {
  readonly end: number;

  private constructor(readonly start: number, readonly bytes: Uint8Array<ArrayBuffer>, readonly foreign?: object) {
    this.end = start + bytes.length;
  }

  /**
   * Copies the bytes from `start` to `end`.
   *
   * @param spent An image that nobody needs any more: new memory costs more than the copy, so its is used if it is enough.
   */
  static capture(memory: GuestMemory, start: number, end: number, foreign?: object, spent?: WholeImage): WholeImage {
    const length = end - start;
    const room = spent === undefined ? undefined : spent.#room(length);
    const bytes = room ?? new Uint8Array(length);
    bytes.set(memory.bytes.subarray(start, end));
    return new WholeImage(start, bytes, foreign);
  }

  /**
   * The image that memory is now, which was this one before it was written to. It takes this one's bytes: this is no image
   * any more. None if there is no room for it.
   */
  become(memory: GuestMemory, cards: Cards, end: number, foreign?: object): WholeImage | undefined {
    const bytes = this.#room(end - this.start);
    if (bytes === undefined) return undefined;
    const written = memory.bytes;
    const copy = (from: number, to: number) => bytes.set(written.subarray(from, to), from - this.start);
    cards.take(this.start, Math.min(this.end, end), copy);
    if (end > this.end) copy(this.end, end);
    return new WholeImage(this.start, bytes, foreign);
  }

  #room(length: number): Uint8Array<ArrayBuffer> | undefined {
    const { buffer } = this.bytes;
    return buffer.byteLength < length ? undefined : new Uint8Array(buffer, 0, length);
  }

  restore(memory: GuestMemory): void {
    memory.reserve(this.end);
    memory.bytes.set(this.bytes, this.start);
  }

  copy(memory: Uint8Array, from: number, to: number): void {
    memory.set(this.bytes.subarray(from - this.start, to - this.start), from);
  }
}
