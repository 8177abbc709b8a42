//! The instructions that make code pay.

use crate::Gauge;
use crate::hint::PAY;
use anyhow::{Context, Result};
use std::collections::HashMap;
use walrus::ir::{
    BinaryOp, Binop, Call, Const, GlobalGet, GlobalSet, IfElse, Instr, InstrLocId, InstrSeqId, LocalGet, LocalTee,
    UnaryOp, Unop, Value,
};
use walrus::{
    ConstExpr, FunctionBuilder, FunctionId, GlobalId, InstrSeqBuilder, LocalFunction, LocalId, MemoryId, Module,
    ValType,
};

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

pub struct Loops {
    /// Bodies of the loops that have to pay.
    pub paying: Vec<InstrSeqId>,
    pub exempt: usize,
}

/// The loops of a function; in an interpreter, those round its dispatch (its widest jump table) are exempt.
pub fn loops(module: &Module, id: FunctionId, is_interpreter: bool) -> Loops {
    let function = module.funcs.get(id).kind.unwrap_local();
    let mut found = Found::default();
    found.walk(function, function.entry_block(), &mut Vec::new());
    let exempt = if is_interpreter { found.round_widest } else { Vec::new() };
    let paying = found.loops.into_iter().filter(|body| !exempt.contains(body)).collect();
    Loops { paying, exempt: exempt.len() }
}

#[derive(Default)]
struct Found {
    loops: Vec<InstrSeqId>,
    widest: usize,
    round_widest: Vec<InstrSeqId>,
}

impl Found {
    fn walk(&mut self, function: &LocalFunction, sequence: InstrSeqId, round: &mut Vec<InstrSeqId>) {
        for (instruction, _) in &function.block(sequence).instrs {
            match instruction {
                Instr::Block(block) => self.walk(function, block.seq, round),
                Instr::IfElse(branch) => {
                    self.walk(function, branch.consequent, round);
                    self.walk(function, branch.alternative, round);
                }
                Instr::Loop(body) => {
                    self.loops.push(body.seq);
                    round.push(body.seq);
                    self.walk(function, body.seq, round);
                    round.pop();
                }
                Instr::BrTable(table) if table.blocks.len() > self.widest => {
                    self.widest = table.blocks.len();
                    self.round_widest = round.clone();
                }
                Instr::Try(_) | Instr::TryTable(_) => unreachable!("refused by the parser's features"),
                _ => {}
            }
        }
    }
}

/// Where the code of opcodes begins in an interpreter: after the blocks that its widest jump table leaves for them.
///
/// The table may begin at another opcode than 0: then that is subtracted right before.
pub fn handlers(module: &Module, id: FunctionId, opcodes: &[usize]) -> Result<Vec<(InstrSeqId, usize)>> {
    let function = module.funcs.get(id).kind.unwrap_local();
    let mut ends = HashMap::new();
    let mut widest: (usize, Vec<InstrSeqId>) = (0, Vec::new());
    let mut sequences = vec![function.entry_block()];
    while let Some(sequence) = sequences.pop() {
        let instructions = &function.block(sequence).instrs;
        for (index, (instruction, _)) in instructions.iter().enumerate() {
            match instruction {
                Instr::Block(block) => {
                    ends.insert(block.seq, (sequence, index + 1));
                    sequences.push(block.seq);
                }
                Instr::Loop(body) => sequences.push(body.seq),
                Instr::IfElse(branch) => sequences.extend([branch.consequent, branch.alternative]),
                Instr::BrTable(table) if table.blocks.len() > widest.1.len() => {
                    let before = &instructions[index.saturating_sub(2)..index];
                    widest = (subtracted(before), table.blocks.to_vec());
                }
                _ => {}
            }
        }
    }
    let (first, targets) = widest;
    let mut found = opcodes
        .iter()
        .map(|opcode| {
            let target = opcode.checked_sub(first).and_then(|index| targets.get(index));
            let end = target.and_then(|target| ends.get(target));
            end.copied().with_context(|| format!("The interpreter's jump table has no code for opcode {opcode}"))
        })
        .collect::<Result<Vec<_>>>()?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn subtracted(instructions: &[(Instr, InstrLocId)]) -> usize {
    match instructions {
        [(Instr::Const(Const { value: Value::I32(value) }), _), (Instr::Binop(Binop { op: BinaryOp::I32Sub }), _)] => {
            *value as usize
        }
        _ => 0,
    }
}

/// Counts a turn of a loop, and pays for `TURNS` of them at a time: `if (++turns % TURNS == 0) pay(TURNS)`.
///
/// `turns` is a local of the function, so a turn costs no memory access; what a call leaves unpaid is less than `TURNS`.
pub fn pay_turn(
    module: &mut Module,
    id: FunctionId,
    (sequence, index): (InstrSeqId, usize),
    turns: LocalId,
    gauge: &Gauge,
) {
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
