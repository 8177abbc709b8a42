//! One run: input, script, result.

use crate::compile::{Reading, read};
use crate::decode::{Format, decode};
use crate::encode::{Writer, encode};
use crate::engine::{self, Value, engine, exception, get, qjs};
use crate::failure::Failure;
use crate::host::{self, Given, Handed};
use crate::inspect::inspect;
use crate::random;
use crate::settle::{check_rejections, forget_rejections, run_jobs, settle};

/// Runs the program that the host holds and hands over its value (0) or its failure (1).
///
/// `reading` says how its source was read, `format` what the input is, `wanted` what is asked of the value,
/// `output_bytes` how large it may be, `collect_bytes` how much memory the engine fills before it looks for cycles.
#[unsafe(no_mangle)]
extern "C" fn evaluate(reading: u32, format: u32, wanted: u32, output_bytes: usize, collect_bytes: usize) -> u32 {
    collect_from(collect_bytes);
    // What an earlier run of this world left is not this run's.
    random::forget();
    forget_rejections();
    let value = result(Reading::from_number(reading), Format::from_number(format));
    let bytes = value.and_then(|value| wanted_bytes(value, wanted, output_bytes));
    // Finalizers of what was let go of just now: what is left undone would be done in a later run of this world.
    let last = run_jobs().and_then(|()| check_rejections());
    match bytes.and_then(|bytes| last.map(|()| bytes)) {
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

/// Sets how much the engine fills before it looks for cycles. An image may hold more than that already, and the engine
/// has looked through it: what it then set for itself stays, or every run from there would begin with a look at it all.
fn collect_from(bytes: usize) {
    let runtime = engine().runtime;
    unsafe {
        let least = (qjs::JS_GetGCThreshold(runtime) as usize).min(bytes * MOST_PARTS);
        qjs::JS_SetGCThreshold(runtime, least.max(bytes) as _);
    }
}

/// The host gives an eighth of the memory limit: up to seven of them may be filled before a look.
const MOST_PARTS: usize = 7;

/// What is asked of a run's value, by the host's numbers.
const NOTHING: u32 = 0;
const TEXT: u32 = 2;

fn wanted_bytes(value: Value, wanted: u32, output_bytes: usize) -> Result<Vec<u8>, Failure> {
    let mut writer = Writer::new(output_bytes);
    match wanted {
        NOTHING => writer.nil(),
        TEXT => writer.string(inspect(value.raw()).as_bytes()),
        _ => return encode(value.raw(), output_bytes),
    }
    Ok(writer.finish())
}

fn result(reading: Reading, format: Format) -> Result<Value, Failure> {
    let input = if format == Format::None { Vec::new() } else { host::take(Given::Input) };
    let data = decode(format, &input).map_err(Failure::input)?;
    drop(input);
    if format != Format::None {
        engine::define(c"data", Value::share(data.raw()).release());
    }
    let bytecode = host::take(Given::Source);
    let program = read(&bytecode, reading)?;
    drop(bytecode);
    let value = run(program, reading, &data)?;
    check_rejections()?;
    Ok(value)
}

/// Runs a program to its end and gives its value, awaited.
fn run(program: Value, reading: Reading, data: &Value) -> Result<Value, Failure> {
    match reading {
        Reading::Script => settle(execute(program)?),
        Reading::AsyncScript => {
            let completion = settle(execute(program)?)?;
            settle(get(completion.raw(), c"value").unwrap_or_else(undefined))
        }
        Reading::Module => {
            let definition = unsafe { qjs::JS_VALUE_GET_PTR(program.raw()) }.cast();
            settle(execute(program)?)?;
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
