import type { Random } from "./random.ts";

const NUMBERS = [
  ...[0, -0, 1, -1, 127, 128, -32, -33, 255, 256, 32767, 32768, -32768, -32769, 65535, 65536],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, 2 ** 53, -(2 ** 53), 2 ** 53 - 1],
  ...[0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 1e21, 1e-7, NaN, Infinity, -Infinity],
];
const TEXTS = [
  "",
  "a",
  "__proto__",
  "constructor",
  "then",
  "\0",
  "a\0b",
  "é",
  "💩",
  "\ud800",
  "\udc00x",
  "\u2028",
  "\ufeff",
];
const TYPED_ARRAYS = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[BigInt64Array, BigUint64Array, Float16Array, Float32Array, Float64Array],
];

/** A random value of every type that can cross, with at most `depth` levels below it. */
export function plainData(random: Random, depth = 4): unknown {
  const kinds = depth > 0 ? 13 : 9;
  switch (random.below(kinds)) {
    case 0:
      return random.pick([null, undefined, true, false]);
    case 1:
      return random.pick(NUMBERS);
    case 2:
      return (random.next() - 0.5) * 10 ** random.below(40);
    case 3:
      return random.below(2 ** 32) - 2 ** 31;
    case 4:
      return text(random);
    case 5:
      return bigint(random);
    case 6:
      return new Date(random.pick([0, NaN, 8.64e15, -8.64e15, random.below(2 ** 41), -random.below(2 ** 41)]));
    case 7: {
      const type = random.pick(TYPED_ARRAYS);
      const { buffer } = bytes(random, random.below(6) * 8);
      return random.below(2) === 0 ? new type(buffer) : new type(buffer, 0, 0);
    }
    case 8:
      return bytes(random, random.below(300)).buffer;
    case 9:
      return random.some(6, () => plainData(random, depth - 1));
    case 10:
      return new Map(random.some(5, () => [plainData(random, depth - 1), plainData(random, depth - 1)]));
    case 11:
      return new Set(random.some(5, () => plainData(random, depth - 1)));
    default: {
      const record: Record<string, unknown> = {};
      for (const key of random.some(6, () => text(random))) {
        const value = plainData(random, depth - 1);
        Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
      }
      return record;
    }
  }
}

function text(random: Random): string {
  switch (random.below(4)) {
    case 0:
      return random.pick(TEXTS);
    case 1:
      return String(random.below(1000));
    case 2:
      return random.some(70, () => String.fromCharCode(32 + random.below(96))).join("");
    default:
      return random.some(300, () => random.pick(["ascii ", "é", "€", "💩", random.pick(TEXTS)])).join("");
  }
}

function bigint(random: Random): bigint {
  const digits = random.some(random.pick([2, 20, 400]), () => random.below(16).toString(16));
  const size = BigInt(`0x0${digits.join("")}`);
  return random.below(2) === 0 ? size : -size;
}

function bytes(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random.below(256));
}
