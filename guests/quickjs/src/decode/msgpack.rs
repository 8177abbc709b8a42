//! MessagePack (github.com/msgpack/msgpack, spec.md), with the extension types of `wire`.

use super::builder::{Builder, Open};
use super::json::new_string;
use super::{Malformed, Result};
use crate::engine::{self, Value, engine, qjs};
use crate::wire;
use core::ffi::c_int;
use qjs::JSValue;

/// How much of a container is still to come.
enum Left {
    Items(u32),
    /// Maps and sets of `wire` run to a place in the input.
    Until(usize),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    left: Vec<Left>,
}

#[inline(never)] // as in json.rs
pub fn decode<'a>(bytes: &'a [u8], builder: &mut Builder<'a>) -> Result<()> {
    let mut reader = Reader { bytes, at: 0, left: Vec::with_capacity(16) };
    loop {
        reader.value(builder)?;
        if !reader.next(builder)? {
            break;
        }
    }
    match reader.at == bytes.len() {
        true => Ok(()),
        false => Err(reader.malformed(reader.at, "goes on after the value")),
    }
}

impl<'a> Reader<'a> {
    fn malformed(&self, offset: usize, message: &'static str) -> Malformed {
        Malformed { message, offset }
    }

    /// Closes what is full; reads the next key. False when the document is complete.
    fn next(&mut self, builder: &mut Builder<'a>) -> Result<bool> {
        loop {
            let full = match self.left.last_mut() {
                None => return Ok(false),
                Some(Left::Items(0)) => true,
                Some(Left::Items(count)) => {
                    *count -= 1;
                    false
                }
                Some(Left::Until(end)) if self.at > *end => {
                    return Err(self.malformed(self.at, "has a value that runs over its extension's end"));
                }
                Some(Left::Until(end)) => self.at == *end,
            };
            if !full {
                match builder.innermost() {
                    Some(Open::Object { .. }) => self.key(builder)?,
                    Some(Open::Record { .. }) if builder.keys_left() == 0 => {
                        return Err(self.malformed(self.at, "has more values than keys"));
                    }
                    _ => {}
                }
                return Ok(true);
            }
            match builder.innermost() {
                Some(Open::Map { base, .. }) if builder.waiting() > *base => {
                    return Err(self.malformed(self.at, "has a Map key without a value"));
                }
                Some(Open::Record { .. }) if builder.keys_left() > 0 => {
                    return Err(self.malformed(self.at, "has fewer values than keys"));
                }
                _ => {}
            }
            self.left.pop();
            builder.close();
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let Some(bytes) = self.bytes.get(self.at..).and_then(|rest| rest.get(..length)) else {
            return Err(self.malformed(self.bytes.len(), "ends too early"));
        };
        self.at += length;
        Ok(bytes)
    }

    #[inline]
    fn number<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut number = [0; N];
        number.copy_from_slice(self.take(N)?);
        Ok(number)
    }

    fn u8(&mut self) -> Result<usize> {
        Ok(u8::from_be_bytes(self.number()?) as usize)
    }

    fn u16(&mut self) -> Result<usize> {
        Ok(u16::from_be_bytes(self.number()?) as usize)
    }

    fn u32(&mut self) -> Result<usize> {
        Ok(u32::from_be_bytes(self.number()?) as usize)
    }

    fn value(&mut self, builder: &mut Builder<'a>) -> Result<()> {
        let start = self.at;
        let mark = self.u8()? as u8;
        let value = match mark {
            0x00..=0x7f | 0xe0..=0xff => integer(mark as i8 as i32),
            0x80..=0x8f => return self.object((mark & 15) as usize, start, builder),
            0x90..=0x9f => return self.array((mark & 15) as usize, start, builder),
            0xa0..=0xbf => self.string((mark & 31) as usize)?,
            0xc0 => qjs::JS_NULL,
            0xc1 => return Err(self.malformed(start, "has a byte that stands for nothing (0xc1)")),
            0xc2 => qjs::JS_FALSE,
            0xc3 => qjs::JS_TRUE,
            0xc4 => self.u8().and_then(|length| self.binary(length))?,
            0xc5 => self.u16().and_then(|length| self.binary(length))?,
            0xc6 => self.u32().and_then(|length| self.binary(length))?,
            0xc7 => return self.u8().and_then(|length| self.extension(length, start, builder)),
            0xc8 => return self.u16().and_then(|length| self.extension(length, start, builder)),
            0xc9 => return self.u32().and_then(|length| self.extension(length, start, builder)),
            0xca => float(f32::from_be_bytes(self.number()?) as f64),
            0xcb => float(f64::from_be_bytes(self.number()?)),
            0xcc => integer(self.u8()? as i32),
            0xcd => integer(self.u16()? as i32),
            0xce => float(self.u32()? as f64),
            0xcf => large(u64::from_be_bytes(self.number()?) as i128),
            0xd0 => integer(i8::from_be_bytes(self.number()?) as i32),
            0xd1 => integer(i16::from_be_bytes(self.number()?) as i32),
            0xd2 => integer(i32::from_be_bytes(self.number()?)),
            0xd3 => large(i64::from_be_bytes(self.number()?) as i128),
            0xd4..=0xd8 => return self.extension(1 << (mark - 0xd4), start, builder),
            0xd9 => self.u8().and_then(|length| self.string(length))?,
            0xda => self.u16().and_then(|length| self.string(length))?,
            0xdb => self.u32().and_then(|length| self.string(length))?,
            0xdc => return self.u16().and_then(|count| self.array(count, start, builder)),
            0xdd => return self.u32().and_then(|count| self.array(count, start, builder)),
            0xde => return self.u16().and_then(|count| self.object(count, start, builder)),
            0xdf => return self.u32().and_then(|count| self.object(count, start, builder)),
        };
        builder.push(value);
        Ok(())
    }

    fn array(&mut self, count: usize, start: usize, builder: &mut Builder<'a>) -> Result<()> {
        builder.open_array(start)?;
        self.left.push(Left::Items(count as u32));
        Ok(())
    }

    fn object(&mut self, count: usize, start: usize, builder: &mut Builder<'a>) -> Result<()> {
        builder.open_counted_object(start)?;
        self.left.push(Left::Items(count as u32));
        Ok(())
    }

    /// Reads an object's key: a string, or an integer as other languages write them.
    fn key(&mut self, builder: &mut Builder<'a>) -> Result<()> {
        let start = self.at;
        let mark = self.u8()? as u8;
        let length = match mark {
            0xa0..=0xbf => (mark & 31) as usize,
            0xd9 => self.u8()?,
            0xda => self.u16()?,
            0xdb => self.u32()?,
            0x00..=0x7f | 0xcc..=0xd3 | 0xe0..=0xff | 0xc7..=0xc9 | 0xd4..=0xd8 => {
                self.at = start;
                let key = self.scalar_key()?;
                builder.key_from(key);
                return Ok(());
            }
            _ => return Err(self.malformed(start, "has a map key that is neither a string nor an integer")),
        };
        let text = self.text(length)?;
        builder.key(text);
        Ok(())
    }

    fn scalar_key(&mut self) -> Result<JSValue> {
        let start = self.at;
        let mark = self.u8()? as u8;
        let number = match mark {
            0x00..=0x7f | 0xe0..=0xff => mark as i8 as i128,
            0xcc => self.u8()? as i128,
            0xcd => self.u16()? as i128,
            0xce => self.u32()? as i128,
            0xcf => u64::from_be_bytes(self.number()?) as i128,
            0xd0 => i8::from_be_bytes(self.number()?) as i128,
            0xd1 => i16::from_be_bytes(self.number()?) as i128,
            0xd2 => i32::from_be_bytes(self.number()?) as i128,
            0xd3 => i64::from_be_bytes(self.number()?) as i128,
            _ => {
                let length = match mark {
                    0xc7 => self.u8()?,
                    0xc8 => self.u16()?,
                    0xc9 => self.u32()?,
                    _ => 1 << (mark - 0xd4),
                };
                if self.u8()? as i8 != wire::UTF16 {
                    return Err(self.malformed(start, "has a map key that is neither a string nor an integer"));
                }
                return self.utf16(length, start);
            }
        };
        let text = number.to_string();
        Ok(unsafe { qjs::JS_NewStringLen(engine().context, text.as_ptr().cast(), text.len() as _) })
    }

    fn text(&mut self, length: usize) -> Result<&'a [u8]> {
        let start = self.at;
        let text = self.take(length)?;
        if let Err(error) = core::str::from_utf8(text) {
            return Err(self.malformed(start + error.valid_up_to(), "is not UTF-8"));
        }
        Ok(text)
    }

    fn string(&mut self, length: usize) -> Result<JSValue> {
        let text = self.text(length)?;
        Ok(unsafe { qjs::JS_NewStringLen(engine().context, text.as_ptr().cast(), text.len() as _) })
    }

    fn utf16(&mut self, length: usize, start: usize) -> Result<JSValue> {
        let bytes = self.take(length)?;
        if length % 2 != 0 {
            return Err(self.malformed(start, "has half a UTF-16 code unit"));
        }
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        Ok(new_string(&units))
    }

    fn binary(&mut self, length: usize) -> Result<JSValue> {
        let bytes = self.take(length)?;
        Ok(unsafe { qjs::JS_NewUint8ArrayCopy(engine().context, bytes.as_ptr(), bytes.len() as _) })
    }

    fn extension(&mut self, length: usize, start: usize, builder: &mut Builder<'a>) -> Result<()> {
        let context = engine().context;
        let kind = self.u8()? as i8;
        if length > self.bytes.len() - self.at {
            return Err(self.malformed(self.bytes.len(), "ends too early"));
        }
        let end = self.at + length;
        let value = match (kind, length) {
            (wire::UNDEFINED, 1) => {
                self.at = end;
                qjs::JS_UNDEFINED
            }
            (wire::DATE, 8) => unsafe { qjs::JS_NewDate(context, f64::from_be_bytes(self.number()?)) },
            (wire::TIMESTAMP, 4 | 8 | 12) => {
                let milliseconds = self.timestamp(length, start)?;
                unsafe { qjs::JS_NewDate(context, milliseconds) }
            }
            (wire::BIGINT, 1..) => self.bigint(length, start)?,
            (wire::UTF16, _) => self.utf16(length, start)?,
            (wire::ARRAY_BUFFER, _) => {
                let bytes = self.take(length)?;
                unsafe { qjs::JS_NewArrayBufferCopy(context, bytes.as_ptr(), bytes.len() as _) }
            }
            (wire::TYPED_ARRAY, 1..) => self.typed_array(length, start)?,
            (wire::MAP, _) => {
                builder.open_map(start)?;
                self.left.push(Left::Until(end));
                return Ok(());
            }
            (wire::RECORD, 2..) => {
                builder.open_record(self.u16()?, start)?;
                self.left.push(Left::Until(end));
                return Ok(());
            }
            (wire::SET, _) => {
                builder.open_set(start)?;
                self.left.push(Left::Until(end));
                return Ok(());
            }
            _ => return Err(self.malformed(start, "has an extension type that is not known")),
        };
        builder.push(value);
        Ok(())
    }

    fn bigint(&mut self, length: usize, start: usize) -> Result<JSValue> {
        let text = self.take(length)?;
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(self.malformed(start, "has a bigint that is not hexadecimal"));
        }
        let literal = [b"0x", digits].concat();
        let literal =
            unsafe { Value::own(qjs::JS_NewStringLen(engine().context, literal.as_ptr().cast(), literal.len() as _)) };
        let mut value = engine::call(engine().bigint, qjs::JS_UNDEFINED, &mut [literal.raw()]);
        if negative && !value.is_exception() {
            value = engine::call(engine().negate, qjs::JS_UNDEFINED, &mut [value.raw()]);
        }
        match value.is_exception() {
            false => Ok(value.release()),
            true => {
                drop(engine::exception());
                Err(self.malformed(start, "has a bigint that is too large"))
            }
        }
    }

    fn typed_array(&mut self, length: usize, start: usize) -> Result<JSValue> {
        const ELEMENT_BYTES: [usize; 12] = [1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8];
        let context = engine().context;
        let kind = self.u8()?;
        let bytes = self.take(length - 1)?;
        match ELEMENT_BYTES.get(kind) {
            Some(size) if bytes.len() % size == 0 => unsafe {
                let buffer = qjs::JS_NewArrayBufferCopy(context, bytes.as_ptr(), bytes.len() as _);
                let buffer = Value::own(buffer);
                // It reads all three arguments of the constructor, whatever count it is told.
                let mut arguments = [buffer.raw(), qjs::JS_UNDEFINED, qjs::JS_UNDEFINED];
                Ok(qjs::JS_NewTypedArray(context, 1, arguments.as_mut_ptr(), kind as qjs::JSTypedArrayEnum))
            },
            Some(_) => Err(self.malformed(start, "has a typed array with part of an element")),
            None => Err(self.malformed(start, "has a typed array of a kind that is not known")),
        }
    }

    /// Milliseconds since 1970 from one of the three forms of a timestamp; what is finer is cut.
    fn timestamp(&mut self, length: usize, start: usize) -> Result<f64> {
        let (seconds, nanoseconds) = match length {
            4 => (self.u32()? as i64, 0),
            8 => {
                let both = u64::from_be_bytes(self.number()?);
                ((both & 0x3_ffff_ffff) as i64, (both >> 34) as u32)
            }
            _ => {
                let nanoseconds = u32::from_be_bytes(self.number()?);
                (i64::from_be_bytes(self.number()?), nanoseconds)
            }
        };
        match nanoseconds < 1_000_000_000 {
            true => Ok(seconds as f64 * 1e3 + (nanoseconds / 1_000_000) as f64),
            false => Err(self.malformed(start, "has a timestamp with more than a second of nanoseconds")),
        }
    }
}

fn integer(number: i32) -> JSValue {
    qjs::JS_MKVAL(qjs::JS_TAG_INT as c_int, number)
}

fn float(number: f64) -> JSValue {
    qjs::JS_NewFloat64(number)
}

/// A 64-bit integer: a number where a number is exact, else a bigint.
fn large(number: i128) -> JSValue {
    const SAFE: i128 = (1 << 53) - 1; // Number.MAX_SAFE_INTEGER
    let context = engine().context;
    match number {
        _ if number.abs() <= SAFE => float(number as f64),
        0.. => unsafe { qjs::JS_NewBigUint64(context, number as u64) },
        _ => unsafe { qjs::JS_NewBigInt64(context, number as i64) },
    }
}
