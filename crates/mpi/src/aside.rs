//! Blocking operations, such as file I/O, during which this rank keeps answering the others.
//!
//! A write to a paused reader or a slow disk blocks its thread. If that thread calls MPI, the
//! others do not hear from this rank and conclude that it hangs.

use std::panic::resume_unwind;
use std::thread;

use super::backoff::ProgressBackoff;
use super::heartbeat::{self, Waiting};

/// Runs `what` on a separate thread, and waits for it politely, without a time limit.
///
/// # Panics
/// When `what` panics, and when the system cannot start a thread.
pub fn aside<R: Send>(what: impl FnOnce() -> R + Send) -> R {
    let _wait = heartbeat::waiting_for(Waiting::File, 0);
    let result = thread::scope(|scope| {
        let thread = scope.spawn(what);
        let mut backoff = ProgressBackoff::new();
        while !thread.is_finished() {
            // However long it takes, it is no deadlock.
            heartbeat::progress();
            backoff.pause();
        }
        thread.join()
    });
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_comes_back() {
        let text = "borrowed".to_owned();
        assert_eq!(aside(|| text.len()), 8);
    }
}
