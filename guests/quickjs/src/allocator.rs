//! Small blocks wait here for their next use, in front of libc's allocator (dlmalloc), which is slower as it looks for
//! neighbours to merge with. The linker (`--wrap`) sends all calls here.
//!
//! A waiting block stays a chunk in use to dlmalloc, so its header says its size and any block may go back at any time.
//! All go back at once when they come to `MOST_BYTES`, which lets dlmalloc merge them for other sizes.

use crate::host;
use core::ptr::{null_mut, write_bytes};

/// The chunk sizes that wait, and dlmalloc's step between them.
const LARGEST_CHUNK: usize = 640;
const STEP: usize = 16;

/// dlmalloc's header: one word before the block, the chunk's size with flags in the low bits.
const HEADER: usize = size_of::<usize>();
const FLAGS: usize = 7;

/// Most bytes that wait.
const MOST_BYTES: usize = 256 << 10;

/// A block's first word while it waits: the next of its size.
type Block = *mut *mut u8;

static mut WAITING: [*mut u8; LARGEST_CHUNK / STEP + 1] = [null_mut(); _];
static mut WAITING_BYTES: usize = 0;

unsafe extern "C" {
    fn __real_malloc(size: usize) -> *mut u8;
    fn __real_calloc(count: usize, size: usize) -> *mut u8;
    fn __real_realloc(block: *mut u8, size: usize) -> *mut u8;
    fn __real_free(block: *mut u8);
}

unsafe fn chunk_size(block: *mut u8) -> usize {
    unsafe { *block.sub(HEADER).cast::<usize>() & !FLAGS }
}

/// Takes a waiting block of `size` bytes or a little more; null if there is none.
unsafe fn take(size: usize) -> *mut u8 {
    unsafe {
        if size > LARGEST_CHUNK - HEADER {
            return null_mut();
        }
        let chunk = (size + HEADER).next_multiple_of(STEP);
        let first = &raw mut WAITING[chunk / STEP];
        let block = *first;
        if !block.is_null() {
            *first = *(block as Block);
            WAITING_BYTES -= chunk;
        }
        block
    }
}

/// libc gives null for what it cannot even ask `sbrk` for: that is the memory limit too.
fn sure(block: *mut u8) -> *mut u8 {
    if block.is_null() { host::memory_limit() } else { block }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_malloc(size: usize) -> *mut u8 {
    unsafe {
        let block = take(size);
        if block.is_null() { sure(__real_malloc(size)) } else { block }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_calloc(count: usize, size: usize) -> *mut u8 {
    unsafe {
        let bytes = count.saturating_mul(size);
        let block = take(bytes);
        if block.is_null() {
            return sure(__real_calloc(count, size));
        }
        write_bytes(block, 0, bytes);
        block
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_realloc(block: *mut u8, size: usize) -> *mut u8 {
    unsafe { if block.is_null() { __wrap_malloc(size) } else { sure(__real_realloc(block, size)) } }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_free(block: *mut u8) {
    unsafe {
        if block.is_null() {
            return;
        }
        let chunk = chunk_size(block);
        if chunk > LARGEST_CHUNK {
            return __real_free(block);
        }
        let first = &raw mut WAITING[chunk / STEP];
        *(block as Block) = *first;
        *first = block;
        WAITING_BYTES += chunk;
        if WAITING_BYTES > MOST_BYTES {
            give_back();
        }
    }
}

#[cold]
unsafe fn give_back() {
    unsafe {
        for size in 0..=LARGEST_CHUNK / STEP {
            let mut block = WAITING[size];
            WAITING[size] = null_mut();
            while !block.is_null() {
                let next = *(block as Block);
                __real_free(block);
                block = next;
            }
        }
        WAITING_BYTES = 0;
    }
}
