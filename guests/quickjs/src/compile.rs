//! Source text to a program, which is bytecode, and back to something that can run.

use crate::engine::{Engine, Value, engine, exception, qjs};
use crate::failure::Failure;
use crate::host::{self, Given, Handed};
use core::ffi::{CStr, c_int};
use memchr::memmem;
use std::ffi::CString;

/// How a source text was read.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq)]
pub enum Reading {
    Script = 0,
    /// A script that awaits: its completion is a promise of `{ value }`.
    AsyncScript = 1,
    Module = 2,
}

impl Reading {
    pub fn from_number(number: u32) -> Self {
        [Self::Script, Self::AsyncScript, Self::Module][number.min(2) as usize]
    }

    fn flags(self) -> u32 {
        match self {
            Self::Script => qjs::JS_EVAL_TYPE_GLOBAL,
            Self::AsyncScript => qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_ASYNC,
            Self::Module => qjs::JS_EVAL_TYPE_MODULE,
        }
    }
}

/// Bytes that the engine fills before it looks for cycles while it compiles.
const COLLECT_BYTES: qjs::size_t = 4 << 20;

/// What `compile` returns beside the numbers of the readings.
const FAILED: u32 = 3;

/// Compiles the source that the host holds and hands over its bytecode, or its failure; returns how it was read.
///
/// No script has run before in this world, so the bytecode is this compiler's and nobody else's.
#[unsafe(export_name = "compile")]
extern "C" fn export_compile() -> u32 {
    unsafe { qjs::JS_SetGCThreshold(engine().runtime, COLLECT_BYTES) };
    let name = CString::new(host::take(Given::Name)).unwrap_or_default();
    let source = host::take(Given::Source);
    let written = compile(&source, &name).and_then(|(program, reading)| {
        drop(source);
        write(program).map(|()| reading)
    });
    match written {
        Ok(reading) => reading as u32,
        Err(failure) => {
            host::hand(Handed::Failure, &failure.to_bytes());
            FAILED
        }
    }
}

/// Hands over a compiled program as bytecode, with its source text and line numbers.
fn write(program: Value) -> Result<(), Failure> {
    let Engine { context, .. } = *engine();
    unsafe {
        let mut length: qjs::size_t = 0;
        let bytes = qjs::JS_WriteObject(context, &mut length, program.raw(), qjs::JS_WRITE_OBJ_BYTECODE as c_int);
        if bytes.is_null() {
            return Err(Failure::thrown(&exception()));
        }
        host::hand(Handed::Program, core::slice::from_raw_parts(bytes, length as usize));
        qjs::js_free(context, bytes.cast());
    }
    Ok(())
}

/// Makes a program of bytecode. Hostile bytecode can do what it likes with this guest's memory, and no more.
pub fn read(bytecode: &[u8], reading: Reading) -> Result<Value, Failure> {
    let Engine { context, .. } = *engine();
    let flags = qjs::JS_READ_OBJ_BYTECODE as c_int;
    let program = unsafe { qjs::JS_ReadObject(context, bytecode.as_ptr(), bytecode.len() as _, flags) };
    let program = Value::own(program);
    if program.is_exception() {
        return Err(Failure::syntax());
    }
    let is_module = qjs::JS_TAG_MODULE == unsafe { qjs::JS_VALUE_GET_TAG(program.raw()) };
    if is_module != (reading == Reading::Module) {
        return Err(Failure::script("it is no program of its kind"));
    }
    if is_module && unsafe { qjs::JS_ResolveModule(context, program.raw()) } < 0 {
        return Err(Failure::syntax());
    }
    Ok(program)
}

/// Compiles `source` as the first of these that it parses as: a script, one that awaits if it says `await`, a module if
/// it says `export` or `import`. Plain bytes are looked for, so that most scripts are parsed once.
fn compile(source: &[u8], name: &CStr) -> Result<(Value, Reading), Failure> {
    let says = |word: &[u8]| memmem::find(source, word).is_some();
    let readings = [
        (says(b"await"), Reading::AsyncScript),
        (true, Reading::Script),
        (says(b"export") || says(b"import"), Reading::Module),
    ];
    let mut failure: Option<Failure> = None;
    for (_, reading) in readings.into_iter().filter(|(possible, _)| *possible) {
        let program = parse(source, name, reading);
        if !program.is_exception() {
            return Ok((program, reading));
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
fn parse(source: &[u8], name: &CStr, reading: Reading) -> Value {
    let flags = (reading.flags() | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as c_int;
    let Engine { context, .. } = *engine();
    Value::own(unsafe { qjs::JS_Eval(context, source.as_ptr().cast(), source.len() as _, name.as_ptr(), flags) })
}
