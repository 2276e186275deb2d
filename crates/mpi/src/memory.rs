//! The end of a program that gets no more memory: one message that says so, exit code 1, at once.
//!
//! Rust's own way is to abort, after a backtrace that takes memory itself and may wait for a lock
//! for ever. It ends with code 134 and names no rank; and the others would wait for one that is
//! gone. What is done here takes no memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Cursor, Write};
use std::os::fd::BorrowedFd;

use super::ending;

/// The system's memory, or the end of the job.
#[derive(Debug)]
pub struct OrEnd;

// SAFETY: all is passed on to the system's allocator, which keeps the contract; a null pointer is
// never returned.
unsafe impl GlobalAlloc for OrEnd {
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
    let mut text = Cursor::new([0_u8; 256]);
    // A text that is too long is cut off.
    let _ = who(&mut text).and_then(|()| writeln!(text, ": out of memory: no room for {bytes} bytes more"));
    let length = text.position() as usize;
    // SAFETY: the descriptor does not outlive this line; a closed one is an error that nobody is
    // left to tell of.
    let _ = rustix::io::write(unsafe { BorrowedFd::borrow_raw(2) }, &text.get_ref()[..length]);
    ending::end_all(1)
}

/// The rank and its host where there are several, as in every message.
fn who(text: &mut Cursor<[u8; 256]>) -> std::io::Result<()> {
    let (rank, size) = ending::world();
    if size == 1 {
        return text.write_all(b"montesieve");
    }
    let name = rustix::system::uname();
    let host = name.nodename().to_bytes();
    write!(text, "rank {rank} on ")?;
    text.write_all(&host[..host.len().min(64)])
}
