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

/// Compiles `source` as the first of these that it parses as: a script, one that awaits if it says `await`, a module if
/// it says `export` or `import`. Plain bytes are looked for, so that most scripts are parsed once.
pub fn compile(source: &[u8], name: &CStr) -> Result<Program, Failure> {
    let says = |word: &[u8]| memmem::find(source, word).is_some();
    let readings: [(bool, u32, fn(Value) -> Program); 3] = [
        (says(b"await"), qjs::JS_EVAL_FLAG_ASYNC, Program::AsyncScript),
        (true, qjs::JS_EVAL_TYPE_GLOBAL, Program::Script),
        (says(b"export") || says(b"import"), qjs::JS_EVAL_TYPE_MODULE, Program::Module),
    ];
    let mut failure: Option<Failure> = None;
    for (_, flags, program) in readings.into_iter().filter(|(possible, ..)| *possible) {
        let parsed = parse(source, name, flags);
        if !parsed.is_exception() {
            return Ok(program(parsed));
        }
        // The reading that came furthest is the one that was meant; of equals, the first.
        let other = Failure::syntax();
        if !other.is_syntax() {
            return Err(other);
        }
        if failure.as_ref().is_none_or(|failure| other.position() > failure.position()) {
            failure = Some(other);
        }
    }
    Err(failure.unwrap_or_default())
}

/// `source` is followed by a zero byte, as QuickJS asks (`host::take` sees to it).
fn parse(source: &[u8], name: &CStr, flags: u32) -> Value {
    let flags = (flags | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as c_int;
    let Engine { context, .. } = *engine();
    Value::own(unsafe { qjs::JS_Eval(context, source.as_ptr().cast(), source.len() as _, name.as_ptr(), flags) })
}
