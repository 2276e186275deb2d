//! A thread that checks whether the thread that calls MPI makes progress: the last resort against a
//! hang.
//!
//! Stands beside `heartbeat`, which needs at least one rank that waits politely. But MPI's own
//! calls (`MPI_Comm_split`, `MPI_Win_allocate`) spin inside. A rank in such a call, in a file
//! operation that does not return, or in a kernel that never yields, cannot report anything. So
//! this thread checks whether `heartbeat` runs. If it has not run for the limit plus [`GRACE`],
//! another rank should have reported the hang by then, and this rank reports it itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use montesieve_engine::awake;

use super::abort;
use super::place::host;
use super::stall_limit::StallLimit;

/// Added to the limit: the other ranks report first, and end the job within seconds.
const GRACE: Duration = Duration::from_secs(5);
/// Between two ranks that report themselves, up to the 20th.
const TURN: Duration = Duration::from_millis(500);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Grows whenever `heartbeat` runs.
static BEATS: AtomicU64 = AtomicU64::new(0);
/// Milliseconds; 0: not watched.
static LIMIT: AtomicU64 = AtomicU64::new(0);
/// The option that sets the limit.
static SET_BY: Mutex<&str> = Mutex::new("");
static RANK: AtomicU64 = AtomicU64::new(0);
static RUNS: AtomicBool = AtomicBool::new(false);

/// Called whenever `heartbeat` runs.
pub fn beat() {
    BEATS.store(BEATS.load(Relaxed).wrapping_add(1), Relaxed);
}

/// Watches this rank with this limit from here on; zero: not at all.
pub fn watch(stall: StallLimit, rank: u64) {
    let StallLimit { limit, set_by } = stall;
    beat();
    *SET_BY.lock().unwrap_or_else(PoisonError::into_inner) = set_by;
    RANK.store(rank, Relaxed);
    LIMIT.store(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX), Relaxed);
    if !limit.is_zero() && !RUNS.swap(true, Relaxed) {
        // Without this thread only `heartbeat` watches.
        let _ = thread::Builder::new().name("monitor".into()).stack_size(64 << 10).spawn(run);
    }
}

/// This rank is not watched while this guard is held: for steps with their own deadline.
#[must_use = "it counts until it is dropped"]
pub struct Unwatched(u64);

/// Stops watching this rank until the result is dropped.
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
                "rank {} on {}: a call of MPI, a file operation or a computation has not returned for {}: ending the job",
                RANK.load(Relaxed),
                host(),
                StallLimit { limit, set_by: *SET_BY.lock().unwrap_or_else(PoisonError::into_inner) }
            ));
            abort::end_all(1);
        }
    }
}

/// How long `heartbeat` has not run, in time awake.
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
