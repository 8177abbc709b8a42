import { isStackEnd, SandboxError, textOf } from "../errors.ts";
import { Extension, MAX_DEPTH, TYPED_ARRAYS } from "./extension.ts";
import { type Kind, kindOf } from "./kind.ts";
import { pathOf } from "./path.ts";
import { Shapes } from "./shapes.ts";

/** Strings up to this length are copied by a loop; a call of the encoder costs more than that. */
const SHORT_STRING = 40;

/** A buffer larger than this is not kept for the next value. */
const KEPT_BYTES = 1 << 20;

const encoder = new TextEncoder();

let kept: Uint8Array<ArrayBuffer> | undefined = new Uint8Array(4096);

/**
 * Encodes a value as MessagePack, with the extensions of `Extension`. The bytes are good until the next call.
 *
 * @throws {SandboxError} `value`: something is no plain data, contains itself or nests too deep; the path says what.
 * `input`: the bytes are more than `limit`.
 */
export function encode(value: unknown, limit: number): Uint8Array<ArrayBuffer> {
  // A getter of the value may run a sandbox of its own: the buffer is ours while we use it.
  const writer = new Encoder(kept ?? new Uint8Array(4096), limit);
  kept = undefined;
  try {
    return writer.finish(value);
  } finally {
    if (writer.bytes.length <= KEPT_BYTES) kept = writer.bytes;
  }
}

class Encoder {
  bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;
  readonly #limit: number;
  /** The containers round the value, and the key of each that is being written. */
  readonly #parents: object[] = [];
  readonly #keys: (string | number)[] = [];
  readonly #shapes = new Shapes();

  constructor(bytes: Uint8Array<ArrayBuffer>, limit: number) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#limit = limit;
  }

  finish(value: unknown): Uint8Array<ArrayBuffer> {
    this.#value(value);
    this.#checkLimit(this.#at);
    return this.bytes.subarray(0, this.#at);
  }

  #checkLimit(length: number): void {
    if (length > this.#limit) {
      throw new SandboxError("input", `Cannot pass the data: it takes more than limits.inputBytes, ${this.#limit}`);
    }
  }

  /** Makes room for `count` bytes and gives their place. */
  #reserve(count: number): number {
    const at = this.#at;
    const end = at + count;
    if (end > this.bytes.length) this.#grow(end);
    this.#at = end;
    return at;
  }

  #grow(end: number): void {
    this.#checkLimit(this.#at);
    const bytes = new Uint8Array(Math.max(end, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.#at));
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #byte(byte: number): void {
    const at = this.#reserve(1);
    this.bytes[at] = byte;
  }

  /** A mark and a length in the fewest bytes; `mark8` is 0 where the format has no form for 8 bits. */
  #head(length: number, mark8: number, mark16: number, mark32: number): void {
    if (length < 0x100 && mark8 !== 0) {
      const at = this.#reserve(2);
      this.bytes[at] = mark8;
      this.bytes[at + 1] = length;
    } else if (length < 0x10000) {
      const at = this.#reserve(3);
      this.bytes[at] = mark16;
      this.#view.setUint16(at + 1, length);
    } else {
      const at = this.#reserve(5);
      this.bytes[at] = mark32;
      this.#view.setUint32(at + 1, length);
    }
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#extension(Extension.Undefined, UNDEFINED);
      case "bigint":
        return this.#extension(Extension.BigInt, encoder.encode(value.toString(16)));
      case "object":
        return value === null ? this.#byte(0xc0) : this.#object(value);
      default:
        throw this.#refuse(`it is a ${typeof value}`);
    }
  }

  #number(value: number): void {
    if (value === (value | 0) && !Object.is(value, -0)) return this.#integer(value);
    const at = this.#reserve(9);
    this.bytes[at] = 0xcb;
    this.#view.setFloat64(at + 1, value);
  }

  #integer(value: number): void {
    if (value >= -32 && value < 0x80) return this.#byte(value & 0xff);
    if (value >= -0x8000 && value < 0x8000) {
      const at = this.#reserve(3);
      this.bytes[at] = 0xd1;
      this.#view.setInt16(at + 1, value);
    } else {
      const at = this.#reserve(5);
      this.bytes[at] = 0xd2;
      this.#view.setInt32(at + 1, value);
    }
  }

  #string(value: string): void {
    const { length } = value;
    if (length > SHORT_STRING) return this.#longString(value);
    const at = this.#reserve(length + 2);
    const { bytes } = this;
    const short = length < 32;
    let to = short ? at + 1 : at + 2;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) {
        this.#at = at;
        return this.#longString(value);
      }
      bytes[to++] = unit;
    }
    if (short) {
      bytes[at] = 0xa0 | length;
    } else {
      bytes[at] = 0xd9;
      bytes[at + 1] = length;
    }
    this.#at = to;
  }

  #longString(value: string): void {
    if (!value.isWellFormed()) {
      const units = Uint16Array.from({ length: value.length }, (_, index) => value.charCodeAt(index));
      return this.#extension(Extension.Utf16, new Uint8Array(units.buffer));
    }
    const room = value.length * 3;
    this.#checkLimit(this.#at + value.length);
    const at = this.#reserve(room + 5);
    const { written } = encoder.encodeInto(value, this.bytes.subarray(at + 5));
    // The head comes last, as only now the length is known; the text moves up to it.
    this.#at = at;
    this.#head(written, 0xd9, 0xda, 0xdb);
    if (this.#at < at + 5) this.bytes.copyWithin(this.#at, at + 5, at + 5 + written);
    this.#at += written;
  }

  #extension(kind: Extension, payload: Uint8Array): void {
    const { length } = payload;
    const fixed = FIXED_EXTENSIONS.indexOf(length);
    if (fixed >= 0) this.#byte(0xd4 + fixed);
    else this.#head(length, 0xc7, 0xc8, 0xc9);
    this.#byte(kind);
    this.#copy(payload);
  }

  #copy(payload: Uint8Array): void {
    this.#checkLimit(this.#at + payload.length);
    const at = this.#reserve(payload.length);
    this.bytes.set(payload, at);
  }

  #object(value: object): void {
    try {
      this.#objectOf(kindOf(value), value);
    } catch (error) {
      // A proxy or a getter threw, or a class's methods do not take this object; parents and keys stand where it was.
      if (error instanceof SandboxError || isStackEnd(error)) throw error;
      throw this.#refuse(`it threw while it was read: ${textOf(error)}`);
    }
  }

  #objectOf(kind: Kind, value: object): void {
    switch (kind) {
      case "array":
        return this.#array(value as unknown[]);
      case "record":
        return this.#record(value);
      case "date":
        return this.#date(value as Date);
      case "map":
        return this.#entries(value as Map<unknown, unknown>, Extension.Map);
      case "set":
        return this.#entries(value as Set<unknown>, Extension.Set);
      case "buffer":
        this.#checkAttached(value as ArrayBuffer);
        return this.#extension(Extension.ArrayBuffer, new Uint8Array(value as ArrayBuffer));
      case "view":
        return this.#typedArray(value as ArrayBufferView);
      case "other":
        throw this.#refuse(`it is an object of class ${value.constructor?.name}, which is no plain data`);
    }
  }

  #date(value: Date): void {
    const time = new DataView(new ArrayBuffer(8));
    time.setFloat64(0, value.getTime());
    this.#extension(Extension.Date, new Uint8Array(time.buffer));
  }

  #checkAttached(buffer: ArrayBufferLike): void {
    if (buffer instanceof ArrayBuffer && buffer.detached) throw this.#refuse("its buffer is detached");
  }

  #typedArray(value: ArrayBufferView): void {
    this.#checkAttached(value.buffer);
    const kind = TYPED_ARRAYS.findIndex((type) => value instanceof type);
    if (kind < 0) throw this.#refuse(`it is a ${value.constructor.name}, which is no plain data`);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (TYPED_ARRAYS[kind] === Uint8Array) {
      this.#head(bytes.length, 0xc4, 0xc5, 0xc6);
    } else {
      this.#head(bytes.length + 1, 0xc7, 0xc8, 0xc9);
      this.#byte(Extension.TypedArray);
      this.#byte(kind);
    }
    this.#copy(bytes);
  }

  #open(value: object): void {
    if (this.#parents.includes(value)) throw this.#refuse("it contains itself");
    if (this.#parents.length === MAX_DEPTH) throw this.#refuse(`it nests deeper than ${MAX_DEPTH} levels`);
    this.#parents.push(value);
    this.#checkLimit(this.#at);
  }

  #close(): void {
    this.#parents.pop();
  }

  #array(value: unknown[]): void {
    const length = Math.max(0, Math.trunc(value.length)); // a proxy may say anything
    this.#open(value);
    const depth = this.#parents.length - 1;
    if (length < 16) this.#byte(0x90 | length);
    else this.#head(length, 0, 0xdc, 0xdd);
    for (let index = 0; index < length; index++) {
      this.#keys[depth] = index;
      this.#value(value[index]);
    }
    this.#close();
  }

  #record(value: object): void {
    this.#open(value);
    const keys = this.#keysOf(value);
    const known = this.#shapes.find(keys);
    if (known >= 0) this.#valuesOf(value, keys, known);
    else this.#entriesOf(value, keys);
    this.#close();
  }

  /** Writes a record whole, and counts it. */
  #entriesOf(value: object, keys: string[]): void {
    const depth = this.#parents.length - 1;
    const shape = this.#shapes.open();
    if (keys.length < 16) this.#byte(0x80 | keys.length);
    else this.#head(keys.length, 0, 0xde, 0xdf);
    for (const key of keys) {
      this.#keys[depth] = key;
      this.#string(key);
      this.#value((value as Record<string, unknown>)[key]);
    }
    this.#shapes.complete(shape, keys);
  }

  /** Writes a record by the number of an earlier one with the same keys. */
  #valuesOf(value: object, keys: string[], shape: number): void {
    const depth = this.#parents.length - 1;
    const start = this.#beginExtension(Extension.Record);
    const at = this.#reserve(2);
    this.#view.setUint16(at, shape);
    for (const key of keys) {
      this.#keys[depth] = key;
      this.#value((value as Record<string, unknown>)[key]);
    }
    this.#endExtension(start);
  }

  /** Opens an extension of a length not known yet; `#endExtension` takes what this gives. */
  #beginExtension(kind: Extension): number {
    const start = this.#reserve(6);
    this.bytes[start] = 0xc9;
    this.bytes[start + 5] = kind;
    return start;
  }

  #endExtension(start: number): void {
    this.#view.setUint32(start + 1, this.#at - start - 6);
  }

  #keysOf(value: object): string[] {
    try {
      return Object.keys(value);
    } catch (error) {
      this.#parents.pop(); // the path is the object's own
      throw error;
    }
  }

  #entries(value: Map<unknown, unknown> | Set<unknown>, kind: Extension): void {
    const entries = kind === Extension.Map
      ? Map.prototype.entries.call(value)
      : Set.prototype.values.call(value as Set<unknown>);
    this.#open(value);
    const depth = this.#parents.length - 1;
    const start = this.#beginExtension(kind);
    let index = 0;
    for (const entry of entries) {
      this.#keys[depth] = index++;
      if (kind === Extension.Map) {
        const [key, item] = entry as [unknown, unknown];
        this.#value(key);
        this.#value(item);
      } else {
        this.#value(entry);
      }
    }
    this.#endExtension(start);
    this.#close();
  }

  #refuse(why: string): SandboxError {
    const path = pathOf(this.#keys.slice(0, this.#parents.length));
    return new SandboxError("value", `Cannot pass ${path} into the sandbox: ${why}`, { path });
  }
}

const UNDEFINED = new Uint8Array(1);
const FIXED_EXTENSIONS = [1, 2, 4, 8, 16];
