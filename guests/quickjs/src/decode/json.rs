//! JSON (RFC 8259) as `JSON.parse` reads it: −0, 1e999, lone surrogates, the last of two equal keys.

use super::builder::{Builder, Open};
use super::scan::{skip_space, string_end};
use super::{Malformed, Result};
use crate::engine::{engine, qjs};
use qjs::JSValue;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

// Apart, so that a run that does not need it does not wait for its compilation.
#[inline(never)]
pub fn decode<'a>(bytes: &'a [u8], builder: &mut Builder<'a>) -> Result<()> {
    let mut reader = Reader { bytes, at: 0 };
    loop {
        reader.at = skip_space(bytes, reader.at);
        let opened = reader.value(builder)?;
        if !opened {
            reader.after_value(builder)?;
        }
        if builder.innermost().is_none() {
            break;
        }
    }
    reader.at = skip_space(bytes, reader.at);
    match reader.at == bytes.len() {
        true => Ok(()),
        false => Err(reader.malformed("goes on after the value")),
    }
}

impl<'a> Reader<'a> {
    fn malformed(&self, message: &'static str) -> Malformed {
        match self.at < self.bytes.len() {
            true => Malformed { message, offset: self.at },
            false => Malformed { message: "ends too early", offset: self.bytes.len() },
        }
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Reads a scalar, or opens a container; says whether the next thing is a value inside it.
    fn value(&mut self, builder: &mut Builder<'a>) -> Result<bool> {
        match self.peek() {
            b'"' => {
                let string = self.string()?;
                builder.push(string.into_value());
            }
            b'{' => {
                builder.open_object(self.at)?;
                self.at = skip_space(self.bytes, self.at + 1);
                if self.peek() != b'}' {
                    self.key(builder)?;
                    return Ok(true);
                }
                self.at += 1;
                builder.close();
            }
            b'[' => {
                builder.open_array(self.at)?;
                self.at = skip_space(self.bytes, self.at + 1);
                if self.peek() != b']' {
                    return Ok(true);
                }
                self.at += 1;
                builder.close();
            }
            b'-' | b'0'..=b'9' => {
                let number = self.number()?;
                builder.push(number);
            }
            b't' => self.word(b"true", qjs::JS_TRUE, builder)?,
            b'f' => self.word(b"false", qjs::JS_FALSE, builder)?,
            b'n' => self.word(b"null", qjs::JS_NULL, builder)?,
            _ => return Err(self.malformed("has no value here")),
        }
        Ok(false)
    }

    /// Reads what follows a complete value, closing containers, up to the next value.
    fn after_value(&mut self, builder: &mut Builder<'a>) -> Result<()> {
        loop {
            let object = match builder.innermost() {
                None => return Ok(()),
                Some(Open::Object { .. }) => true,
                Some(_) => false,
            };
            self.at = skip_space(self.bytes, self.at);
            match (self.peek(), object) {
                (b',', true) => {
                    self.at = skip_space(self.bytes, self.at + 1);
                    return self.key(builder);
                }
                (b',', false) => {
                    self.at += 1;
                    return Ok(());
                }
                (b'}', true) | (b']', false) => {
                    self.at += 1;
                    builder.close();
                }
                (_, true) => return Err(self.malformed("needs `,` or `}` here")),
                (_, false) => return Err(self.malformed("needs `,` or `]` here")),
            }
        }
    }

    fn word(&mut self, word: &[u8], value: JSValue, builder: &mut Builder<'a>) -> Result<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.malformed("has no value here"));
        }
        self.at += word.len();
        builder.push(value);
        Ok(())
    }

    fn key(&mut self, builder: &mut Builder<'a>) -> Result<()> {
        if self.peek() != b'"' {
            return Err(self.malformed("needs a key in quotes here"));
        }
        match self.string()? {
            Text::Plain(text) => builder.key(text),
            escaped => builder.key_from(escaped.into_value()),
        }
        self.at = skip_space(self.bytes, self.at);
        if self.peek() != b':' {
            return Err(self.malformed("needs `:` here"));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a string; `at` stands on its quote.
    fn string(&mut self) -> Result<Text<'a>> {
        let start = self.at + 1;
        let (end, high) = string_end(self.bytes, start);
        self.at = end;
        match self.bytes.get(end) {
            Some(b'"') => {
                let text = &self.bytes[start..end];
                self.check_utf8(text, start, high)?;
                self.at += 1;
                Ok(Text::Plain(text))
            }
            Some(b'\\') => self.escaped(start, high),
            _ => Err(self.malformed("has a control character in a string")),
        }
    }

    fn check_utf8(&self, text: &[u8], start: usize, high: bool) -> Result<()> {
        match core::str::from_utf8(if high { text } else { &[] }) {
            Ok(_) => Ok(()),
            Err(error) => {
                let offset = start + error.valid_up_to();
                Err(Malformed { message: "is not UTF-8", offset })
            }
        }
    }

    /// Reads on in a string with escapes; `at` stands on the first backslash.
    fn escaped(&mut self, start: usize, high: bool) -> Result<Text<'a>> {
        let mut units = Vec::new();
        let mut run = start;
        let mut high = high;
        loop {
            let text = &self.bytes[run..self.at];
            self.check_utf8(text, run, high)?;
            units.extend(unsafe { core::str::from_utf8_unchecked(text) }.encode_utf16());
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text::Units(units));
                }
                Some(b'\\') => units.push(self.escape()?),
                _ => return Err(self.malformed("has a control character in a string")),
            }
            run = self.at;
            (self.at, high) = string_end(self.bytes, run);
        }
    }

    fn escape(&mut self) -> Result<u16> {
        let escape = self.bytes.get(self.at + 1).copied();
        let unit = match escape {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte as u16,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => 10,
            Some(b'r') => 13,
            Some(b't') => 9,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or(&[]);
                if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.malformed("has a bad escape in a string"));
                }
                let digit = |unit: u16, digit: &u8| unit << 4 | (*digit as char).to_digit(16).unwrap_or(0) as u16;
                self.at += 4;
                digits.iter().fold(0, digit)
            }
            _ => return Err(self.malformed("has a bad escape in a string")),
        };
        self.at += 2;
        Ok(unit)
    }

    /// Reads a number: integers and short decimals by exact arithmetic, all others by Rust's correctly rounded parser.
    fn number(&mut self) -> Result<JSValue> {
        let start = self.at;
        let negative = self.peek() == b'-';
        self.at += negative as usize;
        let mut digits = 0u64;
        let first = self.at;
        self.digits(&mut digits)?;
        if self.bytes[first] == b'0' && self.at > first + 1 {
            self.at = first + 1;
            return Err(self.malformed("has a number with a leading zero"));
        }
        let mut significant = self.at - first;
        let mut fraction = 0;
        if self.peek() == b'.' {
            self.at += 1;
            let point = self.at;
            self.digits(&mut digits)?;
            fraction = self.at - point;
            significant += fraction;
        }
        let exponent = matches!(self.peek(), b'e' | b'E');
        if exponent {
            self.at += 1;
            self.at += matches!(self.peek(), b'+' | b'-') as usize;
            self.digits(&mut 0)?;
        }
        // 15 digits and 10^22 are exact in a float64, so one division rounds once (Clinger 1990).
        let number = if significant <= 15 && !exponent && fraction <= 22 {
            let whole = digits as f64;
            let size = if fraction == 0 { whole } else { whole / POWERS[fraction] };
            if negative { -size } else { size }
        } else {
            let text = unsafe { core::str::from_utf8_unchecked(&self.bytes[start..self.at]) };
            text.parse().unwrap_or(f64::NAN)
        };
        Ok(qjs::JS_NewFloat64(number))
    }

    fn digits(&mut self, number: &mut u64) -> Result<()> {
        let start = self.at;
        while let digit @ b'0'..=b'9' = self.peek() {
            *number = number.wrapping_mul(10).wrapping_add((digit - b'0') as u64);
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => Err(self.malformed("has a number without digits")),
        }
    }
}

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

enum Text<'a> {
    /// A slice of the input, valid UTF-8.
    Plain(&'a [u8]),
    /// UTF-16, as escapes may make lone surrogates.
    Units(Vec<u16>),
}

impl Text<'_> {
    fn into_value(self) -> JSValue {
        let context = engine().context;
        unsafe {
            match self {
                Text::Plain(text) => qjs::JS_NewStringLen(context, text.as_ptr().cast(), text.len() as _),
                Text::Units(units) => new_string(&units),
            }
        }
    }
}

/// A string of UTF-16 code units, in UTF-8 where that can carry it: QuickJS then stores it narrow.
pub fn new_string(units: &[u16]) -> JSValue {
    let context = engine().context;
    unsafe {
        match String::from_utf16(units) {
            Ok(text) => qjs::JS_NewStringLen(context, text.as_ptr().cast(), text.len() as _),
            Err(_) => qjs::JS_NewStringUTF16(context, units.as_ptr(), units.len() as _),
        }
    }
}
