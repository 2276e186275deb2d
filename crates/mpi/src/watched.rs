//! Threads that watch each other: a rank that is silent for too long ends the job, with its number.
//!
//! Stands beside `heartbeat`, which asks other processes. A thread's every step counts in memory
//! that a monitor reads: a look for messages, a wait that lasts, a moment in a kernel. So a rank
//! that only waits is never silent.

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
use super::{ROOT, ending};
use crate::stderr;

/// The monitor looks so many times within the limit.
const LOOKS: u32 = 8;
/// How long the root has to take in that a rank is silent.
const TO_HEAR: Duration = Duration::from_secs(1);
/// How long it may then take to save what is known.
const TO_SAVE: Duration = Duration::from_secs(100);
/// No rank is silent.
const NOBODY: u64 = u64::MAX;

thread_local! {
    static MINE: RefCell<Option<Arc<Steps>>> = const { RefCell::new(None) };
}

/// This thread has come further. Nothing where it is no rank.
pub fn step() {
    MINE.with_borrow(|mine| {
        if let Some(mine) = mine {
            mine.step();
        }
    });
}

/// What one rank has done. On a cache line of its own.
#[repr(align(128))]
#[derive(Default)]
struct Steps {
    count: AtomicU64,
    has_ended: AtomicBool,
}

impl Steps {
    fn step(&self) {
        // Only its own thread writes it.
        self.count.store(self.count.load(Relaxed).wrapping_add(1), Relaxed);
    }
}

/// The ranks of this process, and who of them is silent.
pub struct Watch {
    ranks: Vec<Arc<Steps>>,
    limit: Duration,
    silent: AtomicU64,
    /// Whether the root knows.
    is_heard: AtomicBool,
    is_over: AtomicBool,
}

impl Watch {
    /// Of so many ranks, each of which may be silent for `limit`; zero: for ever.
    pub fn new(ranks: u64, limit: Duration) -> Arc<Watch> {
        Arc::new(Watch {
            ranks: (0..ranks).map(|_| Arc::default()).collect(),
            limit,
            silent: AtomicU64::new(NOBODY),
            is_heard: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        })
    }

    /// Watches until [`Watch::end`], on a thread of its own. Without a thread nobody is watched.
    pub fn begin(self: &Arc<Watch>) {
        if self.limit.is_zero() {
            return;
        }
        let watch = Arc::clone(self);
        let _ = thread::Builder::new().name("watch".into()).stack_size(64 << 10).spawn(move || watch.watch());
    }

    /// All ranks have ended.
    pub fn end(&self) {
        self.is_over.store(true, Relaxed);
    }

    fn watch(&self) {
        let mut seen = vec![(0, Duration::ZERO); self.ranks.len()];
        let every = self.limit / LOOKS;
        let mut clock = awake::Clock::new(2 * every, Instant::now());
        while !self.is_over.load(Relaxed) {
            thread::sleep(every);
            if let Some(rank) = self.look(&mut seen, clock.look(Instant::now())) {
                return self.accuse(rank);
            }
        }
    }

    /// The first rank that has been silent for too long at this time awake. `seen` has each rank's
    /// steps, and when they last changed.
    fn look(&self, seen: &mut [(u64, Duration)], now: Duration) -> Option<u64> {
        let mut silent = None;
        for (rank, (steps, (count, changed))) in (0..).zip(self.ranks.iter().zip(seen)) {
            let counted = steps.count.load(Relaxed);
            if counted != *count || steps.has_ended.load(Relaxed) {
                (*count, *changed) = (counted, now);
            } else {
                silent = silent.or((now - *changed >= self.limit).then_some(rank));
            }
        }
        silent
    }

    /// Has the root end the job, once it has saved what is known; and ends it, if the root does
    /// not.
    fn accuse(&self, rank: u64) {
        self.silent.store(rank, Relaxed);
        thread::sleep(TO_HEAR);
        if self.is_heard.load(Relaxed) {
            awake::sleep(TO_SAVE, || self.is_over.load(Relaxed));
        }
        if !self.is_over.load(Relaxed) {
            stderr::message(&format!("{}: ending the job", self.accusation(rank)));
            ending::end_all(1);
        }
    }

    fn accusation(&self, rank: u64) -> String {
        let limit = humantime::format_duration(self.limit);
        format!("rank {rank} on {} has not been heard of for {limit} (--stall-timeout)", host())
    }
}

/// A transport whose rank is watched.
pub struct Watched {
    transport: Rc<dyn Transport>,
    watch: Arc<Watch>,
    mine: Arc<Steps>,
}

impl Watched {
    /// The rank of this thread.
    pub fn new(transport: Rc<dyn Transport>, watch: &Arc<Watch>) -> Watched {
        let mine = Arc::clone(&watch.ranks[transport.rank() as usize]);
        MINE.set(Some(Arc::clone(&mine)));
        Watched { transport, watch: Arc::clone(watch), mine }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.mine.has_ended.store(true, Relaxed);
        MINE.set(None);
    }
}

impl Transport for Watched {
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

    /// The root alone hears of a rank that is silent, since it saves before the job ends.
    fn check_alive(&self) -> Result<(), Silent> {
        match self.watch.silent.load(Relaxed) {
            NOBODY => self.transport.check_alive(),
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
    fn whoever_takes_no_step_is_silent() {
        let second = Duration::from_secs(1);
        let watch = Watch::new(3, 8 * second);
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
        let watch = Watch::new(1, Duration::ZERO);
        let watched = Watched::new(Rc::new(Threads::alone()), &watch);
        let count = || watch.ranks[0].count.load(Relaxed);
        step();
        assert_eq!(count(), 1);
        watched.poll(Channel::Round, None).and_then(|_| watched.computed(1)).expect("nobody is lost");
        assert_eq!(count(), 3);
        watch.silent.store(0, Relaxed);
        assert!(watched.check_alive().is_err_and(|Silent(text)| text.starts_with("rank 0 on ")));
        drop(watched);
        step();
        assert_eq!((count(), watch.ranks[0].has_ended.load(Relaxed)), (3, true));
    }
}
