//! `scaling`: parts of one job, every answer compared, reports of several jobs combined.

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

#[test]
fn any_command_on_parts_of_a_job() {
    let cases = [
        (3, "--ranks 1,2,3 --repeat 2 -- primes 3e6", 3, 6),
        (5, "--ranks 1,5 --repeat 2 --schedule block,guided -- integrate ball --dim 3 1e6", 4, 8),
        (8, "--weak --ranks 1,8 --repeat 1 -- pi 1e6", 2, 2),
    ];
    each(cases, |&(ranks, line, points, trials)| {
        let json = Launch::new(Launched(ranks), &format!("scaling --format json {line}")).run().expect_code(0).json();
        assert_eq!(json["result"]["equal"], true, "{json:#}");
        let length = |name: &str| json["run"][name].as_array().map(Vec::len);
        assert_eq!((length("points"), length("trials")), (Some(points), Some(trials)), "{json:#}");
        for point in json["run"]["points"].as_array().into_iter().flatten() {
            let share = |name: &str| point[format!("{name}_share")].as_f64().expect("a share");
            let all: f64 = ["compute", "idle", "comm", "other"].map(share).iter().sum();
            assert!((all - 1.0).abs() < 0.2, "the ranks' time, all of it: {point:#}");
        }
    });
}

#[test]
fn chunks_are_swept_and_the_answer_is_the_commands_own() {
    let expected = Launch::new(Alone, "primes 2e6 --format json").run().expect_code(0).json();
    let line = "scaling --ranks 2 --chunk 1,3,auto --repeat 1 --format json -- primes 2e6";
    let json = Launch::new(Launched(3), line).run().expect_code(0).json();
    assert_eq!(json["result"]["answer"], expected["result"]);
    assert_eq!(json["run"]["points"].as_array().map(Vec::len), Some(3));
}

#[test]
fn reports_of_several_jobs_are_one() {
    let folder = std::env::temp_dir().join(format!("montesieve-scaling-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (one, two) = (folder.join("1.json"), folder.join("2.json"));
    for (ranks, all, file) in [(Alone, 1, &one), (Launched(2), 2, &two)] {
        let line = format!("scaling --ranks {all} --format json --output {} -- primes 1e6", file.display());
        Launch::new(ranks, &line).run().expect_code(0);
    }
    let csv = folder.join("table.csv");
    let line = format!("scaling report {} {} --csv {}", one.display(), two.display(), csv.display());
    let text = Launch::new(Alone, &line).run().expect_code(0);
    assert!(text.text().contains("6 runs, all answers equal"), "{text}");
    assert_eq!(std::fs::read_to_string(&csv).expect("written").lines().count(), 3);
    // One that claims another answer.
    let wrong = std::fs::read_to_string(&two).expect("written").replace("78498", "78499");
    std::fs::write(&two, wrong).expect("writable");
    let text = Launch::new(Alone, &line).run().expect_code(3);
    assert!(text.text().contains("WRONG"), "{text}");
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn more_ranks_than_there_are_are_predicted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json, csv) = (folder.path().join("3.json"), folder.path().join("3.csv"));
    let line = format!(
        "scaling --ranks 1,3 --repeat 1 --predict 1e5 --format json --output {} -- primes 2e6 --algorithm sieve",
        json.display()
    );
    Launch::new(Launched(3), &line).run().expect_code(0);
    // Read back, like joined reports.
    let line = format!("scaling report {} --csv {}", json.display(), csv.display());
    let text = Launch::new(Alone, &line).run().expect_code(0);
    assert!(text.text().contains("an answer of rank 0") && text.text().contains("\n100000 "), "{text}");
    let said =
        |schedule: &str| text.text().lines().any(|line| line.starts_with(schedule) && line.contains("fastest on"));
    assert!(["block: ", "cyclic: ", "dynamic: ", "guided: "].into_iter().all(said), "{text}");
    let rows = std::fs::read_to_string(&csv).expect("written");
    assert_eq!(rows.lines().filter(|row| row.starts_with("predicted,")).count(), 4 * 18, "{rows}");
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
    let costs = &written["run"]["costs"];
    let positive = |name: &str| costs[name].as_f64().is_some_and(|seconds| seconds > 0.0 && seconds < 1.0);
    assert!(["message", "answer", "span"].into_iter().all(positive), "{costs:#}");
}

#[test]
fn jobs_one_after_the_other_are_not_predicted() {
    let line = "scaling --ranks 1,2 --repeat 1 --predict 100 -- pi --target-error 1e-4";
    let text = Launch::new(Launched(2), line).run().expect_code(0);
    assert!(text.text().contains("No prediction: ") && !text.text().contains("fastest on"), "{text}");
}

#[test]
fn what_is_drawn_has_what_the_ranks_did_when() {
    let folder = tempfile::tempdir().expect("a folder");
    let svg = folder.path().join("all.svg");
    let line = format!("scaling --ranks 1,5 --repeat 2 --format json --plot {} -- pi 2e7", svg.display());
    let json = Launch::new(Launched(5), &line).run().expect_code(0).json();
    let rows = |trial: &serde_json::Value| trial["timelines"].as_array().map_or(0, Vec::len);
    let mut counts: Vec<usize> = json["run"]["trials"].as_array().into_iter().flatten().map(rows).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 0, 0, 5], "of the middle run on the most ranks: {json:#}");
    assert!(std::fs::read_to_string(&svg).expect("written").contains("What 5 ranks did when"));
}

#[test]
fn what_cannot_be_timed_is_refused_once() {
    let lines = [
        "scaling --predict 1 -- pi 1e6",
        "scaling -- info",
        "scaling",
        "scaling --ranks 9 -- pi 1e6",
        "scaling -- primes 100 --print",
    ];
    each(lines, |line| {
        Launch::new(Launched(2), line).run().expect_code(2);
    });
    let alone = Launch::new(Alone, "scaling --ranks 1 --predict 100 -- pi 1e6").run();
    alone.expect_code(2).expect_told_once("measured between ranks");
}

#[test]
fn a_stop_before_the_first_run_is_told() {
    let ended = Launch::new(Launched(2), "scaling --time-limit 50ms -- pi 1e12").run().expect_code(76);
    assert!(ended.stderr.contains("stopped by --time-limit: 0 of 6 runs are done"), "{ended}");
}
