//! Counting by Gourdon's formula: the same bytes as the sieve's on any number of ranks, and after any number of stops.

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};
use super::same::{result, under_schedules};

#[test]
fn the_formula_has_the_sieves_bytes_everywhere() {
    let range = "primes 1e10 2.1e10";
    let sieved = result(Launched(2), &format!("{range} --algorithm sieve"));
    // Every other pair of ranks and schedule.
    let found = under_schedules(&format!("{range} --algorithm combinatorial"), |i| i % 2 == 0);
    assert_eq!(found, sieved);
    each(["auto", "both", "auto --verify"], |algorithm| {
        assert_eq!(result(Launched(3), &format!("{range} --algorithm {algorithm}")), sieved, "{algorithm}");
    });
    each(["portable", "avx2"], |isa| {
        let line = format!("{range} --algorithm combinatorial --format json");
        let ended = Launch::new(Launched(2), &line).env("MONTESIEVE_ISA", isa).run();
        // A CPU without it says so.
        assert!(ended.code() == 2 || ended.expect_code(0).json_result() == sieved, "{isa}");
    });
}

#[test]
fn small_numbers_have_a_table() {
    for (range, primes) in [("0", 0), ("2", 1), ("1e6", 78_498), ("999983 1000003", 2)] {
        let line = format!("primes {range} --algorithm both --format json");
        let json = Launch::new(Launched(2), &line).run().expect_code(0).json();
        assert_eq!(json["result"]["counts"]["1"], primes, "{range}");
    }
}

#[test]
fn a_count_that_is_stopped_goes_on_on_other_ranks() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = format!(
        "primes 3e15 --algorithm combinatorial --checkpoint {} --checkpoint-interval 100ms",
        folder.path().join("pi").display()
    );
    for ranks in [Launched(3), Alone, Launched(2), Launched(5)] {
        let ended = Launch::new(ranks, &format!("{line} --time-limit 400ms --format json")).limit(60).run();
        assert!([0, 75].contains(&ended.code()), "{ended}");
        if ended.code() == 75 {
            assert_eq!(ended.json()["result"]["counts"], serde_json::json!({}), "a part of it says nothing");
        }
    }
    let ended = Launch::new(Launched(2), &format!("{line} --format json")).limit(100).run().expect_code(0);
    let undisturbed =
        Launch::new(Launched(3), "primes 3e15 --algorithm combinatorial --format json").limit(100).run().expect_code(0);
    assert_eq!(ended.json_result(), undisturbed.json_result());
}

#[test]
fn what_the_formula_cannot_do_is_refused() {
    for (options, told) in [
        ("--algorithm combinatorial --sum", "counts primes and nothing else"),
        ("--algorithm both --count 1,2", "counts primes and nothing else"),
        ("--algorithm sieve --verify", "does not go with"),
    ] {
        Launch::new(Launched(2), &format!("primes 1e6 {options}")).run().expect_code(2).expect_told_once(told);
    }
}
