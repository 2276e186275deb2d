//! Ranks that wait: they leave the cores to those that work, and the user hears how far the job is.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

/// Start-up and end of a rank, in CPU seconds: `MPI_Init` takes about 0.15 of them here, more on a busy machine.
const START_UP: f64 = 0.6;

/// CPU seconds of all processes that this one has waited for, and of those that they have waited for.
fn cpu_seconds_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc");
    // Behind the name, which may have spaces: cutime and cstime are fields 16 and 17 of all, in ticks of 10 ms.
    let fields = stat.rsplit_once(") ").expect("a name").1;
    fields.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

#[test]
fn ranks_without_work_sleep() {
    // One chunk holds all blocks: one rank computes for seconds, and seven have nothing to do.
    let lines = ["primes 2e10 --chunk 1e15", "primes 2e10 --chunk 1e15 --schedule block"];
    each(lines, |line| {
        let launch = Launch::new(Launched(8), &format!("{line} --format json"));
        let running = launch.start();
        // Launches run one at a time, so while this one runs nobody else's children are counted.
        let before = cpu_seconds_of_children();
        let ended = running.finish().expect_code(0);
        let spent = cpu_seconds_of_children() - before;
        let json = ended.json();
        let compute: f64 =
            json["run"]["compute_seconds"].as_array().expect("a list").iter().filter_map(|s| s.as_f64()).sum();
        assert!(
            spent < 1.2 * compute + 8.0 * START_UP,
            "{spent:.1} CPU seconds to compute for {compute:.1} s: {ended}"
        );
    });
}

#[test]
fn progress_is_a_plain_line_every_ten_seconds() {
    each([Alone, Launched(3)], |&ranks| {
        for (options, lines) in [("", 1), ("--progress none", 0), ("--quiet", 0)] {
            let running = Launch::new(ranks, &format!("primes 1e17 {options}")).limit(60).start();
            if let Launched(n) = ranks {
                running.wait_for_ranks(n);
            }
            std::thread::sleep(Duration::from_secs(12));
            running.signal(Signal::TERM);
            let ended = running.finish().expect_failure();
            assert_eq!(ended.stderr.lines().filter(|line| line.contains(" % (")).count(), lines, "{options}: {ended}");
            assert!(!ended.stderr.contains(['\r', '\u{1b}']), "{ended}");
        }
    });
}
