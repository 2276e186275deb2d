//! Operations that may block, such as those of files, while this rank goes on answering the others.
//!
//! A write to a reader that pauses, or to a disk that is slow, blocks the thread that does it. Were
//! that the thread which calls MPI, the others would not hear of this rank, and take it that it
//! hangs.

use std::panic::resume_unwind;
use std::thread;

use super::heartbeat::{self, Waiting};
use super::patience::Patience;

/// Does this on a thread of its own, and waits for it politely, as long as it takes.
///
/// # Panics
/// When `what` does, and where the system has no thread left.
pub fn aside<R: Send>(what: impl FnOnce() -> R + Send) -> R {
    let _wait = heartbeat::waiting_for(Waiting::File, 0);
    let result = thread::scope(|scope| {
        let thread = scope.spawn(what);
        let mut patience = Patience::new();
        while !thread.is_finished() {
            // It may take as long as it takes: that is no deadlock.
            heartbeat::progress();
            patience.pause();
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
