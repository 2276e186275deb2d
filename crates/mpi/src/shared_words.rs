//! Memory that threads fill together, each its own part, and then only read.
//!
//! Stands beside `node_window`, which does the same between processes (`MPI_Win_allocate_shared`).
//! All its `unsafe` is here. It checks that no two threads fill the same part. A barrier in
//! `shared`, the only user, ensures that all parts are filled before any thread reads.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// The words.
pub(super) struct SharedWords {
    words: Box<[UnsafeCell<u64>]>,
    /// The parts that threads have filled or are filling.
    given: Mutex<Vec<Range<usize>>>,
}

// SAFETY: parts that are written do not overlap (checked by `fill`), and reads start when all
// writes have ended (the caller ensures this).
unsafe impl Sync for SharedWords {}

impl SharedWords {
    /// `length` words, all zero.
    pub(super) fn zero(length: usize) -> SharedWords {
        let words: Box<[u64]> = vec![0; length].into();
        // SAFETY: `UnsafeCell<u64>` has the same layout as `u64`, and the box is the only owner.
        let words = unsafe { Box::from_raw(Box::into_raw(words) as *mut [UnsafeCell<u64>]) };
        SharedWords { words, given: Mutex::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Calls `write` to fill `part`.
    ///
    /// # Panics
    /// When some of it was filled before.
    pub(super) fn fill<R>(&self, part: Range<usize>, write: impl FnOnce(&mut [u64]) -> R) -> R {
        let cells = &self.words[part.clone()];
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = given.iter().all(|other| other.end <= part.start || part.end <= other.start || other.is_empty());
        assert!(part.is_empty() || is_free, "words {part:?} are filled twice");
        given.push(part);
        drop(given);
        // SAFETY: only this call ever fills these cells, and no thread reads them yet.
        write(unsafe { std::slice::from_raw_parts_mut(UnsafeCell::raw_get(cells.as_ptr()), cells.len()) })
    }

    /// All words. Call it when all parts are filled.
    pub(super) fn get(&self) -> &[u64] {
        // SAFETY: all parts are filled, so no thread writes; the layout is that of `u64`.
        unsafe { std::slice::from_raw_parts(UnsafeCell::raw_get(self.words.as_ptr()), self.words.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_filled_once() {
        let words = SharedWords::zero(6);
        words.fill(0..2, |part| part.fill(1));
        words.fill(2..2, |part| assert!(part.is_empty()));
        words.fill(2..6, |part| part.fill(2));
        assert_eq!((words.get(), words.len()), (&[1, 1, 2, 2, 2, 2][..], 6));
        let twice = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| words.fill(5..6, |part| part.fill(3))));
        assert!(twice.is_err());
    }
}
