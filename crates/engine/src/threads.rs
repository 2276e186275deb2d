//! Ranks that are threads of this process: the transport of a program started without a launcher.
//!
//! Stands beside `simulated`, whose ranks share one core and virtual time. Here the ranks run in
//! parallel, in real time, and a message is a pointer that moves from one mailbox to another.
//!
//! - [`run`] starts the ranks and returns the result of each.
//! - A poll that finds nothing costs two atomic loads; see `mailbox`.
//! - A rank that sleeps in [`Transport::pause`] wakes as soon as a message arrives for it.
//! - [`available`] returns how many ranks this process has cores for.
//!
//! # When a rank ends before the others
//! - It *panics*: from then on every method of the others that communicates returns [`Lost`]. Their
//!   waits end within a millisecond, and [`run`] resumes the first panic once all have returned.
//! - It *returns*: its messages stay and arrive. A rank that waits for more of them, as in a
//!   collective, gets [`Lost`], since nothing more can come. So do all other ranks, which may be
//!   waiting for that one. A loop that polls any rank and pauses in [`Transport::pause`] must
//!   know what it waits for.
//! - It returns *early*, because of an error, while other ranks need it: it calls
//!   [`Threads::revoke`] first, and the others get [`Lost`] as after a panic.
//!
//! A rank notices a loss in its next call of the transport, not in the middle of a computation.

mod lent;
mod mailbox;

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::Builder;
use std::time::Instant;

pub use self::lent::Lent;
use self::mailbox::Inbox;
use crate::backoff::Backoff;
use crate::transport::{self, Channel, Incoming, Lost, ROOT, Transport};

/// Stack of every rank but the first, in bytes: what Linux gives a main thread (`ulimit -s`). Only
/// touched pages take memory.
const STACK: usize = 8 << 20;

/// What the ranks share.
struct ThreadGroup {
    inboxes: Vec<Inbox>,
    /// Whether a rank panicked or revoked, or had returned when another needed more messages from
    /// it.
    lost: AtomicBool,
    /// The first panic. Later ones are often its consequences.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    lent: Mutex<Lent>,
}

impl ThreadGroup {
    fn new(ranks: u64) -> Arc<ThreadGroup> {
        Arc::new(ThreadGroup {
            inboxes: (0..ranks).map(|_| Inbox::new(ranks)).collect(),
            lost: AtomicBool::new(false),
            panic: Mutex::new(None),
            lent: Mutex::default(),
        })
    }

    fn lent(&self) -> MutexGuard<'_, Lent> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every wait of every rank with [`Lost`].
    fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
        self.inboxes.iter().for_each(Inbox::wake);
    }
}

/// One thread's view of the ranks.
#[derive(Clone)]
pub struct Threads {
    rank: u64,
    shared: Arc<ThreadGroup>,
    /// The news count of this rank's inbox when it last returned from a wait.
    seen: Cell<u64>,
}

/// The number of threads that can run in parallel in this process, at least 1: the cores in the
/// calling thread's affinity mask (`taskset`, Slurm's and Open MPI's binding). It is capped by the
/// CPU quotas of its cgroup and of the parents, rounded down (containers, `systemd-run -p
/// CPUQuota=`).
///
/// The standard library reads both quotas of Linux: `cpu.max` of cgroup v2 under `/sys/fs/cgroup`,
/// and `cpu.cfs_quota_us` over `cpu.cfs_period_us` of v1 at any mount point
/// (`library/std/src/sys/pal/unix/thread.rs`, module `cgroups`). It misses a v2 hierarchy mounted
/// elsewhere, and CPU *shares* (weights), which are no limit.
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `body` on `ranks` threads, rank 0 on the calling one, and returns each rank's result, in
/// rank order.
///
/// # Panics
/// When a rank panics (with the payload of the first panic), when `ranks` is 0, and when the
/// operating system refuses a thread.
///
/// ```
/// use montesieve_engine::threads;
/// use montesieve_engine::transport::Transport;
///
/// let sums = threads::run(4, |transport| transport.sum(transport.rank() + 1));
/// assert_eq!(sums, [Ok(Some(10)), Ok(None), Ok(None), Ok(None)]);
/// ```
pub fn run<R: Send>(ranks: u64, body: impl Fn(&Threads) -> R + Sync) -> Vec<R> {
    try_run(ranks, body).unwrap_or_else(|error| panic!("cannot start {ranks} ranks: {error}"))
}

/// As [`run`], for a number of ranks that the system may refuse.
///
/// # Errors
/// When the operating system refuses a thread; no rank has run then.
///
/// # Panics
/// When a rank panics, with the payload of the first panic, and when `ranks` is 0.
pub fn try_run<R: Send>(ranks: u64, body: impl Fn(&Threads) -> R + Sync) -> io::Result<Vec<R>> {
    assert!(ranks > 0, "a program has at least one rank");
    let shared = ThreadGroup::new(ranks);
    let one = |rank: u64| {
        let transport = Threads::new(rank, &shared);
        let result = catch_unwind(AssertUnwindSafe(|| body(&transport)));
        transport.inbox().end();
        shared.inboxes.iter().for_each(Inbox::wake);
        result
            .map_err(|payload| {
                shared.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
                shared.lose();
            })
            .ok()
    };
    // Locked until all threads have started, or one has failed to.
    let is_complete = RwLock::new(false);
    let results: io::Result<Vec<Option<R>>> = std::thread::scope(|scope| {
        let (one, is_complete) = (&one, &is_complete);
        let mut gate = is_complete.write().unwrap_or_else(PoisonError::into_inner);
        let others = (1..ranks).map(|rank| {
            let builder = Builder::new().name(format!("rank {rank}")).stack_size(STACK);
            let enter = move || *is_complete.read().unwrap_or_else(PoisonError::into_inner);
            builder.spawn_scoped(scope, move || enter().then(|| one(rank)).flatten())
        });
        let others = others.collect::<io::Result<Vec<_>>>()?;
        *gate = true;
        drop(gate);
        let first = one(ROOT);
        let others = others.into_iter().map(|thread| thread.join().unwrap_or_else(|payload| resume_unwind(payload)));
        Ok(std::iter::once(first).chain(others).collect())
    });
    if let Some(payload) = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take() {
        resume_unwind(payload);
    }
    Ok(results?.into_iter().map(|result| result.expect("a rank that does not return has panicked")).collect())
}

impl Threads {
    /// One rank, which is this thread.
    pub fn alone() -> Threads {
        Threads::new(ROOT, &ThreadGroup::new(1))
    }

    fn new(rank: u64, shared: &Arc<ThreadGroup>) -> Threads {
        let threads = Threads { rank, shared: Arc::clone(shared), seen: Cell::new(0) };
        threads.inbox().register();
        threads
    }

    /// Ends the job for all ranks: from now on every method that communicates returns [`Lost`], on
    /// every rank. For a rank that returns early while other ranks need it.
    pub fn revoke(&self) {
        self.shared.lose();
    }

    fn inbox(&self) -> &Inbox {
        &self.shared.inboxes[self.rank as usize]
    }

    fn check(&self) -> Result<(), Lost> {
        if self.shared.lost.load(Ordering::Acquire) { Err(Lost) } else { Ok(()) }
    }

    /// The inbox of `rank`.
    fn inbox_of(&self, rank: u64) -> &Inbox {
        let size = self.size();
        assert!(rank < size, "there is no rank {rank} among {size}");
        &self.shared.inboxes[rank as usize]
    }
}

impl Transport for Threads {
    fn rank(&self) -> u64 {
        self.rank
    }

    fn size(&self) -> u64 {
        self.shared.inboxes.len() as u64
    }

    fn send(&self, to: u64, channel: Channel, bytes: Vec<u8>) -> Result<(), Lost> {
        let inbox = self.inbox_of(to);
        self.check()?;
        inbox.put(channel, Incoming { from: self.rank, bytes });
        Ok(())
    }

    fn poll(&self, channel: Channel, from: Option<u64>) -> Result<Option<Incoming>, Lost> {
        self.check()?;
        // Read before the messages: what a rank sent before its end has arrived by then.
        let has_ended = from.is_some_and(|from| self.inbox_of(from).has_ended());
        let message = self.inbox().take(channel, from);
        if has_ended && message.is_none() {
            self.revoke();
            return Err(Lost);
        }
        Ok(message)
    }

    /// Always true: a message is in its receiver's mailbox when `send` returns.
    fn all_sent(&self, _channel: Option<Channel>) -> Result<bool, Lost> {
        self.check().map(|()| true)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Returns at once when a message has arrived since the last wait. Otherwise it yields, or
    /// sleeps until a message arrives, for as long as `backoff` says and at most until `until`.
    fn pause(&self, backoff: &mut Backoff, until: Option<Instant>) -> Result<(), Lost> {
        self.check()?;
        let pause = backoff.next_sleep();
        self.seen.set(self.inbox().wait(self.seen.get(), pause, until, &self.shared.lost));
        self.check()
    }

    fn lend(&self, value: transport::SharedValue, takers: u64) -> Option<u64> {
        Some(self.shared.lent().lend(value, takers))
    }

    fn take_lent(&self, number: u64) -> Option<transport::SharedValue> {
        self.shared.lent().take(number)
    }
}

#[cfg(test)]
mod tests;
