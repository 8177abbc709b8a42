//! Where code turns back: its loops, and the jumps of a program that it interprets.

use anyhow::{Context, Result};
use std::collections::HashMap;
use walrus::ir::{BinaryOp, Binop, BrTable, Const, Instr, InstrLocId, InstrSeqId, Value};
use walrus::{FunctionId, LocalFunction, Module};

/// A place between instructions: their sequence, and the index of the next.
pub type Place = (InstrSeqId, usize);

/// What turns back in one function.
#[derive(Default)]
pub struct Turns {
    /// Bodies of loops.
    pub loops: Vec<InstrSeqId>,
    /// Its widest jump table, which is an interpreter's dispatch.
    dispatch: Dispatch,
    /// The places after its blocks.
    ends: HashMap<InstrSeqId, Place>,
}

#[derive(Default)]
struct Dispatch {
    targets: Vec<InstrSeqId>,
    /// The opcode of the first target: if it is not 0, it is subtracted right before.
    first: usize,
    /// Bodies of the loops round it.
    round: Vec<InstrSeqId>,
}

impl Turns {
    pub fn of(module: &Module, id: FunctionId) -> Self {
        let function = module.funcs.get(id).kind.unwrap_local();
        let mut turns = Self::default();
        turns.walk(function, function.entry_block(), &mut Vec::new());
        turns
    }

    fn walk(&mut self, function: &LocalFunction, sequence: InstrSeqId, round: &mut Vec<InstrSeqId>) {
        let instructions = &function.block(sequence).instrs;
        for (index, (instruction, _)) in instructions.iter().enumerate() {
            match instruction {
                Instr::Block(block) => {
                    self.ends.insert(block.seq, (sequence, index + 1));
                    self.walk(function, block.seq, round);
                }
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
                Instr::BrTable(BrTable { blocks, .. }) if blocks.len() > self.dispatch.targets.len() => {
                    let first = subtracted(&instructions[..index]);
                    self.dispatch = Dispatch { targets: blocks.to_vec(), first, round: round.clone() };
                }
                Instr::Try(_) | Instr::TryTable(_) => unreachable!("refused by the parser's features"),
                _ => {}
            }
        }
    }

    /// Takes out the loops round the dispatch of an interpreter, and returns how many.
    pub fn exempt_dispatch(&mut self) -> usize {
        let round = &self.dispatch.round;
        self.loops.retain(|body| !round.contains(body));
        round.len()
    }

    /// Where the code of opcodes begins in an interpreter: after the blocks that its dispatch leaves for them.
    pub fn handlers(&self, opcodes: &[usize]) -> Result<Vec<Place>> {
        let Dispatch { targets, first, .. } = &self.dispatch;
        let mut found = opcodes
            .iter()
            .map(|opcode| {
                let target = opcode.checked_sub(*first).and_then(|index| targets.get(index));
                let end = target.and_then(|target| self.ends.get(target));
                end.copied().with_context(|| format!("The interpreter's jump table has no code for opcode {opcode}"))
            })
            .collect::<Result<Vec<_>>>()?;
        found.sort();
        found.dedup();
        Ok(found)
    }
}

/// What the last of some instructions subtract, if it is a constant.
fn subtracted(instructions: &[(Instr, InstrLocId)]) -> usize {
    match instructions {
        [
            ..,
            (Instr::Const(Const { value: Value::I32(value) }), _),
            (Instr::Binop(Binop { op: BinaryOp::I32Sub }), _),
        ] => *value as usize,
        _ => 0,
    }
}
