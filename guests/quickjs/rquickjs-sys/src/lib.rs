//! rquickjs-sys 0.14 in the place of 0.12, with the one function that changed in the form that 0.12 had.

#![no_std]

pub use next::*;

/// Frees the bytes that an array buffer was made of.
pub type JSFreeArrayBufferDataFunc =
    Option<unsafe extern "C" fn(runtime: *mut JSRuntime, opaque: *mut c_void, pointer: *mut c_void)>;

/// An array buffer of the bytes at `pointer`: the engine gets a copy, and the bytes are freed at once.
///
/// # Safety
///
/// As of the C function: `pointer` is good for `length` bytes, and `free` frees it.
#[allow(non_snake_case)]
pub unsafe fn JS_NewArrayBuffer(
    context: *mut JSContext,
    pointer: *mut u8,
    length: size_t,
    free: JSFreeArrayBufferDataFunc,
    opaque: *mut c_void,
    _is_shared: bool,
) -> JSValue {
    unsafe {
        let value = JS_NewArrayBufferCopy(context, pointer, length);
        if let (false, Some(free)) = (JS_IsException(value), free) {
            free(JS_GetRuntime(context), opaque, pointer.cast());
        }
        value
    }
}
