//! Seeds for a test: how many run and from which on, or a single one to replay.
//!
//! Stands beside `random`, the numbers of one seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use crate::threads::available;

/// Which seeds run: `MONTESIEVE_TEST_SEEDS` is their number, `MONTESIEVE_TEST_FROM` the first (0),
/// and `MONTESIEVE_SEED` names a single one to replay.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// The first.
    pub from: u64,
    /// How many.
    pub count: u64,
    /// Whether a single one runs.
    pub is_replay: bool,
}

impl Seeds {
    /// The seeds of the environment; `usual` seeds by default.
    ///
    /// # Panics
    /// When a variable is not a number.
    pub fn asked(usual: u64) -> Seeds {
        match number("MONTESIEVE_SEED") {
            Some(from) => Seeds { from, count: 1, is_replay: true },
            None => Seeds {
                from: number("MONTESIEVE_TEST_FROM").unwrap_or(0),
                count: number("MONTESIEVE_TEST_SEEDS").unwrap_or(usual),
                is_replay: false,
            },
        }
    }

    /// Calls `live` with every seed, on one thread per core, and returns the results in no order.
    ///
    /// # Panics
    /// When a seed panics: with the first such seed, in the command `replay` which runs it again.
    /// The others stop soon.
    pub fn run<R: Send>(self, replay: &str, live: impl Fn(u64) -> R + Sync) -> Vec<R> {
        let (next, end) = (AtomicU64::new(self.from), self.from.saturating_add(self.count));
        let (found, failed) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let live = |seed| match catch_unwind(AssertUnwindSafe(|| live(seed))) {
            Ok(result) => found.lock().expect("no panic").push(result),
            Err(_) => failed.lock().expect("no panic").push(seed),
        };
        let work = || {
            let seeds = std::iter::from_fn(|| Some(next.fetch_add(1, Relaxed)).filter(|&seed| seed < end));
            seeds.take_while(|_| failed.lock().expect("no panic").is_empty()).for_each(live);
        };
        thread::scope(|scope| {
            (0..available().min(8)).for_each(|_| drop(scope.spawn(work)));
        });
        if let Some(seed) = failed.into_inner().expect("no panic").iter().min() {
            panic!("MONTESIEVE_SEED={seed} {replay}");
        }
        found.into_inner().expect("no panic")
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_runs_once_and_the_first_failure_is_named() {
        let seeds = Seeds { from: 5, count: 40, is_replay: false };
        let mut found = seeds.run("again", |seed| seed);
        found.sort_unstable();
        assert_eq!(found, Vec::from_iter(5..45));
        let failed = catch_unwind(|| seeds.run("again", |seed| assert_ne!(seed, 7)));
        assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"MONTESIEVE_SEED=7 again".to_owned()));
    }
}
