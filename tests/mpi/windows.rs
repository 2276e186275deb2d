//! Windows near and above 2^64: every tally, the same on any number of ranks, with and without
//! restarts, and equal to published tables.
//!
//! `cargo xtask windows-campaign` compares thousands of random windows with PARI/GP; these test
//! ranks, restarts and borders.

use super::launch::Ranks::{Alone, Threads};
use super::launch::{Launch, each};
use super::same::{result, under_schedules};

/// Across the border, above it, and far above; 1e7 numbers are two blocks.
const JOBS: [&str; 4] = [
    "primes 2^64-2000 2^64+3000 --count 1,2,3,4,5,6 --sum --gaps=all --digest",
    "primes 2^64+1 2^64+1e7 --count 123456 --algorithm sieve",
    "primes 1e22 -d 1e5 --gaps --sum --digest",
    "primes --nth -300 1e25",
];

#[test]
fn the_same_bytes_on_any_number_of_ranks_under_any_schedule() {
    for (job, line) in JOBS.into_iter().enumerate() {
        under_schedules(line, |i| job == 0 || i % JOBS.len() == job);
    }
}

#[test]
fn answers_of_pari() {
    // PARI/GP 2.15: primes([a,b]), nextprime, precprime.
    let cases = [
        ("primes 2^64 2^64", r#""counts":{"1":"0"}"#, true),
        ("primes 2^64-10 2^64+1000", r#""counts":{"1":"25"}"#, false),
        ("primes --nth 1 2^64", r#""nth":"18446744073709551629""#, false),
        ("primes --nth -1 2^64+13", r#""nth":"18446744073709551557""#, true),
        ("primes --nth -1 2^64+14", r#""nth":"18446744073709551629""#, false),
        // Debian's primesieve does not count downwards: p_(pi(START - 1) - N + 1) of its
        // --nth-prime.
        ("primes --nth -1 100", r#""nth":"97""#, true),
        ("primes --nth -3000000 123456789", r#""nth":"68360029""#, true),
        ("primes --nth -20000000 400000000", r#""nth":"21107291""#, true),
        ("primes --nth 300000 2^64", r#""nth":"18446744073722880247""#, false),
        ("primes --nth 1 17e18", r#""nth":"17000000000000000003""#, true),
        ("primes --nth 1 1e25", r#""nth":"10000000000000000000000013""#, false),
    ];
    each(cases, |&(line, told, proven)| {
        for ranks in [Alone, Threads(3)] {
            let result = compact(&result(ranks, line));
            assert!(result.contains(told) && result.contains(&format!("\"proven\":{proven},")), "{result}");
        }
    });
}

/// JSON without white space.
fn compact(json: &str) -> String {
    json.split_whitespace().collect()
}

#[test]
fn lists_go_across_the_border() {
    let expected = "18446744073709551533\n18446744073709551557\n18446744073709551629\n";
    for ranks in [Alone, Threads(2)] {
        let text = |line: &str| Launch::new(ranks, line).run().expect_code(0).text().to_owned();
        assert_eq!(text("primes 2^64-90 2^64+20 --print"), expected);
        assert_eq!(
            text("primes 1e25+500 1e25+600 --print=2"),
            "(10000000000000000000000559, 10000000000000000000000561)\n"
        );
    }
}

#[test]
fn a_window_goes_on_from_its_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    for asked in ["--count 1,2,3 --algorithm sieve", "--sum --gaps --digest"] {
        let line = format!("primes 1e20 -d 1.5e7 {asked}");
        let expected = result(Alone, &line);
        let file = folder.path().join(asked.split(' ').next().unwrap_or_default());
        let kept = format!("{line} --checkpoint {}", file.display());
        Launch::new(Threads(2), &format!("{kept} --shard 1/3")).run().expect_code(0);
        assert_eq!(result(Threads(3), &kept), expected);
    }
}
