//! Memory that the ranks of a node share: the table of sieving primes. The same result, one table
//! per node, nothing left behind.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::ended::Ended;
use super::launch::Ranks::{self, Alone, Launched};
use super::launch::{Launch, each};
use super::process::Process;

/// Blocks of huge numbers: the table has 20 sheets near 2^64, and at 3e13 only one, of which seven
/// of eight ranks have no part.
const JOBS: [&str; 2] = ["primes 18000000000000000000 -d 2e8", "primes 3e13 -d 1e9 --algorithm sieve"];
/// A job that runs for minutes.
const LONG: &str = "primes 18000000000000000000 -d 1e12 --algorithm sieve --quiet";

/// Bytes of the table at 1.8e19: 48 bits for 210 numbers, up to the root.
const TABLE: u64 = 4_242_640_687 / 210 * 48 / 8;

/// Large files in shared memory that no process maps: leaked windows look like this. Files of other
/// tests are mapped.
fn files_without_owner() -> BTreeSet<String> {
    let entries = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    let large = entries.filter(|entry| entry.metadata().is_ok_and(|data| data.len() > TABLE / 2));
    let mut files: BTreeSet<String> = large.map(|entry| entry.path().display().to_string()).collect();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let mapped = fs::read_to_string(process.path().join("maps")).unwrap_or_default();
        files.retain(|file| !mapped.contains(file));
    }
    files
}

/// No file is left except those that existed before. A file of another test may not be mapped yet,
/// or may be about to vanish.
#[track_caller]
fn expect_none_left(before: &BTreeSet<String>, ended: &Ended) {
    let mut left = files_without_owner();
    for _ in 0..100 {
        left = left.intersection(&files_without_owner()).filter(|file| !before.contains(*file)).cloned().collect();
        if left.is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("left in shared memory: {left:?} by {ended}");
}

fn json(ranks: Ranks, line: &str) -> Ended {
    Launch::new(ranks, &format!("{line} --format json")).run().expect_code(0)
}

fn shared_bytes(ended: &Ended) -> u64 {
    ended.json()["run"]["shared_bytes"].as_u64().expect("a number")
}

#[test]
fn a_shared_table_changes_nothing_but_memory() {
    for line in JOBS {
        let alone = json(Alone, line);
        each([1, 2, 3, 5, 8], |&ranks| {
            let ended = json(Launched(ranks), line);
            assert_eq!(ended.json_result(), alone.json_result());
            assert!(shared_bytes(&ended) > 0, "{ended}");
        });
    }
}

#[test]
fn a_table_is_shared_where_it_is_of_use() {
    let near_the_end = json(Launched(2), JOBS[0]);
    assert!((TABLE..TABLE * 11 / 10).contains(&shared_bytes(&near_the_end)), "{near_the_end}");
    each(
        ["primes 1e9", "primes 18000000000000000000 -d 1e5", "primes 3e13 -d 10 --algorithm sqrt", "pi 1e6"],
        |line| {
            let ended = json(Launched(2), line);
            assert_eq!(shared_bytes(&ended), 0, "{ended}");
        },
    );
}

#[test]
fn nth_counts_with_shared_tables_one_after_the_other() {
    let line = "primes 1e15 --nth 5e7";
    let alone = json(Alone, line);
    let ended = json(Launched(3), line);
    assert_eq!(ended.json_result(), alone.json_result());
    assert!(shared_bytes(&ended) > 0, "{ended}");
}

/// `RssShmem` and `RssAnon` of a process, in bytes: its shared and its private memory.
fn resident(process: &Process) -> Option<(u64, u64)> {
    let bytes = |key: &str| Some(1024 * process.status(key)?.strip_suffix(" kB")?.parse::<u64>().ok()?);
    Some((bytes("RssShmem:")?, bytes("RssAnon:")?))
}

#[test]
fn all_ranks_read_the_same_pages() {
    let mut running = Launch::new(Launched(2), LONG).start();
    running.wait_until_at_work();
    let ranks = || running.processes().into_iter().filter(|process| process.rank.is_some());
    // Each rank has read all of the table once it sieves its first window.
    let mut resident: Vec<(u64, u64)> = Vec::new();
    while resident.len() < 2 || resident.iter().any(|&(shared, _)| shared < TABLE) {
        assert!(running.began.elapsed() < running.limit, "the table is not in both ranks: {resident:?}");
        thread::sleep(Duration::from_millis(100));
        resident = ranks().filter_map(|process| self::resident(&process)).collect();
    }
    running.signal(Signal::TERM);
    running.finish().expect_failure();
    // A rank has about 300 MB of its own records and lines, but no private copy of the table.
    for (shared, own) in resident {
        assert!(shared < 2 * TABLE && own < 400 << 20, "{} MB shared, {} MB own", shared >> 20, own >> 20);
    }
}

#[test]
fn a_bad_end_leaves_no_shared_memory() {
    let hard = ["panic", "kill"].into_iter().flat_map(|kind| ["fill", "compute"].map(|stage| (kind, stage, 2)));
    let cases = hard.chain([("kill", "fill", 0), ("kill", "compute", 0), ("error", "fill", 1), ("exit", "fill", 1)]);
    each(cases, |(kind, stage, rank)| {
        let before = files_without_owner();
        let fault = format!("{kind}@{stage}#{rank}");
        let launch = Launch::new(Launched(4), "primes 18000000000000000000 -d 2e10 --algorithm sieve")
            .env("MONTESIEVE_FAULT", &fault);
        let ended = launch.run().expect_failure();
        assert!(ended.stdout.is_empty(), "{ended}");
        expect_none_left(&before, &ended);
    });
}

#[test]
fn a_signal_leaves_no_shared_memory() {
    each([Signal::INT, Signal::TERM, Signal::KILL], |&signal| {
        let before = files_without_owner();
        let mut running = Launch::new(Launched(3), LONG).start();
        running.wait_until_at_work();
        running.signal(signal);
        let ended = running.finish().expect_failure();
        expect_none_left(&before, &ended);
    });
}
