//! The result of `primes --plan`. How long it takes on these ranks is no result: it stands in the run. What it takes of one core is, by a model that
//! is the same on every machine.

use super::nth::side;
use crate::report::field::{FLOAT, Field, TEXT, WIDE};
use crate::report::value::{asked, wide};
use crate::report::{Answer, duration};

/// What a job takes. [`PrimesPlan::FIELDS`] says what the fields mean.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PrimesPlan {
    pub start: u128,
    pub stop: Option<u128>,
    pub n: Option<i128>,
    pub algorithm: String,
    pub blocks: u64,
    pub table_bytes: u64,
    pub core_seconds: f64,
}

impl Answer for PrimesPlan {
    const FIELDS: &'static [Field<PrimesPlan>] = &[
        Field::<Self>::new(
            "algorithm",
            TEXT,
            "`combinatorial`, `sieve` (with tests where that is cheaper), `both`, or the form of trial division.",
            |plan| plan.algorithm.clone().into(),
        )
        .label("algorithm"),
        Field::<Self>::new("blocks", WIDE, "Blocks of the job.", |plan| wide(plan.blocks)).label("blocks"),
        Field::<Self>::new(
            "table_bytes",
            WIDE,
            "Bytes of tables: large ones once on each node, small ones in each rank.",
            |plan| wide(plan.table_bytes),
        )
        .line("tables", |plan| Some(format!("{:.1} MB", plan.table_bytes as f64 / 1e6))),
        Field::<Self>::new("core_seconds", FLOAT, "Seconds of one core, to two digits.", |plan| {
            plan.core_seconds.into()
        })
        .line("time", |plan| Some(format!("about {} of one core", duration(plan.core_seconds)))),
        Field::<Self>::new("stop", WIDE, "The last number of the range; left out with `n`.", |plan| {
            asked(plan.stop, wide)
        })
        .optional()
        .line("range", |plan| plan.stop.map(|stop| format!("{} to {stop}", plan.start))),
        Field::<Self>::new("n", WIDE, "Which prime from `start` is asked for.", |plan| asked(plan.n, wide))
            .optional()
            .label("n"),
        Field::<Self>::new(
            "start",
            WIDE,
            "The first number of the range, or where the n-th prime is counted from.",
            |plan| wide(plan.start),
        )
        .lines(|plan| plan.n.map(|n| (side(n), plan.start.to_string())).into_iter().collect()),
    ];

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
        tables     57.1 MB
        time       about 11 years of one core
        range      0 to 1152921504606846976
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
        tables     57.1 MB
        time       about 170 ms of one core
        n          -400000
        below      18446744073709551616
        ");
        insta::assert_snapshot!(json(nth), @r#"{"algorithm":"sieve","blocks":"593","core_seconds":0.17,"n":"-400000","start":"18446744073709551616","table_bytes":"57123456"}"#);
    }
}
