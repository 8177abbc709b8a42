//! The marks of values that plain MessagePack has no form for: extension types, the same in the host's codec.

/// Nesting that the codecs follow, in both directions.
pub const MAX_DEPTH: usize = 1024;

/// One byte, 0: `undefined`.
pub const UNDEFINED: i8 = 0;
/// Hexadecimal ASCII digits, after `-` if negative: a bigint.
pub const BIGINT: i8 = b'n' as i8;
/// A float64, big-endian: milliseconds of a Date since 1970, NaN for an invalid one.
pub const DATE: i8 = b'd' as i8;
/// UTF-16 code units, little-endian: a string that UTF-8 cannot carry, as it has a lone surrogate.
pub const UTF16: i8 = b's' as i8;
/// Bytes: an ArrayBuffer.
pub const ARRAY_BUFFER: i8 = b'b' as i8;
/// A byte for the kind (QuickJS's numbers), then its elements in the machine's order: a typed array.
pub const TYPED_ARRAY: i8 = b't' as i8;
/// Keys and values in turn: a Map.
pub const MAP: i8 = b'm' as i8;
/// Values: a Set.
pub const SET: i8 = b'e' as i8;
/// Two bytes for the number of an earlier map that was complete, then values for its keys in turn: an object. Maps are
/// counted as they begin, up to `MAX_SHAPES`. Read, never written.
pub const RECORD: i8 = b'r' as i8;
pub const MAX_SHAPES: usize = 1024;
/// MessagePack's own timestamp; read, never written.
pub const TIMESTAMP: i8 = -1;
