//! Ranks that are threads of one process: one per core or as many as requested, and failures that
//! end them all.

use super::ended::Ended;
use super::launch::Ranks::{Alone, Launched, Threads};
use super::launch::{Launch, each_at_once};

fn ranks(ended: &Ended) -> u64 {
    ended.json()["run"]["ranks"].as_u64().expect("a number of ranks")
}

#[test]
fn all_cores_are_used_unless_fewer_are_allowed() {
    let cores = std::thread::available_parallelism().expect("cores").get() as u64;
    let line = "pi 1e7 --format json";
    // `scaling` has no preset for its ranks, so none is set.
    let asked = |more: &str| Launch::new(Threads(3), &format!("{line} {more}")).run().expect_code(0);
    assert_eq!(ranks(&asked("--ranks auto")), cores);
    assert_eq!((ranks(&asked("")), ranks(&asked("--ranks 5"))), (3, 5));
    let bound = Launch::new(Threads(3), &format!("{line} --ranks auto")).shell("exec taskset -c 0 \"$0\" \"$@\"").run();
    assert_eq!(ranks(&bound.expect_code(0)), 1);
    let points = |line: &str| {
        let json = Launch::new(Alone, line).run().expect_code(0).json();
        json["run"]["points"].as_array().expect("points").len()
    };
    assert_eq!(points("scaling --repeat 1 --ranks 1,2,3 --format json -- pi 1e7"), 3);
}

#[test]
fn a_launcher_decides_on_its_ranks() {
    let refused = Launch::new(Launched(2), "pi 1e6 --ranks 3").run().expect_code(2);
    refused.expect_told_once("--ranks 3: a launcher");
    let same = Launch::new(Launched(2), "pi 1e6 --ranks 2 --format json").run().expect_code(0);
    assert_eq!(ranks(&same), 2);
    // N singletons are still refused, and a singleton that is allowed is one rank.
    let promised = |line: &str| {
        let launch = Launch::new(Threads(1), line).env("SLURM_STEP_NUM_TASKS", "4").env("SLURM_PROCID", "0");
        launch.run()
    };
    promised("pi 1e6").expect_code(78).expect_told_once("srun started 4 processes, but each of them is alone");
    let passed = promised("pi 1e6 --allow-singleton --ranks auto --format json").expect_code(0);
    assert_eq!(ranks(&passed), 1);
}

#[test]
fn what_a_thread_meets_ends_the_process() {
    for rank in [0, 2] {
        for stage in ["start", "scatter", "compute", "reduce", "report"] {
            let job = |line: &str, kind: &str| {
                let launch = Launch::new(Threads(4), line).env("MONTESIEVE_FAULT", &format!("{kind}@{stage}#{rank}"));
                launch.run().expect_code(1)
            };
            let panicked = job("pi 1e8", "panic");
            assert_eq!(panicked.stderr.matches(&format!("rank {rank} on ")).count(), 1, "{panicked}");
            assert!(panicked.stderr.contains("panicked") && panicked.stdout.is_empty(), "{panicked}");
            let failed = job("primes 1e8", "error");
            assert_eq!(failed.stderr.matches(": injected error").count(), 1, "{failed}");
            assert!(failed.stderr.contains(&format!("rank {rank} on ")) && failed.stdout.is_empty(), "{failed}");
        }
    }
}

#[test]
fn a_thread_that_hangs_is_named() {
    each_at_once([("scatter", 0), ("scatter", 2), ("compute", 2), ("report", 1)], |&(stage, rank)| {
        let line = "primes 1e8 --algorithm sieve --stall-timeout 5s";
        let launch = Launch::new(Threads(3), line).idle().env("MONTESIEVE_FAULT", &format!("hang@{stage}#{rank}"));
        let ended = launch.run().expect_code(1);
        let said = format!("rank {rank} on ");
        assert!(ended.stderr.contains(&said) && ended.stderr.contains("has not been heard of for 5s"), "{ended}");
    });
}

#[test]
fn ranks_for_which_there_is_no_room_are_an_error() {
    // Their stacks alone are 8 GB of addresses.
    let launch = Launch::new(Threads(1000), "pi 1e6").shell("ulimit -v 4000000; exec \"$0\" \"$@\"");
    launch.run().expect_code(1).expect_told_once("cannot start 1000 ranks");
}
