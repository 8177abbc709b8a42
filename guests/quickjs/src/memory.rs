//! The heap's end. libc's allocator asks `sbrk` for memory; ours keeps the break inside memory, so that copying an
//! image back also takes the allocator back.

use crate::{clock, host};
use core::arch::wasm32::{memory_grow, memory_size};
use core::ptr::write_bytes;

const PAGE_BYTES: usize = 64 << 10;

/// The meter's rate for bulk memory instructions.
const BYTES_PER_UNIT: usize = 64;

unsafe extern "C" {
    static __heap_base: u8;
}

/// First address that was never handed out; 0 until the first call.
static mut BREAK: usize = 0;

/// libc's `sbrk`: moves the break up by `increment` bytes and returns where it was; the new bytes are zero.
///
/// An instance that ran before holds more memory than its image says, with that run's bytes in it: they are zeroed as
/// they are handed out again. Past the memory limit the host is told, which ends the run.
#[unsafe(no_mangle)]
unsafe extern "C" fn sbrk(increment: isize) -> *mut u8 {
    unsafe {
        if BREAK == 0 {
            BREAK = (&raw const __heap_base as usize).next_multiple_of(16);
        }
        let old = BREAK;
        if increment <= 0 {
            return old as *mut u8; // libc never gives memory back
        }
        let size = memory_size(0) * PAGE_BYTES;
        let Some(new) = old.checked_add(increment as usize) else { host::memory_limit() };
        if new > size && memory_grow(0, (new - size).div_ceil(PAGE_BYTES)) == usize::MAX {
            host::memory_limit();
        }
        let used = new.min(size).saturating_sub(old);
        write_bytes(old as *mut u8, 0, used);
        // Zeroing pays by the size; memory that is new pays the same, or the fuel of a run would tell what ran before.
        if clock::is_running() {
            host::pay(((new - old - used) / BYTES_PER_UNIT) as u32);
        }
        BREAK = new;
        old as *mut u8
    }
}

/// The end of the memory in use, in bytes: what an image has to hold, and the peak of the run so far.
#[unsafe(no_mangle)]
extern "C" fn memory_end() -> usize {
    unsafe { BREAK }
}
