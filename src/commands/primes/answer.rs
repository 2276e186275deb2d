//! The result of `primes`.
//!
//! A new part is one field that is left out when it was not asked for, one line of text and one column. The
//! columns are always all there, so that rows of many runs can be put below each other.

pub mod nth;
pub mod plan;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::report::{Answer, Completion, text, wide};

/// What was found in an inclusive range.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrimesResult {
    /// First number of the range.
    #[serde(serialize_with = "wide::integer")]
    pub start: u128,
    /// Last number of the range.
    #[serde(serialize_with = "wide::integer")]
    pub stop: u128,
    /// How many: key 1 counts primes, key k the prime k-tuplets.
    #[serde(serialize_with = "wide::values")]
    pub counts: BTreeMap<u32, u128>,
    /// The first prime of the range, if it has one; not known when the range was not sieved to its end.
    #[serde(serialize_with = "wide::maybe", skip_serializing_if = "Option::is_none")]
    pub first: Option<Option<u128>>,
    /// The last prime likewise.
    #[serde(serialize_with = "wide::maybe", skip_serializing_if = "Option::is_none")]
    pub last: Option<Option<u128>>,
    /// The sum of the primes.
    #[serde(serialize_with = "wide::optional", skip_serializing_if = "Option::is_none")]
    pub sum: Option<u128>,
    /// The largest gap between two neighbouring primes of the range, if it has two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_gap: Option<Option<GapResult>>,
    /// The first gap of each length, by length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Vec<GapResult>>,
    /// A digest of the primes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// `Some(false)` where primes above 2^64 were found by a test that proves nothing; left out where all is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven: Option<bool>,
    /// Whether the whole range was sieved.
    #[serde(flatten)]
    pub completion: Completion,
}

/// A gap between neighbouring primes: `start` and `start + length`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GapResult {
    /// The difference of the two primes.
    pub length: u64,
    /// The smaller one.
    #[serde(serialize_with = "wide::integer")]
    pub start: u128,
    /// length / ln(start).
    pub merit: f64,
}

impl GapResult {
    fn text(&self) -> String {
        format!("{} after {} (merit {})", self.length, self.start, self.merit)
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
            proven: None,
            completion,
        }
    }

    /// A count of primes.
    #[cfg(test)]
    pub fn count(start: u128, stop: u128, primes: u128, completion: Completion) -> PrimesResult {
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
        let prime = |p: Option<u128>| p.map_or("none".to_owned(), |p| p.to_string());
        lines.extend(self.first.map(|p| ("first prime", prime(p))));
        lines.extend(self.last.map(|p| ("last prime", prime(p))));
        lines.extend(self.sum.map(|sum| ("sum", sum.to_string())));
        lines.extend(self.max_gap.map(|gap| ("largest gap", gap.map_or("none".to_owned(), |gap| gap.text()))));
        lines.extend(self.gaps.iter().flatten().map(|gap| ("first gap", gap.text())));
        lines.extend(self.digest.iter().map(|digest| ("digest", digest.clone())));
        lines.push(("range", format!("{} to {}", self.start, self.stop)));
        lines.extend(text::proof(self.proven));
        lines.extend(self.completion.line());
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        let cell = |name: &str, value: Option<String>| (name.to_owned(), value.unwrap_or_default());
        let mut columns = vec![cell("start", Some(self.start.to_string())), cell("stop", Some(self.stop.to_string()))];
        columns.extend((1..=MOST).map(|k| cell(&format!("count_{k}"), self.counts.get(&k).map(u128::to_string))));
        columns.push(cell("first", self.first.flatten().map(|p| p.to_string())));
        columns.push(cell("last", self.last.flatten().map(|p| p.to_string())));
        columns.push(cell("sum", self.sum.map(|sum| sum.to_string())));
        let gap = self.max_gap.flatten();
        columns.push(cell("max_gap_length", gap.map(|gap| gap.length.to_string())));
        columns.push(cell("max_gap_start", gap.map(|gap| gap.start.to_string())));
        columns.push(cell("max_gap_merit", gap.map(|gap| gap.merit.to_string())));
        columns.push(cell("digest", self.digest.clone()));
        columns.push(cell("proven", Some((self.proven != Some(false)).to_string())));
        columns.extend(self.completion.columns());
        columns
    }
}

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
        primes  455052511
        range   0 to 10000000000
        ");
        insta::assert_snapshot!(written(complete.clone(), Format::Csv), @"
        start,stop,count_1,count_2,count_3,count_4,count_5,count_6,first,last,sum,max_gap_length,max_gap_start,max_gap_merit,digest,proven,complete,coverage_done,coverage_blocks
        0,10000000000,455052511,,,,,,,,,,,,,true,true,,
        ");
        insta::assert_snapshot!(json(complete), @r#"{"complete":true,"counts":{"1":455052511},"start":0,"stop":10000000000}"#);
        let none = PrimesResult::count(u64::MAX.into(), u64::MAX.into(), 0, Completion::of(0, 1));
        insta::assert_snapshot!(written(none.clone(), Format::Text), @"
        primes        0
        range         18446744073709551615 to 18446744073709551615
        not complete  0 of 1 blocks
        ");
        insta::assert_snapshot!(written(none.clone(), Format::Csv), @"
        start,stop,count_1,count_2,count_3,count_4,count_5,count_6,first,last,sum,max_gap_length,max_gap_start,max_gap_merit,digest,proven,complete,coverage_done,coverage_blocks
        18446744073709551615,18446744073709551615,0,,,,,,,,,,,,,true,false,0,1
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
    fn sum_gaps_and_digest() {
        let mut result = PrimesResult::count(2, 7, 4, Completion::Complete);
        let gap = |length, start, merit| GapResult { length, start, merit };
        result.sum = Some(1 << 70);
        result.max_gap = Some(Some(gap(2, 3, 1.820478)));
        result.gaps = Some(vec![gap(1, 2, 1.443), gap(2, u64::MAX.into(), 0.5)]);
        result.digest = Some("sum128:00ff".to_owned());
        insta::assert_snapshot!(written(result.clone(), Format::Text), @"
        primes       4
        sum          1180591620717411303424
        largest gap  2 after 3 (merit 1.820478)
        first gap    1 after 2 (merit 1.443)
        first gap    2 after 18446744073709551615 (merit 0.5)
        digest       sum128:00ff
        range        2 to 7
        ");
        insta::assert_snapshot!(written(result.clone(), Format::Csv), @"
        start,stop,count_1,count_2,count_3,count_4,count_5,count_6,first,last,sum,max_gap_length,max_gap_start,max_gap_merit,digest,proven,complete,coverage_done,coverage_blocks
        2,7,4,,,,,,,,1180591620717411303424,2,3,1.820478,sum128:00ff,true,true,,
        ");
        insta::assert_snapshot!(json(result), @r#"{"complete":true,"counts":{"1":4},"digest":"sum128:00ff","gaps":[{"length":1,"merit":1.443,"start":2},{"length":2,"merit":0.5,"start":"18446744073709551615"}],"max_gap":{"length":2,"merit":1.820478,"start":3},"start":2,"stop":7,"sum":"1180591620717411303424"}"#);
    }

    #[test]
    fn no_prime_is_null() {
        let mut result = PrimesResult::count(24, 28, 0, Completion::Complete);
        (result.first, result.last, result.max_gap) = (Some(None), Some(None), Some(None));
        insta::assert_snapshot!(json(result.clone()), @r#"{"complete":true,"counts":{"1":0},"first":null,"last":null,"max_gap":null,"start":24,"stop":28}"#);
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
        (result.first, result.last, result.proven) = (Some(Some(prime)), Some(Some(prime)), Some(false));
        insta::assert_snapshot!(written(result.clone(), Format::Text), @"
        primes       1
        first prime  18446744073709551629
        last prime   18446744073709551629
        range        18446744073709551616 to 18446744073709551636
        proof        none above 2^64: probable primes (Baillie-PSW test)
        ");
        insta::assert_snapshot!(written(result.clone(), Format::Csv), @"
        start,stop,count_1,count_2,count_3,count_4,count_5,count_6,first,last,sum,max_gap_length,max_gap_start,max_gap_merit,digest,proven,complete,coverage_done,coverage_blocks
        18446744073709551616,18446744073709551636,1,,,,,,18446744073709551629,18446744073709551629,,,,,,false,true,,
        ");
        insta::assert_snapshot!(json(result), @r#"{"complete":true,"counts":{"1":1},"first":"18446744073709551629","last":"18446744073709551629","proven":false,"start":"18446744073709551616","stop":"18446744073709551636"}"#);
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
