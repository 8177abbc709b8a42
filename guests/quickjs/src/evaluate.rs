//! One run: input, script, result.

use crate::compile::{Program, compile};
use crate::decode::{Format, decode};
use crate::encode::encode;
use crate::engine::{self, Value, engine, exception, get, qjs};
use crate::failure::Failure;
use crate::host::{self, Given, Handed};
use crate::settle::{check_rejections, run_jobs, settle};
use std::ffi::CString;

/// Runs the script that the host holds and hands over its value (0) or its failure (1).
///
/// `format` says what the input is, `output_bytes` how large the value may be, `collect_bytes` how much memory the
/// engine fills before it looks for cycles.
#[unsafe(no_mangle)]
extern "C" fn evaluate(format: u32, output_bytes: usize, collect_bytes: usize) -> u32 {
    unsafe { qjs::JS_SetGCThreshold(engine().runtime, collect_bytes as _) };
    match result(Format::from_number(format), output_bytes) {
        Ok(value) => {
            host::hand(Handed::Value, &value);
            0
        }
        Err(failure) => {
            host::hand(Handed::Failure, &failure.to_bytes());
            1
        }
    }
}

fn result(format: Format, output_bytes: usize) -> Result<Vec<u8>, Failure> {
    let input = if format == Format::None { Vec::new() } else { host::take(Given::Input) };
    let data = decode(format, &input).map_err(Failure::input)?;
    drop(input);
    if format != Format::None {
        engine::define(c"data", Value::share(data.raw()).release());
    }
    let name = CString::new(host::take(Given::Name)).unwrap_or_default();
    let source = host::take(Given::Script);
    let program = compile(&source, &name)?;
    drop(source);
    let value = run(program, &data)?;
    check_rejections()?;
    encode(value.raw(), output_bytes)
}

/// Runs a program to its end and gives its value, awaited.
fn run(program: Program, data: &Value) -> Result<Value, Failure> {
    match program {
        Program::Script(script) => settle(execute(script)?),
        Program::AsyncScript(script) => {
            let completion = settle(execute(script)?)?;
            settle(get(completion.raw(), c"value").unwrap_or_else(undefined))
        }
        Program::Module(module) => {
            let definition = unsafe { qjs::JS_VALUE_GET_PTR(module.raw()) }.cast();
            settle(execute(module)?)?;
            let namespace = unsafe { qjs::JS_GetModuleNamespace(engine().context, definition) };
            let namespace = Value::own(namespace);
            let default = get(namespace.raw(), c"default").unwrap_or_else(undefined);
            if !unsafe { qjs::JS_IsFunction(engine().context, default.raw()) } {
                return settle(default);
            }
            let value = engine::call(default.raw(), qjs::JS_UNDEFINED, &mut [data.raw()]);
            settle(completed(value)?)
        }
    }
}

fn execute(program: Value) -> Result<Value, Failure> {
    let value = unsafe { qjs::JS_EvalFunction(engine().context, program.release()) };
    completed(Value::own(value))
}

/// What a call came to; jobs run before a failure is told, as they would have after it.
fn completed(value: Value) -> Result<Value, Failure> {
    if !value.is_exception() {
        return Ok(value);
    }
    let thrown = exception();
    run_jobs()?;
    Err(Failure::thrown(&thrown))
}

fn undefined() -> Value {
    Value::own(qjs::JS_UNDEFINED)
}
