//! Waiting ranks leave the cores to computing ones, and the user sees the progress of the job.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each_at_once};

/// CPU seconds of all children that this process has waited for, and of their children.
fn cpu_seconds_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc");
    // After the name, which may contain spaces: cutime and cstime are fields 16 and 17, in ticks of
    // 10 ms.
    let fields = stat.rsplit_once(") ").expect("a name").1;
    fields.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Runs it on eight ranks; returns its compute seconds, and the total CPU seconds.
fn compute_and_cpu_seconds(line: &str) -> (f64, f64) {
    let running = Launch::new(Launched(8), &format!("{line} --format json")).start_alone();
    // No other test runs meanwhile, so only this launch's children are counted.
    let before = cpu_seconds_of_children();
    let ended = running.finish().expect_code(0);
    let spent = cpu_seconds_of_children() - before;
    let json = ended.json();
    let compute = json["run"]["compute_seconds"].as_array().expect("a list");
    (compute.iter().filter_map(|seconds| seconds.as_f64()).sum(), spent)
}

#[test]
fn ranks_without_work_sleep() {
    // What eight ranks cost before and after the work.
    let (_, start_up) = compute_and_cpu_seconds("pi 1");
    // One chunk holds all blocks: one rank computes for seconds, and seven have nothing to do. If
    // they kept spinning, they would take at least the other core all that time.
    let (compute, spent) = compute_and_cpu_seconds("primes 6e10 --algorithm sieve --chunk 1e15");
    assert!(compute > 2.0, "{compute:.2} s are too few to judge: a bigger range is needed");
    let work = spent - start_up;
    assert!(
        work < 1.25 * compute + 0.5,
        "{work:.2} CPU seconds (and {start_up:.2} to start) for {compute:.2} s of work"
    );
}

#[test]
fn progress_is_a_plain_line_every_ten_seconds() {
    let options = [("", 1), ("--progress none", 0), ("--quiet", 0)];
    let cases = options.into_iter().flat_map(|case| [Alone, Launched(3)].map(|ranks| (case, ranks)));
    each_at_once(cases, |&((option, lines), ranks)| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("said");
        let said = || fs::read_to_string(&file).unwrap_or_default();
        let count = || said().lines().filter(|line| line.contains(" % (")).count();
        // The job itself does not matter; this one leaves the cores to others.
        let script = format!("exec nice \"$0\" \"$@\" 2>> {}", file.display());
        let launch = Launch::new(ranks, &format!("primes 1e17 --algorithm sieve {option}")).idle();
        let mut running = launch.shell(&script).start();
        running.wait_until_at_work();
        if lines > 0 {
            running.wait_until("a line", || count() > 0);
            assert!(running.began.elapsed() > Duration::from_secs(10), "{}", said());
        } else {
            std::thread::sleep(Duration::from_secs(12));
        }
        running.signal(Signal::TERM);
        let ended = running.finish().expect_failure();
        assert_eq!(count(), lines, "{}{ended}", said());
        assert!(!said().contains(['\r', '\u{1b}']), "{}", said());
    });
}
