//! A limit in time awake: what a rank grants a disk or a reader.
//!
//! Stands apart from the deadlines of a job, which are moments of the clock. A process that is
//! stopped and continued (Ctrl-Z, `scontrol suspend`) finds that hours have passed in which neither
//! it nor its disk could do anything: those do not count.

use std::time::{Duration, Instant};

/// The longest that counts from look to look.
const LOOK: Duration = Duration::from_secs(1);

/// A limit that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeAwake {
    left: Duration,
    looked: Instant,
}

impl TimeAwake {
    /// This much, from now on.
    pub(super) fn new(limit: Duration, now: Instant) -> TimeAwake {
        TimeAwake { left: limit, looked: now }
    }

    /// Looks at the clock; whether all of it is over.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        let step = now.saturating_duration_since(self.looked);
        self.left = self.left.saturating_sub(step.min(LOOK));
        self.looked = now;
        self.left.is_zero()
    }

    /// When the next look is due.
    pub(super) fn next(&self) -> Instant {
        self.looked + self.left.min(LOOK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_nothing_could_happen_does_not_count() {
        let now = Instant::now();
        let mut time = TimeAwake::new(3 * LOOK, now);
        assert!(!time.is_over(now + LOOK));
        let stopped = now + Duration::from_secs(3600);
        assert!(!time.is_over(stopped));
        assert_eq!(time.next(), stopped + LOOK);
        assert!(!time.is_over(stopped + LOOK / 2));
        assert_eq!(time.next(), stopped + LOOK);
        assert!(time.is_over(stopped + LOOK));
    }
}
