//! What the guest asks of its host. Bytes cross only here: the guest asks for a size, gives its own buffer, or hands
//! over bytes of its own; the host never keeps a pointer.

/// What the host holds for a run.
#[repr(u32)]
#[derive(Clone, Copy)]
pub enum Given {
    /// Text to compile, or bytecode to run.
    Source = 0,
    Name = 1,
    Input = 2,
}

/// What a run hands to its host.
#[repr(u32)]
#[derive(Clone, Copy)]
pub enum Handed {
    Value = 0,
    Failure = 1,
    Program = 2,
}

#[repr(u32)]
#[derive(Clone, Copy)]
pub enum Clock {
    Wall = 0,
    Monotonic = 1,
}

#[repr(u32)]
enum Limit {
    Memory = 0,
    Output = 1,
}

mod sandglass {
    #[link(wasm_import_module = "sandglass")]
    unsafe extern "C" {
        pub fn size(given: u32) -> usize;
        pub fn read(given: u32, pointer: *mut u8, capacity: usize) -> usize;
        pub fn write(handed: u32, pointer: *const u8, length: usize);
        pub fn log(level: u32, pointer: *const u8, length: usize);
        pub fn clock(which: u32) -> f64;
        pub fn entropy(pointer: *mut u8, length: usize);
        pub fn limit(which: u32) -> !;
    }
}

mod meter {
    // The meter replaces this import by a function of its own: paying stays inside the guest.
    #[link(wasm_import_module = "meter")]
    unsafe extern "C" {
        pub fn pay(units: u32);
    }
}

/// Reads bytes of the host whole; one byte more is allocated, and zero, for C's string end.
pub fn take(given: Given) -> Vec<u8> {
    unsafe {
        let capacity = sandglass::size(given as u32);
        let mut bytes: Vec<u8> = Vec::with_capacity(capacity + 1);
        let length = sandglass::read(given as u32, bytes.as_mut_ptr(), capacity);
        bytes.as_mut_ptr().add(length).write(0);
        bytes.set_len(length);
        bytes
    }
}

pub fn hand(handed: Handed, bytes: &[u8]) {
    unsafe { sandglass::write(handed as u32, bytes.as_ptr(), bytes.len()) }
}

/// Units that a call of the host pays, beside what it does there: it takes longer than a turn of a loop.
const CALL_UNITS: u32 = 20;

pub fn log(level: u32, text: &[u8]) {
    pay(CALL_UNITS);
    unsafe { sandglass::log(level, text.as_ptr(), text.len()) }
}

/// Milliseconds: since 1970 for the wall clock; for the monotonic one since the run began, or the session.
pub fn clock(which: Clock) -> f64 {
    pay(CALL_UNITS);
    unsafe { sandglass::clock(which as u32) }
}

pub fn entropy() -> u64 {
    let mut bytes = [0; 8];
    unsafe { sandglass::entropy(bytes.as_mut_ptr(), bytes.len()) }
    u64::from_le_bytes(bytes)
}

pub fn memory_limit() -> ! {
    unsafe { sandglass::limit(Limit::Memory as u32) }
}

pub fn output_limit() -> ! {
    unsafe { sandglass::limit(Limit::Output as u32) }
}

pub fn pay(units: u32) {
    unsafe { meter::pay(units) }
}
