//! When to poll for messages while there is work in hand.
//!
//! A poll costs about a microsecond. But with `mpi_yield_when_idle`, which Open MPI sets when ranks
//! outnumber cores, a poll that finds nothing also yields the core. Beside other processes the core
//! returns milliseconds later, and that time counts as communication. So a rank that works polls no
//! more often than another rank may be waiting for it, and a single rank never does.

use std::time::{Duration, Instant};

/// The root, after a poll that found something: more may be on the way.
const SOONEST: Duration = Duration::from_micros(250);
/// The root, after a silence. A rank asks a whole span ahead, so it does not notice. The root polls
/// again after half of the time since the last message, so an answer takes at most a third of a
/// span's time. (When the pause doubled from poll to poll, it took up to a whole span's time. Ranks
/// with spans of 2 ms then waited a third of their time.)
const LATEST: Duration = Duration::from_millis(4);
/// Any other rank with work in hand: only a stop would change its next step.
const WORKING: Duration = Duration::from_millis(20);

/// Keeps the time of the last poll.
#[derive(Debug)]
pub struct PollSchedule {
    looked: Instant,
    found: Instant,
    every: Duration,
    senders: Senders,
}

/// Which ranks may write to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// There is no other rank.
    NoRank,
    /// Every other rank, at any time: at the root, and at a rank with large reports under way,
    /// which move only in calls of MPI.
    All,
    /// The root, with answers that are needed only after the work in hand.
    Root,
}

impl PollSchedule {
    /// Begins with a poll that is due.
    pub fn new(senders: Senders, now: Instant) -> PollSchedule {
        let every = if senders == Senders::Root { WORKING } else { SOONEST };
        PollSchedule { looked: now.checked_sub(every).unwrap_or(now), found: now, every, senders }
    }

    /// Whether to poll now. A rank without work always does.
    pub fn is_due(&self, now: Instant, has_work: bool) -> bool {
        self.senders != Senders::NoRank && (!has_work || now.saturating_duration_since(self.looked) >= self.every)
    }

    /// When the next poll is due while there is work; `None`: never.
    pub fn next(&self) -> Option<Instant> {
        (self.senders != Senders::NoRank).then(|| self.looked + self.every)
    }

    /// Notes a poll, and whether it found something.
    pub fn looked(&mut self, now: Instant, found: bool) {
        self.looked = now;
        if found {
            self.found = now;
        }
        if self.senders == Senders::All {
            self.every = (now.saturating_duration_since(self.found) / 2).clamp(SOONEST, LATEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_polls_less_often_in_silence() {
        let now = Instant::now();
        let mut schedule = PollSchedule::new(Senders::All, now);
        schedule.looked(now, true);
        assert!(!schedule.is_due(now, true) && schedule.is_due(now + SOONEST, true));
        let later = now + 4 * SOONEST;
        schedule.looked(later, false);
        assert!(!schedule.is_due(later + SOONEST, true) && schedule.is_due(later + 2 * SOONEST, true));
        let late = now + 10 * LATEST;
        schedule.looked(late, false);
        assert!(!schedule.is_due(late + LATEST / 2, true) && schedule.is_due(late + LATEST, true));
        assert!(schedule.is_due(late, false), "no work: nothing better to do than to look");
    }

    #[test]
    fn a_single_rank_never_polls_and_a_worker_rarely() {
        let now = Instant::now();
        assert!(!PollSchedule::new(Senders::NoRank, now).is_due(now, false));
        let mut worker = PollSchedule::new(Senders::Root, now);
        worker.looked(now, true);
        assert!(!worker.is_due(now + LATEST, true) && worker.is_due(now + WORKING, true));
    }
}
