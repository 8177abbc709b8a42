import assert from "assert";
import { Random } from "../../tests/random.ts";
import { BLOCK_BYTES, blocksBytes, Difference, mapBytes } from "./difference.ts";
import { Cards } from "./cards.ts";
import { restoreWritten, WholeImage } from "./image.ts";
import type { GuestMemory } from "./memory.ts";

const SEED = 20_261;
const MASK = 0xa5;

/** Bytes that grow as a guest's memory does; all that an image asks of it. */
class FakeMemory {
  constructor(public bytes: Uint8Array<ArrayBuffer>) {}

  reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const grown = new Uint8Array(length).fill(MASK);
    grown.set(this.bytes);
    this.bytes = grown;
  }

  at(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(pointer, pointer + length);
  }
}

function whole(start: number, bytes: Uint8Array, spent?: WholeImage): WholeImage {
  const memory = new FakeMemory(new Uint8Array(start + bytes.length));
  memory.bytes.set(bytes, start);
  return WholeImage.capture(memory as unknown as GuestMemory, start, start + bytes.length, undefined, spent);
}

/** Memory full of a mask, after an image was restored in it. */
function restored(image: { restore(memory: GuestMemory): void }, length: number): Uint8Array {
  const memory = new FakeMemory(new Uint8Array(length).fill(MASK));
  image.restore(memory as unknown as GuestMemory);
  return memory.bytes;
}

function filled(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random.below(256));
}

/** A base and another image that is no smaller, with changes of all kinds. */
function pair(random: Random): { base: WholeImage; image: WholeImage } {
  const start = 4 * random.below(100);
  const bytes = filled(random, 4 * (1 + random.below(1000)));
  const changed = new Uint8Array(bytes.length + random.pick([0, 0, 1, 4, 255, 256, 5000]));
  changed.set(bytes);
  changed.set(filled(random, changed.length - bytes.length), bytes.length);
  for (let count = random.below(12); count > 0; count--) {
    const edge = random.below(1 + bytes.length / BLOCK_BYTES) * BLOCK_BYTES + random.pick([-1, 0, 1]);
    const at = random.pick([0, bytes.length - 1, edge, random.below(bytes.length)]);
    if (at < 0 || at >= bytes.length) continue;
    const length = Math.min(random.pick([1, 1, 4, 300, 2000]), bytes.length - at);
    changed.set(filled(random, length), at);
  }
  return { base: whole(start, bytes), image: whole(start, changed) };
}

Deno.test(`A difference makes memory what the whole image makes it, at 2,000 seeded images (seed ${SEED})`, () => {
  for (let round = 0; round < 2000; round++) {
    const random = new Random(SEED + round);
    const { base, image } = pair(random);
    const difference = Difference.between(base, image);
    const length = random.pick([0, image.start, image.end, image.end + 1000]);
    const label = `seed ${SEED + round}`;
    assert.deepEqual([difference.start, difference.end], [image.start, image.end], label);
    assert.deepEqual(restored(difference, length), restored(image, length), label);
  }
});

Deno.test(`The parts of a difference make it again, and are as long as they say (seed ${SEED})`, () => {
  for (let round = 0; round < 500; round++) {
    const { base, image } = pair(new Random(SEED + round));
    const { map, blocks, tail } = Difference.between(base, image);
    const label = `seed ${SEED + round}`;
    assert.equal(map.length, mapBytes(base), label);
    assert.equal(blocks.length, blocksBytes(base, map), label);
    assert.equal(tail.length, image.end - base.end, label);
    const again = new Difference(base, map.slice(), blocks.slice(), tail.slice());
    assert.deepEqual(restored(again, image.end + 100), restored(image, image.end + 100), label);
  }
});

Deno.test("A difference touches no memory before its start or past its end", () => {
  const base = whole(64, new Uint8Array(1000).fill(1));
  const changed = new Uint8Array(1100).fill(1);
  changed[0] = changed[999] = changed[1099] = 2;
  const memory = restored(Difference.between(base, whole(64, changed)), 2000);
  assert(memory.subarray(0, 64).every((byte) => byte === MASK));
  assert.deepEqual(memory.slice(64, 64 + 1100), changed);
  assert(memory.subarray(64 + 1100).every((byte) => byte === MASK));
});

Deno.test("A difference has the blocks that differ, and no others", () => {
  const bytes = new Uint8Array(10 * BLOCK_BYTES + 8);
  const base = whole(0, bytes);
  const blocksOf = (...places: number[]) => {
    const changed = bytes.slice();
    for (const place of places) changed[place] = 1;
    const { map, blocks } = Difference.between(base, whole(0, changed));
    return [[...map], blocks.length];
  };
  assert.deepEqual(blocksOf(), [[0, 0], 0]);
  assert.deepEqual(blocksOf(0), [[1, 0], BLOCK_BYTES]);
  assert.deepEqual(blocksOf(BLOCK_BYTES - 1, BLOCK_BYTES), [[3, 0], 2 * BLOCK_BYTES]);
  assert.deepEqual(blocksOf(9 * BLOCK_BYTES), [[0, 2], BLOCK_BYTES]);
  assert.deepEqual(blocksOf(10 * BLOCK_BYTES + 7), [[0, 4], 8]);
});

Deno.test("A difference from the base is taken as it is", () => {
  const { base, image } = pair(new Random(SEED));
  const difference = Difference.between(base, image);
  assert.equal(Difference.between(base, difference), difference);
});

Deno.test("A map's bits past the last block say nothing", () => {
  const bytes = new Uint8Array(2 * BLOCK_BYTES).fill(7);
  const base = whole(0, bytes);
  const map = Uint8Array.of(0b1111_1100);
  assert.equal(blocksBytes(base, map), 0);
  const none = new Uint8Array(0);
  assert.deepEqual(restored(new Difference(base, map, none, none), 0), bytes);
});

Deno.test("An image keeps its bytes when memory, or the image it came from, changes later", () => {
  const memory = new FakeMemory(new Uint8Array(2000).fill(1));
  const base = WholeImage.capture(memory as unknown as GuestMemory, 0, 1000);
  memory.bytes.fill(2);
  const image = WholeImage.capture(memory as unknown as GuestMemory, 0, 2000);
  const difference = Difference.between(base, image);
  memory.bytes.fill(3);
  whole(0, new Uint8Array(2000).fill(4), image); // takes the room of `image`
  assert.deepEqual(restored(base, 1000), new Uint8Array(1000).fill(1));
  assert.deepEqual(restored(difference, 2000), new Uint8Array(2000).fill(2));
});

Deno.test("An image that takes the room of another has its own length and bytes", () => {
  const large = whole(8, new Uint8Array(1000).fill(1));
  const base = whole(8, new Uint8Array(400).fill(5));
  for (const length of [1000, 600, 400]) {
    const bytes = new Uint8Array(length).fill(length % 251);
    const image = whole(8, bytes, large);
    assert.equal(image.end, 8 + length);
    assert.deepEqual(image.bytes, bytes);
    assert.deepEqual(restored(Difference.between(base, image), 0).slice(8), bytes);
  }
  const grown = whole(8, new Uint8Array(1001).fill(2), large);
  assert.deepEqual(grown.bytes, new Uint8Array(1001).fill(2));
});

Deno.test(`Any part of a difference is the same part of the whole image (seed ${SEED})`, () => {
  for (let round = 0; round < 500; round++) {
    const random = new Random(SEED + round);
    const { base, image } = pair(random);
    const difference = Difference.between(base, image);
    for (let part = 0; part < 5; part++) {
      const [from, to] = [0, 0].map(() => image.start + random.below(1 + image.end - image.start)).toSorted((a, b) =>
        a - b
      );
      const [ours, theirs] = [difference, image].map((image) => {
        const bytes = new Uint8Array(image.end + 100).fill(MASK);
        image.copy(bytes, from!, to!);
        return bytes;
      });
      assert.deepEqual(ours, theirs, `seed ${SEED + round}, ${from} to ${to}`);
    }
  }
});

/** Writes to memory here and there and marks the cards as a tracked guest does: by the address, also across a card's end. */
function write(random: Random, memory: FakeMemory, marks: Uint8Array): void {
  for (let count = random.below(20); count > 0; count--) {
    const at = random.below(memory.bytes.length);
    memory.bytes.set(filled(random, Math.min(1 + random.below(16), memory.bytes.length - at)), at);
    marks[at >> 10] = 1;
  }
}

Deno.test(`What was written to memory is taken back, or into the image, by the cards alone (seed ${SEED})`, () => {
  for (let round = 0; round < 300; round++) {
    const random = new Random(SEED + round);
    const label = `seed ${SEED + round}`;
    const wasm = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const [cards, marks] = [new Cards(wasm), new Uint8Array(wasm.buffer as ArrayBuffer)];
    const { base, image } = pair(random);
    const difference = Difference.between(base, image);
    const memory = new FakeMemory(new Uint8Array(image.end + 5000));
    const guest = memory as unknown as GuestMemory;
    for (const taken of random.pick([[image, image], [difference, difference], [difference, difference, difference]])) {
      taken.restore(guest);
      cards.clear(memory.bytes.length);
      write(random, memory, marks);
      restoreWritten(taken, guest, cards);
      const length = image.end - image.start;
      assert.deepEqual(memory.at(image.start, length), image.bytes, label);
      assert(marks.subarray(image.start >> 10, (image.end >> 10) + 1).every((mark) => mark === 0), label);
    }
    write(random, memory, marks);
    const [end, expected] = [image.end, memory.at(image.start, image.end - image.start).slice()];
    const changed = image.become(guest, cards, end);
    assert.deepEqual([changed?.start, changed?.end], [image.start, end], label);
    assert.deepEqual(changed!.bytes, expected, label);
  }
});

Deno.test("An image becomes what its memory is, shorter or as long as its room, and is refused more", () => {
  const wasm = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const cards = new Cards(wasm);
  const marks = new Uint8Array(wasm.buffer as ArrayBuffer);
  const room = whole(8, new Uint8Array(9000).fill(1));
  const memory = new FakeMemory(new Uint8Array(20_000).fill(7));
  const guest = memory as unknown as GuestMemory;
  const image = whole(8, new Uint8Array(5000).fill(2), room);
  image.restore(guest);
  memory.bytes.fill(9, 3000, 9000);
  marks.fill(1, 2, 9);
  assert.equal(image.become(guest, cards, 9009), undefined);
  const longer = image.become(guest, cards, 8000)!;
  assert.deepEqual(longer.bytes, memory.bytes.slice(8, 8000));
  memory.bytes.fill(3, 100, 200);
  marks[0] = 1;
  assert.deepEqual(longer.become(guest, cards, 300)!.bytes, memory.bytes.slice(8, 300));
});

Deno.test("What came from elsewhere is remembered by all that is made of it", () => {
  const memory = new FakeMemory(new Uint8Array(2000)) as unknown as GuestMemory;
  const base = WholeImage.capture(memory, 0, 1000);
  const foreign = {};
  assert.equal(Difference.between(base, WholeImage.capture(memory, 0, 2000)).foreign, undefined);
  assert.equal(Difference.between(base, WholeImage.capture(memory, 0, 2000, foreign)).foreign, foreign);
});
