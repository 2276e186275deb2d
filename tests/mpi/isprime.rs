//! `isprime` on any number of ranks: the same bytes under every flag and schedule, stopped and
//! resumed, and bad input.

use std::fs::File;
use std::io::Write;

use super::ended::integer;
use super::launch::Ranks::{Alone, Launched, Threads};
use super::launch::{Launch, each, input_ends};
use super::same::{RANKS, SCHEDULES, result};

/// Two factors near 1e7, a factor in the middle, a cheap factor, and a prime. Several blocks each.
const NUMBERS: &str = "99999640000243 100140049000049 112272535095295 99999999999973";

#[test]
fn every_flag_on_any_number_of_ranks_finds_the_smallest_factor() {
    let expected = result(Alone, &format!("isprime {NUMBERS} --method trial"));
    // One launch tests all flags, and ends with 3 if two of them differ.
    each(RANKS, |&ranks| {
        let line = format!("isprime --compare {NUMBERS} --poll 500k --format json");
        let ended = Launch::new(ranks, &line).run().expect_code(0);
        assert_eq!(ended.json_result(), expected);
        let json = ended.json();
        let rows = json["run"]["compared"].as_array().expect("a table");
        assert_eq!(rows.len(), 3 * 7 + 1, "alone and six flags for each number but the cheap one");
        for row in rows.iter().filter(|row| row["flag"] == "none") {
            assert_eq!(row["looks"], 0);
        }
    });
}

#[test]
fn flags_under_every_schedule() {
    let line = format!("isprime {NUMBERS} --method trial");
    let expected = result(Alone, &line);
    let flags = ["message", "shared", "rma", "allreduce"];
    each(SCHEDULES.iter().zip(flags), |(schedule, flag)| {
        let line = format!("{line} --schedule {schedule} --flag {flag} --poll 2000 --chunk 1");
        assert_eq!(result(Threads(3), &line), expected);
    });
    let json = Launch::new(Threads(2), &format!("{line} --flag server --format json")).run().expect_code(0).json();
    let division = &json["run"]["division"];
    assert_eq!((&division["flag"], &division["poll"]), (&"server".into(), &"1000000".into()));
    assert!(integer(&division["divisors"]) > integer(&division["divisors_after_hit"]));
}

#[test]
fn stopped_resumed_and_in_parts() {
    // A prime of 69 bits: a second or two of dividing.
    let line = "isprime 500000000000000000009 --method trial --format json";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trial.ckpt").display().to_string();
    let stopped = format!("{line} --checkpoint {file} --time-limit 300ms");
    let ended = Launch::new(Threads(2), &stopped).run().expect_code(75);
    assert!(ended.json()["result"]["numbers"][0]["prime"].is_null(), "{ended}");
    let ended = Launch::new(Threads(3), &format!("{line} --checkpoint {file}")).run().expect_code(0);
    let judged = &ended.json()["result"]["numbers"][0];
    assert_eq!(
        judged["prime"],
        Launch::new(Alone, "isprime 500000000000000000009 --format json").run().json()["result"]["numbers"][0]["prime"]
    );

    let job = "isprime 100140049000049 --method trial";
    let parts = [1, 2, 3].map(|i| folder.path().join(i.to_string()).display().to_string());
    for (i, part) in (1..).zip(&parts) {
        Launch::new(Threads(2), &format!("{job} --shard {i}/3 --checkpoint {part}")).run().expect_code(0);
    }
    let merged = Launch::new(Threads(2), &format!("merge --format json {}", parts.join(" "))).run().expect_code(0);
    assert_eq!(merged.json_result(), result(Alone, job));
}

#[test]
fn numbers_from_standard_input() {
    let mut file = tempfile::tempfile().expect("a file");
    let numbers: Vec<String> = (0..200).map(|i| (i * i * i).to_string()).chain(["2^521 - 1".to_owned()]).collect();
    write!(file, "# cubes\n\n{}\n", numbers.join("\n")).expect("written");
    let input = |file: &File| {
        let mut copy = file.try_clone().expect("a copy");
        std::io::Seek::rewind(&mut copy).expect("from the beginning");
        copy
    };
    let alone = Launch::new(Alone, "isprime -").stdin_from(input(&file)).run().expect_code(0);
    assert_eq!(alone.text().lines().count(), 201);
    assert!(alone.text().lines().last().is_some_and(|line| line.ends_with("  prime")));
    let three = Launch::new(Launched(3), "isprime -").stdin_from(input(&file)).run();
    if !input_ends() {
        three.expect_code(2).expect_told_once("so '-' would wait for ever: give a file");
        return;
    }
    assert_eq!(three.expect_code(0).text(), alone.text());

    let mut bad = tempfile::tempfile().expect("a file");
    write!(bad, "7\nseven\n-7\n").expect("written");
    for ranks in [Alone, Threads(2)] {
        let ended = Launch::new(ranks, "isprime -").stdin_from(input(&bad)).run().expect_code(2);
        ended.expect_told_once("line 2: 'seven'").expect_said_once("line 3: '-7': must not be negative");
    }
}

#[test]
fn bad_input_is_refused() {
    let lines = [
        ("isprime", "required arguments were not provided"),
        ("isprime 2^100000", "the limit is 100000 bits"),
        ("isprime 2^128+51 --method trial", "trial division is for numbers below 2^128"),
        ("isprime 7 --input-format json", "it is one of auto, decimal, hex"),
        ("isprime -7", "must not be negative"),
        ("isprime 7 --flag message", "--flag requires --method trial"),
        ("isprime 7 --method trial --flag semaphore", "it is one of none, server"),
        ("isprime 7 --checkpoint x", "require --method trial and a single number"),
        ("isprime 7 --plot x", "required arguments were not provided"),
        ("isprime --compare --flag rma", "goes through all flags"),
    ];
    each(lines, |&(line, message)| {
        Launch::new(Launched(2), line).run().expect_code(2).expect_told_once(message);
    });
    // The shipped program has no Redis flag, whatever these tests are built with.
    if cfg!(not(feature = "redis")) || std::env::var_os("MONTESIEVE_TEST_BINARY").is_some() {
        let line = "isprime 7 --method trial --flag redis://:secret@localhost:6379";
        let ended = Launch::new(Alone, line).run().expect_code(2).expect_told_once("--features redis");
        assert!(!ended.stderr.contains("secret"), "{ended}");
    }
}

/// Proven primes, probable primes and composites of many sizes, on any number of ranks; the last
/// two are too large before the subtraction.
#[test]
fn any_size_proven_or_probable() {
    let line = "isprime 2^64+13 3317044064679887385961813 10^100+267 2^521-1 2^523-1 3*2^189+1 0xff 2^128-159 2^128-1";
    let expected = result(Alone, line);
    each(RANKS, |&ranks| assert_eq!(result(ranks, line), expected));
    let json = Launch::new(Alone, &format!("{line} --format json")).run().expect_code(0).json();
    let numbers = &json["result"]["numbers"];
    let judged = |i: usize| (numbers[i]["prime"].clone(), numbers[i]["proven"].clone());
    let proven = |prime: bool| (prime.into(), true.into());
    for (i, prime) in [(0, true), (1, true), (3, true), (4, false), (5, true), (6, false), (8, false)] {
        assert_eq!(judged(i), proven(prime), "{}", numbers[i]);
    }
    assert_eq!((judged(2).0, judged(7).0), (true.into(), true.into()));
    let text = Launch::new(Threads(2), "isprime 10^100+267").run().expect_code(0);
    assert!(text.text().trim_end().ends_with("prime"), "{text}");
}

#[test]
fn numbers_of_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("b000043.txt");
    std::fs::write(&file, "# Mersenne's exponents\n1 2\n2 3\n3 5\n4 7\n5 13\n").expect("written");
    let line = format!("isprime --file {} 9", file.display());
    let ended = Launch::new(Threads(3), &line).run().expect_code(0).expect_said_once("is read as index and value");
    let lines: Vec<String> =
        ended.text().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines, ["2 prime", "3 prime", "5 prime", "7 prime", "13 prime", "9 composite, smallest factor 3"]);
}
