//! Tiny windows near 2^64: whole commands give the same bytes on any number of ranks.
//!
//! Stands beside the tests of the kernels, which compare every way to find these primes, and beside
//! the simulation, whose ranges are near 0.

use montesieve_engine::simulated::RunPlan;

use crate::commands::simulation::{result, run};

/// The output of `montesieve primes WORDS` on this many ranks: a list, or the result of the JSON.
fn output(ranks: u64, words: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("result").display().to_string();
    let is_list = words.contains("--print");
    let form = if is_list { "" } else { "--format json" };
    let end = run(&RunPlan::new(ranks, ranks), &format!("montesieve primes {words} --quiet {form} --output {place}"));
    assert_eq!(end.failure, None, "{words}");
    for rank in end.ranks {
        assert_eq!(rank.returned(), Some(0), "{words}");
    }
    if is_list { std::fs::read_to_string(place).expect("a list") } else { result(folder.path()) }
}

/// The same on 1, 2 and 3 ranks.
fn same(words: &str) -> String {
    let expected = output(1, words);
    for ranks in [2, 3] {
        assert_eq!(output(ranks, words), expected, "{words} on {ranks} ranks");
    }
    expected
}

/// The last window of 64 bits whose primes are published: C. Caldwell's Prime Pages, "Primes just
/// less than a power of two", has 2^64 - k for these k.
const BELOW: [u128; 10] = [363, 353, 323, 279, 257, 189, 179, 95, 83, 59];

#[test]
fn the_last_primes_of_64_bits() {
    let primes = BELOW.map(|k| (1 << 64) - k);
    let list: String = primes.iter().map(|p| format!("{p}\n")).collect();
    for stop in ["18446744073709551615", "18446744073709551614", "18446744073709551557"] {
        assert_eq!(same(&format!("18446744073709551253 {stop} --print")), list);
    }
    assert_eq!(same("18446744073709551253 18446744073709551615 --print=2"), "");
    let all = same("18446744073709551253 18446744073709551615 --sum --gaps=all --digest --count 1,2,3,4,5,6");
    let all: serde_json::Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(all["counts"]["1"], "10");
    assert_eq!(all["counts"]["2"], "0");
    assert_eq!(all["sum"], primes.iter().sum::<u128>().to_string());
    // 2^64 - 179 and 2^64 - 95.
    assert_eq!((&all["max_gap"]["length"], &all["max_gap"]["start"]), (&84.into(), &primes[6].to_string().into()));
}

#[test]
fn tiny_windows_anywhere() {
    let questions = ["", "--count 1,2,3,4,5,6", "--sum", "--gaps=all", "--digest", "--print", "--print=2"];
    for window in [
        // One prime, one composite number, and both sides of 2^64.
        "18446744073709551557 18446744073709551557",
        "18446744073709551615 18446744073709551615",
        "18446744073709551500 18446744073709551700",
        "1000000000000000000 1000000000000000200",
        "24999999999900 25000000000100",
        "1000000000000 1000000000200",
        "0 200",
    ] {
        for question in questions {
            let answer = same(&format!("{window} {question}"));
            // Sieving on request is the same choice.
            let sieved = output(2, &format!("{window} {question} --algorithm sieve"));
            assert_eq!(sieved, answer, "{window} {question}");
        }
    }
}
