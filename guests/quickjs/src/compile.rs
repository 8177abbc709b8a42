//! Source text to something that can run: a script, a script that awaits, or a module.

use crate::engine::{Engine, Value, engine, qjs};
use crate::failure::Failure;
use core::ffi::{CStr, c_int};
use memchr::memmem;

pub enum Program {
    Script(Value),
    /// Its completion is a promise of `{ value }`.
    AsyncScript(Value),
    Module(Value),
}

/// Compiles `source`, which is a module if only a module may say what it says.
///
/// `await` and `export` are looked for as plain bytes first: a script without them costs no second parse.
pub fn compile(source: &[u8], name: &CStr) -> Result<Program, Failure> {
    let awaits = memmem::find(source, b"await").is_some();
    let flags = if awaits { qjs::JS_EVAL_FLAG_ASYNC } else { qjs::JS_EVAL_TYPE_GLOBAL };
    let script = parse(source, name, flags);
    if !script.is_exception() {
        return Ok(if awaits { Program::AsyncScript(script) } else { Program::Script(script) });
    }
    let failure = Failure::syntax();
    if memmem::find(source, b"export").is_none() && memmem::find(source, b"import").is_none() {
        return Err(failure);
    }
    let module = parse(source, name, qjs::JS_EVAL_TYPE_MODULE);
    if !module.is_exception() {
        return Ok(Program::Module(module));
    }
    // The reading that came further is the one that was meant.
    let other = Failure::syntax();
    Err(if other.position() > failure.position() { other } else { failure })
}

/// `source` is followed by a zero byte, as QuickJS asks (`host::take` sees to it).
fn parse(source: &[u8], name: &CStr, flags: u32) -> Value {
    let flags = (flags | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as c_int;
    let Engine { context, .. } = *engine();
    Value::own(unsafe {
        qjs::JS_Eval(context, source.as_ptr().cast(), source.len() as _, name.as_ptr(), flags)
    })
}


