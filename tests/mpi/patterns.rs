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

#[test]
fn the_list_and_a_name_that_is_not_in_it() {
    each([Alone, Launched(3)], |&ranks| {
        let list = Launch::new(ranks, "patterns").run().expect_code(0);
        assert_eq!(list.text().lines().count(), 1 + 15, "{list}");
        Launch::new(ranks, "patterns rings").run().expect_code(2).expect_told_once("there is no pattern 'rings'");
    });
}
