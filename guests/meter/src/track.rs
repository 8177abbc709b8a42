//! Write tracking: each store to the guest's memory also marks a *card*, a byte for each 1 KiB, in a memory of its own
//! that nothing else in the guest can reach. The host clears the cards when it knows what the memory holds; what was
//! written since lies in the marked cards and **their successors**, so that a store near a card's end needs one mark.

use anyhow::{Context, Result, bail};
use walrus::ir::{
    BinaryOp, Binop, Const, Instr, InstrLocId, InstrSeqId, LoadSimdKind, LocalGet, LocalSet, LocalTee, MemArg,
    MemoryFill, Store, StoreKind, Value,
};
use walrus::{FunctionId, LocalId, MemoryId, Module, ValType};

/// Bytes of a card, as a power of two.
const CARD_LOG2: i32 = 10;
const CARD_BYTES: u64 = 1 << CARD_LOG2;

/// Cards of all the memory that 32 bits can address, in pages of WebAssembly.
const PAGES: u64 = (1 << (32 - CARD_LOG2)) / 65_536;

/// Adds the cards (the export `cards`) and lets every store mark them; returns how many stores do. Comes after the
/// meter, whose functions for bulk memory then hold the only ones of those instructions.
pub fn track(module: &mut Module) -> Result<usize> {
    let memory = module.get_memory_id().context("The module has no memory, or several")?;
    let cards = module.memories.add_local(false, false, PAGES, Some(PAGES), None);
    module.exports.add("cards", cards);
    let functions: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let mut count = 0;
    for id in functions {
        count += Tracker { memory, cards, id, locals: Vec::new() }.track(module)?;
    }
    Ok(count)
}

/// What an instruction takes from the operand stack, the address first, and what it writes.
enum Write {
    /// A value of this type, at an offset from the address.
    Value(ValType, u64),
    /// As many bytes as the last operand says.
    Range,
}

struct Tracker {
    memory: MemoryId,
    cards: MemoryId,
    id: FunctionId,
    /// Locals that hold operands while their instruction runs, by their place and type.
    locals: Vec<(usize, ValType, LocalId)>,
}

impl Tracker {
    fn track(&mut self, module: &mut Module) -> Result<usize> {
        let mut sequences = vec![module.funcs.get(self.id).kind.unwrap_local().entry_block()];
        let mut count = 0;
        while let Some(sequence) = sequences.pop() {
            let mut code = Vec::new();
            for (instruction, location) in self.instructions(module, sequence) {
                match &instruction {
                    Instr::Block(block) => sequences.push(block.seq),
                    Instr::Loop(body) => sequences.push(body.seq),
                    Instr::IfElse(branch) => sequences.extend([branch.consequent, branch.alternative]),
                    _ => {}
                }
                match self.write(&instruction)? {
                    None => code.push((instruction, location)),
                    Some(write) => {
                        count += 1;
                        self.marked(module, instruction, write, &mut code);
                    }
                }
            }
            let function = module.funcs.get_mut(self.id).kind.unwrap_local_mut();
            function.block_mut(sequence).instrs = code;
        }
        Ok(count)
    }

    fn instructions(&self, module: &mut Module, sequence: InstrSeqId) -> Vec<(Instr, InstrLocId)> {
        let function = module.funcs.get_mut(self.id).kind.unwrap_local_mut();
        std::mem::take(&mut function.block_mut(sequence).instrs)
    }

    fn write(&self, instruction: &Instr) -> Result<Option<Write>> {
        use LoadSimdKind::*;
        Ok(match instruction {
            Instr::Store(store) if store.memory == self.memory => {
                Some(Write::Value(operand(store.kind), store.arg.offset))
            }
            Instr::LoadSimd(lane) => match lane.kind {
                V128Store8Lane(_) | V128Store16Lane(_) | V128Store32Lane(_) | V128Store64Lane(_) => {
                    Some(Write::Value(ValType::V128, lane.arg.offset))
                }
                _ => None,
            },
            Instr::MemoryCopy(_) | Instr::MemoryFill(_) => Some(Write::Range),
            Instr::MemoryInit(_) | Instr::AtomicRmw(_) | Instr::Cmpxchg(_) => bail!("Cannot track {instruction:?}"),
            _ => None,
        })
    }

    /// The instruction with its mark after it: what traps has written nothing.
    fn marked(
        &mut self,
        module: &mut Module,
        instruction: Instr,
        write: Write,
        code: &mut Vec<(Instr, InstrLocId)>,
    ) {
        let mut add = |instruction: Instr| code.push((instruction, InstrLocId::default()));
        let address = self.local(module, 0, ValType::I32);
        let mut card = vec![LocalGet { local: address }.into()];
        let mark;
        match write {
            Write::Value(ty, offset) => {
                let value = self.local(module, 1, ty);
                add(LocalSet { local: value }.into());
                add(LocalTee { local: address }.into());
                add(LocalGet { local: value }.into());
                // A vector ends 16 bytes after its start: all but far offsets lie in the address's card or its successor.
                if offset + 16 > CARD_BYTES {
                    card.extend([i32(offset as i32), binary(BinaryOp::I32Add)]);
                }
                let (kind, arg) = (StoreKind::I32_8 { atomic: false }, MemArg { align: 1, offset: 0 });
                mark = vec![i32(1), Store { memory: self.cards, kind, arg }.into()];
            }
            Write::Range => {
                let operand = self.local(module, 1, ValType::I32);
                let length = self.local(module, 2, ValType::I32);
                add(LocalSet { local: length }.into());
                add(LocalSet { local: operand }.into());
                add(LocalTee { local: address }.into());
                add(LocalGet { local: operand }.into());
                add(LocalGet { local: length }.into());
                mark = vec![
                    i32(1),
                    LocalGet { local: length }.into(),
                    i32(CARD_LOG2),
                    binary(BinaryOp::I32ShrU),
                    i32(1),
                    binary(BinaryOp::I32Add),
                    MemoryFill { memory: self.cards }.into(),
                ];
            }
        }
        add(instruction);
        card.into_iter().chain([i32(CARD_LOG2), binary(BinaryOp::I32ShrU)]).chain(mark).for_each(add);
    }

    fn local(&mut self, module: &mut Module, place: usize, ty: ValType) -> LocalId {
        if let Some((.., local)) = self.locals.iter().find(|(other, of, _)| (*other, *of) == (place, ty)) {
            return *local;
        }
        let local = module.locals.add(ty);
        self.locals.push((place, ty, local));
        local
    }
}

fn operand(kind: StoreKind) -> ValType {
    match kind {
        StoreKind::I32 { .. } | StoreKind::I32_8 { .. } | StoreKind::I32_16 { .. } => ValType::I32,
        StoreKind::I64 { .. } | StoreKind::I64_8 { .. } | StoreKind::I64_16 { .. } | StoreKind::I64_32 { .. } => {
            ValType::I64
        }
        StoreKind::F32 => ValType::F32,
        StoreKind::F64 => ValType::F64,
        StoreKind::V128 => ValType::V128,
    }
}

fn i32(value: i32) -> Instr {
    Const { value: Value::I32(value) }.into()
}

fn binary(op: BinaryOp) -> Instr {
    Binop { op }.into()
}
