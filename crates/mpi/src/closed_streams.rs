//! Which standard streams were closed when the program started.
//!
//! Rust's runtime opens `/dev/null` in their place before `main`. From then on a result written
//! there is lost without an error, as if the user had asked for `> /dev/null`. So this module looks
//! before the runtime does. The descriptor tells nothing later: many programs also give
//! `/dev/null`, open for reading and writing, to their children.

use std::os::fd::{BorrowedFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// A bit for each of the descriptors 0, 1, 2 that was closed.
static CLOSED: AtomicU8 = AtomicU8::new(0);

/// The dynamic loader calls the functions of this section before `main`.
#[used]
// SAFETY: the section holds pointers to functions of the C ABI; `look` needs nothing of the
// runtime.
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    for descriptor in 0..3 {
        // SAFETY: the borrowed descriptor does not outlive this line; for a closed one the call
        // returns EBADF.
        let asked = rustix::io::fcntl_getfd(unsafe { BorrowedFd::borrow_raw(descriptor) });
        if asked.is_err() {
            CLOSED.fetch_or(1 << descriptor, Relaxed);
        }
    }
}

/// Whether this descriptor, 0 to 2, was closed.
pub fn was_closed(descriptor: RawFd) -> bool {
    CLOSED.load(Relaxed) >> descriptor & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_have_their_streams() {
        assert!(!was_closed(1) && !was_closed(2));
    }
}
