//! The result of `primes --plan`. How long it takes is no result: it stands in the run.

use std::io::{self, Write};

use serde::Serialize;

use super::{Answer, text, wide};

/// What a count takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrimesPlan {
    /// First number of the range.
    #[serde(serialize_with = "wide::integer")]
    pub start: u128,
    /// Last number of the range.
    #[serde(serialize_with = "wide::integer")]
    pub stop: u128,
    /// The way it goes: `combinatorial`, `sieve` or `both`.
    pub algorithm: String,
    /// Blocks of the job.
    #[serde(serialize_with = "wide::integer")]
    pub blocks: u64,
    /// Bytes of tables, once on each node; small ones in each rank.
    #[serde(serialize_with = "wide::integer")]
    pub table_bytes: u64,
}

impl Answer for PrimesPlan {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let lines = [
            ("algorithm", self.algorithm.clone()),
            ("blocks", self.blocks.to_string()),
            ("tables", format!("{:.1} MB", self.table_bytes as f64 / 1e6)),
            ("range", format!("{} to {}", self.start, self.stop)),
        ];
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        vec![
            ("start".to_owned(), self.start.to_string()),
            ("stop".to_owned(), self.stop.to_string()),
            ("algorithm".to_owned(), self.algorithm.clone()),
            ("blocks".to_owned(), self.blocks.to_string()),
            ("table_bytes".to_owned(), self.table_bytes.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{json, written};
    use super::*;

    #[test]
    fn the_three_forms() {
        let plan =
            PrimesPlan { start: 0, stop: 1 << 60, algorithm: "sieve".into(), blocks: 593, table_bytes: 57_123_456 };
        insta::assert_snapshot!(written(plan.clone(), Format::Text), @"
        algorithm  sieve
        blocks     593
        tables     57.1 MB
        range      0 to 1152921504606846976
        ");
        insta::assert_snapshot!(written(plan.clone(), Format::Csv), @"
        start,stop,algorithm,blocks,table_bytes
        0,1152921504606846976,sieve,593,57123456
        ");
        insta::assert_snapshot!(json(plan), @r#"{"algorithm":"sieve","blocks":593,"start":0,"stop":"1152921504606846976","table_bytes":57123456}"#);
    }
}
