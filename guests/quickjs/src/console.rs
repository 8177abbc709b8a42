//! `console`: each call gives the host one text at a level.

use crate::engine::{self, Text, engine, qjs};
use crate::host;
use crate::inspect::inspect;
use core::ffi::c_int;
use qjs::{JSContext, JSValue};

/// Replaces Javy's console, which writes to streams. A method's number here is its level at the host.
pub fn install() {
    let console = unsafe { qjs::JS_NewObject(engine().context) };
    for (level, name) in [c"log", c"info", c"warn", c"error", c"debug"].into_iter().enumerate() {
        engine::set(console, name, engine::function_magic(name, write, level as c_int));
    }
    engine::set(engine().global, c"console", console);
}

unsafe extern "C" fn write(
    _context: *mut JSContext,
    _this: JSValue,
    argc: c_int,
    argv: *mut JSValue,
    level: c_int,
) -> JSValue {
    let arguments = match argc {
        0 => &[],
        count => unsafe { core::slice::from_raw_parts(argv, count as usize) },
    };
    host::log(level as u32, format(arguments).as_bytes());
    qjs::JS_UNDEFINED
}

/// The arguments as one text: strings as they are, `%` directives of a first string filled in.
fn format(arguments: &[JSValue]) -> String {
    let mut rest = arguments;
    let mut text = String::new();
    if let [first, others @ ..] = arguments
        && let Some(template) = string(*first)
    {
        rest = others;
        fill(&template, &mut rest, &mut text);
    }
    for value in rest {
        if !(text.is_empty() && core::ptr::eq(value, &arguments[0])) {
            text.push(' ');
        }
        text += &string(*value).unwrap_or_else(|| inspect(*value));
    }
    text
}

/// Copies `template` to `text`; each directive takes an argument, as the Console Standard has it.
fn fill(template: &str, arguments: &mut &[JSValue], text: &mut String) {
    let mut rest = template;
    while let Some(index) = rest.find('%') {
        *text += &rest[..index];
        let directive = rest.as_bytes().get(index + 1).copied().unwrap_or(0);
        rest = &rest[index + 1..];
        match (directive, arguments.split_first()) {
            (b'%', _) => text.push('%'),
            (b's' | b'd' | b'i' | b'f' | b'o' | b'O' | b'j' | b'c', Some((value, others))) => {
                *text += &fill_one(directive, *value);
                *arguments = others;
            }
            _ => {
                text.push('%'); // stands for itself
                continue;
            }
        }
        rest = &rest[1..];
    }
    *text += rest;
}

fn fill_one(directive: u8, value: JSValue) -> String {
    match directive {
        b'c' => String::new(), // a style
        b'd' | b'f' => number(value, |number| number),
        b'i' => number(value, f64::trunc),
        _ => string(value).unwrap_or_else(|| inspect(value)),
    }
}

fn number(value: JSValue, change: fn(f64) -> f64) -> String {
    let tag = unsafe { qjs::JS_VALUE_GET_NORM_TAG(value) };
    let number = match tag {
        qjs::JS_TAG_INT => unsafe { qjs::JS_VALUE_GET_INT(value) as f64 },
        qjs::JS_TAG_FLOAT64 => unsafe { qjs::JS_VALUE_GET_FLOAT64(value) },
        _ => string(value).and_then(|text| text.trim().parse().ok()).unwrap_or(f64::NAN),
    };
    inspect(qjs::JS_NewFloat64(change(number)))
}

fn string(value: JSValue) -> Option<String> {
    unsafe { qjs::JS_IsString(value) }.then(|| Text::of(value))?.map(|text| text.lossy())
}
