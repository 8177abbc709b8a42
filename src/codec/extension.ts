/** MessagePack extension types for what plain MessagePack has no form for; `guests/quickjs/src/wire.rs` has the same. */
export const enum Extension {
  /** One byte, 0: `undefined`. */
  Undefined = 0,
  /** Hexadecimal ASCII digits, after `-` if negative. */
  BigInt = 0x6e,
  /** A float64, big-endian: milliseconds since 1970, NaN for an invalid date. */
  Date = 0x64,
  /** UTF-16 code units, little-endian: a string with a lone surrogate. */
  Utf16 = 0x73,
  ArrayBuffer = 0x62,
  /** A byte for the kind (its index in `TYPED_ARRAYS`), then the elements, little-endian. */
  TypedArray = 0x74,
  /** Keys and values in turn. */
  Map = 0x6d,
  Set = 0x65,
  /** Only into the guest: two bytes for the number of an earlier map that was complete, then values for its keys. */
  Record = 0x72,
}

/** Maps that a document counts, so that later ones with the same keys can name them. */
export const MAX_SHAPES = 1024;

/** Nesting that values may have, in both directions. */
export const MAX_DEPTH = 1024;

/** Typed arrays by the guest's numbers. */
export const TYPED_ARRAYS = [
  Uint8ClampedArray,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
  Float32Array,
  Float64Array,
] as const;
