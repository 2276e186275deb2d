//! `gcd` on any number of ranks: pairs in order, lists with shared factors, and bad lines.

use std::fs;

use dashu_int::UBig;

use super::launch::Ranks::{Alone, Launched, Threads};
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
    // Products of two neighbours in a list of numbers near 2^61; each number is in one product,
    // except one.
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
    assert_eq!((&json["result"]["numbers"], &json["result"]["places"]), (&7.into(), &"lines".into()));
    let partners = shared[0]["partners"].as_array().expect("partners");
    let p = factors[4].to_string();
    assert!(partners.iter().any(|partner| partner["place"] == 4 && partner["factor"] == p), "{json}");
    let expected = result(Alone, &line);
    each(RANKS, |&ranks| assert_eq!(result(ranks, &line), expected));
}

/// Keys whose primes are both shared are factored, partners are named by line, and equal keys are
/// not partners.
#[test]
fn audits_on_any_number_of_ranks() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("list"), "15\n# a comment\n21\n35\n77 # twice\n143\n\n221\n391\n391\n1147\n1147\n")
        .expect("written");
    let line = format!("gcd --all {}", path("list"));
    let alone = Launch::new(Alone, &line).run().expect_code(0);
    let expected = "1: 15 shares 15 = 3 * 5; 3 with 3, 5 with 4\n\
                    3: 21 shares 21 = 3 * 7; 3 with 1, 7 with 4, 7 with 5\n\
                    4: 35 shares 35 = 5 * 7; 5 with 1, 7 with 3, 7 with 5\n\
                    5: 77 shares 77 = 7 * 11; 7 with 3, 7 with 4, 11 with 6\n\
                    6: 143 shares 143 = 11 * 13; 11 with 5, 13 with 8\n\
                    8: 221 shares 221 = 13 * 17; 13 with 6, 17 with 9, 17 with 10\n\
                    9: 391 shares 391 = 17 * 23; 17 with 8; duplicate of 10\n\
                    10: 391 shares 391 = 17 * 23; 17 with 8; duplicate of 9\n\
                    11: 1147 duplicate of 12\n\
                    12: 1147 duplicate of 11\n\
                    10 of 10 numbers have a factor in common with another\n";
    assert_eq!(alone.text(), expected);
    let expected = result(Alone, &line);
    each(RANKS, |&ranks| assert_eq!(result(ranks, &line), expected));

    fs::write(path("key"), "0x8f 10").expect("written");
    let line = format!("gcd {} --against {}", path("key"), path("list"));
    each([Alone, Threads(1), Threads(2), Threads(3)], |&ranks| {
        let ended = Launch::new(ranks, &line).run().expect_code(0);
        let expected = "1: 143 shares 143 = 11 * 13; 11 with 5, 13 with 8; duplicate of 6\n\
                        2: 10 shares 5; 5 with 1, 5 with 4\n\
                        2 of 2 numbers have a factor in common with one of 10 other numbers\n";
        assert_eq!(ended.text(), expected);
    });
}

/// Time and memory are linear in the number of equal keys.
#[test]
fn many_equal_numbers_take_no_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("equal.txt");
    fs::write(&file, "15\n".repeat(50_000) + "21\n").expect("written");
    let line = format!("gcd --all {}", file.display());
    let json = Launch::new(Alone, &format!("{line} --format json")).run().expect_code(0).json();
    let shared = json["result"]["shared"].as_array().expect("a list");
    assert_eq!(shared.len(), 50_001);
    assert_eq!(shared[0]["duplicate_count"], 49_999);
    assert_eq!(shared[0]["duplicates"][0], 2);
    assert_eq!((&shared[0]["partner_count"], &shared[0]["partners"][0]["place"]), (&1.into(), &50_001.into()));
    assert_eq!(shared[50_000]["partner_count"], 50_000);
}

/// An audit does not pass because its list or its collection is empty.
#[test]
fn a_list_without_numbers_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("empty"), "# nothing\n").expect("written");
    fs::write(path("key"), "15\n").expect("written");
    for line in [format!("--all {}", path("empty")), format!("{} --against {}", path("key"), path("empty"))] {
        Launch::new(Alone, &format!("gcd {line}")).run().expect_code(2).expect_told_once("has no numbers");
    }
}

/// Products of two numbers of 512 bits, like RSA keys. Three share a factor with another one; the
/// others have only small factors in common.
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
    let two = run(Threads(2));
    let json = two.json();
    let shared = json["result"]["shared"].as_array().expect("a list");
    let is_weak = |found: &&serde_json::Value| found["factor"].as_str().is_some_and(|factor| factor.len() > 120);
    let places: Vec<u64> = shared.iter().filter(is_weak).filter_map(|found| found["place"].as_u64()).collect();
    assert_eq!(places, [8, 101, 102, 5001, 12_346, 20_000]);
    assert_eq!(run(Threads(3)).json_result(), two.json_result());
}

#[test]
fn bad_lines_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.txt");
    fs::write(&file, "12 18\n12\n7 seven\n\n1 2^128\n").expect("written");
    for ranks in [Alone, Threads(3)] {
        let ended = Launch::new(ranks, &format!("gcd {}", file.display())).run().expect_code(2);
        let ended = ended.expect_told_once("line 2: '12': not two numbers").expect_said_once("line 3: '7 seven'");
        ended.expect_said_once("line 5: '1 2^128': too large");
    }
    let missing = folder.path().join("missing").display().to_string();
    Launch::new(Threads(2), &format!("gcd {missing}")).run().expect_code(2).expect_told_once("there is no ");
    fs::write(&file, "1\n0\n").expect("written");
    let all = format!("gcd --all {}", file.display());
    let ended = Launch::new(Threads(2), &all).run().expect_code(2);
    ended.expect_told_once("line 2: '0': must be at least 1");
    fs::write(&file, "1f\n2^64\n").expect("written");
    Launch::new(Threads(2), &all)
        .run()
        .expect_code(2)
        .expect_told_once("is hexadecimal, but line 2: '2^64' is decimal");
    fs::write(&file, "\u{1b}[31m red\n").expect("written");
    let ended = Launch::new(Threads(2), &all).run().expect_code(2).expect_told_once("not a number");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended}");
    let device = Launch::new(Threads(2), "gcd --all /dev/zero").run().expect_code(2);
    device.expect_told_once("/dev/zero is a device");
}
