import { blocksBytes, Difference, mapBytes } from "../engine/difference.ts";
import type { WholeImage } from "../engine/image.ts";
import { SandboxError } from "../errors.ts";
import { PAGE_BYTES } from "../limits.ts";
import { refusal, seal, unseal } from "./seal.ts";

/** The body: where the world ends and the payload's CRC-32 (little-endian), then the payload: map, blocks, tail. */
const HEAD_BYTES = 8;

/** Largest window that the decoder may take, as a power of two: what the encoder uses at its default level. */
const WINDOW_LOG = 21;

/** Loaded at the first use: importing it would double the start-up of a process that has no snapshot. */
function zlib(): typeof import("node:zlib") {
  // deno-lint-ignore no-process-global -- importing "node:process" would cost every start-up as much
  return process.getBuiltinModule("node:zlib");
}

/** An image as bytes, for another process or another day. */
export function writeSnapshot({ end, map, blocks, tail }: Difference): Uint8Array<ArrayBuffer> {
  const { crc32, zstdCompressSync } = zlib();
  const payload = new Uint8Array(map.length + blocks.length + tail.length);
  payload.set(map);
  payload.set(blocks, map.length);
  payload.set(tail, map.length + blocks.length);
  const packed = zstdCompressSync(payload);
  const body = new Uint8Array(HEAD_BYTES + packed.length);
  const head = new DataView(body.buffer);
  head.setUint32(0, end, true);
  head.setUint32(4, crc32(payload), true);
  body.set(packed, HEAD_BYTES);
  return seal("snapshot", body);
}

/**
 * The image that `writeSnapshot` made bytes of. It is checked, not trusted: a hostile one is a hostile world, which
 * the guest's walls hold as they hold any other.
 *
 * @throws {SandboxError} `input`: the bytes are foreign, cut or altered. `memory`: the world is too large for the limit.
 */
export function readSnapshot(bytes: Uint8Array<ArrayBuffer>, base: WholeImage, memoryBytes: number): Difference {
  const body = unseal("snapshot", bytes);
  if (body.length < HEAD_BYTES) throw refusal("snapshot", "it is cut: its head is not whole");
  const head = new DataView(body.buffer, body.byteOffset);
  const [end, checksum] = [head.getUint32(0, true), head.getUint32(4, true)];
  if (end < base.end) throw altered(`its world ends at ${end}, before the engine does`);
  if (end > memoryBytes - memoryBytes % PAGE_BYTES) {
    throw new SandboxError(
      "memory",
      `Cannot start from the snapshot: its world takes ${end} bytes, more than limits.memoryBytes, ${memoryBytes}`,
    );
  }
  const tailBytes = end - base.end;
  const payload = unpack(body.subarray(HEAD_BYTES), mapBytes(base) + base.bytes.length + tailBytes);
  if (zlib().crc32(payload) !== checksum) throw altered("its checksum is another");
  const map = payload.subarray(0, mapBytes(base));
  const blocksEnd = map.length + blocksBytes(base, map);
  if (map.length < mapBytes(base) || payload.length !== blocksEnd + tailBytes) {
    throw altered(`it has ${payload.length} bytes`);
  }
  return new Difference(base, map, payload.subarray(map.length, blocksEnd), payload.subarray(blocksEnd), {});
}

/** Unpacks at most as much as the world can have. */
function unpack(packed: Uint8Array, mostBytes: number): Uint8Array<ArrayBuffer> {
  const { constants: { ZSTD_d_windowLogMax }, zstdDecompressSync } = zlib();
  try {
    const params = { [ZSTD_d_windowLogMax]: WINDOW_LOG };
    const { buffer, byteOffset, length } = zstdDecompressSync(packed, { maxOutputLength: mostBytes, params });
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
  } catch (error) {
    throw altered(`it does not unpack (${error instanceof Error ? error.message : error})`);
  }
}

function altered(how: string): SandboxError {
  return refusal("snapshot", `it was altered: ${how}`);
}
