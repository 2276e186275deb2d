//! The result of `primes --plan`. How long it takes on these ranks is no result: it stands in the run. What it takes of one core is, by a model that
//! is the same on every machine.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::{Answer, text, wide};

/// What a job takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrimesPlan {
    /// First number of the range.
    #[serde(serialize_with = "wide::integer")]
    pub start: u128,
    /// Last number of the range; none where the n-th prime is asked for.
    #[serde(serialize_with = "wide::optional", skip_serializing_if = "Option::is_none")]
    pub stop: Option<u128>,
    /// Which prime from `start` is asked for.
    #[serde(serialize_with = "wide::maybe_signed", skip_serializing_if = "Option::is_none")]
    pub n: Option<i128>,
    /// The way it goes: `combinatorial`, `sieve` (with tests where that is cheaper), `both`, or the form of trial division.
    pub algorithm: String,
    /// Blocks of the job.
    #[serde(serialize_with = "wide::integer")]
    pub blocks: u64,
    /// Bytes of tables, once on each node; small ones in each rank.
    #[serde(serialize_with = "wide::integer")]
    pub table_bytes: u64,
    /// Seconds of one core, to two digits.
    pub core_seconds: f64,
}

impl Answer for PrimesPlan {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = vec![
            ("algorithm", self.algorithm.clone()),
            ("blocks", self.blocks.to_string()),
            ("tables", format!("{:.1} MB", self.table_bytes as f64 / 1e6)),
            ("time", format!("about {} of one core", text::duration(self.core_seconds))),
        ];
        lines.extend(self.stop.map(|stop| ("range", format!("{} to {stop}", self.start))));
        let side = |n: i128| if n > 0 { "above" } else { "below" };
        lines.extend(self.n.map(|n| ("n", n.to_string())));
        lines.extend(self.n.map(|n| (side(n), self.start.to_string())));
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        vec![
            ("start".to_owned(), self.start.to_string()),
            ("stop".to_owned(), text::cell(self.stop)),
            ("n".to_owned(), text::cell(self.n)),
            ("algorithm".to_owned(), self.algorithm.clone()),
            ("blocks".to_owned(), self.blocks.to_string()),
            ("table_bytes".to_owned(), self.table_bytes.to_string()),
            ("core_seconds".to_owned(), self.core_seconds.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};

    #[test]
    fn the_three_forms() {
        let plan = PrimesPlan {
            start: 0,
            stop: Some(1 << 60),
            n: None,
            algorithm: "sieve".into(),
            blocks: 593,
            table_bytes: 57_123_456,
            core_seconds: 3.4e8,
        };
        insta::assert_snapshot!(written(plan.clone(), Format::Text), @"
        algorithm  sieve
        blocks     593
        tables     57.1 MB
        time       about 11 years of one core
        range      0 to 1152921504606846976
        ");
        insta::assert_snapshot!(written(plan.clone(), Format::Csv), @"
        start,stop,n,algorithm,blocks,table_bytes,core_seconds
        0,1152921504606846976,,sieve,593,57123456,340000000
        ");
        insta::assert_snapshot!(json(plan.clone()), @r#"{"algorithm":"sieve","blocks":593,"core_seconds":340000000.0,"start":0,"stop":"1152921504606846976","table_bytes":57123456}"#);
        let nth = PrimesPlan { start: 1 << 64, stop: None, n: Some(-400_000), core_seconds: 0.17, ..plan };
        insta::assert_snapshot!(written(nth.clone(), Format::Text), @"
        algorithm  sieve
        blocks     593
        tables     57.1 MB
        time       about 170 ms of one core
        n          -400000
        below      18446744073709551616
        ");
        insta::assert_snapshot!(json(nth), @r#"{"algorithm":"sieve","blocks":593,"core_seconds":0.17,"n":-400000,"start":"18446744073709551616","table_bytes":57123456}"#);
    }
}
