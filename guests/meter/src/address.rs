//! Which stores need a mark, and where their addresses are held.
//!
//! Every value is followed as a distance from a *symbol*: what a local held at the function's start, or what an
//! instruction gave. One pass over the structured code is enough: what a loop assigns is another symbol at its head, and
//! where branches meet, what differs is. Marks hold until the function ends, as only the host clears them, between runs.

use crate::track::CARD_BYTES;
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use walrus::ir::{
    BinaryOp, Instr, InstrSeqId, InstrSeqType, LoadSimdKind, LocalSet, LocalTee, Value as Literal, Visitor,
    dfs_in_order,
};
use walrus::{FunctionId, LocalFunction, LocalId, Module};

/// What holds an operand when its instruction has run.
pub enum Holder {
    Constant(i32),
    Local(LocalId),
    /// A new local, by its number.
    Kept(usize),
}

/// Code that comes after an instruction.
pub enum Edit {
    /// What the instruction gave is kept in a new local.
    Keep(usize),
    /// Marks the card of an address plus an offset.
    Mark(Holder, u64),
    /// Marks the cards from an address on, for a length.
    MarkRange(Holder, Holder),
}

/// An instruction: its sequence, and its index there.
type Place = (InstrSeqId, usize);

#[derive(Default)]
pub struct Plan {
    pub edits: BTreeMap<Place, Edit>,
    pub stores: usize,
    pub marked: usize,
    /// How many new locals are needed, all for 32 bits.
    pub kept: usize,
}

/// Plans the marks of one function.
pub fn plan(module: &Module, id: FunctionId) -> Result<Plan> {
    let function = module.funcs.get(id).kind.unwrap_local();
    let mut walk = Walk {
        module,
        function,
        symbols: ZERO,
        state: Some(State::default()),
        targets: HashMap::new(),
        operands: Vec::new(),
        plan: Plan::default(),
    };
    for local in Locals::of(function, function.entry_block()).used {
        walk.assign_unknown(local);
    }
    walk.sequence(function.entry_block())?;
    Ok(walk.plan)
}

/// The symbol of the number 0: constants are distances from it.
const ZERO: u32 = 0;

/// A symbol plus a distance, in 32 bits; of other types only that two are the same.
#[derive(Clone, Copy, PartialEq)]
struct Value {
    symbol: u32,
    distance: i32,
}

impl Value {
    fn moved(self, by: i32) -> Self {
        Self { distance: self.distance.wrapping_add(by), ..self }
    }
}

#[derive(Clone, Copy)]
struct Operand {
    value: Value,
    /// The instruction of this sequence that left it on top of the operand stack.
    made: Option<usize>,
}

/// What is known at one point.
#[derive(Clone, Default)]
struct State {
    locals: BTreeMap<LocalId, Value>,
    /// Distances from symbols from which on a card's bytes are marked.
    marks: BTreeSet<(u32, i64)>,
}

/// The locals that code gets or sets.
#[derive(Default)]
struct Locals {
    used: BTreeSet<LocalId>,
    assigned: BTreeSet<LocalId>,
}

impl Locals {
    fn of(function: &LocalFunction, sequence: InstrSeqId) -> Self {
        let mut locals = Self::default();
        dfs_in_order(&mut locals, function, sequence);
        locals
    }
}

impl Visitor<'_> for Locals {
    fn visit_local_id(&mut self, local: &LocalId) {
        self.used.insert(*local);
    }

    fn visit_local_set(&mut self, set: &LocalSet) {
        self.assigned.insert(set.local);
    }

    fn visit_local_tee(&mut self, tee: &LocalTee) {
        self.assigned.insert(tee.local);
    }
}

struct Walk<'a> {
    module: &'a Module,
    function: &'a LocalFunction,
    /// The last symbol.
    symbols: u32,
    /// None where the code is not reached.
    state: Option<State>,
    /// What is known at the branches to a sequence.
    targets: HashMap<InstrSeqId, State>,
    operands: Vec<Operand>,
    plan: Plan,
}

impl Walk<'_> {
    fn unknown(&mut self) -> Value {
        self.symbols += 1;
        Value { symbol: self.symbols, distance: 0 }
    }

    /// The state of code that is reached.
    fn now(&mut self) -> &mut State {
        self.state.as_mut().expect("this code is reached")
    }

    fn assign_unknown(&mut self, local: LocalId) {
        let value = self.unknown();
        self.now().locals.insert(local, value);
    }

    /// The operand at this depth of the stack; the top one's is 1.
    fn operand(&self, depth: usize) -> Operand {
        self.operands[self.operands.len() - depth]
    }

    /// What is known where two ways meet.
    fn meet(&mut self, one: Option<State>, other: Option<State>) -> Option<State> {
        let (mut one, other) = match (one, other) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => return one.or(other),
        };
        for (local, value) in &mut one.locals {
            if other.locals[local] != *value {
                *value = self.unknown();
            }
        }
        one.marks.retain(|mark| other.marks.contains(mark));
        Some(one)
    }

    /// A branch. One to a loop's head tells nothing there: it holds for every turn already.
    fn branch(&mut self, target: InstrSeqId) {
        let before = self.targets.remove(&target);
        let met = self.meet(before, self.state.clone()).expect("a branch is reached");
        self.targets.insert(target, met);
    }

    /// Walks a sequence whose branches lead behind it.
    fn block(&mut self, id: InstrSeqId) -> Result<()> {
        self.sequence(id)?;
        let (end, left) = (self.state.take(), self.targets.remove(&id));
        self.state = self.meet(end, left);
        Ok(())
    }

    /// Walks a sequence as far as it is reached, and takes its results off.
    fn sequence(&mut self, id: InstrSeqId) -> Result<()> {
        let height = self.operands.len();
        for index in 0..self.function.block(id).instrs.len() {
            if self.state.is_none() {
                break;
            }
            self.instruction((id, index))?;
        }
        self.operands.truncate(height);
        Ok(())
    }

    /// How many values a sequence leaves. It cannot take any: then no operand comes from another sequence.
    fn results(&self, sequence: InstrSeqId) -> Result<usize> {
        Ok(match self.function.block(sequence).ty {
            InstrSeqType::Simple(result) => result.iter().len(),
            InstrSeqType::MultiValue(ty) => match self.module.types.get(ty) {
                ty if ty.params().is_empty() => ty.results().len(),
                ty => bail!("Cannot track a block with parameters: {ty:?}"),
            },
        })
    }

    fn instruction(&mut self, place: Place) -> Result<()> {
        let function = self.function;
        let mut known = None;
        let (takes, gives) = match &function.block(place.0).instrs[place.1].0 {
            Instr::Block(block) => {
                let gives = self.results(block.seq)?;
                self.block(block.seq)?;
                (0, gives)
            }
            Instr::Loop(body) => {
                let gives = self.results(body.seq)?;
                for local in Locals::of(function, body.seq).assigned {
                    self.assign_unknown(local);
                }
                self.sequence(body.seq)?;
                (0, gives)
            }
            Instr::IfElse(branch) => {
                let gives = self.results(branch.consequent)?;
                self.operands.pop();
                let before = self.state.clone();
                self.block(branch.consequent)?;
                let end = std::mem::replace(&mut self.state, before);
                self.block(branch.alternative)?;
                let other_end = self.state.take();
                self.state = self.meet(end, other_end);
                (0, gives)
            }
            Instr::Br(branch) => {
                self.branch(branch.block);
                self.state = None;
                (0, 0)
            }
            Instr::BrIf(branch) => {
                self.branch(branch.block);
                (1, 0)
            }
            Instr::BrTable(table) => {
                let targets: BTreeSet<_> = table.blocks.iter().chain([&table.default]).collect();
                targets.into_iter().for_each(|target| self.branch(*target));
                self.state = None;
                (1, 0)
            }
            Instr::Return(_) | Instr::Unreachable(_) | Instr::ReturnCall(_) | Instr::ReturnCallIndirect(_) => {
                self.state = None;
                (0, 0)
            }
            Instr::LocalGet(get) => {
                known = Some(self.now().locals[&get.local]);
                (0, 1)
            }
            Instr::LocalSet(set) => {
                let value = self.operand(1).value;
                self.now().locals.insert(set.local, value);
                (1, 0)
            }
            Instr::LocalTee(tee) => {
                let value = self.operand(1).value;
                self.now().locals.insert(tee.local, value);
                known = Some(value);
                (1, 1)
            }
            Instr::Const(constant) => {
                if let Literal::I32(distance) = constant.value {
                    known = Some(Value { symbol: ZERO, distance });
                }
                (0, 1)
            }
            Instr::Binop(operation) => {
                let (left, right) = (self.operand(2).value, self.operand(1).value);
                known = match operation.op {
                    BinaryOp::I32Add if right.symbol == ZERO => Some(left.moved(right.distance)),
                    BinaryOp::I32Add if left.symbol == ZERO => Some(right.moved(left.distance)),
                    BinaryOp::I32Sub if right.symbol == ZERO => Some(left.moved(right.distance.wrapping_neg())),
                    _ => None,
                };
                (2, 1)
            }
            Instr::Store(store) if !store.kind.atomic() => {
                self.store(place, store.arg.offset, store.kind.width())?;
                (2, 0)
            }
            Instr::LoadSimd(access) => match access.kind {
                LoadSimdKind::V128Store8Lane(_)
                | LoadSimdKind::V128Store16Lane(_)
                | LoadSimdKind::V128Store32Lane(_)
                | LoadSimdKind::V128Store64Lane(_) => {
                    self.store(place, access.arg.offset, 8)?; // the widest lane
                    (2, 0)
                }
                LoadSimdKind::V128Load8Lane(_)
                | LoadSimdKind::V128Load16Lane(_)
                | LoadSimdKind::V128Load32Lane(_)
                | LoadSimdKind::V128Load64Lane(_) => (2, 1),
                _ => (1, 1),
            },
            Instr::MemoryCopy(_) | Instr::MemoryFill(_) => {
                let edit = Edit::MarkRange(self.holder(place.0, 3)?, self.holder(place.0, 1)?);
                self.mark(place, edit);
                (3, 0)
            }
            Instr::Call(call) => self.signature(self.module.funcs.get(call.func).ty()),
            Instr::CallIndirect(call) => {
                let (takes, gives) = self.signature(call.ty);
                (takes + 1, gives)
            }
            Instr::GlobalGet(_) | Instr::MemorySize(_) | Instr::TableSize(_) => (0, 1),
            Instr::RefFunc(_) | Instr::RefNull(_) => (0, 1),
            Instr::GlobalSet(_) | Instr::Drop(_) => (1, 0),
            Instr::Unop(_) | Instr::Load(_) | Instr::MemoryGrow(_) => (1, 1),
            Instr::TableGet(_) | Instr::RefIsNull(_) => (1, 1),
            Instr::I8x16Swizzle(_) | Instr::I8x16Shuffle(_) => (2, 1),
            Instr::Select(_) | Instr::V128Bitselect(_) | Instr::TernOp(_) => (3, 1),
            other => bail!("Cannot track {other:?}"),
        };
        if self.state.is_some() {
            self.operands.truncate(self.operands.len() - takes);
            for left in (0..gives).rev() {
                let value = known.unwrap_or_else(|| self.unknown());
                self.operands.push(Operand { value, made: (left == 0).then_some(place.1) });
            }
        }
        Ok(())
    }

    /// How many values a function of this type takes and gives.
    fn signature(&self, ty: walrus::TypeId) -> (usize, usize) {
        let ty = self.module.types.get(ty);
        (ty.params().len(), ty.results().len())
    }

    /// A store of a value; its address is the second operand.
    fn store(&mut self, place: Place, offset: u64, width: u32) -> Result<()> {
        let Value { symbol, distance } = self.operand(2).value;
        let (base, width) = (i64::from(distance), i64::from(width));
        let start = base + offset as i64;
        let (card, marks) = (CARD_BYTES as i64, &mut self.now().marks);
        // Sums do not wrap round here: what is marked is in memory, which ends more than a card before 2^32.
        if marks.range((symbol, start + width - card)..=(symbol, start)).next().is_some() {
            self.plan.stores += 1;
            return Ok(());
        }
        // The base stands for more stores, if it is near.
        let offset = if offset as i64 + width <= card { 0 } else { offset };
        marks.insert((symbol, base + offset as i64));
        let edit = Edit::Mark(self.holder(place.0, 2)?, offset);
        self.mark(place, edit);
        Ok(())
    }

    fn mark(&mut self, place: Place, edit: Edit) {
        self.plan.stores += 1;
        self.plan.marked += 1;
        self.plan.edits.insert(place, edit);
    }

    /// What holds the operand at this depth when the instruction of `sequence` that takes it has run.
    fn holder(&mut self, sequence: InstrSeqId, depth: usize) -> Result<Holder> {
        let Operand { value, made } = self.operand(depth);
        if value.symbol == ZERO {
            return Ok(Holder::Constant(value.distance));
        }
        if let Some((local, _)) = self.now().locals.iter().find(|(_, held)| **held == value) {
            return Ok(Holder::Local(*local));
        }
        // As long as it is on the stack, nothing else is at its height: the height may number its local.
        let height = self.operands.len() - depth;
        let made = made.context("Cannot track an address that is not the last of several results")?;
        self.plan.edits.insert((sequence, made), Edit::Keep(height));
        self.plan.kept = self.plan.kept.max(height + 1);
        Ok(Holder::Kept(height))
    }
}
