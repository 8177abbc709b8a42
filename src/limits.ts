import { textOf } from "./errors.ts";

/** How much a run may take. Each is finite by default, and a script cannot catch the end that it brings. */
export interface Limits {
  /** Wall time, in milliseconds; 1,000 by default. A run ends within 20 ms of it. */
  readonly timeMs: number;
  /** Units of work: a loop's turn, a call, 64 bytes copied; 10^10 by default. Unlike time, the same on every machine. */
  readonly fuel: number;
  /** Memory of the whole world, in bytes, in steps of 64 KiB; 64 MiB by default. The engine itself takes 1.4 MB. */
  readonly memoryBytes: number;
  /** Stack of the script's calls and of native code under them, in bytes; 512 KiB by default, some 1,600 calls. */
  readonly stackBytes: number;
  /** Script (a compiled one's bytecode) and encoded input, in bytes each; 16 MiB by default. */
  readonly inputBytes: number;
  /**
   * Value, in bytes; 16 MiB by default. It counts encoded, and 8 more for each value in it, 64 for each object and 1,024
   * for each buffer, which is about what they take here.
   */
  readonly outputBytes: number;
  /** Log, in bytes of UTF-8 text and 16 for each entry; 256 KiB by default. */
  readonly logBytes: number;
}

/** The limits of a sandbox that sets none. */
export const DEFAULT_LIMITS: Limits = {
  timeMs: 1_000,
  fuel: 1e10,
  memoryBytes: 64 << 20,
  stackBytes: 512 << 10,
  inputBytes: 16 << 20,
  outputBytes: 16 << 20,
  logBytes: 256 << 10,
};

/** Bytes of one page of WebAssembly memory. */
export const PAGE_BYTES = 64 << 10;

/** Least and most of each limit. */
const RANGES: { readonly [name in keyof Limits]: readonly [least: number, most: number] } = {
  timeMs: [1, 2 ** 31 - 1],
  fuel: [1, Number.MAX_SAFE_INTEGER],
  memoryBytes: [2 << 20, 2 ** 31],
  stackBytes: [16 << 10, 896 << 10],
  inputBytes: [0, 2 ** 30],
  outputBytes: [1, 2 ** 30],
  logBytes: [0, 2 ** 30],
};

/**
 * Completes limits by the defaults.
 *
 * @throws {RangeError} A limit is not a whole number in its range.
 * @throws {TypeError} A name is not a limit's.
 */
export function checkLimits(given: Partial<Limits> = {}): Limits {
  if (typeof given !== "object" || given === null) throw new TypeError("Cannot set limits: they are no object");
  const limits: { -readonly [name in keyof Limits]: number } = { ...DEFAULT_LIMITS };
  for (const name in given) {
    const value: unknown = given[name as keyof Limits];
    if (!Object.hasOwn(RANGES, name)) {
      throw new TypeError(`Cannot set limits.${name}: the limits are ${Object.keys(RANGES).join(", ")}`);
    }
    if (value === undefined) continue;
    const [least, most] = RANGES[name as keyof Limits];
    const whole = name === "timeMs" || Number.isInteger(value);
    if (typeof value !== "number" || !(value >= least && value <= most) || !whole) {
      const kind = name === "timeMs" ? "a number" : "a whole number";
      throw new RangeError(
        `Cannot set limits.${name} to ${textOf(value)}: it takes ${kind} from ${least} to ${most}`,
      );
    }
    limits[name as keyof Limits] = value;
  }
  return limits;
}
