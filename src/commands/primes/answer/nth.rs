//! The result of `primes --nth`: the n-th prime above a number, or below it for a negative n.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::{Answer, Completion, text, wide};

/// The n-th prime above or below a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NthResult {
    /// The prime is the n-th one above this number, or below it.
    #[serde(serialize_with = "wide::integer")]
    pub start: u128,
    /// Which one: negative for primes below `start`.
    #[serde(serialize_with = "wide::signed")]
    pub n: i128,
    /// The prime; `None` when the search was stopped.
    #[serde(serialize_with = "wide::none_is_null")]
    pub nth: Option<u128>,
    /// `Some(false)` where primes above 2^64 were found by a test that proves nothing; left out where all is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven: Option<bool>,
    /// Whether the search came to its end.
    #[serde(flatten)]
    pub completion: Completion,
}

impl Answer for NthResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let prime = self.nth.map_or("not found yet".to_owned(), |p| p.to_string());
        let mut lines = vec![("prime", prime), ("n", self.n.to_string())];
        lines.push((if self.n > 0 { "above" } else { "below" }, self.start.to_string()));
        lines.extend(text::proof(self.proven));
        lines.extend(self.completion.line());
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        let mut columns = vec![
            ("start".to_owned(), self.start.to_string()),
            ("n".to_owned(), self.n.to_string()),
            ("nth".to_owned(), self.nth.map_or(String::new(), |p| p.to_string())),
            ("proven".to_owned(), (self.proven != Some(false)).to_string()),
        ];
        columns.extend(self.completion.columns());
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};

    #[test]
    fn the_three_forms() {
        let found = NthResult { start: 0, n: 100, nth: Some(541), proven: None, completion: Completion::Complete };
        insta::assert_snapshot!(written(found.clone(), Format::Text), @"
        prime  541
        n      100
        above  0
        ");
        insta::assert_snapshot!(written(found.clone(), Format::Csv), @"
        start,n,nth,proven,complete,coverage_done,coverage_blocks
        0,100,541,true,true,,
        ");
        insta::assert_snapshot!(json(found), @r#"{"complete":true,"n":100,"nth":541,"start":0}"#);
        let stopped =
            NthResult { start: 1 << 60, n: 1 << 50, nth: None, proven: None, completion: Completion::of(3, 7) };
        insta::assert_snapshot!(written(stopped.clone(), Format::Text), @"
        prime         not found yet
        n             1125899906842624
        above         1152921504606846976
        not complete  3 of 7 blocks
        ");
        insta::assert_snapshot!(json(stopped), @r#"{"complete":false,"coverage":{"blocks":7,"done":3},"n":1125899906842624,"nth":null,"start":"1152921504606846976"}"#);
        let below = NthResult {
            start: 1 << 65,
            n: -3,
            nth: Some((1 << 65) - 493),
            proven: Some(false),
            completion: Completion::Complete,
        };
        insta::assert_snapshot!(written(below.clone(), Format::Text), @"
        prime  36893488147419102739
        n      -3
        below  36893488147419103232
        proof  none above 2^64: probable primes (Baillie-PSW test)
        ");
        insta::assert_snapshot!(written(below.clone(), Format::Csv), @"
        start,n,nth,proven,complete,coverage_done,coverage_blocks
        36893488147419103232,-3,36893488147419102739,false,true,,
        ");
        insta::assert_snapshot!(json(below), @r#"{"complete":true,"n":-3,"nth":"36893488147419102739","proven":false,"start":"36893488147419103232"}"#);
    }
}
