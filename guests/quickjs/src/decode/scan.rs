//! Looks for bytes 16 at a time.

use core::arch::wasm32::*;

/// The index, from `from`, of the first byte that ends a plain run of JSON string text: a quote, a backslash or a
/// control character; and whether a byte before it was not ASCII.
#[inline]
pub fn string_end(bytes: &[u8], from: usize) -> (usize, bool) {
    let mut index = from;
    let mut high = u8x16_splat(0);
    while index + 16 <= bytes.len() {
        let chunk = unsafe { v128_load(bytes.as_ptr().add(index).cast()) };
        let stops = v128_or(
            v128_or(u8x16_eq(chunk, u8x16_splat(b'"')), u8x16_eq(chunk, u8x16_splat(b'\\'))),
            u8x16_lt(chunk, u8x16_splat(0x20)),
        );
        let mask = u8x16_bitmask(stops);
        if mask != 0 {
            let count = mask.trailing_zeros();
            let before = u8x16_bitmask(chunk) & ((1u32 << count) - 1) as u16;
            let seen = u8x16_bitmask(high) | before;
            return (index + count as usize, seen != 0);
        }
        high = v128_or(high, chunk);
        index += 16;
    }
    let mut seen = u8x16_bitmask(high) != 0;
    while index < bytes.len() && !matches!(bytes[index], b'"' | b'\\' | 0..0x20) {
        seen |= bytes[index] >= 0x80;
        index += 1;
    }
    (index, seen)
}

/// The index, from `from`, of the first byte that is not JSON white space.
#[inline]
pub fn skip_space(bytes: &[u8], from: usize) -> usize {
    let mut index = from;
    // Most values follow at once or after one space; long runs are indentation.
    while index < bytes.len() && index < from + 2 {
        if !matches!(bytes[index], b' ' | b'\n' | b'\r' | b'\t') {
            return index;
        }
        index += 1;
    }
    while index + 16 <= bytes.len() {
        let chunk = unsafe { v128_load(bytes.as_ptr().add(index).cast()) };
        let space = v128_or(
            v128_or(u8x16_eq(chunk, u8x16_splat(b' ')), u8x16_eq(chunk, u8x16_splat(b'\n'))),
            v128_or(u8x16_eq(chunk, u8x16_splat(b'\r')), u8x16_eq(chunk, u8x16_splat(b'\t'))),
        );
        let mask = !u8x16_bitmask(space);
        if mask != 0 {
            return index + mask.trailing_zeros() as usize;
        }
        index += 16;
    }
    while index < bytes.len() && matches!(bytes[index], b' ' | b'\n' | b'\r' | b'\t') {
        index += 1;
    }
    index
}
