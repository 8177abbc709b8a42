import { SandboxError } from "../errors.ts";
import { Extension, MAX_DEPTH, TYPED_ARRAYS } from "./extension.ts";

/** Texts up to this many bytes are read by a loop; a call of the decoder costs more than that. */
const SHORT_TEXT = 24;

/** Values between two looks at the clock; entries of maps and sets, as their keys can be made to collide. */
const VALUES_PER_CHECK = 4096;
const ENTRIES_PER_CHECK = 8;

/** What values count beside their bytes, as the guest counts them. */
const VALUE_BYTES = 8;
const OBJECT_BYTES = 64;
const BUFFER_BYTES = 1024;

/** Hexadecimal digits of the largest bigint of V8, which has 2^30 bits. */
const MOST_DIGITS = 2 ** 28;

/** UTF-16 units that are read together. */
const UNITS_PER_CHECK = 4096;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Decodes a value that a guest handed over. The bytes are untrusted: what comes of them is data only, `__proto__` is an
 * ordinary key, and nothing is allocated that the bytes do not fill.
 *
 * @param bytes The bytes of one value.
 * @param checkTime Is called now and then, to throw when time is over.
 * @param limit What the value may count: its bytes, and about what it takes here.
 * @throws {SandboxError} `output`: the bytes are no value, or more than the limit.
 */
export function decode(bytes: Uint8Array<ArrayBuffer>, checkTime: () => void, limit = Infinity): unknown {
  return new Decoder(bytes, checkTime, limit).finish();
}

/** The end of a run whose value is too large. */
export function outputLimit(limit: number): SandboxError {
  return new SandboxError("output", `Stopped the run: its value takes more than limits.outputBytes, ${limit}`);
}

class Decoder {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;
  #depth = 0;
  #values = 0;
  #keys = 0;
  #objects = 0;
  #buffers = 0;
  readonly #checkTime: () => void;
  readonly #limit: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, checkTime: () => void, limit: number) {
    this.#bytes = bytes;
    this.#checkTime = checkTime;
    this.#limit = limit;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  finish(): unknown {
    const value = this.#value();
    if (this.#at !== this.#bytes.length) throw this.#malformed("they go on after the value");
    return value;
  }

  /** The guest has counted too, but one that was altered may not. */
  #check(): void {
    this.#checkTime();
    const values = VALUE_BYTES * (this.#values - this.#keys);
    const taken = this.#bytes.length + values + OBJECT_BYTES * this.#objects + BUFFER_BYTES * this.#buffers;
    if (taken > this.#limit) throw outputLimit(this.#limit);
  }

  #malformed(why: string): SandboxError {
    return new SandboxError("output", `Cannot read the value from the sandbox: at byte ${this.#at} ${why}`);
  }

  /** Passes over `count` bytes and gives their place. */
  #skip(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw this.#malformed("they end too early");
    this.#at = at + count;
    return at;
  }

  #take(count: number): Uint8Array<ArrayBuffer> {
    const at = this.#skip(count);
    return this.#bytes.subarray(at, at + count);
  }

  #length(bytes: number): number {
    const at = this.#skip(bytes);
    if (bytes === 1) return this.#bytes[at]!;
    return bytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #value(): unknown {
    if (++this.#values % VALUES_PER_CHECK === 0) this.#check();
    const mark = this.#bytes[this.#skip(1)]!;
    if (mark < 0x80) return mark;
    if (mark >= 0xe0) return mark - 0x100;
    if (mark < 0x90) return this.#record(mark & 15);
    if (mark < 0xa0) return this.#array(mark & 15);
    if (mark < 0xc0) return this.#text(mark & 31);
    switch (mark) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      case 0xcc:
        return this.#length(1);
      case 0xd1:
        return this.#view.getInt16(this.#skip(2));
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#buffer(this.#length(1 << (mark - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#length(1 << (mark - 0xc7)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (mark - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#length(1 << (mark - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#length(2 << (mark - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#record(this.#length(2 << (mark - 0xde)));
      default:
        throw this.#malformed(`stands 0x${mark.toString(16)}, which the guest never writes`);
    }
  }

  #text(length: number): string {
    const bytes = this.#bytes;
    const start = this.#skip(length);
    if (length <= SHORT_TEXT) {
      let text = "";
      for (let at = start; at < this.#at; at++) {
        const byte = bytes[at]!;
        if (byte >= 0x80) return decoder.decode(bytes.subarray(start, this.#at));
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return decoder.decode(bytes.subarray(start, this.#at));
  }

  /** Bytes of their own. */
  #buffer(length: number): Uint8Array<ArrayBuffer> {
    this.#objects++;
    this.#buffers++;
    return this.#take(length).slice();
  }

  #open(): void {
    this.#objects++;
    if (++this.#depth > MAX_DEPTH) throw this.#malformed("they nest too deep");
  }

  #array(length: number): unknown[] {
    this.#open();
    const array: unknown[] = [];
    for (let index = 0; index < length; index++) array.push(this.#value());
    this.#depth--;
    return array;
  }

  #record(length: number): Record<string, unknown> {
    this.#open();
    const record: Record<string, unknown> = {};
    this.#keys += length;
    let sparse = false;
    for (let index = 0; index < length; index++) {
      const key = this.#value();
      if (typeof key !== "string") throw this.#malformed("stands a key that is no string");
      const value = this.#value();
      if (key === "__proto__") {
        Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
      } else {
        if (!sparse && isLargeIndex(key)) {
          makeSparse(record);
          sparse = true;
        }
        record[key] = value;
      }
    }
    this.#depth--;
    return record;
  }

  #extension(length: number): unknown {
    const kind: Extension = this.#length(1);
    switch (kind) {
      case Extension.Undefined:
        this.#skip(length);
        return undefined;
      case Extension.BigInt:
        return this.#bigint(decoder.decode(this.#take(length)));
      case Extension.Date:
        if (length !== 8) throw this.#malformed("stands a date that is no float64");
        this.#objects++;
        return new Date(this.#view.getFloat64(this.#skip(length)));
      case Extension.Utf16:
        return this.#utf16(this.#take(length).slice());
      case Extension.ArrayBuffer:
        return this.#buffer(length).buffer;
      case Extension.TypedArray: {
        const type = TYPED_ARRAYS[this.#length(1)];
        if (type === undefined) throw this.#malformed("stands a typed array of no known kind");
        const elements = this.#buffer(length - 1).buffer;
        if (elements.byteLength % type.BYTES_PER_ELEMENT !== 0) throw this.#malformed("stands part of an element");
        return new type(elements);
      }
      case Extension.Map: {
        const map = new Map();
        this.#until(length, () => map.set(this.#value(), this.#value()));
        return map;
      }
      case Extension.Set: {
        const set = new Set();
        this.#until(length, () => set.add(this.#value()));
        return set;
      }
      default:
        throw this.#malformed("stands an extension of no known type");
    }
  }

  #until(length: number, read: () => void): void {
    this.#open();
    const end = this.#at + length;
    for (let entries = 1; this.#at < end; entries++) {
      read();
      if (entries % ENTRIES_PER_CHECK === 0) this.#checkTime();
    }
    if (this.#at !== end) throw this.#malformed("a value runs over its extension's end");
    this.#depth--;
  }

  #bigint(text: string): bigint {
    if (!/^-?[0-9a-f]+$/.test(text)) throw this.#malformed("stands a bigint that is not hexadecimal");
    if (text.length > MOST_DIGITS) throw this.#malformed("stands a bigint that is larger than any here");
    return text.startsWith("-") ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
  }

  #utf16(bytes: Uint8Array<ArrayBuffer>): string {
    if (bytes.length % 2 !== 0) throw this.#malformed("stands half a UTF-16 code unit");
    const units = new Uint16Array(bytes.buffer);
    const pieces: string[] = [];
    for (let at = 0; at < units.length; at += UNITS_PER_CHECK) {
      pieces.push(String.fromCharCode(...units.subarray(at, at + UNITS_PER_CHECK)));
      this.#checkTime();
    }
    return pieces.join("");
  }
}

/** Whether a key is an array index for which V8 might make room for all that are smaller. */
function isLargeIndex(key: string): boolean {
  const first = key.charCodeAt(0);
  return key.length > 1 && first >= 0x31 && first <= 0x39;
}

/** Makes V8 keep a record's array indices in a table: else one of 1,023 takes 8 KB. */
function makeSparse(record: Record<string, unknown>): void {
  const largest = 2 ** 32 - 2;
  record[largest] = 0;
  delete record[largest];
}
