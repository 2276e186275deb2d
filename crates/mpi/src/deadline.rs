//! Deadlines for steps that may hang, in time awake. The action runs on a separate thread, since
//! the thread that calls MPI is the one that hangs.
//!
//! Stands beside `backoff`, which is for waits that end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use montesieve_engine::awake;

/// An action that runs after a time, unless this is dropped before.
#[must_use = "it is called off when it is dropped"]
pub struct Deadline {
    is_met: Arc<AtomicBool>,
}

impl Deadline {
    /// Starts now.
    pub fn start(limit: Duration, then: impl FnOnce() + Send + 'static) -> Deadline {
        let is_met = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&is_met);
        thread::spawn(move || {
            if !awake::sleep(limit, || is_over.load(Relaxed)) {
                then();
            }
        });
        Deadline { is_met }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.is_met.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn is_kept_unless_it_is_called_off() {
        let (send, receive) = channel();
        let also = send.clone();
        drop(Deadline::start(Duration::from_millis(1), move || send.send("called off").expect("a listener")));
        let _deadline = Deadline::start(Duration::from_millis(20), move || also.send("kept").expect("a listener"));
        assert_eq!(receive.iter().collect::<Vec<_>>(), ["kept"]);
    }
}
