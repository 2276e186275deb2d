//! `patterns`: the gallery, every page right on any number of ranks.

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

/// Seconds that a launch may take on busy cores: `counter` alone took 27 on 8 ranks.
const LIMIT: u64 = 180;

#[test]
fn all_are_right_on_any_number_of_ranks() {
    let expected = Launch::new(Alone, "patterns all --format json").run().expect_code(0);
    let result = &expected.json()["result"];
    assert_eq!((&result["right"], result["patterns"].as_array().map(Vec::len)), (&true.into(), Some(15)));
    each([1, 2, 3, 8], |&ranks| {
        let ended = Launch::new(Launched(ranks), "patterns all --format json").limit(LIMIT).run().expect_code(0);
        assert_eq!(ended.json_result(), expected.json_result());
        let costs = &ended.json()["run"]["patterns"];
        assert_eq!(costs.as_array().map(Vec::len), Some(15));
    });
}

/// Locked windows and `MPI_Fetch_and_op`, shared windows and scans separately; also under MPICH
/// (`scripts/test --core`), where `counter` takes too long.
#[test]
fn raw_calls_are_right_on_any_number_of_ranks() {
    for name in ["shared-array", "barrier", "locks", "scan"] {
        each([1, 2, 3, 8], |&ranks| {
            let launch = Launch::new(Launched(ranks), &format!("patterns {name} --format json"));
            let ended = launch.limit(LIMIT).run().expect_code(0);
            assert_eq!(ended.json()["result"]["right"], true, "{ended}");
        });
    }
}

#[test]
fn a_wrong_answer_is_seen() {
    // A rank forgets the last piece of its share: one of 500,000 additions, one subtotal, one
    // number of four.
    let wrong = |ranks, name: &str, rank: u64| {
        let launch = Launch::new(Launched(ranks), &format!("patterns {name}"));
        launch.env("MONTESIEVE_FAULT", &format!("lose@share#{rank}")).limit(LIMIT).run().expect_code(3)
    };
    let all = wrong(1, "all", 0);
    let names = all.text().lines().filter(|line| line.contains("WRONG")).filter_map(|line| line.split(' ').next());
    assert_eq!(names.collect::<Vec<_>>(), ["counter", "queue", "scan"], "{all}");
    assert!(all.text().contains("499999, 99  "), "{all}");
    wrong(3, "queue --quiet", 2);
    assert!(wrong(3, "scan", 1).text().contains("WRONG, should be 10, 4, 4, -1"));
}

#[test]
fn the_list_a_page_and_a_name_that_is_not_in_it() {
    each([Alone, Launched(3)], |&ranks| {
        let list = Launch::new(ranks, "patterns").run().expect_code(0);
        assert_eq!(list.text().lines().count(), 1 + 15, "{list}");
        Launch::new(ranks, "patterns rings").run().expect_code(2).expect_told_once("did you mean ring?");
        let page = Launch::new(ranks, "patterns ring --explain").run().expect_code(0);
        assert_eq!(page.text().matches("# With mpi4py").count(), 1, "{page}");
        Launch::new(ranks, "patterns --explain").run().expect_code(2);
    });
}

#[test]
fn a_trace_has_both_ends_of_every_message() {
    each([1, 2, 3, 4], |&ranks| {
        let ended = Launch::new(Launched(ranks), "patterns ring --trace --format json").run().expect_code(0);
        let trace = ended.json()["run"]["patterns"][0]["trace"].as_array().cloned().unwrap_or_default();
        let ends = |end: &str| trace.iter().filter(|event| event[end].is_u64()).count();
        // A message for each transition, and one for each rank that they do not tell of the end.
        let messages = if ranks == 1 { 0 } else { 19 + ranks };
        assert_eq!((ends("to"), ends("from")), (messages, messages), "{ended}");
        assert!(trace.iter().all(|event| event["start_us"].as_f64() <= event["end_us"].as_f64()), "{ended}");
    });
    let folder = tempfile::tempdir().expect("a folder");
    let line = format!("patterns ring --plot {}", folder.path().join("F.svg").display());
    Launch::new(Launched(3), &line).run().expect_code(0);
    let svg = std::fs::read_to_string(folder.path().join("F.svg")).expect("a picture");
    assert_eq!((svg.matches(">rank ").count(), svg.matches(" marker-end").count()), (3, 19 + 3 + 1));
    Launch::new(Alone, &line.replace("ring", "all")).run().expect_code(2).expect_told_once("one pattern, not all");
}
