//! `burnin` finds and names injected faults, and reports none on healthy ranks. Few launches of one
//! or two rounds, half a second each if every rank has a core. `cargo xtask burnin-campaign` does
//! the same a hundred times, and tests slow ranks, which need a clock.
//!
//! Speed does not matter here: `--threshold 100%` never reports a slow rank.

use serde_json::Value;

use super::ended::{Ended, integer};
use super::launch::Launch;
use super::launch::Ranks::{self, Alone, Launched};

/// One instruction set is enough, and any CPU has it.
fn burnin(ranks: Ranks, more: &str, fault: &str) -> Ended {
    let launch = Launch::new(ranks, &format!("burnin --duration 1s --threshold 100% {more}"));
    launch.env("MONTESIEVE_ISA", "portable").env("MONTESIEVE_FAULT", fault).run()
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name").trim().to_owned()
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let alone = burnin(Alone, "--format json", "").expect_code(0);
    let three = burnin(Launched(3), "--format json", "").expect_code(0);
    assert_eq!(alone.json_result(), three.json_result());
    assert_eq!(three.json()["result"]["verdict"], "ok");
    let run = &three.json()["run"];
    assert_eq!((&run["ranks"], &run["hosts"][0]["name"]), (&3.into(), &Value::from(host())));
    assert!(run["messages"].as_u64().is_some_and(|messages| messages >= 3 * (15 + 3)), "{run:#}");
    assert!(run["links"][0]["latency_us"].as_f64().is_some_and(|us| us > 0.0), "{run:#}");
    assert_eq!(run["rounds"].as_u64().map(|rounds| 6 * rounds), run["hosts"][0]["blocks"].as_u64(), "static work");
}

#[test]
fn a_flipped_bit_is_transient_and_has_a_name() {
    let ended = burnin(Launched(3), "--format json", "flip:20@burnin#1").expect_code(3);
    let json = ended.json();
    let wrong = &json["result"]["wrong_blocks"][0];
    assert_eq!((&wrong["rank"], &wrong["host"], &wrong["cause"]), (&1.into(), &host().into(), &"transient".into()));
    let number = |name: &str| integer(&wrong[name]).expect(name);
    assert_eq!(number("expected") ^ number("got"), 1 << 10, "the bit of seed 20: {wrong:#}");
    assert_eq!(wrong["again"], serde_json::json!([wrong["expected"], wrong["expected"]]));
    assert_eq!(json["result"]["exclude"], host());
}

#[test]
fn a_block_that_stays_wrong_is_repeatable_and_everyone_is_told() {
    let folder = std::env::temp_dir().join(format!("montesieve-burnin-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (bad, junit) = (folder.join("bad.txt"), folder.join("burnin.xml"));
    let files = format!("--exclude-file {} --junit {}", bad.display(), junit.display());
    let ended = burnin(Launched(2), &files, "stuck:1@burnin#0").expect_code(3);
    assert!(ended.text().contains("-> repeatable") && ended.text().contains("rank 0 on"), "{ended}");
    let verdict = ended.text().lines().next().unwrap_or_default();
    assert!(verdict.ends_with(&format!("sbatch --exclude={}", host())), "{ended}");
    assert_eq!(std::fs::read_to_string(&bad).expect("the list"), format!("{}\n", host()));
    let xml = std::fs::read_to_string(&junit).expect("the report");
    assert!(xml.contains("<failure type=\"wrong\"") && xml.contains("tests=\"3\""), "{xml}");
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn a_corrupt_message_is_found_on_the_ring_and_in_an_all_to_all() {
    for (fault, kind) in [("corrupt:5@burnin#2", "ring"), ("corrupt:0@burnin#2", "all-to-all")] {
        let json = burnin(Launched(3), "--format json", fault).expect_code(3).json();
        let wrong = &json["result"]["wrong_messages"];
        assert_eq!(wrong.as_array().map(Vec::len), Some(1), "{json:#}");
        assert_eq!((&wrong[0]["kind"], &wrong[0]["from"], &wrong[0]["to"]), (&kind.into(), &2.into(), &0.into()));
        assert_eq!((&wrong[0]["flaw"]["bytes"], &wrong[0]["cause"]), (&1.into(), &"transient".into()));
    }
}

#[test]
fn crowded_ranks_are_never_called_slow() {
    // Five ranks on two cores in CI, one of them even slower; with more CPUs the threshold gives
    // the same result.
    let ended = burnin(Launched(5), "--format csv --exit-zero", "slow:20@burnin#1").expect_code(0);
    assert!(ended.text().lines().all(|line| !line.contains(",slow,")), "{ended}");
}
