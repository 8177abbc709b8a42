//! Input bytes to engine values, straight through the C API: one pass, no tree between, no recursion.

mod builder;
mod json;
mod msgpack;
mod prefixes;
mod scan;

use crate::engine::Value;
use builder::Builder;

/// Why bytes were refused, and where.
pub struct Malformed {
    pub message: &'static str,
    pub offset: usize,
}

type Result<T> = core::result::Result<T, Malformed>;

/// The form of the input, as the host names it.
#[derive(Clone, Copy, PartialEq)]
#[repr(u32)]
pub enum Format {
    None = 0,
    Json = 1,
    Msgpack = 2,
}

impl Format {
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Json,
            2 => Self::Msgpack,
            _ => Self::None,
        }
    }
}

/// Decodes one whole document.
pub fn decode(format: Format, bytes: &[u8]) -> Result<Value> {
    let mut builder = Builder::new();
    match format {
        Format::Json => json::decode(bytes, &mut builder)?,
        Format::Msgpack => msgpack::decode(bytes, &mut builder)?,
        Format::None => builder.push(crate::engine::qjs::JS_UNDEFINED),
    }
    Ok(Value::own(builder.finish()))
}
