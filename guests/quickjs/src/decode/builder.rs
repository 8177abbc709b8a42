//! Builds engine values bottom-up from a decoder's events, with a stack of its own.

use super::prefixes::Prefixes;
use super::{Malformed, Result};
use crate::engine::{self, Value, engine, qjs};
use crate::wire::{MAX_DEPTH, MAX_SHAPES};
use core::ffi::c_int;
use qjs::{JSAtom, JSValue};

/// A container that is not full yet.
pub enum Open {
    /// Its elements wait on the value stack, from `base`.
    Array {
        base: usize,
    },
    /// `object` has what came so far, its keys on the key stack from `first`; `key` is the next value's name; `shape` is
    /// its number if it is counted.
    Object {
        object: JSValue,
        key: JSAtom,
        first: usize,
        shape: Option<usize>,
    },
    /// The same with the keys of an earlier object; `next` is the next value's.
    Record {
        object: JSValue,
        shape: usize,
        next: usize,
    },
    /// A key waits on the value stack above `base` while its value is read.
    Map {
        map: JSValue,
        base: usize,
    },
    Set {
        set: JSValue,
    },
}

pub struct Builder<'a> {
    values: Vec<JSValue>,
    open: Vec<Open>,
    keys: KeyCache<'a>,
    /// Keys of the objects so far, where the input may name them again.
    shapes: Vec<Vec<JSAtom>>,
    /// Keys of the objects that are open.
    key_stack: Vec<JSAtom>,
    prefixes: Prefixes,
}

impl<'a> Builder<'a> {
    pub fn new() -> Self {
        Self {
            values: Vec::with_capacity(64),
            open: Vec::with_capacity(16),
            keys: KeyCache::new(),
            shapes: Vec::new(),
            key_stack: Vec::with_capacity(64),
            prefixes: Prefixes::new(),
        }
    }

    /// Gives one complete value to the container that is open, or to the result.
    #[inline]
    pub fn push(&mut self, value: JSValue) {
        let context = engine().context;
        match self.open.last_mut() {
            Some(Open::Object { object, key, .. }) => unsafe {
                qjs::JS_DefinePropertyValue(context, *object, *key, value, DATA);
                qjs::JS_FreeAtom(context, core::mem::replace(key, qjs::JS_ATOM_NULL));
            },
            Some(Open::Record { object, shape, next }) => unsafe {
                let key = self.shapes[*shape][*next];
                qjs::JS_DefinePropertyValue(context, *object, key, value, DATA);
                *next += 1;
            },
            None | Some(Open::Array { .. }) => self.values.push(value),
            Some(Open::Map { map, base }) => {
                self.values.push(value);
                if self.values.len() == *base + 2 {
                    let mut pair = [self.values[*base], self.values[*base + 1]];
                    engine::call(engine().map_set, *map, &mut pair);
                    self.values.drain(*base..).for_each(|value| drop(Value::own(value)));
                }
            }
            Some(Open::Set { set }) => {
                engine::call(engine().set_add, *set, &mut [value]);
                drop(Value::own(value));
            }
        }
    }

    pub fn open_array(&mut self, offset: usize) -> Result<()> {
        let base = self.values.len();
        self.nest(Open::Array { base }, offset)
    }

    pub fn open_object(&mut self, offset: usize) -> Result<()> {
        let object = unsafe { qjs::JS_NewObject(engine().context) };
        self.nest(Open::Object { object, key: qjs::JS_ATOM_NULL, first: self.key_stack.len(), shape: None }, offset)
    }

    /// Opens an object whose keys a later one may take over.
    pub fn open_counted_object(&mut self, offset: usize) -> Result<()> {
        let object = unsafe { qjs::JS_NewObject(engine().context) };
        let shape = (self.shapes.len() < MAX_SHAPES).then(|| {
            self.shapes.push(Vec::new());
            self.shapes.len() - 1
        });
        self.nest(Open::Object { object, key: qjs::JS_ATOM_NULL, first: self.key_stack.len(), shape }, offset)
    }

    /// Opens an object with the keys of an earlier one.
    pub fn open_record(&mut self, shape: usize, offset: usize) -> Result<()> {
        if shape >= self.shapes.len() {
            return Err(Malformed { message: "names keys that did not come before", offset });
        }
        self.prefixes.meet(&self.shapes[shape]);
        let object = unsafe { qjs::JS_NewObject(engine().context) };
        self.nest(Open::Record { object, shape, next: 0 }, offset)
    }

    /// Keys of the record that is open which have no value yet.
    pub fn keys_left(&self) -> usize {
        match self.open.last() {
            Some(Open::Record { shape, next, .. }) => self.shapes[*shape].len() - next,
            _ => 0,
        }
    }

    pub fn open_map(&mut self, offset: usize) -> Result<()> {
        let map = unsafe { qjs::JS_CallConstructor(engine().context, engine().map, 0, core::ptr::null_mut()) };
        let base = self.values.len();
        self.nest(Open::Map { map, base }, offset)
    }

    pub fn open_set(&mut self, offset: usize) -> Result<()> {
        let set = unsafe { qjs::JS_CallConstructor(engine().context, engine().set, 0, core::ptr::null_mut()) };
        self.nest(Open::Set { set }, offset)
    }

    fn nest(&mut self, open: Open, offset: usize) -> Result<()> {
        if self.open.len() == MAX_DEPTH {
            return Err(Malformed { message: "nests deeper than 1024 levels", offset });
        }
        self.open.push(open);
        Ok(())
    }

    /// Closes the innermost container; it becomes a value of the one around it.
    pub fn close(&mut self) {
        let value = match self.open.pop() {
            Some(Open::Array { base }) => unsafe {
                let elements = &self.values[base..];
                let array = qjs::JS_NewArrayFrom(engine().context, elements.len() as c_int, elements.as_ptr());
                self.values.truncate(base); // the array took the references
                array
            },
            Some(Open::Object { object, first, .. }) => {
                self.prefixes.meet(&self.key_stack[first..]);
                self.key_stack.truncate(first);
                object
            }
            Some(Open::Record { object, .. }) => object,
            Some(Open::Map { map, .. }) => map,
            Some(Open::Set { set }) => set,
            None => return,
        };
        self.push(value);
    }

    /// How many complete values wait for their container.
    pub fn waiting(&self) -> usize {
        self.values.len()
    }

    pub fn innermost(&self) -> Option<&Open> {
        self.open.last()
    }

    /// Names the next value; `text` is valid UTF-8 that lives as long as the input.
    #[inline]
    pub fn key(&mut self, text: &'a [u8]) {
        let atom = self.keys.atom(text);
        self.set_key(atom);
    }

    /// Names the next value by a string value, which it takes over.
    pub fn key_from(&mut self, text: JSValue) {
        let atom = unsafe { qjs::JS_ValueToAtom(engine().context, text) };
        drop(Value::own(text));
        self.set_key(atom);
    }

    fn set_key(&mut self, atom: JSAtom) {
        if let Some(Open::Object { key, shape, .. }) = self.open.last_mut() {
            *key = atom;
            self.key_stack.push(atom);
            if let Some(shape) = shape {
                let atom = unsafe { qjs::JS_DupAtom(engine().context, atom) };
                self.shapes[*shape].push(atom);
            }
        }
    }

    pub fn finish(mut self) -> JSValue {
        self.values.pop().unwrap_or(qjs::JS_UNDEFINED)
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        for atom in self.shapes.iter().flatten() {
            unsafe { qjs::JS_FreeAtom(engine().context, *atom) };
        }
    }
}

/// How a property is defined: as data that a script may do anything with.
pub const DATA: c_int = qjs::JS_PROP_C_W_E as c_int;

/// Keys seen before in this document and their atoms: a record's keys are interned once, not once a record.
struct KeyCache<'a> {
    slots: [(&'a [u8], JSAtom); KeyCache::SLOTS],
}

impl<'a> KeyCache<'a> {
    const SLOTS: usize = 256;

    fn new() -> Self {
        Self { slots: [(&[], qjs::JS_ATOM_NULL); Self::SLOTS] }
    }

    /// A reference of the caller's own to the atom of `text`.
    #[inline]
    fn atom(&mut self, text: &'a [u8]) -> JSAtom {
        let context = engine().context;
        let slot = &mut self.slots[Self::slot(text)];
        if slot.1 == qjs::JS_ATOM_NULL || slot.0 != text {
            unsafe { qjs::JS_FreeAtom(context, slot.1) };
            *slot = (text, intern(text));
        }
        unsafe { qjs::JS_DupAtom(context, slot.1) }
    }

    /// Length and the ends: keys of one record seldom share all three.
    #[inline]
    fn slot(text: &[u8]) -> usize {
        let (Some(first), Some(last)) = (text.first(), text.last()) else {
            return 0;
        };
        let middle = text[text.len() / 2];
        let hash = text.len() + 31 * *first as usize + 7 * *last as usize + 3 * middle as usize;
        hash % Self::SLOTS
    }
}

impl Drop for KeyCache<'_> {
    fn drop(&mut self) {
        for (_, atom) in self.slots {
            unsafe { qjs::JS_FreeAtom(engine().context, atom) };
        }
    }
}

fn intern(text: &[u8]) -> JSAtom {
    let context = engine().context;
    unsafe {
        if text.is_ascii() {
            return qjs::JS_NewAtomLen(context, text.as_ptr().cast(), text.len() as _);
        }
        // JS_NewAtomLen compares UTF-8 bytes with Latin-1 atoms and can find another key's.
        let string = Value::own(qjs::JS_NewStringLen(context, text.as_ptr().cast(), text.len() as _));
        qjs::JS_ValueToAtom(context, string.raw())
    }
}
