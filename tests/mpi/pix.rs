//! Counting by Gourdon's formula: the same bytes as the sieve on any number of ranks, and after any
//! number of stops.

use super::ended::integer;
use super::launch::Ranks::{Alone, Launched, Threads};
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
        assert_eq!(result(Threads(3), &format!("{range} --algorithm {algorithm}")), sieved, "{algorithm}");
    });
    each(["portable", "avx2"], |isa| {
        let line = format!("{range} --algorithm combinatorial --format json");
        let ended = Launch::new(Threads(2), &line).env("MONTESIEVE_ISA", isa).run();
        // A CPU without it says so.
        assert!(ended.code() == 2 || ended.expect_code(0).json_result() == sieved, "{isa}");
    });
}

#[test]
fn small_numbers_have_a_table() {
    for (range, primes) in [("0", 0), ("2", 1), ("1e6", 78_498), ("999983 1000003", 2)] {
        let line = format!("primes {range} --algorithm both --format json");
        let json = Launch::new(Threads(2), &line).run().expect_code(0).json();
        assert_eq!(integer(&json["result"]["counts"]["1"]), Some(primes), "{range}");
    }
}

#[test]
fn a_count_that_is_stopped_goes_on_on_other_ranks() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = format!(
        "primes 1e16 --algorithm combinatorial --checkpoint {} --checkpoint-interval 100ms",
        folder.path().join("pi").display()
    );
    for ranks in [Threads(3), Alone, Threads(2), Threads(5)] {
        let ended = Launch::new(ranks, &format!("{line} --time-limit 400ms --format json")).run();
        assert!([0, 75].contains(&ended.code()), "{ended}");
        if ended.code() == 75 {
            assert_eq!(ended.json()["result"]["counts"], serde_json::json!({}), "a part of it says nothing");
        }
    }
    let ended = Launch::new(Threads(2), &format!("{line} --format json")).run().expect_code(0);
    // OEIS A006880.
    assert_eq!(ended.json()["result"]["counts"]["1"], "279238341033925");
    let undisturbed =
        Launch::new(Threads(3), "primes 1e16 --algorithm combinatorial --format json").run().expect_code(0);
    assert_eq!(ended.json_result(), undisturbed.json_result());
}

#[test]
fn what_the_formula_cannot_do_is_refused() {
    for (options, told) in [
        ("--algorithm combinatorial --sum", "counts primes and nothing else"),
        ("--algorithm both --count 1,2", "counts primes and nothing else"),
        ("--algorithm sieve --verify", "does not go with"),
    ] {
        Launch::new(Threads(2), &format!("primes 1e6 {options}")).run().expect_code(2).expect_told_once(told);
    }
}

#[test]
fn the_cheaper_way_is_taken_and_a_checkpoint_keeps_its_own() {
    let plan = |line: &str| {
        let json = Launch::new(Threads(2), &format!("primes {line} --plan --format json")).run().expect_code(0).json();
        assert!(json["run"]["planned_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{line}");
        json["result"]["algorithm"].as_str().expect("a name").to_owned()
    };
    for (line, way) in [("1e18", "combinatorial"), ("1e18 -d 1e9", "sieve"), ("1e12 -d 1e10", "combinatorial")] {
        assert_eq!(plan(line), way, "{line}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("part.ckpt");
    let line = format!("primes 1e10 --checkpoint {} --format json", file.display());
    // Only the sieve gives a part of a job its own count.
    let part = Launch::new(Threads(2), &format!("{line} --shard 1/8")).run().expect_code(0).json();
    assert!(integer(&part["result"]["counts"]["1"]).is_some_and(|primes| primes > 0), "{part}");
    let whole = Launch::new(Threads(3), &line).run().expect_code(0);
    assert!(whole.stderr.contains("resuming from "), "{whole}");
    assert_eq!(whole.json_result(), result(Threads(2), "primes 1e10"));
}

#[test]
fn making_tables_looks_after_the_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = format!("primes 1e19 --checkpoint {} --time-limit 100ms", folder.path().join("pi").display());
    Launch::new(Threads(3), &line).run().expect_code(76).expect_said_once("too short to do one block");
    // The checkpoint is of 1e19 by the formula: another number is another job.
    let other = line.replace("1e19", "1.1e19");
    Launch::new(Threads(2), &other).run().expect_code(2).expect_told_once("is a checkpoint of");
}

#[test]
fn tables_are_there_once_on_a_host() {
    let bytes = |ranks: usize| {
        let line = "primes 1e19 --time-limit 4s --format json";
        // Stopped, and nothing kept.
        let json = Launch::new(Launched(ranks), line).run().expect_code(76).json();
        json["run"]["shared_bytes"].as_u64().expect("a number")
    };
    assert_eq!(bytes(2), bytes(3));
    let plan = |line: &str| {
        let json = Launch::new(Alone, &format!("primes {line} --plan --format json")).run().expect_code(0).json();
        let bytes = &json["result"]["table_bytes"];
        integer(bytes).expect("a number of bytes")
    };
    // The algorithm planned is the one used, and both ends of a range share the same tables.
    assert!((plan("1e19") * 9 / 10..=plan("1e19") * 11 / 10).contains(&bytes(2)));
    assert_eq!(plan("1e19 --algorithm combinatorial"), plan("9e18 1e19 --algorithm combinatorial"));
}

#[test]
fn beyond_2_64_the_cheaper_way_is_taken_too() {
    let plan = |line: &str| {
        Launch::new(Threads(2), &format!("primes {line} --plan --format json")).run().expect_code(0).json()
    };
    for (line, way, least) in [
        ("1e20", "combinatorial", 100.0),
        ("0 1e26", "combinatorial", 1e5),
        ("1e24 -d 1e9", "sieve", 1.0),
        ("1e25 -d 1000", "sieve", 0.0),
    ] {
        let json = plan(line);
        assert_eq!(json["result"]["algorithm"], way, "{line}");
        assert!(json["run"]["planned_seconds"].as_f64().is_some_and(|seconds| seconds > least), "{line}");
        assert!(json["result"]["core_seconds"].as_f64().is_some_and(|seconds| seconds > least), "{line}");
    }
    for line in ["--nth 1e20", "--nth -1e20 1e26", "1e20 --gaps", "1e18 -d 1e12 -p"] {
        assert!(plan(line)["result"]["core_seconds"].as_f64().is_some_and(|seconds| seconds > 100.0), "{line}");
    }
    // 2^64 + 13 is the first prime there.
    for ranks in [Alone, Threads(3)] {
        assert!(result(ranks, "primes --nth 1 2^64").contains("18446744073709551629"));
        assert!(result(ranks, "primes --nth 2 2^64-60").contains("18446744073709551629"));
    }
}

#[test]
fn the_nth_prime_by_the_formula() {
    for (n, prime) in [("1e9", 22_801_763_489_u64), ("1e11", 2_760_727_302_517)] {
        let found = result(Threads(3), &format!("primes --nth {n}"));
        assert_eq!(found, result(Alone, &format!("primes --nth {n}")));
        assert!(found.contains(&prime.to_string()), "{found}");
    }
}
