//! The result of `primes --plan`. How long it takes on these ranks is no result: it stands in the
//! run. What it takes of one core is, by a model that is the same on every machine.

use super::nth::side;
use crate::report::field::WIDE;
use crate::report::record::record;
use crate::report::rounded::{integer, size};
use crate::report::{Answer, duration};

record! {
    /// What a job takes.
    #[derive(Clone, Debug, PartialEq)]
    pub struct PrimesPlan {
        /// `combinatorial`, `sieve` (with tests where that is cheaper), `both`, or the form of
        /// trial division.
        pub algorithm: String => .label("algorithm"),
        /// Blocks of the job.
        pub blocks: u64 as WIDE => .label("blocks"),
        /// Bytes of tables: large ones once on each node, small ones in each rank.
        pub table_bytes: u64 as WIDE => .line("tables", |plan| Some(match plan.table_bytes {
            0 => "none".to_owned(),
            bytes => size(bytes),
        })),
        /// Seconds of one core, to two digits.
        pub core_seconds: f64 => .line("time", |plan| Some(format!("about {} of one core", duration(plan.core_seconds)))),
        /// The last number of the range; left out with `n`.
        pub stop: Option<u128> => .optional()
            .line("range", |plan| plan.stop.map(|stop| format!("{} to {}", integer(plan.start), integer(stop)))),
        /// Which prime from `start` is asked for.
        pub n: Option<i128> => .optional().label("n"),
        /// The first number of the range, or where the n-th prime is counted from.
        pub start: u128 => .lines(|plan| plan.n.map(|n| (side(n), integer(plan.start))).into_iter().collect()),
    }
}

impl Answer for PrimesPlan {
    fn value(&self) -> String {
        self.core_seconds.to_string()
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
        tables     54.5 MiB
        time       about 11 years of one core
        range      0 to 1,152,921,504,606,846,976
        ");
        insta::assert_snapshot!(written(plan.clone(), Format::Csv), @"
        algorithm,blocks,table_bytes,core_seconds,stop,n,start
        sieve,593,57123456,340000000,1152921504606846976,,0
        ");
        insta::assert_snapshot!(json(plan.clone()), @r#"{"algorithm":"sieve","blocks":"593","core_seconds":340000000.0,"start":"0","stop":"1152921504606846976","table_bytes":"57123456"}"#);
        let nth = PrimesPlan { start: 1 << 64, stop: None, n: Some(-400_000), core_seconds: 0.17, ..plan };
        insta::assert_snapshot!(written(nth.clone(), Format::Text), @"
        algorithm  sieve
        blocks     593
        tables     54.5 MiB
        time       about 170 ms of one core
        n          -400,000
        below      18,446,744,073,709,551,616
        ");
        insta::assert_snapshot!(json(nth), @r#"{"algorithm":"sieve","blocks":"593","core_seconds":0.17,"n":"-400000","start":"18446744073709551616","table_bytes":"57123456"}"#);
    }
}
