//! Watches ranks that are threads: one that is silent for too long ends the job, and the message
//! names it.
//!
//! Stands beside `heartbeat`, which asks other processes. Each step of a thread increments a
//! counter that a monitor reads: a look for messages, a pause in a wait, a moment in a kernel. So a
//! rank that only waits is never silent.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread;
use std::time::{Duration, Instant};

use montesieve_engine::awake;
use montesieve_engine::backoff::Backoff;
use montesieve_engine::transport::{Channel, Incoming, Lost, SharedValue, Silent, Transport};

use super::forward::forward;
use super::place::host;
use super::stall_limit::StallLimit;
use super::{ROOT, abort};
use crate::stderr;

/// How often the monitor looks within the limit.
const LOOKS: u32 = 8;
/// How long the root has to notice that a rank is silent.
const TO_HEAR: Duration = Duration::from_secs(1);
/// How long it may then take to save the job.
const TO_SAVE: Duration = Duration::from_secs(100);
/// The value of `silent` while no rank is silent.
const NO_RANK: u64 = u64::MAX;

thread_local! {
    static MINE: RefCell<Option<Arc<Steps>>> = const { RefCell::new(None) };
}

/// Counts a step of this thread, if it is a rank.
pub fn step() {
    MINE.with_borrow(|mine| {
        if let Some(mine) = mine {
            mine.step();
        }
    });
}

/// The steps of one rank, on a separate cache line.
#[repr(align(128))]
#[derive(Default)]
struct Steps {
    count: AtomicU64,
    has_ended: AtomicBool,
}

impl Steps {
    fn step(&self) {
        // Only the rank's own thread writes it.
        self.count.store(self.count.load(Relaxed).wrapping_add(1), Relaxed);
    }
}

/// The ranks of this process, and the one that is silent.
pub struct ThreadWatch {
    ranks: Vec<Arc<Steps>>,
    stall: StallLimit,
    silent: AtomicU64,
    /// Whether the root has noticed.
    is_heard: AtomicBool,
    is_over: AtomicBool,
}

impl ThreadWatch {
    /// Watches `ranks` ranks, each of which may be silent for `stall`.
    pub fn new(ranks: u64, stall: StallLimit) -> Arc<ThreadWatch> {
        Arc::new(ThreadWatch {
            ranks: (0..ranks).map(|_| Arc::default()).collect(),
            stall,
            silent: AtomicU64::new(NO_RANK),
            is_heard: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        })
    }

    /// Watches until [`ThreadWatch::end`], on a separate thread. If that cannot start, no rank is
    /// watched.
    pub fn begin(self: &Arc<ThreadWatch>) {
        if self.stall.limit.is_zero() {
            return;
        }
        let watch = Arc::clone(self);
        let _ = thread::Builder::new().name("watch".into()).stack_size(64 << 10).spawn(move || watch.watch());
    }

    /// Stops watching: all ranks have ended.
    pub fn end(&self) {
        self.is_over.store(true, Relaxed);
    }

    fn watch(&self) {
        let mut seen = vec![(0, Duration::ZERO); self.ranks.len()];
        let every = self.stall.limit / LOOKS;
        let mut clock = awake::Clock::new(2 * every, Instant::now());
        while !self.is_over.load(Relaxed) {
            thread::sleep(every);
            if let Some(rank) = self.look(&mut seen, clock.look(Instant::now())) {
                return self.accuse(rank);
            }
        }
    }

    /// The first rank that has been silent for too long at this time awake. `seen` holds each
    /// rank's steps, and the time of their last change.
    fn look(&self, seen: &mut [(u64, Duration)], now: Duration) -> Option<u64> {
        let mut silent = None;
        for (rank, (steps, (count, changed))) in (0..).zip(self.ranks.iter().zip(seen)) {
            let counted = steps.count.load(Relaxed);
            if counted != *count || steps.has_ended.load(Relaxed) {
                (*count, *changed) = (counted, now);
            } else {
                silent = silent.or((now - *changed >= self.stall.limit).then_some(rank));
            }
        }
        silent
    }

    /// Makes the root save the job and end it; ends the job itself if the root does not.
    fn accuse(&self, rank: u64) {
        self.silent.store(rank, Relaxed);
        thread::sleep(TO_HEAR);
        if self.is_heard.load(Relaxed) {
            awake::sleep(TO_SAVE, || self.is_over.load(Relaxed));
        }
        if !self.is_over.load(Relaxed) {
            stderr::message(&format!("{}: ending the job", self.accusation(rank)));
            abort::end_all(1);
        }
    }

    fn accusation(&self, rank: u64) -> String {
        format!("rank {rank} on {} has not been heard of for {}", host(), self.stall)
    }
}

/// A transport that counts the steps of its rank.
pub struct WatchedTransport {
    transport: Rc<dyn Transport>,
    watch: Arc<ThreadWatch>,
    mine: Arc<Steps>,
}

impl WatchedTransport {
    /// Watches the rank of this thread.
    pub fn new(transport: Rc<dyn Transport>, watch: &Arc<ThreadWatch>) -> WatchedTransport {
        let mine = Arc::clone(&watch.ranks[transport.rank() as usize]);
        MINE.set(Some(Arc::clone(&mine)));
        WatchedTransport { transport, watch: Arc::clone(watch), mine }
    }
}

impl Drop for WatchedTransport {
    fn drop(&mut self) {
        self.mine.has_ended.store(true, Relaxed);
        MINE.set(None);
    }
}

impl Transport for WatchedTransport {
    forward!(transport);

    fn size(&self) -> u64 {
        self.transport.size()
    }

    fn poll(&self, channel: Channel, from: Option<u64>) -> Result<Option<Incoming>, Lost> {
        self.mine.step();
        self.transport.poll(channel, from)
    }

    fn pause(&self, backoff: &mut Backoff, until: Option<Instant>) -> Result<(), Lost> {
        self.mine.step();
        self.transport.pause(backoff, until)
    }

    /// Only the root learns of a silent rank, since it saves before the job ends.
    fn check_alive(&self) -> Result<(), Silent> {
        match self.watch.silent.load(Relaxed) {
            NO_RANK => self.transport.check_alive(),
            silent if self.rank() == ROOT => {
                self.watch.is_heard.store(true, Relaxed);
                Err(Silent(self.watch.accusation(silent)))
            }
            _ => Ok(()),
        }
    }

    fn computed(&self, blocks: u64) -> Result<(), Lost> {
        self.mine.step();
        self.transport.computed(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_without_steps_is_silent() {
        let second = Duration::from_secs(1);
        let watch = ThreadWatch::new(3, StallLimit { limit: 8 * second, set_by: "" });
        let mut seen = vec![(0, Duration::ZERO); 3];
        for seconds in 1..8 {
            [0, 1].into_iter().for_each(|rank: usize| watch.ranks[rank].step());
            assert_eq!(watch.look(&mut seen, seconds * second), None);
        }
        assert_eq!(watch.look(&mut seen, 8 * second), Some(2));
        watch.ranks[2].has_ended.store(true, Relaxed);
        assert_eq!(watch.look(&mut seen, 9 * second), None);
        assert_eq!(watch.look(&mut seen, 15 * second), Some(0), "it was silent since");
    }

    #[test]
    fn steps_of_a_rank_are_those_of_its_thread() {
        use montesieve_engine::threads::Threads;
        let watch = ThreadWatch::new(1, StallLimit::default());
        let watched = WatchedTransport::new(Rc::new(Threads::alone()), &watch);
        let count = || watch.ranks[0].count.load(Relaxed);
        step();
        assert_eq!(count(), 1);
        watched.poll(Channel::Round, None).and_then(|_| watched.computed(1)).expect("no rank is lost");
        assert_eq!(count(), 3);
        watch.silent.store(0, Relaxed);
        assert!(watched.check_alive().is_err_and(|Silent(text)| text.starts_with("rank 0 on ")));
        drop(watched);
        step();
        assert_eq!((count(), watch.ranks[0].has_ended.load(Relaxed)), (3, true));
    }
}
