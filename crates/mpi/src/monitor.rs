//! A thread that sees whether the thread which calls MPI gets on: the last resort against a hang.
//!
//! Stands beside `heartbeat`, which tells the ranks of each other. That needs one rank at least
//! that waits politely; but MPI's own calls (`MPI_Comm_split`, `MPI_Win_allocate`) spin inside, and
//! a rank that is in one of them, in a file operation that does not return, or in a kernel without
//! a yield, can say nothing. So this thread looks whether anything was attended to, and if there
//! was nothing for the whole limit and [`GRACE`], by which time another rank should have said who
//! hangs, this rank says it of itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use montesieve_engine::awake;

use super::ending;
use super::place::host;

/// Above the limit: the others speak first, and end the job within some seconds.
const GRACE: Duration = Duration::from_secs(5);
/// Between two ranks that say it of themselves, up to the 20th.
const TURN: Duration = Duration::from_millis(500);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Grows whenever something is attended to.
static BEATS: AtomicU64 = AtomicU64::new(0);
/// Milliseconds; 0: not watched.
static LIMIT: AtomicU64 = AtomicU64::new(0);
static RANK: AtomicU64 = AtomicU64::new(0);
static RUNS: AtomicBool = AtomicBool::new(false);

/// Something was attended to.
pub fn beat() {
    BEATS.store(BEATS.load(Relaxed).wrapping_add(1), Relaxed);
}

/// From here on this rank is watched with this limit; zero: not at all.
pub fn watch(limit: Duration, rank: u64) {
    beat();
    RANK.store(rank, Relaxed);
    LIMIT.store(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX), Relaxed);
    if !limit.is_zero() && !RUNS.swap(true, Relaxed) {
        // Without the thread the job is less watched, and no worse.
        let _ = thread::Builder::new().name("monitor".into()).stack_size(64 << 10).spawn(run);
    }
}

/// Not watched while this is held: in a step that has a deadline of its own.
#[must_use = "it counts until it is dropped"]
pub struct Unwatched(u64);

/// Until the result is dropped this rank is not watched.
pub fn unwatched() -> Unwatched {
    Unwatched(LIMIT.swap(0, Relaxed))
}

impl Drop for Unwatched {
    fn drop(&mut self) {
        beat();
        LIMIT.store(self.0, Relaxed);
    }
}

fn run() {
    let mut silence = Silence::new(Instant::now());
    loop {
        thread::sleep(LOOK);
        let limit = Duration::from_millis(LIMIT.load(Relaxed));
        let turn = TURN * RANK.load(Relaxed).min(20) as u32;
        let lasted = silence.look(Instant::now(), BEATS.load(Relaxed));
        if !limit.is_zero() && lasted >= limit.saturating_add(GRACE + turn) {
            crate::stderr::message(&format!(
                "rank {} on {}: a call of MPI, a file operation or a computation has not returned for {} (--stall-timeout): ending the job",
                RANK.load(Relaxed),
                host(),
                humantime::format_duration(limit)
            ));
            ending::end_all(1);
        }
    }
}

/// How long nothing was attended to, in time awake.
struct Silence {
    clock: awake::Clock,
    beats: u64,
    since: Duration,
}

impl Silence {
    fn new(now: Instant) -> Silence {
        Silence { clock: awake::Clock::new(2 * LOOK, now), beats: 0, since: Duration::ZERO }
    }

    fn look(&mut self, now: Instant, beats: u64) -> Duration {
        let awake = self.clock.look(now);
        if self.beats != beats {
            (self.beats, self.since) = (beats, awake);
        }
        awake - self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_time_awake_without_a_beat() {
        let now = Instant::now();
        let mut silence = Silence::new(now);
        assert_eq!(silence.look(now + LOOK, 1), Duration::ZERO);
        assert_eq!(silence.look(now + 2 * LOOK, 1), LOOK);
        assert_eq!(silence.look(now + 3 * LOOK, 1), 2 * LOOK);
        let stopped = now + Duration::from_secs(3600);
        assert_eq!(silence.look(stopped, 1), 4 * LOOK, "an hour in which the process was stopped");
        assert_eq!(silence.look(stopped + LOOK, 2), Duration::ZERO);
    }
}
