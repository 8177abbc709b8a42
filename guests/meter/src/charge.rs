//! The instructions that make code pay.

use crate::Gauge;
use crate::hint::PAY;
use crate::turns::Place;
use anyhow::Result;
use walrus::ir::{
    BinaryOp, Binop, Call, Const, GlobalGet, GlobalSet, IfElse, Instr, InstrLocId, InstrSeqId, LocalGet, LocalTee,
    UnaryOp, Unop, Value,
};
use walrus::{ConstExpr, FunctionBuilder, FunctionId, GlobalId, InstrSeqBuilder, LocalId, MemoryId, Module, ValType};

/// Bytes that a bulk memory instruction moves for one unit: about the time of one turn of a tight loop.
const BYTES_PER_UNIT_LOG2: i32 = 6;

/// A bulk memory instruction of fewer bytes is free: it takes no longer than other straight code.
const FREE_BYTES: i32 = 4096;

/// Turns of a loop that are paid together; a power of two.
const TURNS: i32 = 32;

/// Adds the globals and imports, and fills the import `meter.pay` if the module has it.
pub fn gauge(module: &mut Module) -> Result<Gauge> {
    let signal = module.types.add(&[], &[]);
    let (out_of_fuel, _) = module.add_import_func("meter", "out_of_fuel", signal);
    let (stack_overflow, _) = module.add_import_func("meter", "stack_overflow", signal);
    let mut global =
        |initial| module.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(initial)));
    let (fuel, limit) = (global(i32::MAX), global(0));
    module.exports.add("fuel", fuel);
    let stack = module.globals.iter().find(|global| global.name.as_deref() == Some("__stack_pointer"));
    let stack = stack.map(|global| (global.id(), limit));
    if let Some((pointer, limit)) = stack {
        module.exports.add("stack_pointer", pointer);
        module.exports.add("stack_limit", limit);
    }
    let pay = pay(module, fuel, out_of_fuel)?;
    module.funcs.get_mut(pay).name = Some(PAY.into());
    Ok(Gauge { fuel, stack, out_of_fuel, stack_overflow, pay })
}

/// The function that pays any number of units.
fn pay(module: &mut Module, fuel: GlobalId, out_of_fuel: FunctionId) -> Result<FunctionId> {
    let fill = |body: &mut InstrSeqBuilder, units: LocalId| {
        body.global_get(fuel)
            .local_get(units)
            .binop(BinaryOp::I32Sub)
            .global_set(fuel)
            .global_get(fuel)
            .i32_const(0)
            .binop(BinaryOp::I32LtS)
            .if_else(None, |then| _ = then.call(out_of_fuel), |_| ());
    };
    if let Ok(function) = module.imports.get_func("meter", "pay") {
        return module.replace_imported_func(function, |(body, units)| fill(body, units[0]));
    }
    let units = module.locals.add(ValType::I32);
    let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[]);
    fill(&mut builder.func_body(), units);
    Ok(builder.finish(vec![units], &mut module.funcs))
}

/// Counts a turn of a loop, and pays for `TURNS` of them at a time: `if (++turns % TURNS == 0) pay(TURNS)`.
///
/// `turns` is a local of the function, so a turn costs no memory access; what a call leaves unpaid is less than `TURNS`.
pub fn pay_turn(module: &mut Module, id: FunctionId, (sequence, index): Place, turns: LocalId, gauge: &Gauge) {
    let units = Const { value: Value::I32(TURNS) };
    let call = branch(module, id, &[units.into(), Call { func: gauge.pay }.into()]);
    let code: [Instr; 8] = [
        LocalGet { local: turns }.into(),
        Const { value: Value::I32(1) }.into(),
        Binop { op: BinaryOp::I32Add }.into(),
        LocalTee { local: turns }.into(),
        Const { value: Value::I32(TURNS - 1) }.into(),
        Binop { op: BinaryOp::I32And }.into(),
        Unop { op: UnaryOp::I32Eqz }.into(),
        call.into(),
    ];
    insert(module, id, sequence, index, code);
}

/// Pays one unit at a function's entry: `if (--fuel < 0) out_of_fuel()`.
pub fn pay_entry(module: &mut Module, id: FunctionId, gauge: &Gauge) {
    let Gauge { fuel, out_of_fuel, .. } = *gauge;
    let entry = module.funcs.get(id).kind.unwrap_local().entry_block();
    let call = branch(module, id, &[Call { func: out_of_fuel }.into()]);
    let get = GlobalGet { global: fuel };
    let code: [Instr; 8] = [
        get.clone().into(),
        Const { value: Value::I32(1) }.into(),
        Binop { op: BinaryOp::I32Sub }.into(),
        GlobalSet { global: fuel }.into(),
        get.into(),
        Const { value: Value::I32(0) }.into(),
        Binop { op: BinaryOp::I32LtS }.into(),
        call.into(),
    ];
    prepend(module, id, entry, code);
}

/// Checks the stack at a function's entry: `if (stack_pointer < stack_limit) stack_overflow()`.
pub fn check_stack(module: &mut Module, id: FunctionId, gauge: &Gauge) {
    let Some((pointer, limit)) = gauge.stack else { return };
    let entry = module.funcs.get(id).kind.unwrap_local().entry_block();
    let call = branch(module, id, &[Call { func: gauge.stack_overflow }.into()]);
    let code: [Instr; 4] = [
        GlobalGet { global: pointer }.into(),
        GlobalGet { global: limit }.into(),
        Binop { op: BinaryOp::I32LtU }.into(),
        call.into(),
    ];
    prepend(module, id, entry, code);
}

/// `if` with `code` in it.
fn branch(module: &mut Module, id: FunctionId, code: &[Instr]) -> IfElse {
    let builder = module.funcs.get_mut(id).kind.unwrap_local_mut().builder_mut();
    let mut then = builder.dangling_instr_seq(None);
    for instruction in code {
        then.instr(instruction.clone());
    }
    let consequent = then.id();
    let alternative = builder.dangling_instr_seq(None).id();
    IfElse { consequent, alternative }
}

fn prepend<const N: usize>(module: &mut Module, id: FunctionId, sequence: InstrSeqId, code: [Instr; N]) {
    insert(module, id, sequence, 0, code);
}

fn insert<const N: usize>(module: &mut Module, id: FunctionId, sequence: InstrSeqId, at: usize, code: [Instr; N]) {
    let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
    let code = code.into_iter().map(|instruction| (instruction, InstrLocId::default()));
    function.block_mut(sequence).instrs.splice(at..at, code);
}

/// Functions that stand in for `memory.copy` and `memory.fill` and pay by the size first.
pub struct BulkFunctions {
    copy: Option<(MemoryId, FunctionId)>,
    fill: Option<(MemoryId, FunctionId)>,
}

impl BulkFunctions {
    pub fn add(module: &mut Module, gauge: &Gauge) -> Self {
        let Ok(memory) = module.get_memory_id() else {
            return Self { copy: None, fill: None };
        };
        let mut add = |is_copy: bool| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32; 3], &[]);
            let locals = [(); 3].map(|()| module.locals.add(ValType::I32));
            let mut body = builder.func_body();
            body.local_get(locals[2]).i32_const(FREE_BYTES).binop(BinaryOp::I32GeU).if_else(
                None,
                |then| {
                    then.local_get(locals[2]).i32_const(BYTES_PER_UNIT_LOG2).binop(BinaryOp::I32ShrU).call(gauge.pay);
                },
                |_| (),
            );
            for local in locals {
                body.local_get(local);
            }
            match is_copy {
                true => body.memory_copy(memory, memory),
                false => body.memory_fill(memory),
            };
            Some((memory, builder.finish(locals.to_vec(), &mut module.funcs)))
        };
        Self { copy: add(true), fill: add(false) }
    }

    /// Puts calls in the place of the instructions of one function; says how many.
    pub fn substitute(&self, module: &mut Module, id: FunctionId) -> usize {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let mut sequences = vec![function.entry_block()];
        let mut count = 0;
        while let Some(sequence) = sequences.pop() {
            for (instruction, _) in &mut function.block_mut(sequence).instrs {
                let stand_in = match instruction {
                    Instr::MemoryCopy(copy) => self.copy.filter(|(memory, _)| copy.src == *memory),
                    Instr::MemoryFill(fill) => self.fill.filter(|(memory, _)| fill.memory == *memory),
                    Instr::Block(block) => {
                        sequences.push(block.seq);
                        None
                    }
                    Instr::Loop(body) => {
                        sequences.push(body.seq);
                        None
                    }
                    Instr::IfElse(branch) => {
                        sequences.extend([branch.consequent, branch.alternative]);
                        None
                    }
                    _ => None,
                };
                if let Some((_, func)) = stand_in {
                    *instruction = Call { func }.into();
                    count += 1;
                }
            }
        }
        count
    }
}
