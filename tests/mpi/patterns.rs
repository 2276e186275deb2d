//! `patterns`: the gallery, every page right on any number of ranks.

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

#[test]
fn all_are_right_on_any_number_of_ranks() {
    let expected = Launch::new(Alone, "patterns all --format json").run().expect_code(0);
    let result = &expected.json()["result"];
    assert_eq!((&result["right"], result["patterns"].as_array().map(Vec::len)), (&true.into(), Some(15)));
    each([1, 2, 3, 8], |&ranks| {
        let ended = Launch::new(Launched(ranks), "patterns all --format json").run().expect_code(0);
        assert_eq!(ended.json_result(), expected.json_result());
        let costs = &ended.json()["run"]["patterns"];
        assert_eq!(costs.as_array().map(Vec::len), Some(15));
    });
}

/// Locked windows and `MPI_Fetch_and_op`, shared windows, scans, one by one; also under MPICH (`scripts/test --core`), where `counter`
/// takes too long.
#[test]
fn raw_calls_are_right_on_any_number_of_ranks() {
    for name in ["shared-array", "barrier", "locks", "scan"] {
        each([1, 2, 3, 8], |&ranks| {
            let ended = Launch::new(Launched(ranks), &format!("patterns {name} --format json")).run().expect_code(0);
            assert_eq!(ended.json()["result"]["right"], true, "{ended}");
        });
    }
}

#[test]
fn a_wrong_answer_is_seen() {
    // One rank forgets a piece of its share: one of 500,000 additions, one subtotal, one number of four.
    let wrong = ["counter", "queue", "scan"];
    each([Launched(1), Launched(3)], |&ranks| {
        let launch = Launch::new(ranks, "patterns all --format json").env("MONTESIEVE_FAULT", "lose@share#0");
        let result = &launch.run().expect_code(3).json()["result"];
        assert_eq!(result["right"], false);
        let lines = result["patterns"].as_array().expect("a list");
        let found = lines.iter().filter(|line| line["right"] == false).map(|line| line["name"].as_str());
        assert_eq!(found.collect::<Vec<_>>(), wrong.map(Some), "{result}");
    });
    let launch = Launch::new(Launched(2), "patterns counter").env("MONTESIEVE_FAULT", "lose@share#1");
    let ended = launch.run().expect_code(3);
    assert!(ended.text().contains("499999, 99  WRONG, should be 500000, 100"), "{ended}");
}

#[test]
fn the_list_and_a_name_that_is_not_in_it() {
    each([Alone, Launched(3)], |&ranks| {
        let list = Launch::new(ranks, "patterns").run().expect_code(0);
        assert_eq!(list.text().lines().count(), 1 + 15, "{list}");
        Launch::new(ranks, "patterns rings").run().expect_code(2).expect_told_once("there is no pattern 'rings'");
    });
}
