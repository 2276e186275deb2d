//! Backoff: how a rank waits without taking the core from a rank that works.
//!
//! Stands beside `transport`, whose waits all go through a [`Backoff`]. Blocking calls of message
//! libraries spin. That is right when every rank has a core, and ruinous when eight ranks share
//! two. So a wait tests, yields a few times, and then sleeps for longer and longer.

use std::time::Duration;

/// Pauses that only yield: about 20 microseconds in total on an idle core, the time of a message
/// between two hosts.
const YIELDS: u32 = 64;
/// The first sleep. The kernel adds about 50 microseconds.
const SHORTEST: Duration = Duration::from_micros(20);
/// The longest sleep: the delay that it may add to a wait, against 0.2 % of a core while the rank
/// sleeps.
const LONGEST: Duration = Duration::from_millis(1);

/// How long a wait has lasted, and so how long its next pause is.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    pauses: u32,
    never_sleeps: bool,
}

impl Backoff {
    /// A wait that starts now.
    pub fn new() -> Backoff {
        Backoff::default()
    }

    /// A wait that only yields, for a rank whose waiting serves others.
    pub fn yielding() -> Backoff {
        Backoff { pauses: 0, never_sleeps: true }
    }

    /// Lets other threads run: yields at first, then sleeps up to 1 ms.
    pub fn pause(&mut self) {
        match self.next_sleep() {
            None => std::thread::yield_now(),
            Some(sleep) => std::thread::sleep(sleep),
        }
    }

    /// Counts a pause and returns how long it should sleep; `None`: it should only yield.
    pub fn next_sleep(&mut self) -> Option<Duration> {
        let pauses = self.pauses;
        self.pauses = pauses.saturating_add(1);
        (!self.never_sleeps && pauses >= YIELDS)
            .then(|| SHORTEST.saturating_mul(1 << ((pauses - YIELDS) / 8).min(10)).min(LONGEST))
    }

    /// Something happened: the next pause is short again.
    pub fn reset(&mut self) {
        self.pauses = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_yields_and_then_sleeps_longer_and_longer() {
        let mut backoff = Backoff::new();
        assert!((0..YIELDS).all(|_| backoff.next_sleep().is_none()));
        let sleeps: Vec<Duration> = (0..1000).filter_map(|_| backoff.next_sleep()).collect();
        assert!(sleeps.is_sorted() && sleeps[0] == SHORTEST && sleeps[999] == LONGEST);
        backoff.reset();
        assert_eq!(backoff.next_sleep(), None);
        let mut serving = Backoff::yielding();
        assert!((0..10_000).all(|_| serving.next_sleep().is_none()));
    }
}
