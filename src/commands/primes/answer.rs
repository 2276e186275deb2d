//! The result of `primes`.

pub mod nth;
pub mod plan;

use std::collections::BTreeMap;

use crate::report::field::{Field, Fields, Kind, WIDE};
use crate::report::record::{FieldType, record};
use crate::report::rounded::{integer, significant};
use crate::report::value::Value;
use crate::report::{Answer, Completion};

record! {
    /// What was found in an inclusive range.
    #[derive(Clone, Debug, PartialEq)]
    pub struct PrimesResult {
        /// How many: key 1 counts primes, key k prime k-tuplets.
        pub counts: BTreeMap<u32, u128> => .column("count")
            .lines(|it| it.counts.iter().map(|(&k, n)| (name(k), integer(n) + it.so_far())).collect()),
        /// The first prime of the range; null if it has none.
        pub first: Option<Option<u128>> => .line("first prime", |it| prime_or_none(it.first)),
        /// The last prime of the range; null if it has none.
        pub last: Option<Option<u128>> => .line("last prime", |it| prime_or_none(it.last)),
        /// The sum of the primes.
        pub sum: Option<u128> => .optional().line("sum", |it| it.sum.map(|sum| integer(sum) + it.so_far())),
        /// The largest gap between neighbouring primes of the range; null if it has no two.
        pub max_gap: Option<Option<GapResult>> => .line("largest gap", |it| {
            it.max_gap.map(|gap| gap.map_or("none".to_owned(), |gap| gap.text()))
        }),
        /// The first gap of each length, by length.
        pub gaps: Option<Vec<GapResult>> => .optional().column("gap")
            .lines(|it| it.gaps.iter().flatten().map(|gap| ("first gap", gap.text())).collect()),
        /// A digest of the primes.
        pub digest: Option<String> => .optional().label("digest"),
        /// The first number of the range.
        pub start: u128,
        /// The last number of the range.
        pub stop: u128 => .line("range", |it| Some(format!("{} to {}", integer(it.start), integer(it.stop)))),
        /// Whether all primes are proven; false where primes above 2^64 were found by a test that
        /// proves nothing.
        pub proven: bool => .line("proof", |it| no_proof(it.proven)),
        /// How far the job came.
        pub completion: Completion => .flat(),
    }
}

record! {
    /// A gap between neighbouring primes: `start` and `start + length`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct GapResult {
        /// The difference of the two primes.
        pub length: u64,
        /// The smaller one.
        pub start: u128,
        /// length / ln(start).
        pub merit: f64,
    }
}

impl GapResult {
    fn text(&self) -> String {
        format!("{} after {} (merit {})", integer(self.length), integer(self.start), significant(self.merit, 4))
    }
}

type Counts = BTreeMap<u32, u128>;

static COUNTS: Fields<Counts> = {
    macro_rules! key {
        ($k:literal, $name:literal, $about:literal) => {
            Field::new($name, WIDE, $about, |counts: &Counts| counts.get(&$k).copied().value()).nullable().optional()
        };
    }
    Fields(&[
        key!(1, "1", "Primes."),
        key!(2, "2", "Twin primes."),
        key!(3, "3", "Prime triplets."),
        key!(4, "4", "Prime quadruplets."),
        key!(5, "5", "Prime quintuplets."),
        key!(6, "6", "Prime sextuplets."),
    ])
};

impl FieldType for Counts {
    const KIND: Kind = Kind::Record(&COUNTS);

    fn value(&self) -> Value {
        COUNTS.record(self)
    }
}

impl PrimesResult {
    /// The plainest of them: counts, and nothing else.
    pub fn new(start: u128, stop: u128, counts: BTreeMap<u32, u128>, completion: Completion) -> PrimesResult {
        PrimesResult {
            start,
            stop,
            counts,
            first: None,
            last: None,
            sum: None,
            max_gap: None,
            gaps: None,
            digest: None,
            proven: true,
            completion,
        }
    }

    /// What follows a number that is not the whole range's.
    fn so_far(&self) -> &'static str {
        if self.completion.is_complete() { "" } else { " so far" }
    }

    /// A count of primes.
    #[cfg(test)]
    pub fn count(start: u128, stop: u128, primes: u128, completion: Completion) -> PrimesResult {
        PrimesResult::new(start, stop, BTreeMap::from([(1, primes)]), completion)
    }
}

/// What a key of `counts` counts.
fn name(k: u32) -> &'static str {
    match k {
        1 => "primes",
        2 => "twin primes",
        3 => "prime triplets",
        4 => "prime quadruplets",
        5 => "prime quintuplets",
        6 => "prime sextuplets",
        _ => "prime k-tuplets",
    }
}

fn prime_or_none(prime: Option<Option<u128>>) -> Option<String> {
    prime.map(|prime| prime.map_or("none".to_owned(), integer))
}

/// The line that says what probable primes are; none where all is proven.
pub(super) fn no_proof(proven: bool) -> Option<String> {
    (!proven).then(|| "none above 2^64: probable primes (Baillie-PSW test)".to_owned())
}

impl Answer for PrimesResult {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};
    use proptest::prelude::*;

    #[test]
    fn the_three_forms() {
        let complete = PrimesResult::count(0, 10_000_000_000, 455_052_511, Completion::Complete);
        insta::assert_snapshot!(written(complete.clone(), Format::Text), @"
        primes  455,052,511
        range   0 to 10,000,000,000
        ");
        insta::assert_snapshot!(written(complete.clone(), Format::Csv), @"
        count_1,count_2,count_3,count_4,count_5,count_6,first,last,sum,max_gap_length,max_gap_start,max_gap_merit,gap_length,gap_start,gap_merit,digest,start,stop,proven,complete,coverage_done,coverage_blocks
        455052511,,,,,,,,,,,,,,,,0,10000000000,true,true,,
        ");
        insta::assert_snapshot!(json(complete), @r#"{"complete":true,"counts":{"1":"455052511"},"proven":true,"start":"0","stop":"10000000000"}"#);
        let none = PrimesResult::count(u64::MAX.into(), u64::MAX.into(), 0, Completion::of(0, 1));
        insta::assert_snapshot!(written(none.clone(), Format::Text), @"
        primes        0 so far
        range         18,446,744,073,709,551,615 to 18,446,744,073,709,551,615
        not complete  0 of 1 blocks (0 %)
        ");
        insta::assert_snapshot!(written(none.clone(), Format::Csv), @"
        count_1,count_2,count_3,count_4,count_5,count_6,first,last,sum,max_gap_length,max_gap_start,max_gap_merit,gap_length,gap_start,gap_merit,digest,start,stop,proven,complete,coverage_done,coverage_blocks
        0,,,,,,,,,,,,,,,,18446744073709551615,18446744073709551615,true,false,0,1
        ");
        insta::assert_snapshot!(json(none), @r#"{"complete":false,"counts":{"1":"0"},"coverage":{"blocks":1,"done":0},"proven":true,"start":"18446744073709551615","stop":"18446744073709551615"}"#);
    }

    #[test]
    fn tuplets_stand_below_primes() {
        let mut result = PrimesResult::count(0, 100, 25, Completion::Complete);
        result.counts.insert(2, 8);
        (result.first, result.last) = (Some(Some(2)), Some(Some(97)));
        insta::assert_snapshot!(written(result, Format::Text), @"
        primes       25
        twin primes  8
        first prime  2
        last prime   97
        range        0 to 100
        ");
    }

    #[test]
    fn sum_gaps_and_digest() {
        let mut result = PrimesResult::count(2, 7, 4, Completion::Complete);
        let gap = |length, start, merit| GapResult { length, start, merit };
        result.sum = Some(1 << 70);
        result.max_gap = Some(Some(gap(2, 3, 1.820478)));
        result.gaps = Some(vec![gap(1, 2, 1.443), gap(2, u64::MAX.into(), 0.5)]);
        result.digest = Some("sum128:00ff".to_owned());
        insta::assert_snapshot!(written(result.clone(), Format::Text), @"
        primes       4
        sum          1,180,591,620,717,411,303,424
        largest gap  2 after 3 (merit 1.820)
        first gap    1 after 2 (merit 1.443)
        first gap    2 after 18,446,744,073,709,551,615 (merit 0.5000)
        digest       sum128:00ff
        range        2 to 7
        ");
        insta::assert_snapshot!(written(result.clone(), Format::Csv), @"
        count_1,count_2,count_3,count_4,count_5,count_6,first,last,sum,max_gap_length,max_gap_start,max_gap_merit,gap_length,gap_start,gap_merit,digest,start,stop,proven,complete,coverage_done,coverage_blocks
        4,,,,,,,,1180591620717411303424,2,3,1.820478,1,2,1.443,sum128:00ff,2,7,true,true,,
        4,,,,,,,,1180591620717411303424,2,3,1.820478,2,18446744073709551615,0.5,sum128:00ff,2,7,true,true,,
        ");
        insta::assert_snapshot!(json(result), @r#"{"complete":true,"counts":{"1":"4"},"digest":"sum128:00ff","gaps":[{"length":1,"merit":1.443,"start":"2"},{"length":2,"merit":0.5,"start":"18446744073709551615"}],"max_gap":{"length":2,"merit":1.820478,"start":"3"},"proven":true,"start":"2","stop":"7","sum":"1180591620717411303424"}"#);
    }

    #[test]
    fn no_prime_is_null() {
        let mut result = PrimesResult::count(24, 28, 0, Completion::Complete);
        (result.first, result.last, result.max_gap) = (Some(None), Some(None), Some(None));
        insta::assert_snapshot!(json(result.clone()), @r#"{"complete":true,"counts":{"1":"0"},"first":null,"last":null,"max_gap":null,"proven":true,"start":"24","stop":"28"}"#);
        insta::assert_snapshot!(written(result, Format::Text), @"
        primes       0
        first prime  none
        last prime   none
        largest gap  none
        range        24 to 28
        ");
    }

    #[test]
    fn probable_primes_are_called_so() {
        let mut result = PrimesResult::count(1 << 64, (1 << 64) + 20, 1, Completion::Complete);
        let prime = (1 << 64) + 13;
        (result.first, result.last, result.proven) = (Some(Some(prime)), Some(Some(prime)), false);
        insta::assert_snapshot!(written(result.clone(), Format::Text), @"
        primes       1
        first prime  18,446,744,073,709,551,629
        last prime   18,446,744,073,709,551,629
        range        18,446,744,073,709,551,616 to 18,446,744,073,709,551,636
        proof        none above 2^64: probable primes (Baillie-PSW test)
        ");
        insta::assert_snapshot!(written(result.clone(), Format::Csv), @"
        count_1,count_2,count_3,count_4,count_5,count_6,first,last,sum,max_gap_length,max_gap_start,max_gap_merit,gap_length,gap_start,gap_merit,digest,start,stop,proven,complete,coverage_done,coverage_blocks
        1,,,,,,18446744073709551629,18446744073709551629,,,,,,,,,18446744073709551616,18446744073709551636,false,true,,
        ");
        insta::assert_snapshot!(json(result), @r#"{"complete":true,"counts":{"1":"1"},"first":"18446744073709551629","last":"18446744073709551629","proven":false,"start":"18446744073709551616","stop":"18446744073709551636"}"#);
    }

    proptest! {
        #[test]
        fn json_parses_back(start: u128, stop: u128, primes: u128) {
            let json = json(PrimesResult::count(start, stop, primes, Completion::Complete));
            let integer = |value: &serde_json::Value| value.as_u64().map(u128::from).or_else(|| value.as_str()?.parse().ok());
            prop_assert_eq!(integer(&json["start"]), Some(start));
            prop_assert_eq!(integer(&json["stop"]), Some(stop));
            prop_assert_eq!(integer(&json["counts"]["1"]), Some(primes));
            prop_assert_eq!(json["coverage"].is_null(), true);
        }
    }
}
