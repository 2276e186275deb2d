//! A worker beside a simulated rank: a separate task, which takes turns like a rank.
//!
//! Stands beside `transport`, whose ranks submit the work. It belongs to the process of the rank
//! and ends with it, even in the middle of a save.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use super::task::PendingCall;
use super::world::{ProcessEnded, World};
use super::{Failure, STACK, pass};
use crate::background::{Background, WorkItem};

/// Work that is queued.
#[derive(Default)]
struct WorkQueue {
    waiting: VecDeque<WorkItem>,
    is_closed: bool,
}

/// A task beside a rank.
pub(super) struct Beside {
    world: Arc<World>,
    task: usize,
    queue: Arc<Mutex<WorkQueue>>,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "task {}", self.task)
    }
}

impl Beside {
    /// Starts it beside the rank `owner`.
    ///
    /// # Errors
    /// When the operating system refuses a thread.
    pub(super) fn begin(world: &Arc<World>, owner: usize) -> io::Result<Beside> {
        let queue = Arc::new(Mutex::new(WorkQueue::default()));
        let (its_world, its_queue) = (Arc::clone(world), Arc::clone(&queue));
        let task = world.beside(owner, |task| {
            let builder = Builder::new().name(format!("beside rank {owner}")).stack_size(STACK);
            builder.spawn(move || run(&its_world, task, owner, &its_queue))
        })?;
        Ok(Beside { world: Arc::clone(world), task, queue })
    }

    /// The queue has changed.
    fn ring(&self) {
        self.world.lock().wake(self.task);
    }
}

impl Background for Beside {
    fn submit(&self, work: WorkItem) {
        lock(&self.queue).waiting.push_back(work);
        self.ring();
    }

    fn sleep(&self, time: Duration) {
        pass(time);
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        lock(&self.queue).is_closed = true;
        self.ring();
    }
}

fn lock(queue: &Mutex<WorkQueue>) -> MutexGuard<'_, WorkQueue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the task to its end.
fn run(world: &Arc<World>, me: usize, owner: usize, queue: &Mutex<WorkQueue>) {
    let result = catch_unwind(AssertUnwindSafe(|| {
        world.be(me);
        loop {
            let (work, is_closed) = {
                let mut queue = lock(queue);
                (queue.waiting.pop_front(), queue.is_closed)
            };
            match work {
                Some(work) => {
                    work();
                    world.lock().wake(owner);
                }
                None if is_closed => return,
                None => {
                    let mut state = world.lock();
                    state.tasks[me].pending = PendingCall::Work;
                    drop(world.listen(state, me, None));
                }
            }
        }
    }));
    if result.is_err_and(|payload| !payload.is::<ProcessEnded>()) {
        world.lock().fail(Failure::Panic);
    }
    // Work that was not begun is lost with the process.
    lock(queue).waiting.clear();
    world.end(me);
}
