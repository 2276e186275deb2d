//! `primes --print`: in order, complete, in bounded memory, and quiet when its reader leaves.

use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

use super::launch::Ranks::{Alone, Launched, Threads};
use super::launch::{Launch, each};

/// Memory that a rank may use while it prints the primes to 1e8.
const MEMORY: u64 = 200_000_000;

/// The oracle: the plain sieve of Eratosthenes.
fn primes(start: usize, stop: usize) -> String {
    let mut is_prime = vec![true; stop + 1];
    let mut list = String::new();
    for n in 2..=stop {
        if is_prime[n] {
            (n * n..=stop).step_by(n).for_each(|multiple| is_prime[multiple] = false);
            if n >= start {
                writeln!(list, "{n}").expect("a String takes every write");
            }
        }
    }
    list
}

#[test]
fn the_list_is_whole_and_in_order() {
    let expected = primes(0, 1_000_000);
    let printed = |ranks, schedule: &str| {
        let line = format!("primes 0 1e6 --print --schedule {schedule}");
        Launch::new(ranks, &line).run().expect_code(0)
    };
    let cases = ["block", "cyclic", "dynamic", "guided"].into_iter().flat_map(|schedule| {
        [Alone, Threads(1), Threads(2), Launched(3), Threads(5), Threads(8)].map(|r| (r, schedule))
    });
    // assert_eq would print both lists.
    each(cases, |(ranks, schedule)| assert!(printed(*ranks, schedule).text() == expected, "another list"));
}

#[test]
fn small_chunks_keep_the_order() {
    let expected = primes(0, 10_000_000);
    each(["block", "cyclic", "dynamic", "guided"], |schedule| {
        let line = format!("primes 0 1e7 --print --chunk 1 --schedule {schedule}");
        assert!(Launch::new(Threads(5), &line).run().expect_code(0).text() == expected, "another list");
    });
}

#[test]
fn ranges_with_few_primes_or_none() {
    each([(0, 0), (0, 1), (2, 2), (0, 3), (24, 28), (90, 96), (7919, 7919)], |&(start, stop)| {
        let line = format!("primes {start} {stop} -p");
        for ranks in [Alone, Threads(3)] {
            assert_eq!(Launch::new(ranks, &line).run().expect_code(0).text(), primes(start, stop));
        }
    });
}

#[test]
fn tuplets_are_printed_as_primesieve_prints_them() {
    let cases =
        [(2, "0 1e7"), (3, "7 5e6"), (4, "0 2e7"), (5, "5 17"), (6, "1e12 1000100000000"), (2, "0 4"), (3, "24 28")];
    for (i, (k, range)) in cases.into_iter().enumerate() {
        let oracle = Command::new("primesieve").args(range.split(' ')).args([&format!("-p{k}"), "-q"]).output();
        let expected = oracle.expect("the oracle of this test must be installed: apt-get install primesieve").stdout;
        let schedule = ["block", "cyclic", "dynamic", "guided"][i % 4];
        each([Alone, Threads(2), Threads(5)], |&ranks| {
            let line = format!("primes {range} --print={k} --schedule {schedule}");
            assert!(Launch::new(ranks, &line).run().expect_code(0).stdout == expected, "another list");
        });
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_job_quietly() {
    // Would run for hours. The test is that it ends within the limit; how soon depends on the
    // launcher, and on the load of the machine (0.3 s alone; up to 2.3 s beside other tests).
    each([Alone, Threads(4), Launched(1), Launched(4)], |&ranks| {
        let ended = Launch::new(ranks, "primes 1e13 --print --quiet").head(10).run().expect_code(0);
        assert_eq!(ended.text(), primes(0, 30));
        assert_eq!(ended.stderr, "");
    });
}

#[test]
fn memory_stays_bounded() {
    for ranks in [2, 4] {
        let file = std::env::temp_dir().join(format!("montesieve-print-{}-{ranks}", std::process::id()));
        let line = format!("primes 0 1e8 --print --quiet --output {}", file.display());
        let mut running = Launch::new(Launched(ranks), &line).limit(120).start();
        let mut peak = 0;
        while !running.has_ended() {
            let of_ranks = running.processes().into_iter().filter(|process| process.rank.is_some());
            peak = of_ranks.filter_map(|process| process.peak_memory()).max().unwrap_or(0).max(peak);
            std::thread::sleep(Duration::from_millis(20));
        }
        running.finish().expect_code(0);
        let list = std::fs::read(&file).expect("the list");
        let _ = std::fs::remove_file(&file);
        assert_eq!(list.iter().filter(|&&byte| byte == b'\n').count(), 5_761_455);
        assert!(list.ends_with(b"\n99999989\n"));
        assert!(peak > 0 && peak < MEMORY, "{peak} bytes on one of {ranks} ranks");
    }
}

#[test]
#[ignore = "half a minute"]
fn a_paused_reader_costs_no_memory_whatever_the_chunk() {
    // Marks of the primes may take 256 MiB at the root; a rank uses some megabytes besides.
    const CEILING: u64 = 350_000_000;
    for (ranks, chunk) in [(2, "--chunk 1000"), (4, "--chunk 1000"), (3, "")] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        // The pause is longer than the stall limit, but no rank hangs here.
        let line = format!("primes 1e13 --print --quiet --stall-timeout 3s {chunk}");
        let to = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
        let running = Launch::new(Launched(ranks), &line).stdout_to(to).start();
        let (began, mut peak) = (std::time::Instant::now(), 0);
        while began.elapsed() < Duration::from_secs(8) {
            let of_ranks = running.processes().into_iter().filter(|process| process.rank.is_some());
            peak = of_ranks.filter_map(|process| process.peak_memory()).max().unwrap_or(0).max(peak);
            std::thread::sleep(Duration::from_millis(100));
        }
        drop(reader);
        running.finish().expect_code(0);
        assert!(peak > 0 && peak < CEILING, "{peak} bytes on one of {ranks} ranks, {chunk}");
    }
}
