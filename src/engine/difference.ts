import type { Image, WholeImage } from "./image.ts";
import type { GuestMemory } from "./memory.ts";

/** Bytes that are compared and kept together: a smaller size takes less room, and more copies to restore. */
export const BLOCK_BYTES = 256;

/** Blocks that follow each other in memory. */
interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An image that has only what differs from another, so that thousands can be held. */
export class Difference implements Image {
  readonly start: number;
  readonly end: number;
  readonly #patches: readonly Patch[];
  /** All bytes up to the base's end, once they are asked for. */
  #head: Uint8Array<ArrayBuffer> | undefined;

  /**
   * @param base The other image.
   * @param map A bit for each of its blocks: whether this image has another.
   * @param blocks Those blocks.
   * @param tail Bytes past the base's end.
   * @param foreign Set if any of it came from elsewhere.
   */
  constructor(
    readonly base: WholeImage,
    readonly map: Uint8Array<ArrayBuffer>,
    readonly blocks: Uint8Array<ArrayBuffer>,
    readonly tail: Uint8Array<ArrayBuffer>,
    readonly foreign?: object,
  ) {
    this.start = base.start;
    this.end = base.end + tail.length;
    this.#patches = patches(base, map, blocks);
  }

  /**
   * What of `image`, which is no smaller, differs from `base`.
   *
   * @param isSpent Whether nobody needs the image any more: then its bytes may be this one's.
   */
  static between(base: WholeImage, image: Image, isSpent = false): Difference {
    if (image instanceof Difference) return image;
    const { bytes } = image as WholeImage;
    const map = new Uint8Array(mapBytes(base));
    const found: Uint8Array<ArrayBuffer>[] = [];
    const [ours, theirs] = [words(bytes, base.bytes.length), words(base.bytes, base.bytes.length)];
    for (let at = 0; at < base.bytes.length; at += BLOCK_BYTES) {
      if (isEqual(ours, theirs, at >> 2, Math.min(at + BLOCK_BYTES, base.bytes.length) >> 2)) continue;
      const block = at / BLOCK_BYTES;
      map[block >> 3]! |= 1 << (block & 7);
      found.push(bytes.subarray(at, Math.min(at + BLOCK_BYTES, base.bytes.length)));
    }
    const past = bytes.subarray(base.bytes.length);
    // A long tail stays where it is, though that keeps the rest; a short one is worth a copy.
    const tail = isSpent && past.length > base.bytes.length ? past : past.slice();
    return new Difference(base, map, joined(found), tail, image.foreign);
  }

  restore(memory: GuestMemory): void {
    memory.reserve(this.end);
    this.base.restore(memory);
    const { bytes } = memory;
    for (const patch of this.#patches) bytes.set(patch.bytes, patch.offset);
    bytes.set(this.tail, this.base.end);
  }

  copy(memory: Uint8Array, from: number, to: number): void {
    const { start, base: { end } } = this;
    if (from < end) memory.set(this.#wholeHead().subarray(from - start, Math.min(to, end) - start), from);
    if (to > end) memory.set(this.tail.subarray(Math.max(from - end, 0), to - end), Math.max(from, end));
  }

  #wholeHead(): Uint8Array<ArrayBuffer> {
    if (this.#head === undefined) {
      this.#head = this.base.bytes.slice();
      for (const { offset, bytes } of this.#patches) this.#head.set(bytes, offset - this.start);
    }
    return this.#head;
  }
}

/** Size of a map of blocks, in bytes. */
export function mapBytes(base: WholeImage): number {
  return Math.ceil(base.bytes.length / BLOCK_BYTES / 8);
}

/** Size of the blocks that a map says, in bytes. */
export function blocksBytes(base: WholeImage, map: Uint8Array): number {
  let bytes = 0;
  for (const { length } of runs(base, map)) bytes += length;
  return bytes;
}

/** Where each run of blocks of a map lies in the image. Bits past the last block say nothing. */
function* runs(base: WholeImage, map: Uint8Array): Generator<{ at: number; length: number }> {
  const { length } = base.bytes;
  const differs = (block: number) => (map[block >> 3]! & 1 << (block & 7)) !== 0;
  const count = Math.ceil(length / BLOCK_BYTES);
  for (let block = 0; block < count; block++) {
    if (!differs(block)) continue;
    const first = block;
    while (block < count && differs(block)) block++;
    const at = first * BLOCK_BYTES;
    yield { at, length: Math.min(block * BLOCK_BYTES, length) - at };
  }
}

function patches(base: WholeImage, map: Uint8Array, blocks: Uint8Array<ArrayBuffer>): Patch[] {
  let taken = 0;
  return Array.from(runs(base, map), ({ at, length }) => {
    const bytes = blocks.subarray(taken, taken += length);
    return { offset: base.start + at, bytes };
  });
}

function words(bytes: Uint8Array<ArrayBuffer>, length: number): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, length >> 2);
}

function isEqual(ours: Int32Array, theirs: Int32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (ours[at] !== theirs[at]) return false;
  return true;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
