//! Whole jobs of the real driver on simulated ranks. One seed decides each: random jobs, networks,
//! disks, stops, deaths, and restarts on other numbers of ranks, until they are done.
//!
//! Checked at every end: the total is that of one rank; acknowledged data are on the disk; every
//! rank has the same result; no message is left; no rank waits for ever; few messages wait. Where
//! nothing outside the ranks takes long, the duration is checked too (`bounds`).
//!
//! Environment variables choose the seeds ([`Seeds`]).

#[path = "simulate/bounds.rs"]
mod bounds;
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

use coverage::FaultCoverage;
use montesieve_engine::simulated::Seeds;

/// Seeds that run by default.
const SEEDS: u64 = 500;

#[test]
fn every_seed_ends_well() {
    let seeds = Seeds::asked(SEEDS);
    if seeds.is_replay {
        println!("{:#?}", scenario::Scenario::of(seeds.from));
    }
    let mut coverage = FaultCoverage::default();
    let lives = seeds.run("cargo test -p montesieve-engine --test simulate -- every_seed", life::live);
    lives.into_iter().for_each(|covered| coverage.join(covered));
    if !seeds.is_replay {
        println!("{coverage}");
    }
    if seeds.count >= SEEDS {
        coverage.assert_full();
    }
}

#[test]
fn a_seed_is_replayed_event_by_event() {
    for seed in [1, 2, 3, 4, 5] {
        assert_eq!(life::live(seed).traces, life::live(seed).traces, "seed {seed}");
    }
}
