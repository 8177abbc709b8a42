import assert from "assert";
import { SandboxError } from "../errors.ts";
import manifest from "./quickjs.json" with { type: "json" };
import { isSealed, type Kind, seal, unseal } from "./seal.ts";

const KINDS: Kind[] = ["snapshot", "script"];
const HEADER_BYTES = 47;

const bytesOf = (text: string) => new TextEncoder().encode(text);

function refused(kind: Kind, bytes: Uint8Array<ArrayBuffer>, why: RegExp): void {
  assert.throws(() => unseal(kind, bytes), (error) => {
    assert(error instanceof SandboxError, String(error));
    assert.equal(error.code, "input");
    assert.match(error.message, new RegExp(`^Cannot read the ${kind}: `));
    assert.match(error.message, why);
    return true;
  });
}

/** The same bytes with some of them changed. */
function altered(bytes: Uint8Array<ArrayBuffer>, at: number, ...values: number[]): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

for (const kind of KINDS) {
  const body = Uint8Array.of(1, 2, 3, 4, 5);
  const sealed = seal(kind, body);
  const other = KINDS.find((other) => other !== kind)!;

  Deno.test(`What was sealed as a ${kind} is unsealed as one`, () => {
    for (const length of [0, 1, 5, 100_000]) {
      const long = new Uint8Array(length).fill(7);
      assert.deepEqual(unseal(kind, seal(kind, long)), long);
    }
    assert.equal(sealed.length, HEADER_BYTES + body.length);
    assert(isSealed(kind, sealed) && !isSealed(other, sealed));
  });

  Deno.test(`A sealed ${kind} is found wherever its buffer begins`, () => {
    const room = new Uint8Array(200).fill(0xff);
    room.set(sealed, 33);
    const view = room.subarray(33, 33 + sealed.length);
    assert.deepEqual(unseal(kind, view), body);
    assert(isSealed(kind, view));
  });

  Deno.test(`Bytes that are none of Sandglass are refused as a ${kind}`, () => {
    const foreign = ["", "s", "sandglas", "SANDGLASS".padEnd(100), "Sandglass".padEnd(100), "{}", "\0asm\x01\0\0\0"];
    for (const text of foreign) {
      refused(kind, bytesOf(text), /: these bytes are none of Sandglass$/);
      assert(!isSealed(kind, bytesOf(text)), text);
    }
    refused(kind, crypto.getRandomValues(new Uint8Array(1000)), /none of Sandglass/);
    for (let at = 0; at < 9; at++) refused(kind, altered(sealed, at, sealed[at]! ^ 0x20), /none of Sandglass/);
  });

  Deno.test(`A ${kind} cut anywhere is refused, and told how much is left`, () => {
    for (let length = 0; length < sealed.length; length++) {
      const why = length < 9
        ? /none of Sandglass/
        : length < HEADER_BYTES
        ? new RegExp(`it is cut: ${length} bytes are left$`)
        : new RegExp(`it is cut: ${length} of ${sealed.length} bytes are left$`);
      refused(kind, sealed.slice(0, length), why);
      refused(kind, sealed.subarray(0, length), why);
    }
  });

  Deno.test(`A ${kind} with bytes after its end is refused`, () => {
    for (const more of [1, 1000]) {
      const extended = new Uint8Array(sealed.length + more);
      extended.set(sealed);
      refused(kind, extended, new RegExp(`it was altered: ${more} bytes follow its end$`));
    }
  });

  Deno.test(`A ${kind} is not taken for another kind, nor for one that is not known`, () => {
    refused(other, sealed, new RegExp(`these bytes are a ${kind}$`));
    for (const number of [2, 100, 255]) refused(kind, altered(sealed, 9, number), /these bytes are of no known kind$/);
  });

  Deno.test(`A ${kind} of another format is refused, and told both`, () => {
    const format = sealed[10]!;
    for (const found of [0, format + 1, 255]) {
      refused(
        kind,
        altered(sealed, 10, found),
        new RegExp(`it is of format ${found}, and this version reads ${format}$`),
      );
    }
  });

  Deno.test(`A ${kind} of another guest is refused, and told both`, () => {
    assert.equal(sealed.subarray(11, 43).toHex(), manifest.sha256);
    for (let at = 11; at < 43; at++) {
      const foreign = altered(sealed, at, sealed[at]! ^ 1);
      const [theirs, ours] = [foreign, sealed].map((bytes) => bytes.subarray(11, 17).toHex());
      refused(kind, foreign, new RegExp(`another guest made it \\(${theirs}…, this one is ${ours}…\\)$`));
    }
  });

  Deno.test(`A ${kind} whose length was changed is refused, however large it claims to be`, () => {
    for (const length of [0, 4, 6, 2 ** 31, 2 ** 32 - 1]) {
      const claimed = sealed.slice();
      new DataView(claimed.buffer).setUint32(43, length, true);
      refused(kind, claimed, /it is cut: 52 of \d+ bytes are left$|it was altered: \d bytes follow its end$/);
    }
  });
}
