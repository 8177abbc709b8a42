//! MessagePack bytes, up to a limit.

use crate::engine::{Text, engine, qjs};
use crate::{host, wire};
use qjs::{JSAtom, JSValue};

pub struct Writer {
    bytes: Vec<u8>,
    limit: usize,
    /// Keys written before: an atom and where its bytes stand. Records repeat their keys.
    keys: [(JSAtom, u32, u32); Writer::SLOTS],
}

impl Writer {
    const SLOTS: usize = 64;

    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::with_capacity(64), limit, keys: [(qjs::JS_ATOM_NULL, 0, 0); Self::SLOTS] }
    }

    pub fn finish(mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if bytes.len() > self.limit - self.bytes.len() {
            host::output_limit();
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Counts what a value takes in the host beyond its bytes: a small encoding can describe much.
    pub fn charge(&mut self, bytes: usize) {
        if bytes > self.limit - self.bytes.len() {
            host::output_limit();
        }
        self.limit -= bytes;
    }

    /// A mark and a length, in the fewest bytes: `short` up to `most`, else the marks for 8 (if any), 16 and 32 bits.
    fn head(&mut self, length: usize, short: Option<(u8, usize)>, wide: [u8; 3]) {
        match (length, short) {
            (_, Some((mark, most))) if length <= most => self.put(&[mark | length as u8]),
            (0..=0xff, _) if wide[0] != 0 => self.put(&[wide[0], length as u8]),
            (0..=0xffff, _) => {
                let [a, b] = (length as u16).to_be_bytes();
                self.put(&[wide[1], a, b]);
            }
            _ => {
                let [a, b, c, d] = (length as u32).to_be_bytes();
                self.put(&[wide[2], a, b, c, d]);
            }
        }
    }

    pub fn nil(&mut self) {
        self.put(&[0xc0]);
    }

    pub fn boolean(&mut self, value: bool) {
        self.put(&[0xc2 + value as u8]);
    }

    pub fn integer(&mut self, value: i32) {
        match value {
            -32..=0x7f => self.put(&[value as u8]),
            0..=0xff => self.put(&[0xcc, value as u8]),
            -0x8000..=0x7fff => {
                let [a, b] = (value as i16).to_be_bytes();
                self.put(&[0xd1, a, b]);
            }
            _ => {
                let [a, b, c, d] = value.to_be_bytes();
                self.put(&[0xd2, a, b, c, d]);
            }
        }
    }

    pub fn float(&mut self, value: f64) {
        let mut bytes = [0xcb; 9];
        bytes[1..].copy_from_slice(&value.to_be_bytes());
        self.put(&bytes);
    }

    pub fn string(&mut self, text: &[u8]) {
        self.head(text.len(), Some((0xa0, 31)), [0xd9, 0xda, 0xdb]);
        self.put(text);
    }

    pub fn binary(&mut self, bytes: &[u8]) {
        self.head(bytes.len(), None, [0xc4, 0xc5, 0xc6]);
        self.put(bytes);
    }

    pub fn array(&mut self, count: u32) {
        self.head(count as usize, Some((0x90, 15)), [0, 0xdc, 0xdd]);
    }

    pub fn map(&mut self, count: u32) {
        self.head(count as usize, Some((0x80, 15)), [0, 0xde, 0xdf]);
    }

    pub fn extension(&mut self, kind: i8, payload: &[u8]) {
        match payload.len() {
            1 | 2 | 4 | 8 | 16 => self.put(&[0xd4 + payload.len().trailing_zeros() as u8]),
            length => self.head(length, None, [0xc7, 0xc8, 0xc9]),
        }
        self.put(&[kind as u8]);
        self.put(payload);
    }

    pub fn typed_array(&mut self, kind: u8, elements: &[u8]) {
        self.head(elements.len() + 1, None, [0xc7, 0xc8, 0xc9]);
        self.put(&[wire::TYPED_ARRAY as u8, kind]);
        self.put(elements);
    }

    /// Opens an extension whose length is not known yet; `end_extension` takes what this gives.
    pub fn begin_extension(&mut self, kind: i8) -> usize {
        self.put(&[0xc9, 0, 0, 0, 0, kind as u8]);
        self.bytes.len()
    }

    pub fn end_extension(&mut self, start: usize) {
        let length = (self.bytes.len() - start) as u32;
        self.bytes[start - 5..start - 1].copy_from_slice(&length.to_be_bytes());
    }

    /// Writes the text of a string value; false if the engine could not give it.
    pub fn text(&mut self, value: JSValue) -> bool {
        let Some(text) = Text::of(value) else {
            return false;
        };
        if has_lone_surrogate(text.bytes()) {
            return self.utf16(value);
        }
        self.string(text.bytes());
        true
    }

    fn utf16(&mut self, value: JSValue) -> bool {
        let context = engine().context;
        let mut length: qjs::size_t = 0;
        unsafe {
            let units = qjs::JS_ToCStringLenUTF16(context, &mut length, value);
            if units.is_null() {
                return false;
            }
            let bytes = core::slice::from_raw_parts(units.cast::<u8>(), length as usize * 2);
            self.extension(wire::UTF16, bytes);
            qjs::JS_FreeCStringUTF16(context, units);
        }
        true
    }

    /// Writes an object's key.
    pub fn key(&mut self, atom: JSAtom) {
        let slot = atom as usize % Self::SLOTS;
        let (known, start, end) = self.keys[slot];
        if known == atom {
            let (start, end) = (start as usize, end as usize);
            if end - start > self.limit - self.bytes.len() {
                host::output_limit();
            }
            self.bytes.extend_from_within(start..end);
            return;
        }
        let start = self.bytes.len() as u32;
        let context = engine().context;
        unsafe {
            let string = qjs::JS_AtomToString(context, atom);
            self.text(string);
            qjs::JS_FreeValue(context, string);
        }
        // A reference of its own: a freed atom's number may come to name another key.
        unsafe {
            qjs::JS_FreeAtom(context, known);
            self.keys[slot] = (qjs::JS_DupAtom(context, atom), start, self.bytes.len() as u32);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        for (atom, ..) in self.keys {
            unsafe { qjs::JS_FreeAtom(engine().context, atom) };
        }
    }
}

/// Whether UTF-8 as QuickJS writes it has a surrogate, which it does only for a lone one: 0xED, then 0xA0 or more.
fn has_lone_surrogate(text: &[u8]) -> bool {
    memchr::memchr_iter(0xed, text).any(|index| text.get(index + 1).is_some_and(|next| *next >= 0xa0))
}
