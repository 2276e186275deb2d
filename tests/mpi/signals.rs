//! Signals from outside: Ctrl-C, SIGTERM, and a rank that is killed.

use rustix::process::Signal;

use super::ended::Ended;
use super::launch::Ranks::{self, Alone, Launched, Threads};
use super::launch::{Launch, each_at_once};
use super::running::Running;

/// Jobs that would run for days: the test is that they end within the limit of their launch.
const JOBS: [&str; 4] = [
    "pi 1e17",
    "integrate genz-gaussian 1e18",
    "primes 1e17 --algorithm sieve",
    "primes 1e15 --print --output /dev/null",
];

/// Starts a job, waits until it computes, calls `what`, and checks that it ends in time.
fn after(ranks: Ranks, line: &str, what: impl Fn(&Running)) -> Ended {
    let mut running = Launch::new(ranks, &format!("{line} --quiet")).start();
    running.wait_until_at_work();
    what(&running);
    let ended = running.finish().expect_failure();
    assert!(!ended.stderr.contains("panicked"), "{ended}");
    ended
}

/// The exit code of a stopped job that saves nothing: 76 if it prints a partial result.
fn unsaved(line: &str, signal: i32) -> i32 {
    if line.contains("--print") { signal } else { 76 }
}

#[test]
fn ctrl_c_ends_one_process() {
    each_at_once(JOBS.into_iter().zip([Alone, Threads(2)].into_iter().cycle()), |&(line, ranks)| {
        let ended = after(ranks, line, |running| running.signal(Signal::INT));
        assert_eq!(ended.code(), unsaved(line, 130), "{ended}");
    });
}

#[test]
fn sigterm_ends_one_process() {
    each_at_once(JOBS.into_iter().zip([Threads(3), Alone].into_iter().cycle()), |&(line, ranks)| {
        let ended = after(ranks, line, |running| running.signal(Signal::TERM));
        assert_eq!(ended.code(), unsaved(line, 143), "{ended}");
    });
}

#[test]
fn ctrl_c_ends_all_ranks() {
    each_at_once(JOBS, |line| {
        after(Launched(4), line, |running| running.signal(Signal::INT));
    });
}

#[test]
fn sigterm_ends_all_ranks() {
    after(Launched(4), JOBS[0], |running| running.signal(Signal::TERM));
}

#[test]
fn a_killed_rank_ends_all_ranks() {
    let cases = JOBS.into_iter().flat_map(|line| [0, 2].map(|rank| (line, rank)));
    each_at_once(cases, |&(line, rank)| {
        after(Launched(4), line, |running| {
            let victim = running.processes().into_iter().find(|process| process.rank == Some(rank));
            victim.expect("a process for each rank").signal(Signal::KILL);
        });
    });
}

#[test]
fn a_killed_launcher_takes_its_ranks_along() {
    // expect_failure has looked for processes left behind.
    after(Launched(4), JOBS[0], |running| running.signal(Signal::KILL));
}
