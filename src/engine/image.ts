import type { GuestMemory } from "./memory.ts";

/**
 * A world at rest: the part of a guest's memory that is in use, from `start` to `end`.
 *
 * Memory past the image is not part of it: the guest zeroes what it hands out again. Nor is the stack, which lies before
 * `start` and is dead between calls. An image never changes.
 */
export interface Image {
  readonly start: number;
  readonly end: number;
  /** Makes `memory` this world again; it grows if it has to. */
  restore(memory: GuestMemory): void;
}

/** An image that has all bytes. */
export class WholeImage implements Image {
  readonly end: number;

  private constructor(readonly start: number, readonly bytes: Uint8Array<ArrayBuffer>) {
    this.end = start + bytes.length;
  }

  /**
   * Copies the bytes from `start` to `end`.
   *
   * @param spent An image that nobody needs any more: new memory costs more than the copy, so its is used if it is enough.
   */
  static capture(memory: GuestMemory, start: number, end: number, spent?: WholeImage): WholeImage {
    const used = memory.at(start, end - start);
    const room = spent?.bytes.buffer;
    if (room === undefined || room.byteLength < used.length) return new WholeImage(start, used.slice());
    const bytes = new Uint8Array(room, 0, used.length);
    bytes.set(used);
    return new WholeImage(start, bytes);
  }

  restore(memory: GuestMemory): void {
    memory.reserve(this.end);
    memory.bytes.set(this.bytes, this.start);
  }
}
