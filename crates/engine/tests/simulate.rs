//! Whole jobs of the real driver on simulated ranks, each decided by one seed: random jobs,
//! networks, disks, stops, deaths, restarts on other numbers of ranks, until they are done.
//!
//! Checked at every end: the total is that of one rank; what a disk has acknowledged is there;
//! every rank comes to the same; no message is left; no rank waits for ever; few messages wait.
//! Where nothing outside the ranks takes long, also how long it took (`bounds`).
//!
//! The environment says which seeds run ([`Seeds`]).

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

use coverage::Coverage;
use montesieve_engine::simulated::Seeds;

/// Seeds that run where nothing is said.
const SEEDS: u64 = 500;

#[test]
fn every_seed_ends_well() {
    let seeds = Seeds::asked(SEEDS);
    if seeds.is_replay {
        println!("{:#?}", scenario::Scenario::of(seeds.from));
    }
    let mut coverage = Coverage::default();
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
