//! A rank that panics, returns an error, dies or leaves, at every stage: the whole job ends within seconds, says which
//! rank on which host, and leaves nothing behind. The program has hooks for it (`src/fault.rs`).

use super::ended::Ended;
use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

const STAGES: [&str; 5] = ["start", "scatter", "compute", "reduce", "report"];
/// The root and another one.
const RANKS: [usize; 2] = [0, 2];

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name").trim().to_owned()
}

fn job(line: &str, fault: &str) -> Ended {
    Launch::new(Launched(4), line).env("MONTESIEVE_FAULT", fault).limit(30).run()
}

fn every_stage_and_rank() -> impl Iterator<Item = (&'static str, usize)> {
    STAGES.into_iter().flat_map(|stage| RANKS.map(|rank| (stage, rank)))
}

#[test]
fn a_panic_ends_the_job() {
    each(every_stage_and_rank(), |(stage, rank)| {
        let ended = job("pi 1e8", &format!("panic@{stage}#{rank}")).expect_code(1);
        assert_eq!(ended.stderr.matches(&format!("rank {rank} on {}:", host())).count(), 1, "{ended}");
        assert_eq!(ended.stderr.matches("panicked").count(), 1, "{ended}");
        assert!(!ended.stderr.contains("backtrace") && ended.stdout.is_empty(), "{ended}");
    });
}

#[test]
fn an_error_ends_the_job() {
    each(every_stage_and_rank(), |(stage, rank)| {
        let ended = job("primes 1e8", &format!("error@{stage}#{rank}")).expect_code(1);
        ended.expect_told_once(&format!("rank {rank} on {}: injected error", host()));
    });
}

#[test]
fn a_rank_that_dies_ends_the_job() {
    each(every_stage_and_rank(), |(stage, rank)| {
        let ended = job("pi 1e8", &format!("kill@{stage}#{rank}")).expect_failure();
        assert!(ended.stdout.is_empty(), "{ended}");
    });
}

#[test]
fn a_rank_that_leaves_ends_the_job() {
    each(every_stage_and_rank(), |(stage, rank)| {
        let ended = job("primes 1e8", &format!("exit@{stage}#{rank}")).expect_failure();
        assert!(ended.stdout.is_empty(), "{ended}");
    });
}

#[test]
fn printing_ends_as_well() {
    each(["panic", "error", "kill", "exit"], |kind| {
        job("primes 1e10 --print --output /dev/null", &format!("{kind}@compute#2")).expect_failure();
    });
}

#[test]
fn one_process_ends_as_well() {
    each(["panic", "error"], |kind| {
        for stage in STAGES {
            let launch = Launch::new(Alone, "pi 1e8").env("MONTESIEVE_FAULT", &format!("{kind}@{stage}#0")).limit(30);
            let ended = launch.run().expect_code(1);
            assert_eq!(ended.stderr.matches("injected").count(), 1, "{ended}");
            assert!(ended.stdout.is_empty(), "{ended}");
        }
    });
}
