//! Engine values to MessagePack bytes. Getters and proxies run as script code; nothing else of the script's does.

mod path;
mod writer;

pub use writer::Writer;

use crate::engine::{self, Engine, Text, Value, engine, exception, qjs};
use crate::failure::Failure;
use crate::inspect::{class as class_name, inspect};
use crate::wire;
use core::ffi::c_int;
use path::path;
use qjs::{JSAtom, JSValue};

/// A container whose values are being written.
pub enum Open {
    Array {
        array: Value,
        next: u32,
        length: u32,
    },
    Object {
        object: Value,
        keys: Keys,
        next: usize,
    },
    /// The entries of a Map (in turn key and value) or a Set, and where its length is to be written.
    Entries {
        object: Value,
        entries: Vec<Value>,
        next: usize,
        start: usize,
        is_map: bool,
    },
}

impl Open {
    fn object(&self) -> JSValue {
        match self {
            Open::Array { array: object, .. } | Open::Object { object, .. } | Open::Entries { object, .. } => {
                object.raw()
            }
        }
    }
}

/// Encodes one value; the run ends at the output limit. Refused values are told by their path.
pub fn encode(value: JSValue, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut encoder = Encoder { writer: Writer::new(limit), open: Vec::new() };
    encoder.value(Value::share(value))?;
    while let Some(value) = encoder.next()? {
        encoder.value(value)?;
    }
    Ok(encoder.writer.finish())
}

/// What a value counts beside its bytes, about what the host holds for it: any value, an object, a buffer.
const VALUE_BYTES: usize = 8;
const OBJECT_BYTES: usize = 64;
const BUFFER_BYTES: usize = 1024;

struct Encoder {
    writer: Writer,
    open: Vec<Open>,
}

impl Encoder {
    fn refuse(&self, message: String) -> Failure {
        Failure::value(path(&self.open), message)
    }

    /// A getter or a proxy threw while it was read.
    fn threw(&self) -> Failure {
        self.refuse(format!("threw while it was read: {}", inspect(exception().raw())))
    }

    fn read(&self, value: JSValue) -> Result<Value, Failure> {
        let value = Value::own(value);
        if value.is_exception() { Err(self.threw()) } else { Ok(value) }
    }

    /// The next value to write, with its key written; closes what is full.
    #[inline(never)]
    fn next(&mut self) -> Result<Option<Value>, Failure> {
        let context = engine().context;
        loop {
            let Some(open) = self.open.last_mut() else {
                return Ok(None);
            };
            match open {
                Open::Array { array, next, length } if *next < *length => {
                    *next += 1;
                    let value = unsafe { qjs::JS_GetPropertyUint32(context, array.raw(), *next - 1) };
                    return self.read(value).map(Some);
                }
                Open::Object { object, keys, next } if *next < keys.len() => {
                    let (object, key) = (object.raw(), keys.atom(*next));
                    *next += 1;
                    self.writer.key(key);
                    let value = unsafe { qjs::JS_GetProperty(context, object, key) };
                    return self.read(value).map(Some);
                }
                Open::Entries { entries, next, .. } if *next < entries.len() => {
                    *next += 1;
                    return Ok(Some(Value::share(entries[*next - 1].raw())));
                }
                Open::Entries { start, .. } => {
                    self.writer.end_extension(*start);
                    self.open.pop();
                }
                _ => {
                    self.open.pop();
                }
            }
        }
    }

    fn value(&mut self, value: Value) -> Result<(), Failure> {
        let raw = value.raw();
        self.writer.charge(VALUE_BYTES);
        match unsafe { qjs::JS_VALUE_GET_NORM_TAG(raw) } {
            qjs::JS_TAG_UNDEFINED => self.writer.extension(wire::UNDEFINED, &[0]),
            qjs::JS_TAG_NULL => self.writer.nil(),
            qjs::JS_TAG_BOOL => self.writer.boolean(unsafe { qjs::JS_VALUE_GET_BOOL(raw) }),
            qjs::JS_TAG_INT => self.writer.integer(unsafe { qjs::JS_VALUE_GET_INT(raw) }),
            qjs::JS_TAG_FLOAT64 => self.writer.float(unsafe { qjs::JS_VALUE_GET_FLOAT64(raw) }),
            qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => match self.writer.text(raw) {
                true => {}
                false => return Err(self.threw()),
            },
            qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => self.bigint(raw)?,
            qjs::JS_TAG_SYMBOL => return Err(self.refuse("is a symbol".into())),
            qjs::JS_TAG_OBJECT => return self.object(value),
            _ => return Err(self.refuse("is nothing that a script can hold".into())),
        }
        Ok(())
    }

    #[inline(never)]
    fn bigint(&mut self, value: JSValue) -> Result<(), Failure> {
        let radix = qjs::JS_MKVAL(qjs::JS_TAG_INT, 16);
        let digits = engine::call(engine().bigint_to_string, value, &mut [radix]);
        let Some(text) = Text::of(digits.raw()) else {
            return Err(self.threw());
        };
        self.writer.extension(wire::BIGINT, text.bytes());
        Ok(())
    }

    #[inline(never)] // as in decode/json.rs
    fn object(&mut self, value: Value) -> Result<(), Failure> {
        let Engine { context, date_get_time, .. } = *engine();
        let raw = value.raw();
        self.writer.charge(OBJECT_BYTES);
        unsafe {
            if qjs::JS_IsFunction(context, raw) {
                return Err(self.refuse("is a function".into()));
            }
            if qjs::JS_IsArray(raw) {
                return self.array(value);
            }
            let class = qjs::JS_GetClassID(raw);
            let Engine { object_class, arguments_class, mapped_arguments_class, .. } = *engine();
            if [object_class, arguments_class, mapped_arguments_class].contains(&class) {
                return self.record(value);
            }
            if qjs::JS_IsProxy(raw) {
                return if is_array_proxy(raw) { self.array(value) } else { self.record(value) };
            }
            if qjs::JS_IsDate(raw) {
                let time = engine::call(date_get_time, raw, &mut []);
                let mut milliseconds = f64::NAN;
                qjs::JS_ToFloat64(context, &mut milliseconds, time.raw());
                self.writer.extension(wire::DATE, &milliseconds.to_be_bytes());
                return Ok(());
            }
            if qjs::JS_IsMap(raw) {
                return self.entries(value, wire::MAP, engine().map_for_each);
            }
            if qjs::JS_IsSet(raw) {
                return self.entries(value, wire::SET, engine().set_for_each);
            }
            let kind = qjs::JS_GetTypedArrayType(raw);
            if kind >= 0 {
                return self.typed_array(raw, kind);
            }
            if qjs::JS_IsArrayBuffer(raw) {
                self.writer.charge(BUFFER_BYTES);
                let bytes = self.buffer(raw)?;
                self.writer.extension(wire::ARRAY_BUFFER, bytes);
                return Ok(());
            }
            Err(self.refuse(format!("is an object of class {}, which is no plain data", class_name(raw))))
        }
    }

    /// Checks that `value` may be opened: not inside itself, not too deep.
    fn nest(&self, value: JSValue) -> Result<(), Failure> {
        if self.open.iter().any(|open| open.object() == value) {
            return Err(self.refuse("contains itself".into()));
        }
        if self.open.len() == wire::MAX_DEPTH {
            return Err(self.refuse("nests deeper than 1024 levels".into()));
        }
        Ok(())
    }

    fn array(&mut self, array: Value) -> Result<(), Failure> {
        self.nest(array.raw())?;
        let mut length = 0;
        if unsafe { qjs::JS_GetLength(engine().context, array.raw(), &mut length) } < 0 {
            return Err(self.threw());
        }
        let length = length.clamp(0, u32::MAX as i64) as u32;
        self.writer.array(length);
        self.open.push(Open::Array { array, next: 0, length });
        Ok(())
    }

    fn record(&mut self, object: Value) -> Result<(), Failure> {
        self.nest(object.raw())?;
        let Some(keys) = Keys::of(object.raw()) else {
            return Err(self.threw());
        };
        self.writer.map(keys.len() as u32);
        self.open.push(Open::Object { object, keys, next: 0 });
        Ok(())
    }

    fn entries(&mut self, object: Value, kind: i8, for_each: JSValue) -> Result<(), Failure> {
        self.nest(object.raw())?;
        let is_map = kind == wire::MAP;
        let entries = collect(object.raw(), for_each, is_map);
        let start = self.writer.begin_extension(kind);
        self.open.push(Open::Entries { object, entries, next: 0, start, is_map });
        Ok(())
    }

    fn typed_array(&mut self, array: JSValue, kind: c_int) -> Result<(), Failure> {
        let context = engine().context;
        self.writer.charge(BUFFER_BYTES);
        let (mut offset, mut stale, mut element) = (0, 0, 0);
        let bytes = unsafe {
            let buffer = qjs::JS_GetTypedArrayBuffer(context, array, &mut offset, &mut stale, &mut element);
            let buffer = self.read(buffer)?;
            self.buffer(buffer.raw())?
        };
        // A view that follows a resizable buffer knows its length only by its own getter.
        let length = unsafe { typed_array_length(array) } * element as usize;
        let Some(bytes) = bytes.get(offset as usize..offset as usize + length) else {
            return Err(self.refuse("is a typed array past the end of its buffer".into()));
        };
        match kind as qjs::JSTypedArrayEnum {
            qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8 => self.writer.binary(bytes),
            _ => self.writer.typed_array(kind as u8, bytes),
        }
        Ok(())
    }

    /// The bytes of an array buffer, good until script code runs.
    fn buffer(&self, buffer: JSValue) -> Result<&'static [u8], Failure> {
        let context = engine().context;
        let mut size = 0;
        let bytes = unsafe { qjs::JS_GetArrayBuffer(context, &mut size, buffer) };
        if bytes.is_null() && unsafe { qjs::JS_HasException(context) } {
            drop(exception());
            return Err(self.refuse("is a detached buffer".into()));
        }
        Ok(unsafe { slice(bytes, size as usize) })
    }
}

/// Elements of a typed array now, by the language's own getter.
pub unsafe fn typed_array_length(array: JSValue) -> usize {
    let length = engine::call(engine().typed_array_length, array, &mut []);
    match unsafe { qjs::JS_VALUE_GET_NORM_TAG(length.raw()) } {
        qjs::JS_TAG_INT => unsafe { qjs::JS_VALUE_GET_INT(length.raw()).max(0) as usize },
        qjs::JS_TAG_FLOAT64 => unsafe { qjs::JS_VALUE_GET_FLOAT64(length.raw()) as usize },
        _ => 0,
    }
}

unsafe fn slice<'a>(bytes: *const u8, length: usize) -> &'a [u8] {
    if length == 0 { &[] } else { unsafe { core::slice::from_raw_parts(bytes, length) } }
}

/// Whether a proxy, or the proxy it stands for, and so on, stands for an array.
fn is_array_proxy(proxy: JSValue) -> bool {
    let mut target = Value::share(proxy);
    while unsafe { qjs::JS_IsProxy(target.raw()) } {
        target = Value::own(unsafe { qjs::JS_GetProxyTarget(engine().context, target.raw()) });
    }
    unsafe { qjs::JS_IsArray(target.raw()) }
}

/// The entries of a Map (in turn key and value) or a Set.
pub fn collect(object: JSValue, for_each: JSValue, is_map: bool) -> Vec<Value> {
    let collector = Value::own(engine::function(c"collect", 2, if is_map { collect_pair } else { collect_one }));
    drop(engine::call(for_each, object, &mut [collector.raw()]));
    core::mem::take(unsafe { &mut *(&raw mut COLLECTED) })
}

/// What `forEach` of a Map or Set gave; collected first, as writing it may run getters that change it.
static mut COLLECTED: Vec<Value> = Vec::new();

unsafe extern "C" fn collect_pair(
    _context: *mut qjs::JSContext,
    _this: JSValue,
    _argc: c_int,
    argv: *mut JSValue,
) -> JSValue {
    let collected = unsafe { &mut *(&raw mut COLLECTED) };
    collected.push(Value::share(unsafe { *argv.add(1) }));
    collected.push(Value::share(unsafe { *argv }));
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn collect_one(
    _context: *mut qjs::JSContext,
    _this: JSValue,
    _argc: c_int,
    argv: *mut JSValue,
) -> JSValue {
    let collected = unsafe { &mut *(&raw mut COLLECTED) };
    collected.push(Value::share(unsafe { *argv }));
    qjs::JS_UNDEFINED
}

/// An object's own enumerable string keys.
pub struct Keys {
    table: *mut qjs::JSPropertyEnum,
    length: u32,
}

impl Keys {
    /// `None` if a proxy threw; the exception stays pending.
    pub fn of(object: JSValue) -> Option<Self> {
        let mut keys = Self { table: core::ptr::null_mut(), length: 0 };
        let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as c_int;
        let context = engine().context;
        let status = unsafe { qjs::JS_GetOwnPropertyNames(context, &mut keys.table, &mut keys.length, object, flags) };
        if status < 0 {
            core::mem::forget(keys);
            return None;
        }
        Some(keys)
    }

    pub fn len(&self) -> usize {
        self.length as usize
    }

    pub fn atom(&self, index: usize) -> JSAtom {
        unsafe { (*self.table.add(index)).atom }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        unsafe { qjs::JS_FreePropertyEnum(engine().context, self.table, self.length) }
    }
}
