//! Turns: a task hands over, and waits until it is its turn again.
//!
//! A *task* is a rank, or a thread beside one. Each has an OS thread, and exactly one runs at a
//! time. A task that waits takes events off the queue until one of them is another task's turn.
//!
//! Stands beside `state`, which is behind the lock here and handles the events.

use std::cell::RefCell;
use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::state::{Event, State, Time, nanoseconds};
use super::task::{PendingCall, Task};
use super::{Failure, RunPlan};

/// The payload with which a task's thread unwinds when its process has ended.
pub(super) struct ProcessEnded;

/// The longest duration of a call of a transport.
const CALL: Time = 1500;
/// How long a look at the clock takes.
const LOOK: Time = 1000;

/// Everything of a run that its tasks share.
pub(super) struct World {
    state: Mutex<State>,
    base: Instant,
}

/// The state, locked.
pub(super) type Guard<'a> = MutexGuard<'a, State>;

thread_local! {
    static CURRENT: RefCell<Option<(Arc<World>, usize)>> = const { RefCell::new(None) };
}

/// The calling thread's task, if it is one.
pub(super) fn current() -> Option<(Arc<World>, usize)> {
    CURRENT.with_borrow(Clone::clone)
}

impl World {
    pub(super) fn new(plan: &RunPlan) -> Arc<World> {
        Arc::new(World { state: Mutex::new(State::new(plan)), base: Instant::now() })
    }

    pub(super) fn lock(&self) -> Guard<'_> {
        // A task that unwinds has left the state consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time. A look takes some of it: a kernel that waits in real time, and looks at the clock
    /// meanwhile, must not wait for ever.
    pub(super) fn instant(&self) -> Instant {
        let mut state = self.lock();
        state.now += LOOK;
        self.base + Duration::from_nanos(state.now)
    }

    pub(super) fn time(&self, instant: Instant) -> Time {
        nanoseconds(instant.saturating_duration_since(self.base))
    }

    /// The first turn of the run.
    pub(super) fn begin(&self) {
        self.lock().turn();
    }

    /// Only the first `threads` ranks have threads: they end.
    pub(super) fn give_up(&self, threads: usize) {
        let mut state = self.lock();
        state.tasks[threads..].iter_mut().for_each(|task| task.has_ended = true);
        state.fail(Failure::Panic);
        state.turn();
    }

    /// Makes the calling thread this task from now on; waits for its first turn.
    pub(super) fn be(self: &Arc<World>, me: usize) {
        CURRENT.set(Some((Arc::clone(self), me)));
        let state = self.lock();
        drop(self.await_turn(state, me));
    }

    /// The calling task has ended.
    pub(super) fn end(&self, me: usize) {
        CURRENT.set(None);
        let mut state = self.lock();
        state.tasks[me].has_ended = true;
        if me < state.plan.ranks as usize {
            state.left(me);
        }
        state.turn();
    }

    /// Adds a thread beside a rank: it starts at its first turn.
    ///
    /// # Errors
    /// What `start` returns.
    pub(super) fn beside(
        self: &Arc<World>,
        owner: usize,
        start: impl FnOnce(usize) -> io::Result<JoinHandle<()>>,
    ) -> io::Result<usize> {
        let mut state = self.lock();
        let task = state.tasks.len();
        // A rank whose process has ended starts nothing, but its threads must end.
        let is_doomed = state.tasks[owner].is_doomed;
        state.tasks.push(Task { is_listening: true, is_doomed, pending: PendingCall::Work, ..Task::new(owner) });
        if is_doomed {
            state.resume_after(task, 0);
        }
        // The thread waits for its first turn, and for the lock.
        let thread = start(task).inspect_err(|_| state.tasks[task].has_ended = true)?;
        state.threads.push(thread);
        Ok(task)
    }

    /// Waits for the threads beside the ranks; all tasks have ended.
    pub(super) fn join(&self) {
        let threads = std::mem::take(&mut self.lock().threads);
        for thread in threads {
            // The state has the reason for any failure.
            let _ = thread.join();
        }
    }

    /// A call of the task `me` begins: it takes a moment, in which others may run.
    pub(super) fn call(&self, me: usize, pending: PendingCall) -> Guard<'_> {
        let mut state = self.lock();
        state.tasks[me].pending = pending;
        let cost = state.random.below(CALL);
        drop(state);
        self.pass(me, cost)
    }

    /// Time passes for the task `me`, whatever happens meanwhile.
    pub(super) fn pass(&self, me: usize, time: Time) -> Guard<'_> {
        let mut state = self.lock();
        if state.tasks[me].is_doomed {
            return self.await_turn(state, me);
        }
        state.strike_at_turn(me);
        state.resume_after(me, time);
        state.turn();
        self.await_turn(state, me)
    }

    /// The task `me` waits for news, or until a moment.
    pub(super) fn listen<'a>(&'a self, mut state: Guard<'a>, me: usize, until: Option<Time>) -> Guard<'a> {
        if state.tasks[me].is_doomed {
            return self.await_turn(state, me);
        }
        let task = &mut state.tasks[me];
        if task.news == task.seen {
            task.wait += 1;
            task.is_listening = true;
            let wait = task.wait;
            let often = state.plan.weather.early;
            let early = state.random.chance(often, 1000).then(|| state.random.below(1_000_000));
            let after = until.map(|until| until.saturating_sub(state.now)).into_iter().chain(early).min();
            if let Some(after) = after {
                state.after(after, Event::Resume(me, wait));
            }
            state.turn();
            state = self.await_turn(state, me);
        }
        let task = &mut state.tasks[me];
        (task.seen, task.is_listening) = (task.news, false);
        state
    }

    /// Waits until it is this task's turn; does not return to a task whose process has ended.
    fn await_turn<'a>(&'a self, mut state: Guard<'a>, me: usize) -> Guard<'a> {
        let bell = Arc::clone(&state.tasks[me].bell);
        while state.running != Some(me) {
            state = bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.tasks[me].is_doomed && !std::thread::panicking() {
            drop(state);
            resume_unwind(Box::new(ProcessEnded));
        }
        state
    }
}
