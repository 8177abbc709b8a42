//! Rewrites a WebAssembly module so that its host stays in control of it:
//!
//! - every loop, and every function that can reach itself through calls, pays one unit of *fuel* each time round; bulk
//!   memory instructions pay by their size. Below zero the host is called (`meter.out_of_fuel`), which refuels or throws;
//! - every function that can reach itself checks the *stack pointer* against a limit, and calls the host
//!   (`meter.stack_overflow`) below it;
//! - its memory is imported, so that the host sets the maximum;
//! - if asked for, every store marks where it wrote, so that the host can take it back without a copy of all.
//!
//! No path through the module is both endless and free. That is why loops and recursion pay, and straight code does
//! not: it is finite, and short beside a call to the clock.

mod address;
mod calls;
mod charge;
mod hint;
mod memory;
mod random;
mod track;
mod turns;

use anyhow::{Context, Result};
use turns::Turns;
use walrus::{FunctionId, GlobalId, Module, ValType};

pub use hint::hint;
pub use memory::import_memory;
pub use random::fix_random;
pub use track::{Tracked, track};

/// What a rewriting found and did.
#[derive(Debug, Default)]
pub struct Report {
    pub functions: usize,
    /// Functions that pay at their entry.
    pub cycle_breakers: usize,
    pub loops: usize,
    /// Loops round the interpreter's dispatch, whose jumps pay for them.
    pub exempt_loops: usize,
    /// Places in the interpreter where its jumps pay.
    pub jumps: usize,
    pub bulk_instructions: usize,
    /// False where the module names no stack pointer: then nothing guards its stack but the engine that runs it.
    pub stack_guarded: bool,
}

/// The functions and globals that the rewriting adds or needs.
struct Gauge {
    fuel: GlobalId,
    stack: Option<(GlobalId, GlobalId)>,
    out_of_fuel: FunctionId,
    stack_overflow: FunctionId,
    pay: FunctionId,
}

/// An interpreter in the module, which pays where its program jumps and not at each step.
pub struct Interpreter<'a> {
    pub function: &'a str,
    /// Opcodes that may jump back, other than by a call.
    pub jumps: &'a [usize],
}

/// Meters `module` in place.
pub fn meter(module: &mut Module, interpreter: Option<Interpreter>) -> Result<Report> {
    let jumps = interpreter.as_ref().map_or(&[][..], |interpreter| interpreter.jumps);
    let interpreter = interpreter
        .as_ref()
        .map(|Interpreter { function, .. }| {
            module.funcs.by_name(function).with_context(|| format!("The module has no function \"{function}\""))
        })
        .transpose()?;
    let breakers = calls::cycle_breakers(module, interpreter);
    let functions: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let gauge = charge::gauge(module)?;
    let copies = charge::BulkFunctions::add(module, &gauge);

    let mut report = Report {
        functions: functions.len(),
        cycle_breakers: breakers.len(),
        stack_guarded: gauge.stack.is_some(),
        ..Report::default()
    };
    for id in functions {
        let is_interpreter = interpreter == Some(id);
        let mut turning = Turns::of(module, id);
        let mut paying = Vec::new();
        if is_interpreter {
            report.exempt_loops = turning.exempt_dispatch();
            paying = turning.handlers(jumps)?;
            report.jumps = paying.len();
        }
        report.loops += turning.loops.len();
        paying.extend(turning.loops.into_iter().map(|body| (body, 0)));
        if !paying.is_empty() {
            let turns = module.locals.add(ValType::I32);
            paying.sort(); // from the last on, so that the places of the others stay
            for place in paying.into_iter().rev() {
                charge::pay_turn(module, id, place, turns, &gauge);
            }
        }
        if breakers.contains(&id) || is_interpreter {
            charge::pay_entry(module, id, &gauge);
            charge::check_stack(module, id, &gauge);
        }
        report.bulk_instructions += copies.substitute(module, id);
    }
    Ok(report)
}

/// Adds what `meter` adds, but lets nothing pay or check: the same module for a measure of what metering costs.
pub fn free(module: &mut Module) -> Result<()> {
    charge::gauge(module)?;
    Ok(())
}
