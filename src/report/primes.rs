//! The result of `primes`.
//!
//! A new part (first, last, sum, gaps, a digest) is one field that is left out when it was not asked for, one line of text
//! and one column.

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
    /// Whether the whole range was sieved.
    #[serde(flatten)]
    pub completion: Completion,
}

impl PrimesResult {
    /// The plainest of them: a count of primes.
    pub fn count(start: u64, stop: u64, primes: u64, completion: Completion) -> PrimesResult {
        PrimesResult { start, stop, counts: BTreeMap::from([(1, primes)]), completion }
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

impl Answer for PrimesResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut lines: Vec<(&str, String)> = self.counts.iter().map(|(&k, n)| (name(k), n.to_string())).collect();
        lines.push(("range", format!("{} to {}", self.start, self.stop)));
        lines.extend(self.completion.line());
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        let mut columns =
            vec![("start".to_owned(), self.start.to_string()), ("stop".to_owned(), self.stop.to_string())];
        columns.extend(self.counts.iter().map(|(k, n)| (format!("count_{k}"), n.to_string())));
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
        start,stop,count_1,complete,coverage_done,coverage_blocks
        0,10000000000,455052511,true,,
        ");
        insta::assert_snapshot!(json(complete), @r#"{"complete":true,"counts":{"1":455052511},"start":0,"stop":10000000000}"#);
        let none = PrimesResult::count(u64::MAX, u64::MAX, 0, Completion::of(0, 1));
        insta::assert_snapshot!(written(none.clone(), Format::Text), @"
        primes        0
        range         18446744073709551615 to 18446744073709551615
        not complete  0 of 1 blocks
        ");
        insta::assert_snapshot!(written(none.clone(), Format::Csv), @"
        start,stop,count_1,complete,coverage_done,coverage_blocks
        18446744073709551615,18446744073709551615,0,false,0,1
        ");
        insta::assert_snapshot!(json(none), @r#"{"complete":false,"counts":{"1":0},"coverage":{"blocks":1,"done":0},"start":"18446744073709551615","stop":"18446744073709551615"}"#);
    }

    #[test]
    fn tuplets_stand_below_primes() {
        let mut result = PrimesResult::count(0, 100, 25, Completion::Complete);
        result.counts.insert(2, 8);
        insta::assert_snapshot!(written(result, Format::Text), @"
        primes       25
        twin primes  8
        range        0 to 100
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
