//! A rank that panics, returns an error, dies or exits, at every stage: the whole job ends within
//! seconds, names the rank and its host, and leaves nothing behind. The program has hooks for this
//! (`src/fault.rs`).

use super::ended::Ended;
use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each_at_once};

const STAGES: [&str; 5] = ["start", "scatter", "compute", "reduce", "report"];
/// The root and another one.
const RANKS: [usize; 2] = [0, 2];

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name").trim().to_owned()
}

fn job(line: &str, fault: &str) -> Ended {
    Launch::new(Launched(4), line).env("MONTESIEVE_FAULT", fault).run()
}

fn every_stage_and_rank() -> impl Iterator<Item = (&'static str, usize)> {
    STAGES.into_iter().flat_map(|stage| RANKS.map(|rank| (stage, rank)))
}

#[test]
fn a_panic_ends_the_job() {
    each_at_once(every_stage_and_rank(), |(stage, rank)| {
        let ended = job("pi 1e8", &format!("panic@{stage}#{rank}")).expect_code(1);
        assert_eq!(ended.stderr.matches(&format!("rank {rank} on {}:", host())).count(), 1, "{ended}");
        assert_eq!(ended.stderr.matches("panicked").count(), 1, "{ended}");
        assert!(!ended.stderr.contains("backtrace") && ended.stdout.is_empty(), "{ended}");
    });
}

#[test]
fn an_error_ends_the_job() {
    each_at_once(every_stage_and_rank(), |(stage, rank)| {
        let ended = job("primes 1e8", &format!("error@{stage}#{rank}")).expect_code(1);
        ended.expect_told_once(&format!("rank {rank} on {}: injected error", host()));
    });
}

#[test]
fn a_rank_that_dies_ends_the_job() {
    each_at_once(every_stage_and_rank(), |(stage, rank)| {
        let ended = job("pi 1e8", &format!("kill@{stage}#{rank}")).expect_failure();
        assert!(ended.stdout.is_empty(), "{ended}");
    });
}

#[test]
fn a_rank_that_leaves_ends_the_job() {
    each_at_once(every_stage_and_rank(), |(stage, rank)| {
        let ended = job("primes 1e8", &format!("exit@{stage}#{rank}")).expect_failure();
        assert!(ended.stdout.is_empty(), "{ended}");
    });
}

#[test]
fn a_rank_without_memory_ends_the_job() {
    each_at_once(every_stage_and_rank(), |(stage, rank)| {
        let launch = Launch::new(Launched(4), "pi 1e8").env("MONTESIEVE_FAULT", &format!("memory@{stage}#{rank}"));
        // Rust's default abort needs memory then, and used to wait for a lock for ever.
        let ended = launch.env("RUST_BACKTRACE", "1").run().expect_code(1);
        ended.expect_told_once(&format!("rank {rank} on {}: out of memory", host()));
    });
}

#[test]
fn printing_ends_as_well() {
    each_at_once(["panic", "error", "kill", "exit"], |kind| {
        job("primes 1e10 --print --output /dev/null", &format!("{kind}@compute#2")).expect_failure();
    });
}

#[test]
fn one_process_ends_as_well() {
    each_at_once(["panic", "error"], |kind| {
        for stage in STAGES {
            let launch = Launch::new(Alone, "pi 1e8").env("MONTESIEVE_FAULT", &format!("{kind}@{stage}#0"));
            let ended = launch.run().expect_code(1);
            assert_eq!(ended.stderr.matches("injected").count(), 1, "{ended}");
            assert!(ended.stdout.is_empty(), "{ended}");
        }
    });
}

/// Commands in which a rank hangs, each with its stages: every command, every stage, the root and
/// another rank. Blocks of `burnin` are long: on a busy machine a healthy rank may be silent for 3
/// s.
const HANGS: [(&str, &[&str]); 9] = [
    ("pi 1e7 --stall-timeout 5s", &STAGES),
    ("primes 1e7 --algorithm sieve --stall-timeout 5s", &STAGES),
    ("isprime 1000000016000000063 --method trial --flag server --stall-timeout 5s", &STAGES),
    // An empty list, which still passes all stages.
    ("gcd - --stall-timeout 5s", &["scatter", "report"]),
    ("scaling --repeat 1 --stall-timeout 5s -- pi 1e6", &["scatter", "report"]),
    ("info --stall-timeout 5s", &["start"]),
    ("merge nowhere.ckpt --stall-timeout 5s", &["start"]),
    ("patterns ring --stall-timeout 5s", &["start", "compute", "report"]),
    ("burnin --duration 1s --stall-timeout 12s", &["start", "compute", "reduce", "report"]),
];

#[test]
fn a_rank_that_hangs_is_named_wherever_it_hangs() {
    let cases = HANGS.into_iter().flat_map(|(line, stages)| stages.iter().map(move |stage| (line, *stage)));
    let cases = cases.flat_map(|(line, stage)| RANKS.map(|rank| (line, stage, rank)));
    each_at_once(cases, |&(line, stage, rank)| {
        let launch = Launch::new(Launched(3), line).idle().env("MONTESIEVE_FAULT", &format!("hang@{stage}#{rank}"));
        let empty = std::fs::File::open("/dev/null").expect("/dev/null");
        let ended = launch.env("MONTESIEVE_ISA", "portable").stdin_from(empty).run().expect_code(1);
        let limit = line.split("--stall-timeout ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a limit");
        let said = format!("rank {rank} on {} has not been heard of for {limit} (--stall-timeout)", host());
        assert_eq!(ended.stderr.matches("has not been heard of").count(), 1, "{ended}");
        ended.expect_said_once(&said);
    });
}

/// Everything is reported: whatever MPI does in its last steps, the job has succeeded.
#[test]
fn a_crash_after_the_report_is_no_failure() {
    each_at_once(["crash@end#0", "hang@end#2"], |fault| {
        let ended = job("pi 1e7", fault).expect_code(0);
        assert!(!ended.stdout.is_empty(), "{ended}");
    });
}
