//! Whole jobs of the real driver on simulated ranks, each decided by one seed: random jobs,
//! networks, disks, stops, deaths, restarts on other numbers of ranks, until they are done.
//!
//! Checked at every end: the total is that of one rank; what a disk has acknowledged is there;
//! every rank comes to the same; no message is left; no rank waits for ever; few messages wait.
//!
//! `MONTESIEVE_TEST_SEEDS` says how many seeds run (500), `MONTESIEVE_TEST_FROM` which is the first (0), and
//! `MONTESIEVE_SEED` runs one alone, which is how a failure is replayed.

#[path = "simulate/check.rs"]
mod check;
#[path = "simulate/coverage.rs"]
mod coverage;
#[path = "simulate/job.rs"]
mod job;
#[path = "simulate/life.rs"]
mod life;
#[path = "simulate/scenario.rs"]
mod scenario;

use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use coverage::Coverage;

/// Seeds that run where nothing is said.
const SEEDS: u64 = 500;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

#[test]
fn every_seed_ends_well() {
    let one = number("MONTESIEVE_SEED");
    let from = one.unwrap_or_else(|| number("MONTESIEVE_TEST_FROM").unwrap_or(0));
    let count = if one.is_some() { 1 } else { number("MONTESIEVE_TEST_SEEDS").unwrap_or(SEEDS) };
    if let Some(seed) = one {
        println!("{:#?}", scenario::Scenario::of(seed));
    }
    let (next, failed) = (AtomicU64::new(from), Mutex::new(Vec::new()));
    let coverage = Mutex::new(Coverage::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(8) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= from + count || failed.lock().expect("no panic").len() > 4 {
                        return;
                    }
                    match catch_unwind(|| life::live(seed)) {
                        Ok(covered) => coverage.lock().expect("no panic").join(covered),
                        Err(_) => failed.lock().expect("no panic").push(seed),
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().expect("no panic");
    failed.sort_unstable();
    let coverage = coverage.into_inner().expect("no panic");
    if one.is_none() {
        println!("{coverage}");
    }
    if let Some(seed) = failed.first() {
        panic!("MONTESIEVE_SEED={seed} cargo test -p montesieve-engine --test simulate -- seed (failed: {failed:?})");
    }
    if count >= SEEDS {
        coverage.assert_full();
    }
}

#[test]
fn a_seed_is_replayed_event_by_event() {
    for seed in [1, 2, 3, 4, 5] {
        assert_eq!(life::live(seed).traces, life::live(seed).traces, "seed {seed}");
    }
}
