import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Difference } from "../src/engine/difference.ts";
import { WholeImage } from "../src/engine/image.ts";
import { GuestMemory } from "../src/engine/memory.ts";
import { seal, unseal } from "../src/guest/seal.ts";
import { readSnapshot, writeSnapshot } from "../src/guest/snapshot.ts";
import { baseImage } from "../src/guest/worlds.ts";
import { PAGE_BYTES } from "../src/limits.ts";
import { programOf, type Script } from "../src/script.ts";

/** What a snapshot says before it is packed and sealed. */
export interface Parts {
  /** Where its world ends. */
  end: number;
  payload: Uint8Array;
  /** The payload's checksum; the right one if it is not given. */
  checksum?: number;
}

/** Bytes of zstd that unpack to `length` zeros: blocks of one repeated byte. */
export function zeros(length: number, window = 11 << 3): Uint8Array {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0x00, window];
  for (let left = length; left > 0; left -= 1 << 17) {
    const header = (left <= 1 << 17 ? 1 : 0) | 1 << 1 | Math.min(left, 1 << 17) << 3;
    bytes.push(header & 0xff, header >> 8 & 0xff, header >> 16, 0);
  }
  return Uint8Array.from(bytes);
}

/** A sealed snapshot with this packed payload, whatever that unpacks to. */
export function sealPacked(end: number, checksum: number, packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(8 + packed.length);
  const head = new DataView(body.buffer);
  head.setUint32(0, end, true);
  head.setUint32(4, checksum, true);
  body.set(packed, 8);
  return seal("snapshot", body);
}

/** Takes a snapshot apart. */
export function unpack(snapshot: Uint8Array<ArrayBuffer>): Required<Parts> {
  const body = unseal("snapshot", snapshot);
  const head = new DataView(body.buffer, body.byteOffset);
  const payload = Uint8Array.from(zstdDecompressSync(body.subarray(8)));
  return { end: head.getUint32(0, true), checksum: head.getUint32(4, true), payload };
}

/** Puts a snapshot together, as valid as its parts. */
export function repack({ end, payload, checksum = crc32(payload) }: Parts): Uint8Array<ArrayBuffer> {
  return sealPacked(end, checksum, zstdCompressSync(payload));
}

/** A valid snapshot of what a hostile hand made of another's world: any byte of the engine's memory may be another. */
export function alterWorld(
  snapshot: Uint8Array<ArrayBuffer>,
  alter: (memory: DataView<ArrayBuffer>, start: number, end: number) => void,
): Uint8Array<ArrayBuffer> {
  const most = 64 << 20;
  const base = baseImage(most);
  const image = readSnapshot(snapshot, base, most);
  const memory = new GuestMemory(1, most / PAGE_BYTES);
  image.restore(memory);
  alter(new DataView(memory.bytes.buffer), image.start, image.end);
  return writeSnapshot(Difference.between(base, WholeImage.capture(memory, image.start, image.end)));
}

/** Where a script says how it is read. */
const READING_AT = 0;

/** Where QuickJS keeps the checksum of bytecode, and the value that it takes for any. */
const [CHECKSUM_AT, CHECKSUM_BYTES, ANY] = [1, 4, 0xff];

/**
 * A valid script of what a hostile hand made of another's bytecode; the engine's own checksum is turned off.
 *
 * @param reading How it is read, if not as it was.
 */
export function alterScript(script: Script, alter: (bytecode: Uint8Array) => void, reading?: number) {
  const body = unseal("script", script.bytes);
  const { bytecode } = programOf(script);
  const last = body.subarray(body.length - bytecode.length); // it stands at the end
  last.fill(ANY, CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES);
  alter(last);
  if (reading !== undefined) body[READING_AT] = reading;
  return seal("script", body);
}
