//! A value as a person reads it, for logs and errors. No script code runs: getters are shown, proxies not looked into.

use crate::encode::{Keys, collect, typed_array_length};
use crate::engine::{self, Engine, Text, Value, engine, exception, qjs};
use core::ffi::c_int;
use qjs::{JSAtom, JSValue};

const DEPTH: usize = 4;
const ITEMS: usize = 100;
const LINE: usize = 72;
/// Longest name of a class, in bytes.
const NAME_BYTES: usize = 100;
/// Longest string inside a value, and longest text of all, in bytes.
const STRING_BYTES: usize = 10_000;
const TOTAL_BYTES: usize = 100_000;

pub fn inspect(value: JSValue) -> String {
    let mut inspector = Inspector { parents: Vec::new(), spent: 0 };
    let mut text = inspector.value(value);
    text.truncate(text.floor_char_boundary(TOTAL_BYTES));
    text
}

struct Inspector {
    parents: Vec<JSValue>,
    spent: usize,
}

impl Inspector {
    fn value(&mut self, value: JSValue) -> String {
        let text = self.text(value);
        self.spent += text.len();
        text
    }

    fn text(&mut self, value: JSValue) -> String {
        match unsafe { qjs::JS_VALUE_GET_NORM_TAG(value) } {
            qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => quote(&plain(value)),
            qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => plain(value) + "n",
            qjs::JS_TAG_FLOAT64 if is_negative_zero(value) => "-0".into(),
            qjs::JS_TAG_SYMBOL => {
                let description = engine::call(engine().symbol_description, value, &mut []);
                let named = unsafe { qjs::JS_IsString(description.raw()) };
                format!("Symbol({})", if named { plain(description.raw()) } else { String::new() })
            }
            qjs::JS_TAG_OBJECT => self.object(value),
            _ => plain(value),
        }
    }

    fn object(&mut self, value: JSValue) -> String {
        if self.parents.contains(&value) {
            return "[Circular]".into();
        }
        let context = engine().context;
        unsafe {
            if qjs::JS_IsProxy(value) {
                return "[Proxy]".into();
            }
            if qjs::JS_IsError(value) {
                return error(value);
            }
            if qjs::JS_IsFunction(context, value) {
                let name = own_text(value, c"name");
                return if name.is_empty() { "[Function]".into() } else { format!("[Function: {name}]") };
            }
            if qjs::JS_IsDate(value) {
                let text = engine::call(engine().date_to_iso_string, value, &mut []);
                if text.is_exception() {
                    drop(exception());
                    return "Invalid Date".into();
                }
                return plain(text.raw());
            }
            if qjs::JS_IsRegExp(value) {
                return class(value); // its text is made by script code
            }
        }
        if self.parents.len() == DEPTH || self.spent > TOTAL_BYTES {
            return format!("[{}]", class(value));
        }
        self.parents.push(value);
        let text = self.members(value);
        self.parents.pop();
        text
    }

    fn members(&mut self, value: JSValue) -> String {
        if unsafe { qjs::JS_IsArray(value) } {
            return self.array(value);
        }
        let name = class(value);
        let (is_map, is_set) = unsafe { (qjs::JS_IsMap(value), qjs::JS_IsSet(value)) };
        if is_map || is_set {
            return self.entries(value, &name, is_map);
        }
        if unsafe { qjs::JS_GetTypedArrayType(value) } >= 0 {
            let length = unsafe { typed_array_length(value) };
            return format!("{name}({length}) {}", self.elements(value, length));
        }
        let Some(keys) = Keys::of(value) else {
            drop(exception());
            return format!("[{name}]");
        };
        let mut items = Vec::new();
        for index in 0..keys.len().min(ITEMS) {
            let atom = keys.atom(index);
            let key = Text::of_atom(atom).map(|text| text.lossy()).unwrap_or_default();
            items.push(format!("{}: {}", key_text(&key), self.property(value, atom)));
            if self.spent > TOTAL_BYTES {
                break;
            }
        }
        let prefix = if name == "Object" { String::new() } else { format!("{name} ") };
        prefix + &enclose('{', items, keys.len(), '}')
    }

    fn array(&mut self, value: JSValue) -> String {
        let mut length = 0;
        if unsafe { qjs::JS_GetLength(engine().context, value, &mut length) } < 0 {
            drop(exception());
        }
        self.elements(value, length.max(0) as usize)
    }

    fn elements(&mut self, value: JSValue, length: usize) -> String {
        let mut items = Vec::new();
        for index in 0..length.min(ITEMS) {
            let context = engine().context;
            let atom = unsafe { qjs::JS_NewAtomUInt32(context, index as u32) };
            items.push(self.property(value, atom));
            unsafe { qjs::JS_FreeAtom(context, atom) };
            if self.spent > TOTAL_BYTES {
                break;
            }
        }
        enclose('[', items, length, ']')
    }

    fn entries(&mut self, value: JSValue, name: &str, is_map: bool) -> String {
        let Engine { map_for_each, set_for_each, .. } = *engine();
        let entries = collect(value, if is_map { map_for_each } else { set_for_each }, is_map);
        let (step, mut items) = (if is_map { 2 } else { 1 }, Vec::new());
        for entry in entries.chunks(step).take(ITEMS) {
            let texts: Vec<String> = entry.iter().map(|part| self.value(part.raw())).collect();
            items.push(texts.join(" => "));
            if self.spent > TOTAL_BYTES {
                break;
            }
        }
        let size = entries.len() / step;
        format!("{name}({size}) {}", enclose('{', items, size, '}'))
    }

    fn property(&mut self, object: JSValue, atom: JSAtom) -> String {
        match describe(object, atom) {
            Property::Value(value) => self.value(value.raw()),
            Property::Accessor => "[Getter]".into(),
            Property::None => "<empty>".into(),
        }
    }
}

enum Property {
    Value(Value),
    Accessor,
    None,
}

fn describe(object: JSValue, atom: JSAtom) -> Property {
    let context = engine().context;
    let mut found = qjs::JSPropertyDescriptor {
        flags: 0,
        value: qjs::JS_UNDEFINED,
        getter: qjs::JS_UNDEFINED,
        setter: qjs::JS_UNDEFINED,
    };
    match unsafe { qjs::JS_GetOwnProperty(context, &mut found, object, atom) } {
        1.. => {}
        0 => return Property::None,
        _ => {
            drop(exception());
            return Property::None;
        }
    }
    let (value, _getter, _setter) = (Value::own(found.value), Value::own(found.getter), Value::own(found.setter));
    match found.flags & qjs::JS_PROP_GETSET as c_int {
        0 => Property::Value(value),
        _ => Property::Accessor,
    }
}

/// An own property that is plain data.
fn own(object: JSValue, name: &core::ffi::CStr) -> Option<Value> {
    let context = engine().context;
    let atom = unsafe { qjs::JS_NewAtom(context, name.as_ptr()) };
    let property = describe(object, atom);
    unsafe { qjs::JS_FreeAtom(context, atom) };
    match property {
        Property::Value(value) => Some(value),
        _ => None,
    }
}

/// The text of an own property that is a string.
fn own_text(object: JSValue, name: &core::ffi::CStr) -> String {
    own(object, name)
        .filter(|value| unsafe { qjs::JS_IsString(value.raw()) })
        .map(|value| plain(value.raw()))
        .unwrap_or_default()
}

/// An error's message and stack, from its own data only.
fn error(value: JSValue) -> String {
    let (message, stack) = (own_text(value, c"message"), own_text(value, c"stack"));
    let name = match own_text(value, c"name") {
        name if name.is_empty() => class(value),
        name => name,
    };
    let head = if message.is_empty() { name } else { format!("{name}: {message}") };
    let stack = stack.trim_end();
    if stack.is_empty() { head } else { format!("{head}\n{stack}") }
}

/// The name of an object's class, as its prototype's constructor has it in plain data.
pub fn class(value: JSValue) -> String {
    let context = engine().context;
    let prototype = Value::own(unsafe { qjs::JS_GetPrototype(context, value) });
    if unsafe { qjs::JS_IsObject(prototype.raw()) && !qjs::JS_IsProxy(prototype.raw()) }
        && let Some(constructor) = own(prototype.raw(), c"constructor")
        && unsafe { qjs::JS_IsFunction(context, constructor.raw()) }
    {
        let mut name = own_text(constructor.raw(), c"name");
        if !name.is_empty() {
            name.truncate(name.floor_char_boundary(NAME_BYTES));
            return name;
        }
    }
    "Object".into()
}

/// The text of a primitive.
fn plain(value: JSValue) -> String {
    let text = Text::of(value).map(|text| text.lossy());
    text.unwrap_or_else(|| {
        drop(exception());
        String::new()
    })
}

fn is_negative_zero(value: JSValue) -> bool {
    let number = unsafe { qjs::JS_VALUE_GET_FLOAT64(value) };
    number == 0.0 && number.is_sign_negative()
}

fn quote(text: &str) -> String {
    let cut = text.floor_char_boundary(STRING_BYTES);
    let more = if cut < text.len() { "…" } else { "" };
    format!("{:?}{more}", &text[..cut])
}

fn key_text(key: &str) -> String {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
    if !key.is_empty() && key.bytes().all(word) { key.into() } else { quote(key) }
}

/// The items in brackets, on one line if it is short enough.
fn enclose(open: char, mut items: Vec<String>, total: usize, close: char) -> String {
    if total == 0 {
        return format!("{open}{close}");
    }
    if items.len() < total {
        items.push(format!("… {} more", total - items.len()));
    }
    let length: usize = items.iter().map(|item| item.len() + 2).sum();
    if length <= LINE && !items.iter().any(|item| item.contains('\n')) {
        return format!("{open} {} {close}", items.join(", "));
    }
    let lines = items.join(",\n").replace('\n', "\n  ");
    format!("{open}\n  {lines}\n{close}")
}
