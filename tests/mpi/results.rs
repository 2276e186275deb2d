//! The main rule: the result has the same bytes for every rank count, schedule, chunk and
//! instruction set.

use montesieve::isa::Isa;

use super::ended::integer;
use super::launch::Ranks::{self, Alone, Launched, Threads};
use super::launch::{Launch, each_at_once};
use super::same::{SCHEDULES, result};

/// Odd counts matter, and more ranks than cores.
const EVERYWHERE: [Ranks; 10] = [
    Alone,
    Launched(1),
    Launched(2),
    Launched(3),
    Launched(5),
    Launched(8),
    Threads(2),
    Threads(3),
    Threads(5),
    Threads(8),
];
/// Enough blocks for eight ranks, the last one partial.
const JOBS: [&str; 2] = ["pi 1e8 --seed 42", "primes 1e8"];

fn text(ranks: Ranks, line: &str) -> String {
    Launch::new(ranks, line).run().expect_code(0).text().to_owned()
}

#[test]
fn text_is_the_same_on_any_number_of_ranks() {
    for line in JOBS {
        let expected = text(Alone, line);
        each_at_once(&EVERYWHERE[1..], |ranks| assert_eq!(text(**ranks, line), expected, "{line}"));
    }
}

#[test]
fn json_result_is_the_same_on_any_number_of_ranks() {
    for line in JOBS {
        let expected = result(Alone, line);
        each_at_once(&EVERYWHERE[1..], |ranks| assert_eq!(result(**ranks, line), expected, "{line}"));
    }
}

#[test]
fn csv_is_the_same_on_any_number_of_ranks() {
    for line in ["pi 1e7 --format csv", "primes 1e6 --format csv"] {
        let expected = text(Alone, line);
        assert_eq!(expected.lines().count(), 2, "{expected}");
        assert_eq!(text(Launched(3), line), expected);
    }
}

#[test]
fn schedules_and_chunks_change_nothing() {
    for line in JOBS {
        let expected = text(Alone, line);
        let cases = SCHEDULES.iter().flat_map(|schedule| ["auto", "1", "7"].map(|chunk| (schedule, chunk)));
        each_at_once(cases, |(schedule, chunk)| {
            let line = format!("{line} --schedule {schedule} --chunk {chunk}");
            assert_eq!(text(Threads(3), &line), expected, "{line}");
        });
        each_at_once(SCHEDULES, |schedule| {
            assert_eq!(text(Alone, &format!("{line} --schedule {schedule}")), expected);
            assert_eq!(text(Launched(8), &format!("{line} --schedule {schedule}")), expected);
        });
    }
}

#[test]
fn instruction_sets_change_nothing() {
    for line in JOBS {
        let expected = text(Alone, line);
        each_at_once(Isa::ALL.into_iter().filter(|isa| isa.is_supported()), |isa| {
            let forced = |ranks| Launch::new(ranks, line).env("MONTESIEVE_ISA", &isa.to_string()).run().expect_code(0);
            assert_eq!(forced(Alone).text(), expected);
            assert_eq!(forced(Launched(2)).text(), expected);
        });
    }
}

#[test]
fn caches_change_nothing() {
    for line in ["primes 2e9 --algorithm sieve", "primes 3e13 30001e9 --sum --count 1,2", "primes 1e12"] {
        let expected = text(Alone, line);
        each_at_once(["4K,64K,0", "1M,64M,1G"], |sizes| {
            let forced = |ranks| Launch::new(ranks, line).env("MONTESIEVE_CACHE", sizes).run().expect_code(0);
            assert_eq!(forced(Alone).text(), expected);
            assert_eq!(forced(Launched(2)).text(), expected);
        });
    }
}

#[test]
fn scalar_darts_fall_where_simd_darts_do() {
    assert_eq!(text(Launched(2), "pi 1e7 --algorithm scalar"), text(Alone, "pi 1e7 --algorithm simd"));
}

#[test]
fn seeds_are_the_same_everywhere_and_differ_from_each_other() {
    let default = text(Alone, "pi 1e6");
    assert_eq!(text(Launched(2), "pi 1e6 --seed 0"), default);
    assert_ne!(text(Launched(2), "pi 1e6 --seed 1"), default);
}

#[test]
fn jobs_smaller_than_the_cluster() {
    each_at_once(["pi 1", "pi 5", "primes 0", "primes 2 2", "primes 14 16", "primes 1e12 -d 100"], |line| {
        let expected = text(Alone, line);
        assert_eq!(text(Launched(8), line), expected);
        assert_eq!(text(Launched(8), &format!("{line} --schedule block")), expected);
    });
}

#[test]
fn known_counts() {
    let cases = [
        ("primes 10", 4),
        ("primes 1e6", 78_498),
        ("primes 1e8", 5_761_455),
        ("primes 1e9", 50_847_534),
        ("primes 1e12 -d 1e7", 361_726),
        ("primes 2^64-1e5 2^64-1", 2_139),
    ];
    each_at_once(cases, |(line, count)| {
        let json = Launch::new(Launched(2), &format!("{line} --format json")).run().expect_code(0).json();
        assert_eq!(integer(&json["result"]["counts"]["1"]), Some(*count));
        assert_eq!(json["result"]["complete"], true);
    });
}

#[test]
fn run_accounts_for_every_rank() {
    let json = Launch::new(Launched(3), "pi 1e8 --format json").run().expect_code(0).json();
    assert_eq!(
        (&json["schema"], &json["command"], &json["run"]["ranks"]),
        (&"montesieve/1".into(), &"pi".into(), &3.into())
    );
    for list in ["compute_seconds", "idle_seconds", "comm_seconds", "blocks", "host_of_rank"] {
        assert_eq!(json["run"][list].as_array().map(Vec::len), Some(3), "{list}");
    }
    assert_eq!(json["run"]["hosts"].as_array().map(Vec::len), Some(1));
    let blocks: u64 = json["run"]["blocks"].as_array().expect("a list").iter().filter_map(|n| n.as_u64()).sum();
    assert!(blocks > 0);
    // The times of the ranks cannot exceed the elapsed time.
    let seconds = json["run"]["seconds"].as_f64().expect("a number");
    for rank in 0..3 {
        let spent: f64 = ["compute_seconds", "idle_seconds", "comm_seconds"]
            .iter()
            .filter_map(|list| json["run"][list][rank].as_f64())
            .sum();
        assert!(spent <= seconds * 1.1 + 0.05, "rank {rank}: {spent} of {seconds} s");
    }
}
