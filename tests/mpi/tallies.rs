//! `primes` beyond counting: k-tuplets, sums, gaps, digests on any number of ranks, and compared
//! with Debian's primesieve.

use std::process::Command;

use super::ended::integer;
use super::launch::Ranks::{Alone, Threads};
use super::launch::{Launch, each};
use super::same::{RANKS, SCHEDULES, result, under_schedules};

/// All cases at once: many blocks, a start inside the first one and an end inside the last; very
/// small ranges; the largest numbers.
const JOBS: [&str; 4] = [
    "primes 7 1.2e7 --count 1,2,3,4,5,6 --sum --gaps=all --digest",
    "primes 1e9 -d 4e8 --count 123456 --sum --gaps --digest",
    "primes 3 19 --count 1,2,3,4,5,6 --gaps=all --sum --digest",
    "primes 2^64-1e5 2^64-1 --count 2,3 --sum --gaps",
];

#[test]
fn the_same_bytes_on_any_number_of_ranks_under_any_schedule() {
    for (job, line) in JOBS.into_iter().enumerate() {
        // The first job runs all cases, the others take turns.
        under_schedules(line, |i| job == 0 || i % JOBS.len() == job);
    }
}

#[test]
fn text_and_small_chunks_change_nothing() {
    for line in JOBS {
        let text =
            |ranks, more: &str| Launch::new(ranks, &format!("{line}{more}")).run().expect_code(0).text().to_owned();
        let expected = text(Alone, "");
        each([" --chunk 1", " --chunk 7 --schedule cyclic"], |more| assert_eq!(text(Threads(3), more), expected));
    }
}

/// The answer of primesieve to `arguments`, as numbers by k.
fn primesieve(arguments: &[&str]) -> Vec<u64> {
    let output = Command::new("primesieve")
        .args(arguments)
        .args(["--count=123456", "--no-status", "--threads=1"])
        .output()
        .expect("the oracle of this test must be installed: apt-get install primesieve");
    let text = String::from_utf8(output.stdout).expect("text");
    let number = |line: &str| line.split_once(": ").and_then(|(_, n)| n.parse().ok());
    let counts: Vec<u64> =
        text.lines().filter(|line| line.starts_with("Prime") || line.starts_with("Twin")).filter_map(number).collect();
    assert_eq!(counts.len(), 6, "{text}");
    counts
}

#[test]
fn tuplets_are_those_of_primesieve() {
    let ranges =
        ["0 2", "2 3", "3 5", "5 7", "3 11", "5 17", "7 23", "0 23", "8 29", "0 1000", "29 31", "30 1e6", "11 1e8"];
    let high = ["1e10 10010000000", "999999999989 1000009999999", "18446744073709451615 18446744073709551614"];
    each(ranges.into_iter().chain(high), |range| {
        let expected = primesieve(&range.split(' ').collect::<Vec<_>>());
        let line = format!("primes {range} --count 1,2,3,4,5,6 --format json");
        for ranks in [Alone, Threads(3)] {
            let json = Launch::new(ranks, &line).run().expect_code(0).json();
            let counts: Vec<u64> = (1..=6).filter_map(|k| integer(&json["result"]["counts"][k.to_string()])).collect();
            assert_eq!(counts, expected);
        }
    });
}

#[test]
fn sums_and_gaps_as_published() {
    // Sums: OEIS A046731. Gaps: OEIS A005250, A002386.
    let cases = [
        ("primes 1e6", "37550402023", 114, 492_113),
        ("primes 1e7", "3203324994356", 154, 4_652_353),
        ("primes 1e8", "279209790387276", 220, 47_326_693),
        ("primes 1e9", "24739512092254535", 282, 436_273_009),
    ];
    each(cases, |&(line, sum, length, start)| {
        let json = Launch::new(Threads(3), &format!("{line} --sum --gaps --format json")).run().expect_code(0).json();
        let result = &json["result"];
        assert_eq!(result["sum"].to_string().trim_matches('"'), sum);
        assert_eq!(
            [&result["max_gap"]["length"], &result["max_gap"]["start"]].map(integer),
            [Some(length), Some(start)]
        );
    });
}

#[test]
fn the_digest_is_one_of_the_primes_alone() {
    let digest = |line: &str| {
        let json =
            Launch::new(Threads(2), &format!("primes {line} --digest --format json")).run().expect_code(0).json();
        json["result"]["digest"].as_str().expect("a digest").to_owned()
    };
    // No prime lies between 999983 and 1000003. The value: the formula in Python.
    assert_eq!(digest("1e6"), "sum128:666be33060b1317c292a0998d9c294a1");
    assert_eq!(digest("2 1000002"), digest("1e6"));
    assert_ne!(digest("3 1e6"), digest("1e6"));
}

#[test]
fn the_nth_prime_is_that_of_primesieve() {
    let cases = [
        ("1", ""),
        ("100", ""),
        ("1000000", ""),
        ("20000000", ""),
        ("1", "7"),
        ("2", "100"),
        ("3000000", "123456789"),
        ("1000", "1000000000000"),
        ("1", "18446744073709551556"),
    ];
    for (i, (n, start)) in cases.into_iter().enumerate() {
        let oracle =
            Command::new("primesieve").args([n, start].iter().filter(|a| !a.is_empty())).args(["-n", "-q"]).output();
        let oracle = oracle.expect("the oracle of this test must be installed: apt-get install primesieve");
        let expected: u64 = String::from_utf8_lossy(&oracle.stdout).trim().parse().expect("a prime");
        let line = format!("primes --nth {n} {start} --schedule {} --format json", SCHEDULES[i % 4]);
        each([Alone, RANKS[i % 5], RANKS[(i + 2) % 5]], |&ranks| {
            let json = Launch::new(ranks, &line).run().expect_code(0).json();
            let nth = &json["result"]["nth"];
            assert_eq!(nth.to_string().trim_matches('"'), expected.to_string());
        });
        assert_eq!(
            result(Threads(3), line.trim_end_matches(" --format json")),
            result(Alone, line.trim_end_matches(" --format json"))
        );
    }
}

#[test]
fn a_prime_that_is_not_there_is_an_error() {
    for (line, told) in [
        ("primes --nth 3 1e26-100", "there are fewer than 3 primes"),
        ("primes --nth 1 1e26-1", "there is no prime from"),
        ("primes --nth 1 1e26", "there is no prime from"),
        ("primes --nth 1.6992e24 1e23", "there are fewer than"),
        ("primes --nth -1 2", "there is no prime below 2"),
        ("primes --nth -26 100", "there are fewer than 26 primes below 100"),
    ] {
        each([Alone, Threads(3)], |&ranks| {
            Launch::new(ranks, line).run().expect_code(2).expect_told_once(told);
        });
    }
}

#[test]
fn every_algorithm_gives_the_same() {
    for line in [
        "primes 3 20000",
        "primes 1000 30000 --count 1,2,3,4,5,6 --sum --gaps=all --digest",
        "primes 90 96",
        "primes 500 -p",
    ] {
        let text = |ranks, algorithm: &str| {
            Launch::new(ranks, &format!("{line} --algorithm {algorithm}")).run().expect_code(0).text().to_owned()
        };
        let expected = text(Alone, "auto");
        each(["sieve", "sqrt", "trial"], |algorithm| {
            assert_eq!(text(Alone, algorithm), expected);
            assert_eq!(text(Threads(3), algorithm), expected);
        });
    }
}

#[test]
fn only_what_was_asked_for_is_said() {
    let json = Launch::new(Threads(2), "primes 24 28 --count 2,4 --format json").run().expect_code(0).json();
    assert_eq!(json["result"]["counts"].to_string(), r#"{"2":"0","4":"0"}"#);
    assert!(json["result"]["first"].is_null() && json["result"]["last"].is_null());
    let json = Launch::new(Threads(2), "primes 1e6 --format json").run().expect_code(0).json();
    assert_eq!(json["result"]["counts"].to_string(), r#"{"1":"78498"}"#);
    assert_eq!((&json["result"]["first"], &json["result"]["last"]), (&"2".into(), &"999983".into()));
}
