//! The engine: the one context of this guest, the built-ins it keeps from before any script ran, and owned values.

use crate::{clock, console, random, settle};
use core::ffi::{CStr, c_int};
use javy_plugin_api::javy::Runtime;
pub use javy_plugin_api::javy::quickjs::qjs;
use qjs::{JSContext, JSRuntime, JSValue};

/// A value that is given back when it goes out of scope.
pub struct Value(JSValue);

impl Value {
    /// Takes over the reference that `value` is.
    pub fn own(value: JSValue) -> Self {
        Self(value)
    }

    /// Takes a reference of its own to `value`.
    pub fn share(value: JSValue) -> Self {
        Self(unsafe { qjs::JS_DupValue(engine().context, value) })
    }

    pub fn raw(&self) -> JSValue {
        self.0
    }

    /// Gives the reference away.
    pub fn release(self) -> JSValue {
        let value = self.0;
        core::mem::forget(self);
        value
    }

    pub fn is_exception(&self) -> bool {
        unsafe { qjs::JS_IsException(self.0) }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        unsafe { qjs::JS_FreeValue(engine().context, self.0) }
    }
}

/// The text of a string value as UTF-8, in which a lone surrogate is three bytes; freed when it goes out of scope.
pub struct Text {
    pointer: *const core::ffi::c_char,
    length: usize,
}

impl Text {
    /// `None` if the value has no text; the exception stays pending.
    pub fn of(value: JSValue) -> Option<Self> {
        let mut length: qjs::size_t = 0;
        let pointer = unsafe { qjs::JS_ToCStringLen2(engine().context, &mut length, value, false) };
        (!pointer.is_null()).then_some(Self { pointer, length: length as usize })
    }

    pub fn of_atom(atom: qjs::JSAtom) -> Option<Self> {
        let mut length: qjs::size_t = 0;
        let pointer = unsafe { qjs::JS_AtomToCStringLen(engine().context, &mut length, atom) };
        (!pointer.is_null()).then_some(Self { pointer, length: length as usize })
    }

    pub fn bytes(&self) -> &[u8] {
        unsafe { core::slice::from_raw_parts(self.pointer.cast(), self.length) }
    }

    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        unsafe { qjs::JS_FreeCString(engine().context, self.pointer) }
    }
}

/// The context, and natives kept before a script could replace them.
pub struct Engine {
    pub context: *mut JSContext,
    pub runtime: *mut JSRuntime,
    pub global: JSValue,
    pub map: JSValue,
    pub map_set: JSValue,
    pub map_for_each: JSValue,
    pub set: JSValue,
    pub set_add: JSValue,
    pub set_for_each: JSValue,
    pub bigint: JSValue,
    pub bigint_to_string: JSValue,
    pub negate: JSValue,
    pub date_get_time: JSValue,
    pub date_to_iso_string: JSValue,
    pub symbol_description: JSValue,
    pub typed_array_length: JSValue,
    pub object_class: qjs::JSClassID,
    pub arguments_class: qjs::JSClassID,
    pub mapped_arguments_class: qjs::JSClassID,
    pub dom_exception_class: qjs::JSClassID,
}

static mut ENGINE: Option<Engine> = None;

pub fn engine() -> &'static Engine {
    unsafe { (*(&raw const ENGINE)).as_ref().unwrap_unchecked() }
}

/// Keeps the engine that Javy made and completes its world.
pub fn install(runtime: &Runtime) {
    runtime.context().with(|ctx| unsafe {
        let context = ctx.as_raw().as_ptr();
        let runtime = qjs::JS_GetRuntime(context);
        qjs::JS_AddIntrinsicBigInt(context);
        qjs::JS_AddIntrinsicAToB(context); // brings DOMException
        settle::track_rejections(runtime);

        let eval = |source: &CStr| {
            let length = source.to_bytes().len();
            let value = qjs::JS_Eval(context, source.as_ptr(), length as _, c"sandglass".as_ptr(), 0);
            assert!(!qjs::JS_IsException(value), "a part of the world cannot be built: {source:?}");
            value
        };
        let class = |source: &CStr| qjs::JS_GetClassID(eval(source));
        ENGINE = Some(Engine {
            context,
            runtime,
            global: qjs::JS_GetGlobalObject(context),
            map: eval(c"Map"),
            map_set: eval(c"Map.prototype.set"),
            map_for_each: eval(c"Map.prototype.forEach"),
            set: eval(c"Set"),
            set_add: eval(c"Set.prototype.add"),
            set_for_each: eval(c"Set.prototype.forEach"),
            bigint: eval(c"BigInt"),
            bigint_to_string: eval(c"BigInt.prototype.toString"),
            negate: eval(c"(value) => -value"),
            date_get_time: eval(c"Date.prototype.getTime"),
            date_to_iso_string: eval(c"Date.prototype.toISOString"),
            symbol_description: eval(c"Object.getOwnPropertyDescriptor(Symbol.prototype, 'description').get"),
            typed_array_length: eval(
                c"Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Int8Array.prototype), 'length').get",
            ),
            object_class: class(c"({})"),
            arguments_class: class(c"(function () { 'use strict'; return arguments })()"),
            mapped_arguments_class: class(c"(function () { return arguments })()"),
            dom_exception_class: class(c"new DOMException('')"),
        });
        define(c"data", qjs::JS_UNDEFINED);
        let math = eval(c"Math");
        set(math, c"random", function(c"random", 0, random_function));
        console::install();
        clock::install();
        assert!(!qjs::JS_HasException(context), "the world is built with an error pending");
    });
}

unsafe extern "C" fn random_function(
    _context: *mut JSContext,
    _this: JSValue,
    _argc: c_int,
    _argv: *mut JSValue,
) -> JSValue {
    qjs::JS_NewFloat64(random::random())
}

pub type Native = unsafe extern "C" fn(*mut JSContext, JSValue, c_int, *mut JSValue) -> JSValue;
pub type NativeMagic = unsafe extern "C" fn(*mut JSContext, JSValue, c_int, *mut JSValue, c_int) -> JSValue;

pub fn function(name: &CStr, arity: c_int, native: Native) -> JSValue {
    let context = engine().context;
    unsafe {
        qjs::JS_NewCFunction2(context, Some(native), name.as_ptr(), arity, qjs::JSCFunctionEnum_JS_CFUNC_generic, 0)
    }
}

/// A native that is told `magic`, so that one body serves several names.
pub fn function_magic(name: &CStr, native: NativeMagic, magic: c_int) -> JSValue {
    unsafe {
        let native = core::mem::transmute::<NativeMagic, Native>(native);
        qjs::JS_NewCFunction2(
            engine().context,
            Some(native),
            name.as_ptr(),
            0,
            qjs::JSCFunctionEnum_JS_CFUNC_generic_magic,
            magic,
        )
    }
}

/// Sets a property as the language's own are: writable, configurable, not enumerable.
pub fn set(object: JSValue, name: &CStr, value: JSValue) {
    let flags = (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE) as c_int;
    unsafe { qjs::JS_DefinePropertyValueStr(engine().context, object, name.as_ptr(), value, flags) };
}

/// Sets a global as a script's own `var` would.
pub fn define(name: &CStr, value: JSValue) {
    let flags = qjs::JS_PROP_C_W_E as c_int;
    let Engine { context, global, .. } = *engine();
    unsafe { qjs::JS_DefinePropertyValueStr(context, global, name.as_ptr(), value, flags) };
}

/// Reads a property as a script would; a getter runs. `None` if it throws.
pub fn get(object: JSValue, name: &CStr) -> Option<Value> {
    let value = Value::own(unsafe { qjs::JS_GetPropertyStr(engine().context, object, name.as_ptr()) });
    if value.is_exception() {
        drop(exception());
        return None;
    }
    Some(value)
}

/// Calls a native or a function of the engine's own.
pub fn call(function: JSValue, this: JSValue, arguments: &mut [JSValue]) -> Value {
    let context = engine().context;
    let count = arguments.len() as c_int;
    Value::own(unsafe { qjs::JS_Call(context, function, this, count, arguments.as_mut_ptr()) })
}

/// Takes the pending exception.
pub fn exception() -> Value {
    Value::own(unsafe { qjs::JS_GetException(engine().context) })
}
