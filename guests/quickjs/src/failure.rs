//! Why a run failed, as the host is told: a code, and what the script's own error says of itself.

use crate::decode::Malformed;
use crate::encode::Writer;
use crate::engine::{Text, Value, engine, get, qjs};
use crate::inspect::inspect;

/// Longest text of an error that crosses, in bytes; what is longer is cut.
const TEXT_BYTES: usize = 16 << 10;

#[derive(Default)]
pub struct Failure {
    code: &'static str,
    message: String,
    /// Of the script's error: its name and stack; empty if what was thrown is no error.
    name: String,
    stack: String,
    /// Of a value that cannot cross: its place.
    path: String,
    /// Of input that was refused: the byte where.
    offset: Option<usize>,
}

/// Errors that QuickJS throws where a script asks for more than an engine of this size has.
const CAPACITY: [(&str, &str); 8] = [
    ("InternalError", "out of memory"),
    ("InternalError", "out of memory in regexp execution"),
    ("InternalError", "string too long"),
    ("RangeError", "invalid string length"),
    ("RangeError", "invalid array buffer length"),
    ("RangeError", "BigInt is too large"),
    ("RangeError", "BigInt is too large to allocate"),
    ("RangeError", "output too large"),
];

impl Failure {
    pub fn script(message: &str) -> Self {
        Self { code: "script", message: message.into(), ..Self::default() }
    }

    pub fn input(malformed: Malformed) -> Self {
        let Malformed { message, offset } = malformed;
        Self { code: "input", message: message.into(), offset: Some(offset), ..Self::default() }
    }

    /// A value at `path` that cannot cross.
    pub fn value(path: String, message: String) -> Self {
        Self { code: "value", message: cut(message), path, ..Self::default() }
    }

    /// The pending exception of a source text that did not parse.
    pub fn syntax() -> Self {
        let failure = Self::thrown(&crate::engine::exception());
        match failure.name.as_str() {
            "SyntaxError" => Self { code: "syntax", ..failure },
            _ => failure,
        }
    }

    /// What a script threw: an error, or any value.
    #[inline(never)] // as in decode/json.rs
    pub fn thrown(value: &Value) -> Self {
        let class = unsafe { qjs::JS_GetClassID(value.raw()) };
        if !unsafe { qjs::JS_IsError(value.raw()) } && class != engine().dom_exception_class {
            return Self { code: "script", message: cut(inspect(value.raw())), ..Self::default() };
        }
        let text = |name| get(value.raw(), name).and_then(|value| string(&value)).unwrap_or_default();
        let (name, message, stack) = (text(c"name"), text(c"message"), text(c"stack"));
        let capacity = CAPACITY.contains(&(name.as_str(), message.as_str()));
        let code = if capacity { "memory" } else { "script" };
        Self { code, message, name, stack, ..Self::default() }
    }

    /// Whether the text did not parse; an import that cannot be loaded, say, is another failure.
    pub fn is_syntax(&self) -> bool {
        self.code == "syntax"
    }

    /// Line and column of a syntax error, from the first line of its stack (`    at NAME:LINE:COLUMN`).
    pub fn position(&self) -> (u32, u32) {
        let mut parts = self.stack.lines().next().unwrap_or("").rsplit(':');
        let mut number = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        let column = number();
        (number(), column)
    }

    /// An array of code, message, name, stack, path and offset.
    #[inline(never)]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(usize::MAX);
        writer.array(6);
        for text in [self.code, &self.message, &self.name, &self.stack, &self.path] {
            writer.string(text.as_bytes());
        }
        match self.offset {
            Some(offset) => writer.float(offset as f64),
            None => writer.nil(),
        }
        writer.finish()
    }
}

/// The text of a value that is a string; anything else has none, so that no `toString` runs.
fn string(value: &Value) -> Option<String> {
    unsafe { qjs::JS_IsString(value.raw()) }.then(|| Text::of(value.raw()))?.map(|text| cut(text.lossy()))
}

fn cut(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        text.truncate(text.floor_char_boundary(TEXT_BYTES));
        text.push('…');
    }
    text
}
