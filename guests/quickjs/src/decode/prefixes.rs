//! Keeps the engine's shapes alive that records pass through while they are built.
//!
//! QuickJS finds the shape "these keys and one more" if some object has it. A record that is built key by key passes
//! through shapes that no finished record has, so the engine would make and drop them again for each: two allocations
//! and a copy for a key. An object for each prefix of the keys, for as long as the document is read, spares that.

use super::builder::DATA;
use crate::engine::{Value, engine, qjs};
use qjs::JSAtom;

/// Key sequences that are remembered, by their hash.
const SLOTS: usize = 64;
/// Records with more keys pass through too many shapes to keep.
const MOST_KEYS: usize = 32;
/// Objects kept at most.
const MOST_KEPT: usize = 512;

#[derive(Clone, Copy, PartialEq)]
enum Met {
    Never,
    Once,
    Kept,
}

pub struct Prefixes {
    met: [(u32, Met); SLOTS],
    kept: Vec<Value>,
}

impl Prefixes {
    pub fn new() -> Self {
        Self { met: [(0, Met::Never); SLOTS], kept: Vec::new() }
    }

    /// Tells of a finished record; the second one with the same keys has its prefixes kept.
    #[inline]
    pub fn meet(&mut self, keys: &[JSAtom]) {
        if !(2..=MOST_KEYS).contains(&keys.len()) {
            return;
        }
        // FNV-1a; a collision only means that prefixes are kept too early or not at all.
        let hash = keys.iter().fold(0x811c_9dc5u32, |hash, key| (hash ^ key).wrapping_mul(0x0100_0193));
        let slot = &mut self.met[(hash >> 8) as usize % SLOTS];
        *slot = match *slot {
            (known, met @ (Met::Once | Met::Kept)) if known == hash => {
                if met == Met::Once && self.kept.len() + keys.len() <= MOST_KEPT {
                    Self::keep(&mut self.kept, keys);
                }
                (hash, Met::Kept)
            }
            _ => (hash, Met::Once),
        };
    }

    #[cold]
    fn keep(kept: &mut Vec<Value>, keys: &[JSAtom]) {
        let context = engine().context;
        for length in 0..keys.len() {
            unsafe {
                let object = qjs::JS_NewObject(context);
                for key in &keys[..length] {
                    qjs::JS_DefinePropertyValue(context, object, *key, qjs::JS_UNDEFINED, DATA);
                }
                kept.push(Value::own(object));
            }
        }
    }
}
