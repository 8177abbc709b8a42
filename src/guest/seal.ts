import { SandboxError } from "../errors.ts";
import manifest from "./quickjs.json" with { type: "json" };

/** What bytes that leave the process can be, by their numbers in the file. */
const KINDS = ["snapshot", "script"] as const;

/** One of the kinds of bytes that leave the process. */
export type Kind = typeof KINDS[number];

/** Changes with each change of what a body holds. */
const FORMAT = 1;

/** The header: "sandglass", kind, format, the guest's SHA-256, length of the body (little-endian). */
const MAGIC = new TextEncoder().encode("sandglass");
const KIND_AT = MAGIC.length;
const FORMAT_AT = KIND_AT + 1;
const GUEST_AT = FORMAT_AT + 1;
const GUEST_BYTES = 32;
const LENGTH_AT = GUEST_AT + GUEST_BYTES;
const BODY_AT = LENGTH_AT + 4;

/** Whether bytes begin as sealed ones of a kind do. */
export function isSealed(kind: Kind, bytes: Uint8Array): boolean {
  return hasMagic(bytes) && bytes[KIND_AT] === KINDS.indexOf(kind);
}

/** Puts a header before a body: what it is, and which guest can read it. */
export function seal(kind: Kind, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BODY_AT + body.length);
  bytes.set(MAGIC);
  bytes[KIND_AT] = KINDS.indexOf(kind);
  bytes[FORMAT_AT] = FORMAT;
  for (let at = 0; at < GUEST_BYTES; at++) {
    bytes[GUEST_AT + at] = Number.parseInt(manifest.sha256.slice(2 * at, 2 * at + 2), 16);
  }
  new DataView(bytes.buffer).setUint32(LENGTH_AT, body.length, true);
  bytes.set(body, BODY_AT);
  return bytes;
}

/**
 * The body of sealed bytes.
 *
 * @throws {SandboxError} `input`: they are something else, or of another format or guest, or cut.
 */
export function unseal(kind: Kind, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const refuse = (why: string) => refusal(kind, why);
  if (!hasMagic(bytes)) throw refuse("these bytes are none of Sandglass");
  if (bytes.length < BODY_AT) throw refuse(`it is cut: ${bytes.length} bytes are left`);
  const found = KINDS[bytes[KIND_AT]!];
  if (found !== kind) {
    throw refuse(found === undefined ? "these bytes are of no known kind" : `these bytes are a ${found}`);
  }
  if (bytes[FORMAT_AT] !== FORMAT) {
    throw refuse(`it is of format ${bytes[FORMAT_AT]}, and this version reads ${FORMAT}`);
  }
  const guest = hexadecimal(bytes.subarray(GUEST_AT, LENGTH_AT));
  if (guest !== manifest.sha256) {
    throw refuse(`another guest made it (${guest.slice(0, 12)}…, this one is ${manifest.sha256.slice(0, 12)}…)`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(LENGTH_AT, true);
  const body = bytes.subarray(BODY_AT);
  if (body.length < length) throw refuse(`it is cut: ${bytes.length} of ${BODY_AT + length} bytes are left`);
  if (body.length > length) throw refuse(`it was altered: ${body.length - length} bytes follow its end`);
  return body;
}

/** The error for bytes that cannot be used. */
export function refusal(kind: Kind, why: string): SandboxError {
  return new SandboxError("input", `Cannot read the ${kind}: ${why}`);
}

function hasMagic(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, at) => bytes[at] === byte);
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
