//! The result of `primes --nth`: the n-th prime above a number, or below it for a negative n.

use super::no_proof;
use crate::report::record::record;
use crate::report::rounded::integer;
use crate::report::{Answer, Completion};

record! {
    /// The n-th prime above or below a number.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NthResult {
        /// The prime; null when the search was stopped.
        pub nth: Option<u128> => .line("prime", |it| Some(it.nth.map_or("not found yet".to_owned(), integer))),
        /// Which one: negative for primes below `start`.
        pub n: i128 => .label("n"),
        /// The prime is the n-th one above this number, or below it.
        pub start: u128 => .lines(|it| vec![(side(it.n), integer(it.start))]),
        /// Whether all primes are proven; false where primes above 2^64 were found by a test that
        /// proves nothing.
        pub proven: bool => .line("proof", |it| no_proof(it.proven)),
        /// How far the job came.
        pub completion: Completion => .flat(),
    }
}

/// On which side of the start the n-th prime is.
pub(super) fn side(n: i128) -> &'static str {
    if n > 0 { "above" } else { "below" }
}

impl Answer for NthResult {}

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
        n             1,125,899,906,842,624
        above         1,152,921,504,606,846,976
        not complete  3 of 7 blocks (43 %)
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
        prime  36,893,488,147,419,102,739
        n      -3
        below  36,893,488,147,419,103,232
        proof  none above 2^64: probable primes (Baillie-PSW test)
        ");
        insta::assert_snapshot!(written(below.clone(), Format::Csv), @"
        nth,n,start,proven,complete,coverage_done,coverage_blocks
        36893488147419102739,-3,36893488147419103232,false,true,,
        ");
        insta::assert_snapshot!(json(below), @r#"{"complete":true,"n":"-3","nth":"36893488147419102739","proven":false,"start":"36893488147419103232"}"#);
    }
}
