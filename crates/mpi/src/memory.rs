//! An allocator that ends the job when memory runs out: one message, exit code 1, at once.
//!
//! Rust by default aborts, after a backtrace that needs memory itself and may wait for a lock for
//! ever. That ends with code 134, names no rank, and leaves the others waiting. This module
//! allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};

use super::abort;

/// The system's allocator, which ends the job instead of failing.
#[derive(Debug)]
pub struct AbortOnOom;

// SAFETY: every call is forwarded to the system's allocator, which keeps the contract; a null
// pointer is never returned.
unsafe impl GlobalAlloc for AbortOnOom {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract, which is the same.
        checked(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        checked(unsafe { System.realloc(memory, layout, size) }, size)
    }
}

#[inline]
fn checked(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        end(bytes)
    }
    memory
}

#[cold]
fn end(bytes: usize) -> ! {
    abort::end_at_once(format_args!("out of memory: no room for {bytes} bytes more"))
}
