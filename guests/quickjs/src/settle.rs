//! Promises: runs jobs until none is left, and takes what a promise came to.

use crate::engine::{Value, engine, exception, qjs};
use crate::failure::Failure;
use core::ffi::c_void;
use qjs::{JSContext, JSRuntime, JSValue};
use std::collections::BTreeMap;

/// Rejected promises that nobody has handled yet, by their address: when they were rejected, themselves, their reason.
static mut UNHANDLED: BTreeMap<u64, (usize, Value, Value)> = BTreeMap::new();
static mut REJECTIONS: usize = 0;

fn unhandled() -> &'static mut BTreeMap<u64, (usize, Value, Value)> {
    unsafe { &mut *(&raw mut UNHANDLED) }
}

unsafe extern "C" fn on_rejection(
    _context: *mut JSContext,
    promise: JSValue,
    reason: JSValue,
    is_handled: bool,
    _opaque: *mut c_void,
) {
    if is_handled {
        unhandled().remove(&promise);
        return;
    }
    unsafe { REJECTIONS += 1 };
    unhandled().insert(promise, (unsafe { REJECTIONS }, Value::share(promise), Value::share(reason)));
}

pub fn track_rejections(runtime: *mut JSRuntime) {
    unsafe { qjs::JS_SetHostPromiseRejectionTracker(runtime, Some(on_rejection), core::ptr::null_mut()) }
}

/// Runs jobs until none is left; fails with what the first of them that threw has thrown.
pub fn run_jobs() -> Result<(), Failure> {
    let mut context = core::ptr::null_mut();
    let mut outcome = Ok(());
    loop {
        match unsafe { qjs::JS_ExecutePendingJob(engine().runtime, &mut context) } {
            0 => return outcome,
            1.. => {}
            _ => {
                let thrown = exception();
                outcome = outcome.and_then(|()| Err(Failure::thrown(&thrown)));
            }
        }
    }
}

/// What `value` comes to: itself, or, if it is a promise, what that settles with after all jobs have run.
pub fn settle(value: Value) -> Result<Value, Failure> {
    run_jobs()?;
    let context = engine().context;
    match unsafe { qjs::JS_PromiseState(context, value.raw()) } {
        qjs::JSPromiseStateEnum_JS_PROMISE_NOT_A_PROMISE => Ok(value),
        qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => {
            Ok(Value::own(unsafe { qjs::JS_PromiseResult(context, value.raw()) }))
        }
        qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => {
            unhandled().remove(&value.raw());
            let reason = Value::own(unsafe { qjs::JS_PromiseResult(context, value.raw()) });
            Err(Failure::thrown(&reason))
        }
        _ => Err(Failure::script("it waits for a promise that nothing is left to settle")),
    }
}

/// Begins a run: a rejection of an earlier one, which failed with something else, is not this one's.
pub fn forget_rejections() {
    unhandled().clear();
}

/// Fails if a promise was rejected and nobody handled it: an error is never lost in silence.
pub fn check_rejections() -> Result<(), Failure> {
    let rejections = core::mem::take(unhandled());
    match rejections.into_values().min_by_key(|(order, ..)| *order) {
        None => Ok(()),
        Some((.., reason)) => Err(Failure::thrown(&reason)),
    }
}
