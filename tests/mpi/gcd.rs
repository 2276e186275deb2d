//! `gcd` on any number of ranks: pairs in order, lists with shared factors, and bad lines.

use std::fs;

use dashu_int::UBig;

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each, input_ends};
use super::same::{RANKS, SCHEDULES, result};

/// The pairs of the notes, and a few thousand more of all sizes.
fn pairs() -> String {
    let mut text =
        "1963309 2265973\n2030677 3814172\n1551645,2229620\n\n# the last of the notes\n2039045 2020802\n".to_owned();
    for i in 0..3000_u128 {
        let scale = 1 << (i % 90);
        text += &format!("{} {}\n", (i * i + 6) * scale, (i + 2) * 12 * scale);
    }
    text
}

#[test]
fn pairs_come_back_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pairs.txt");
    fs::write(&file, pairs()).expect("written");
    let line = format!("gcd {}", file.display());
    let alone = Launch::new(Alone, &line).run().expect_code(0);
    let lines: Vec<&str> = alone.text().lines().collect();
    assert_eq!((lines.len(), &lines[..4]), (3004, &["1", "1", "5", "1"][..]));
    let expected = result(Alone, &line);
    each(RANKS.into_iter().zip(SCHEDULES.iter().cycle()), |&(ranks, schedule)| {
        assert_eq!(result(ranks, &format!("{line} --schedule {schedule}")), expected);
    });
    let launch = |line: &str| Launch::new(Launched(2), &format!("{line} --serialise --format json"));
    let asked = if input_ends() {
        launch("gcd -").stdin_from(fs::File::open(&file).expect("a file")).run().expect_code(0)
    } else {
        launch(&line).run().expect_code(0)
    };
    assert_eq!(asked.json_result(), expected);
    let share = asked.json()["run"]["serialised"]["share"].as_f64().expect("a share");
    assert!((0.0..=1.0).contains(&share));
    assert!(asked.stderr.contains("messages took "), "{asked}");
}

#[test]
fn shared_factors_on_any_number_of_ranks() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("moduli.txt");
    // Products of two neighbours in a list of numbers near 2^61, each of which is in one product, but for one.
    let factors: Vec<u128> = [1, 31, 45, 229, 259, 283, 339, 391, 403, 465].map(|k| (1 << 61) - k).to_vec();
    let keys: Vec<String> = factors.chunks(2).map(|pair| (pair[0] * pair[1]).to_string()).collect();
    let weak = factors[4] * (((1 << 89) - 1) >> 28);
    let mut list = vec!["0x".to_owned() + &format!("{weak:x}")];
    list.extend(keys.clone());
    list.push("9".repeat(700) + "7 # of any size");
    fs::write(&file, list.join("\n")).expect("written");
    let line = format!("gcd --all {}", file.display());
    let json = Launch::new(Alone, &format!("{line} --format json")).run().expect_code(0).json();
    let shared = json["result"]["shared"].as_array().expect("a list").clone();
    let places: Vec<u64> = shared.iter().filter_map(|number| number["place"].as_u64()).collect();
    assert!(places.contains(&1) && places.contains(&4), "{json}");
    assert_eq!(json["result"]["numbers"], 7);
    let expected = result(Alone, &line);
    each(RANKS, |&ranks| assert_eq!(result(ranks, &line), expected));
}

/// Products of two numbers of 512 bits, as RSA keys are, three of which have a factor of another one; the others have small ones in common.
#[test]
#[ignore = "long: 20,000 moduli of 1,024 bits"]
fn weak_keys_among_20_000_moduli() {
    let mut state = 88_172_645_463_325_252_u64;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut factor = || UBig::from_le_bytes(&(0..8).flat_map(|_| word()).collect::<Vec<u8>>()) | UBig::ONE;
    let factors: Vec<UBig> = (0..40_000).map(|_| factor()).collect();
    let mut keys: Vec<UBig> = factors.chunks(2).map(|pair| &pair[0] * &pair[1]).collect();
    for (weak, other) in [(7, 19_999), (100, 101), (5000, 12_345)] {
        keys[weak] = &factors[2 * other] * &factors[2 * weak + 1];
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("moduli.txt");
    let lines: Vec<String> = keys.iter().map(|key| format!("{key:#x}")).collect();
    fs::write(&file, lines.join("\n")).expect("written");
    let line = format!("gcd --all {} --format json", file.display());
    let run = |ranks| Launch::new(ranks, &line).limit(300).run().expect_code(0);
    let two = run(Launched(2));
    let json = two.json();
    let shared = json["result"]["shared"].as_array().expect("a list");
    let is_weak = |found: &&serde_json::Value| found["factor"].as_str().is_some_and(|factor| factor.len() > 120);
    let places: Vec<u64> = shared.iter().filter(is_weak).filter_map(|found| found["place"].as_u64()).collect();
    assert_eq!(places, [8, 101, 102, 5001, 12_346, 20_000]);
    assert_eq!(run(Launched(3)).json_result(), two.json_result());
}

#[test]
fn bad_lines_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.txt");
    fs::write(&file, "12 18\n12\n7 seven\n\n1 2^128\n").expect("written");
    for ranks in [Alone, Launched(3)] {
        let ended = Launch::new(ranks, &format!("gcd {}", file.display())).run().expect_code(2);
        let ended = ended.expect_told_once("line 2: '12': not two numbers").expect_said_once("line 3: '7 seven'");
        ended.expect_said_once("line 5: '1 2^128': too large");
    }
    let missing = folder.path().join("missing").display().to_string();
    Launch::new(Launched(2), &format!("gcd {missing}")).run().expect_code(2).expect_told_once("there is no ");
    fs::write(&file, "0\n1\n").expect("written");
    let ended = Launch::new(Launched(2), &format!("gcd --all {}", file.display())).run().expect_code(2);
    ended.expect_told_once("line 1: '0': must be at least 1");
}
