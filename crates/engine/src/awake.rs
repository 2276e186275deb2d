//! Time awake: how long this process was able to do anything.
//!
//! Stands apart from the deadlines of a job, which are moments of the clock. A process may be
//! stopped and continued (Ctrl-Z, `scontrol suspend`). Hours then pass in which neither it nor its
//! disk, reader or launcher can do anything. Limits on those count time awake: between two looks at
//! the clock, at most the interval in which looks are due.

use std::time::{Duration, Instant};

/// The longest time that a [`Limit`] counts between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// A clock that stands still while the process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    awake: Duration,
    looked: Instant,
    longest_step: Duration,
}

impl Clock {
    /// Shows zero at `now`. Looks are due within `longest_step`; a longer step counts as that much.
    pub fn new(longest_step: Duration, now: Instant) -> Clock {
        Clock { awake: Duration::ZERO, looked: now, longest_step }
    }

    /// Looks at the real clock and returns the time awake since the start.
    pub fn look(&mut self, now: Instant) -> Duration {
        self.awake += now.saturating_duration_since(self.looked).min(self.longest_step);
        self.looked = now;
        self.awake
    }

    /// The time awake at the last look.
    pub fn awake(&self) -> Duration {
        self.awake
    }
}

/// A limit on time awake. Looks are due every second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    clock: Clock,
    limit: Duration,
}

impl Limit {
    /// A limit of this length, from `now` on.
    pub fn new(limit: Duration, now: Instant) -> Limit {
        Limit { clock: Clock::new(LOOK, now), limit }
    }

    /// Looks at the clock; returns whether the limit is over.
    pub fn is_over(&mut self, now: Instant) -> bool {
        self.clock.look(now) >= self.limit
    }

    /// When the next look is due.
    pub fn next(&self) -> Instant {
        self.clock.looked + self.limit.saturating_sub(self.clock.awake).min(LOOK)
    }
}

/// Sleeps until the limit is over or `is_done`. Returns whether it is done.
pub fn sleep(limit: Duration, mut is_done: impl FnMut() -> bool) -> bool {
    let mut left = Limit::new(limit, Instant::now());
    loop {
        if is_done() {
            return true;
        }
        let now = Instant::now();
        if left.is_over(now) {
            return false;
        }
        std::thread::sleep(left.next().saturating_duration_since(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_nothing_could_happen_does_not_count() {
        let now = Instant::now();
        let mut limit = Limit::new(3 * LOOK, now);
        assert!(!limit.is_over(now + LOOK / 2));
        let stopped = now + Duration::from_secs(3600);
        assert!(!limit.is_over(stopped));
        assert_eq!(limit.next(), stopped + LOOK);
        assert!(!limit.is_over(stopped + LOOK));
        assert_eq!(limit.next(), stopped + LOOK + LOOK / 2);
        assert!(limit.is_over(stopped + LOOK + LOOK / 2));
        assert_eq!(limit.clock.awake(), 3 * LOOK);
    }

    #[test]
    fn a_sleep_ends_with_what_it_waits_for() {
        assert!(sleep(Duration::MAX, || true));
        let limit = Duration::from_millis(5);
        let begin = Instant::now();
        assert!(!sleep(limit, || false));
        assert!(begin.elapsed() >= limit);
        let mut looks = 0;
        assert!(sleep(2 * LOOK, || {
            looks += 1;
            looks == 2
        }));
    }
}
