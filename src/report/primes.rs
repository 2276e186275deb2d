//! The result of `primes`.
//!
//! A new part is one field that is left out when it was not asked for, one line of text and one column. The
//! columns are always all there, so that rows of many runs can be put below each other.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Answer, Completion, text, wide};

/// What was found in an inclusive range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrimesResult {
    /// First number of the range.
    #[serde(serialize_with = "wide::integer")]
    pub start: u64,
    /// Last number of the range.
    #[serde(serialize_with = "wide::integer")]
    pub stop: u64,
    /// How many: key 1 counts primes, key k the prime k-tuplets.
    #[serde(serialize_with = "wide::values")]
    pub counts: BTreeMap<u32, u64>,
    /// The first prime of the range, if it has one; not known when the range was not sieved to its end.
    #[serde(serialize_with = "wide::maybe", skip_serializing_if = "Option::is_none")]
    pub first: Option<Option<u64>>,
    /// The last prime likewise.
    #[serde(serialize_with = "wide::maybe", skip_serializing_if = "Option::is_none")]
    pub last: Option<Option<u64>>,
    /// Whether the whole range was sieved.
    #[serde(flatten)]
    pub completion: Completion,
}

impl PrimesResult {
    /// The plainest of them: counts, and nothing else.
    pub fn new(start: u64, stop: u64, counts: BTreeMap<u32, u64>, completion: Completion) -> PrimesResult {
        PrimesResult { start, stop, counts, first: None, last: None, completion }
    }

    /// A count of primes.
    pub fn count(start: u64, stop: u64, primes: u64, completion: Completion) -> PrimesResult {
        PrimesResult::new(start, stop, BTreeMap::from([(1, primes)]), completion)
    }
}

/// The largest key of `counts`.
const MOST: u32 = 6;

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

impl Answer for PrimesResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut lines: Vec<(&str, String)> = self.counts.iter().map(|(&k, n)| (name(k), n.to_string())).collect();
        let prime = |p: Option<u64>| p.map_or("none".to_owned(), |p| p.to_string());
        lines.extend(self.first.map(|p| ("first prime", prime(p))));
        lines.extend(self.last.map(|p| ("last prime", prime(p))));
        lines.push(("range", format!("{} to {}", self.start, self.stop)));
        lines.extend(self.completion.line());
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        let cell = |name: &str, value: Option<String>| (name.to_owned(), value.unwrap_or_default());
        let mut columns = vec![cell("start", Some(self.start.to_string())), cell("stop", Some(self.stop.to_string()))];
        columns.extend((1..=MOST).map(|k| cell(&format!("count_{k}"), self.counts.get(&k).map(u64::to_string))));
        columns.push(cell("first", self.first.flatten().map(|p| p.to_string())));
        columns.push(cell("last", self.last.flatten().map(|p| p.to_string())));
        columns.extend(self.completion.columns());
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{json, written};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_three_forms() {
        let complete = PrimesResult::count(0, 10_000_000_000, 455_052_511, Completion::Complete);
        insta::assert_snapshot!(written(complete.clone(), Format::Text), @"
        primes  455052511
        range   0 to 10000000000
        ");
        insta::assert_snapshot!(written(complete.clone(), Format::Csv), @"
        start,stop,count_1,count_2,count_3,count_4,count_5,count_6,first,last,complete,coverage_done,coverage_blocks
        0,10000000000,455052511,,,,,,,,true,,
        ");
        insta::assert_snapshot!(json(complete), @r#"{"complete":true,"counts":{"1":455052511},"start":0,"stop":10000000000}"#);
        let none = PrimesResult::count(u64::MAX, u64::MAX, 0, Completion::of(0, 1));
        insta::assert_snapshot!(written(none.clone(), Format::Text), @"
        primes        0
        range         18446744073709551615 to 18446744073709551615
        not complete  0 of 1 blocks
        ");
        insta::assert_snapshot!(written(none.clone(), Format::Csv), @"
        start,stop,count_1,count_2,count_3,count_4,count_5,count_6,first,last,complete,coverage_done,coverage_blocks
        18446744073709551615,18446744073709551615,0,,,,,,,,false,0,1
        ");
        insta::assert_snapshot!(json(none), @r#"{"complete":false,"counts":{"1":0},"coverage":{"blocks":1,"done":0},"start":"18446744073709551615","stop":"18446744073709551615"}"#);
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
    fn no_prime_is_null() {
        let mut result = PrimesResult::count(24, 28, 0, Completion::Complete);
        (result.first, result.last) = (Some(None), Some(None));
        insta::assert_snapshot!(json(result.clone()), @r#"{"complete":true,"counts":{"1":0},"first":null,"last":null,"start":24,"stop":28}"#);
        insta::assert_snapshot!(written(result, Format::Text), @"
        primes       0
        first prime  none
        last prime   none
        range        24 to 28
        ");
    }

    proptest! {
        #[test]
        fn json_parses_back(start: u64, stop: u64, primes: u64) {
            let json = json(PrimesResult::count(start, stop, primes, Completion::Complete));
            let integer = |value: &serde_json::Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
            prop_assert_eq!(integer(&json["start"]), Some(start));
            prop_assert_eq!(integer(&json["stop"]), Some(stop));
            prop_assert_eq!(integer(&json["counts"]["1"]), Some(primes));
            prop_assert_eq!(json["coverage"].is_null(), true);
        }
    }
}
