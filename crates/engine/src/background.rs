//! Work beside a rank: a disk or a reader may be slow, and the rank has messages to answer.
//!
//! Stands beside `disk`, whose steps are such work. The transport provides it, since only the
//! transport knows what time is. A real transport has a thread ([`BackgroundThread`]); a simulated
//! one lets virtual time pass.

use std::fmt::Debug;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, Builder};
use std::time::Duration;

/// A piece of work.
pub type WorkItem = Box<dyn FnOnce() + Send>;

/// Runs one piece of work after another while the rank does something else.
pub trait Background: Debug + Send + Sync {
    /// Runs `work` after everything submitted before it. Returns at once; `work` itself reports how
    /// it ended.
    fn submit(&self, work: WorkItem);

    /// The calling rank sleeps for this long.
    fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }
}

/// A thread of this process. It ends when its work is done and the worker is dropped, or with the
/// process.
#[derive(Debug)]
pub struct BackgroundThread(Sender<WorkItem>);

impl BackgroundThread {
    /// Starts the thread, under this name.
    ///
    /// # Errors
    /// When the system refuses the thread.
    pub fn begin(name: &str) -> io::Result<BackgroundThread> {
        let (submit, submitted) = channel::<WorkItem>();
        Builder::new().name(name.into()).spawn(move || {
            for work in submitted {
                // The panic hook has reported it; the work that panicked gives no answer.
                let _ = catch_unwind(AssertUnwindSafe(work));
            }
        })?;
        Ok(BackgroundThread(submit))
    }
}

impl Background for BackgroundThread {
    fn submit(&self, work: WorkItem) {
        // The thread lives as long as this end of the channel.
        let _ = self.0.send(work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_in_order_after_a_panic_and_after_the_drop() {
        let (to, from) = channel();
        let worker = BackgroundThread::begin("test").expect("a thread");
        for number in 0..5 {
            let to = to.clone();
            worker.submit(Box::new(move || {
                if number == 2 {
                    std::panic::resume_unwind(Box::new("no more memory"));
                }
                to.send(number).expect("a receiver");
            }));
        }
        drop((worker, to));
        assert_eq!(from.iter().collect::<Vec<_>>(), [0, 1, 3, 4]);
    }
}
