//! The result of `primes --nth`: the n-th prime above a number, or below it for a negative n.

use super::{PROVEN, no_proof};
use crate::report::field::{BOOL, Field, WIDE};
use crate::report::value::{found, wide};
use crate::report::{Answer, Completes, Completion, complete, coverage};

/// The n-th prime above or below a number. [`NthResult::FIELDS`] says what the fields mean.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct NthResult {
    pub start: u128,
    pub n: i128,
    pub nth: Option<u128>,
    pub proven: bool,
    pub completion: Completion,
}

/// On which side of the start the n-th prime is.
pub(super) fn side(n: i128) -> &'static str {
    if n > 0 { "above" } else { "below" }
}

impl Answer for NthResult {
    const FIELDS: &'static [Field<NthResult>] = &[
        Field::<Self>::new("nth", WIDE, "The prime; null when the search was stopped.", |it| found(it.nth, wide))
            .nullable()
            .line("prime", |it| Some(it.nth.map_or("not found yet".to_owned(), |prime| prime.to_string()))),
        Field::<Self>::new("n", WIDE, "Which one: negative for primes below `start`.", |it| wide(it.n)).label("n"),
        Field::<Self>::new("start", WIDE, "The prime is the n-th one above this number, or below it.", |it| {
            wide(it.start)
        })
        .lines(|it| vec![(side(it.n), it.start.to_string())]),
        Field::<Self>::new("proven", BOOL, PROVEN, |it| it.proven.into()).line("proof", |it| no_proof(it.proven)),
        complete(),
        coverage(),
    ];
}

impl Completes for NthResult {
    fn completion(&self) -> Completion {
        self.completion
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};

    #[test]
    fn the_three_forms() {
        let found = NthResult { start: 0, n: 100, nth: Some(541), proven: true, completion: Completion::Complete };
        insta::assert_snapshot!(written(found.clone(), Format::Text), @"
        prime  541
        n      100
        above  0
        ");
        insta::assert_snapshot!(written(found.clone(), Format::Csv), @"
        nth,n,start,proven,complete,coverage_done,coverage_blocks
        541,100,0,true,true,,
        ");
        insta::assert_snapshot!(json(found), @r#"{"complete":true,"n":"100","nth":"541","proven":true,"start":"0"}"#);
        let stopped =
            NthResult { start: 1 << 60, n: 1 << 50, nth: None, proven: true, completion: Completion::of(3, 7) };
        insta::assert_snapshot!(written(stopped.clone(), Format::Text), @"
        prime         not found yet
        n             1125899906842624
        above         1152921504606846976
        not complete  3 of 7 blocks
        ");
        insta::assert_snapshot!(json(stopped), @r#"{"complete":false,"coverage":{"blocks":7,"done":3},"n":"1125899906842624","nth":null,"proven":true,"start":"1152921504606846976"}"#);
        let below = NthResult {
            start: 1 << 65,
            n: -3,
            nth: Some((1 << 65) - 493),
            proven: false,
            completion: Completion::Complete,
        };
        insta::assert_snapshot!(written(below.clone(), Format::Text), @"
        prime  36893488147419102739
        n      -3
        below  36893488147419103232
        proof  none above 2^64: probable primes (Baillie-PSW test)
        ");
        insta::assert_snapshot!(written(below.clone(), Format::Csv), @"
        nth,n,start,proven,complete,coverage_done,coverage_blocks
        36893488147419102739,-3,36893488147419103232,false,true,,
        ");
        insta::assert_snapshot!(json(below), @r#"{"complete":true,"n":"-3","nth":"36893488147419102739","proven":false,"start":"36893488147419103232"}"#);
    }
}
