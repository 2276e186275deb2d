//! When to look for messages while there is work in hand.
//!
//! A look costs about a microsecond, but with `mpi_yield_when_idle` (which Open MPI sets when ranks
//! outnumber cores) a look that finds nothing also gives the core away, and beside other people's
//! processes it comes back milliseconds later: time that then stands under communication. So a rank
//! that works looks no more often than somebody may be waiting for it, and one that is alone never
//! does.

use std::time::{Duration, Instant};

/// The root, after a look that found something: more may be on the way.
const SOONEST: Duration = Duration::from_micros(250);
/// The root, when nobody has written for some time. A rank asks a whole span ahead, so it does not
/// notice: between the two, the root looks again after half of the time that nobody has written
/// for, so an answer takes a third of a span's time at the most. (Doubling from look to look took
/// up to a whole span's, and ranks with spans of 2 ms waited a third of their time.)
const LATEST: Duration = Duration::from_millis(4);
/// Any other rank with work in hand: nothing but a stop would change what it does next.
const WORKING: Duration = Duration::from_millis(20);

/// Keeps the time of the last look.
#[derive(Debug)]
pub struct PollSchedule {
    looked: Instant,
    found: Instant,
    every: Duration,
    watch: Watch,
}

/// Who may write to this rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// There is no other rank.
    NoRank,
    /// Every other rank, at any time: the root; and whoever has large reports under way, which move
    /// only when MPI is called.
    All,
    /// The root, with answers that are not needed before the work in hand is done.
    Root,
}

impl PollSchedule {
    /// Begins with a look that is due.
    pub fn new(watch: Watch, now: Instant) -> PollSchedule {
        let every = if watch == Watch::Root { WORKING } else { SOONEST };
        PollSchedule { looked: now.checked_sub(every).unwrap_or(now), found: now, every, watch }
    }

    /// Whether to look now. A rank without work always does.
    pub fn is_due(&self, now: Instant, has_work: bool) -> bool {
        self.watch != Watch::NoRank && (!has_work || now.saturating_duration_since(self.looked) >= self.every)
    }

    /// When the next look is due while there is work; `None`: never.
    pub fn next(&self) -> Option<Instant> {
        (self.watch != Watch::NoRank).then(|| self.looked + self.every)
    }

    /// Notes a look, and whether it found something.
    pub fn looked(&mut self, now: Instant, found: bool) {
        self.looked = now;
        if found {
            self.found = now;
        }
        if self.watch == Watch::All {
            self.every = (now.saturating_duration_since(self.found) / 2).clamp(SOONEST, LATEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_looks_less_often_when_nobody_writes() {
        let now = Instant::now();
        let mut schedule = PollSchedule::new(Watch::All, now);
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
    fn alone_never_looks_and_a_worker_seldom() {
        let now = Instant::now();
        assert!(!PollSchedule::new(Watch::NoRank, now).is_due(now, false));
        let mut worker = PollSchedule::new(Watch::Root, now);
        worker.looked(now, true);
        assert!(!worker.is_due(now + LATEST, true) && worker.is_due(now + WORKING, true));
    }
}
