//! Write tracking: stores to the guest's memory also mark a *card*, a byte for each 1 KiB, in a memory of its own that
//! nothing else in the guest can reach. The host clears the cards when it knows what the memory holds; what was written
//! since lies in the marked cards and **their successors**, so that one mark stands for all stores from it to a card's
//! size after it.

use crate::address::{Edit, Holder, plan};
use anyhow::{Context, Result, bail};
use walrus::ir::{
    BinaryOp, Binop, Const, IfElse, Instr, InstrLocId, LocalGet, LocalTee, MemArg, MemoryFill, Store, StoreKind, Value,
};
use walrus::{FunctionId, LocalFunction, LocalId, MemoryId, Module, ValType};

/// Bytes of a card, as a power of two.
const CARD_LOG2: i32 = 10;
pub const CARD_BYTES: u64 = 1 << CARD_LOG2;

/// Cards of all the memory that 32 bits can address, in pages of WebAssembly.
const PAGES: u64 = (1 << (32 - CARD_LOG2)) / 65_536;

/// What was found and done.
#[derive(Debug, Default)]
pub struct Tracked {
    pub stores: usize,
    /// Stores that mark. Another of their function has marked for the rest.
    pub marked: usize,
}

/// Adds the cards (the export `cards`) and lets stores mark them. Comes after the meter, whose functions for bulk memory
/// then hold the only ones of those instructions.
pub fn track(module: &mut Module) -> Result<Tracked> {
    let memory = module.get_memory_id().context("The module has no memory, or several")?;
    if module.memories.get(memory).memory64 {
        bail!("Cannot track a memory with addresses of 64 bits");
    }
    let functions: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let cards = module.memories.add_local(false, false, PAGES, Some(PAGES), None);
    module.exports.add("cards", cards);
    let mut tracked = Tracked::default();
    for id in functions {
        let plan = plan(module, id)?;
        tracked.stores += plan.stores;
        tracked.marked += plan.marked;
        let kept: Vec<LocalId> = (0..plan.kept).map(|_| module.locals.add(ValType::I32)).collect();
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        // From the last on, so that the places of the others stay.
        for ((sequence, index), edit) in plan.edits.into_iter().rev() {
            let code = Marker { cards, kept: &kept, function }.code(edit);
            let code = code.into_iter().map(|instruction| (instruction, InstrLocId::default()));
            function.block_mut(sequence).instrs.splice(index + 1..index + 1, code);
        }
    }
    Ok(tracked)
}

/// Writes the code of edits.
struct Marker<'a> {
    cards: MemoryId,
    kept: &'a [LocalId],
    function: &'a mut LocalFunction,
}

impl Marker<'_> {
    /// A mark comes after its store: what traps has written nothing.
    fn code(&mut self, edit: Edit) -> Vec<Instr> {
        match edit {
            Edit::Keep(number) => vec![LocalTee { local: self.kept[number] }.into()],
            Edit::Mark(address, offset) => self.mark(&address, offset),
            Edit::MarkRange(address, length) => {
                let mut all = self.card(&address, 0);
                all.extend([i32(1), self.get(&length), i32(CARD_LOG2), binary(BinaryOp::I32ShrU)]);
                all.extend([i32(1), binary(BinaryOp::I32Add), MemoryFill { memory: self.cards }.into()]);
                // The first mark stands for a card's size, and costs less than to fill.
                let mut code = self.mark(&address, 0);
                code.extend([self.get(&length), i32(CARD_BYTES as i32), binary(BinaryOp::I32GtU), self.branch(all)]);
                code
            }
        }
    }

    fn mark(&self, address: &Holder, offset: u64) -> Vec<Instr> {
        let (kind, arg) = (StoreKind::I32_8 { atomic: false }, MemArg { align: 1, offset: 0 });
        let mut code = self.card(address, offset);
        code.extend([i32(1), Store { memory: self.cards, kind, arg }.into()]);
        code
    }

    /// Gives the number of an address's card.
    fn card(&self, address: &Holder, offset: u64) -> Vec<Instr> {
        if let Holder::Constant(base) = address {
            return vec![i32(((u64::from(*base as u32) + offset) >> CARD_LOG2) as i32)];
        }
        let mut code = vec![self.get(address)];
        if offset > 0 {
            code.extend([i32(offset as i32), binary(BinaryOp::I32Add)]);
        }
        code.extend([i32(CARD_LOG2), binary(BinaryOp::I32ShrU)]);
        code
    }

    fn get(&self, holder: &Holder) -> Instr {
        match holder {
            Holder::Constant(value) => i32(*value),
            Holder::Local(local) => LocalGet { local: *local }.into(),
            Holder::Kept(number) => LocalGet { local: self.kept[*number] }.into(),
        }
    }

    /// `if` with `code` in it.
    fn branch(&mut self, code: Vec<Instr>) -> Instr {
        let builder = self.function.builder_mut();
        let mut then = builder.dangling_instr_seq(None);
        for instruction in code {
            then.instr(instruction);
        }
        let consequent = then.id();
        let alternative = builder.dangling_instr_seq(None).id();
        IfElse { consequent, alternative }.into()
    }
}

fn i32(value: i32) -> Instr {
    Const { value: Value::I32(value) }.into()
}

fn binary(op: BinaryOp) -> Instr {
    Binop { op }.into()
}
