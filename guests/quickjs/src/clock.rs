//! libc's clocks, asked of the host. While the world is built there is no time: it stands at zero, so that two builds
//! give the same bytes.

use crate::engine::{self, Engine, engine, qjs};
use crate::host::{Clock, clock};
use core::ffi::{c_int, c_void};
use qjs::{JSContext, JSValue};

static mut STARTED: bool = false;

pub fn start() {
    unsafe { STARTED = true }
}

/// Whether the world is built, so that there is a host to ask.
pub fn is_running() -> bool {
    unsafe { STARTED }
}

fn milliseconds(which: Clock) -> f64 {
    if is_running() { clock(which) } else { 0.0 }
}

/// Defines `performance`: QuickJS's own keeps the time at which it was made, which is when the world was built.
pub fn install() {
    let Engine { context, global, .. } = *engine();
    unsafe {
        let performance = qjs::JS_NewObject(context);
        engine::set(performance, c"now", engine::function(c"now", 0, performance_now));
        let origin = qjs::JS_NewAtom(context, c"timeOrigin".as_ptr());
        let getter = engine::function(c"timeOrigin", 0, time_origin);
        let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_ENUMERABLE) as c_int;
        qjs::JS_DefinePropertyGetSet(context, performance, origin, getter, qjs::JS_UNDEFINED, flags);
        qjs::JS_FreeAtom(context, origin);
        engine::set(global, c"performance", performance);
    }
}

unsafe extern "C" fn performance_now(_: *mut JSContext, _: JSValue, _: c_int, _: *mut JSValue) -> JSValue {
    qjs::JS_NewFloat64(milliseconds(Clock::Monotonic))
}

unsafe extern "C" fn time_origin(_: *mut JSContext, _: JSValue, _: c_int, _: *mut JSValue) -> JSValue {
    qjs::JS_NewFloat64(milliseconds(Clock::Wall) - milliseconds(Clock::Monotonic))
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i32,
}

#[repr(C)]
struct Timeval {
    seconds: i64,
    microseconds: i64,
}

unsafe extern "C" {
    // In wasi-libc a clock's id is the address of a constant.
    static _CLOCK_MONOTONIC: u8;
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(id: *const c_void, time: *mut Timespec) -> c_int {
    let which = match id == (&raw const _CLOCK_MONOTONIC).cast() {
        true => Clock::Monotonic,
        false => Clock::Wall,
    };
    let now = milliseconds(which);
    let seconds = (now / 1e3).floor();
    unsafe {
        *time = Timespec { seconds: seconds as i64, nanoseconds: ((now - seconds * 1e3) * 1e6) as i32 };
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn gettimeofday(time: *mut Timeval, _zone: *mut c_void) -> c_int {
    let now = milliseconds(Clock::Wall);
    let seconds = (now / 1e3).floor();
    unsafe {
        *time = Timeval { seconds: seconds as i64, microseconds: ((now - seconds * 1e3) * 1e3) as i64 };
    }
    0
}
