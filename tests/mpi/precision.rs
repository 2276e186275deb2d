//! Estimates until an error is small enough: the same end on any number of ranks, and intermediate
//! estimates.

use super::launch::Ranks::{Alone, Threads};
use super::launch::{Launch, each};

const RANKS: [usize; 5] = [1, 2, 3, 5, 8];

#[test]
fn the_end_does_not_depend_on_ranks() {
    let jobs = [
        "pi --target-error 1e-4 --seed 3",
        "pi --target-error 3e-6r --method control",
        "integrate ball --dim 3 --target-error 4e-4",
    ];
    each(jobs, |job| {
        let expected = Launch::new(Alone, &format!("{job} --format json")).run().expect_code(0);
        let result = expected.json()["result"].clone();
        assert_eq!(result["target_reached"], true, "{expected}");
        assert_eq!(result["complete"], true, "{expected}");
        for (i, ranks) in RANKS.into_iter().enumerate() {
            let schedule = ["dynamic", "block", "cyclic", "guided"][i % 4];
            let line = format!("{job} --format json --schedule {schedule}");
            let ended = Launch::new(Threads(ranks), &line).run().expect_code(0);
            assert_eq!(ended.json_result(), expected.json_result(), "{ranks} ranks");
        }
    });
}

#[test]
fn five_when_a_limit_comes_first() {
    Launch::new(Threads(2), "pi 1e8 --target-error 1e-9 --exit-zero").run().expect_code(0);
    each(["pi 1e8 --target-error 1e-9", "pi --target-error 1e-12 --time-limit 500ms"], |line| {
        let ended = Launch::new(Threads(2), &format!("{line} --quiet")).run().expect_code(5);
        assert!(ended.text().contains("NOT reached"), "{ended}");
    });
}

#[test]
fn the_way_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let with = |ranks| {
        let launch = Launch::new(ranks, "pi 1e8 --seed 3 --trace");
        launch.word(&path("trace.csv")).word("--plot").word(&path("plot.svg")).run().expect_code(0)
    };
    let read = |name| std::fs::read_to_string(path(name)).expect("written");
    let alone = (with(Alone).stdout, read("trace.csv"), read("plot.svg"));
    let launched = (with(Threads(3)).stdout, read("trace.csv"), read("plot.svg"));
    assert!(alone == launched, "the way is the same");
    // 96 blocks: 1, 2, 4, ..., 64 and the end.
    assert_eq!(alone.1.lines().count(), 1 + 8, "{}", alone.1);
    assert!(alone.1.starts_with("samples,estimate,std_error,ci95_low,ci95_high\n1048576,3.14"), "{}", alone.1);
    assert!(alone.2.starts_with("<svg") && alone.2.contains("the first 1000 darts"), "a picture");
    assert_eq!(
        alone.0,
        Launch::new(Alone, "pi 1e8 --seed 3").run().expect_code(0).stdout,
        "looking on changes nothing"
    );
    Launch::new(Threads(2), "pi 1e8 --trace /nowhere/trace.csv")
        .run()
        .expect_failure()
        .expect_told_once("/nowhere/trace.csv");
}

#[test]
fn plans_are_the_same_everywhere() {
    each(["pi 1e18 --plan", "pi --target-error 1e-9 --plan", "integrate ball --dim 5 1e15 --plan"], |line| {
        let expected = Launch::new(Alone, line).run().expect_code(0);
        assert!(expected.text().contains("that would take about "), "{expected}");
        // The time is that of a machine, so the text is not.
        let expected = Launch::new(Alone, &format!("{line} --format json")).run().expect_code(0);
        for ranks in RANKS {
            let plan = Launch::new(Threads(ranks), &format!("{line} --format json")).run().expect_code(0);
            assert_eq!(plan.json_result(), expected.json_result());
        }
    });
}

#[test]
fn nas_ep_is_verified() {
    let expected = Launch::new(Alone, "integrate ep --class S --format json").run().expect_code(0);
    assert_eq!(expected.json()["result"]["verified"], true, "{expected}");
    each(RANKS, |&ranks| {
        let ended = Launch::new(Threads(ranks), "integrate ep --class S --format json").run().expect_code(0);
        assert_eq!(ended.json_result(), expected.json_result());
    });
}
