//! The ends of rounds, the contents of a trace, and unreachable targets.

use super::*;
use crate::job::{Boundaries, Job, PrefixEnds, Span, YieldNow};
use std::ops::ControlFlow;

fn wish(target: bool, way: bool) -> Precision {
    Precision {
        target_error: target.then_some(TargetError::Absolute(1e-6)),
        plan: false,
        trace: way.then(|| "trace.csv".into()),
        plot: None,
    }
}

/// A job of one sample per block, whose tally is their number.
struct Count(u64);

impl Job for Count {
    type Tally = u64;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.0
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::Powers
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), _: YieldNow<'_>) -> ControlFlow<(), u64> {
        ControlFlow::Continue(span.len())
    }
}

impl Sampling for Count {
    fn readings(&self, &samples: &u64) -> Vec<Reading> {
        vec![Reading { samples, estimate: 0.0, std_error: None, ci95: None, least_error: 0.0 }]
    }

    fn samples(&self) -> u64 {
        self.0
    }
}

impl Shorten for Count {
    fn shortened(&self, blocks: u64) -> Count {
        Count(blocks)
    }
}

#[test]
fn the_trace_reads_what_the_ledger_has_at_powers_of_two() {
    let mut way = Ledger::with_boundaries(Boundaries { at: None, prefixes: PrefixEnds::Powers });
    for (first, end) in [(16, 30), (0, 1), (2, 4), (1, 2), (4, 8), (8, 16)] {
        way.record(Span::new(first, end), end - first).expect("disjoint");
    }
    let samples = |way| readings(&Count(30), way, 30).iter().map(|reading| reading.samples).collect::<Vec<_>>();
    assert_eq!(samples(&way), [1, 2, 4, 8, 16]);
    assert_eq!(samples(&Ledger::new()), [0; 0]);
}

#[test]
fn what_cannot_be_reached_is_given_up_and_nothing_else() {
    let reading = |samples, estimate, std_error| Reading { samples, estimate, std_error, ci95: None, least_error: 0.0 };
    let judged = |reading, target, limit| {
        let wish = Precision { target_error: Some(target), ..wish(false, false) };
        verdict(&Count(limit), &wish, &[reading])
    };
    let (small, tiny) = (TargetError::Absolute(1e-6), TargetError::Absolute(1e-17));
    let relative = TargetError::Relative(1e-3);
    let is_given_up = |verdict| matches!(verdict, Some(TargetCheck::GivenUp(_)));
    for (found, target) in [
        (reading(MOST_EQUAL, 2.0, None), small),
        (reading(MOST_EQUAL, 0.0, None), relative),
        (reading(1000, 1.0, Some(1e-16)), tiny),
        (reading(1000, 1e-5, Some(1e-3)), TargetError::Absolute(1e-13)),
        (reading(MOST_NEAR_0, 1e-6, Some(1e-6)), relative),
    ] {
        assert!(is_given_up(judged(found, target, u64::MAX)), "{found:?}");
        assert!(is_given_up(judged(found, target, u64::MAX - 1)), "{found:?}");
        assert_eq!(judged(found, target, 1 << 62), Some(TargetCheck::Missed), "SAMPLES is the limit");
    }
    for (found, target) in [
        (reading(MOST_EQUAL - 1, 2.0, None), small),
        (reading(MOST_NEAR_0 - 1, 1e-6, Some(1e-6)), relative),
        (reading(16, 1e-9, Some(1e-3)), relative),
        (reading(1000, 1.0, Some(1.0)), small),
    ] {
        assert_eq!(judged(found, target, u64::MAX), Some(TargetCheck::Missed), "{found:?}");
    }
    assert_eq!(judged(reading(1000, 1.0, Some(1e-6)), small, u64::MAX), Some(TargetCheck::Reached));
    assert_eq!(verdict(&Count(u64::MAX), &wish(false, false), &[]), None);
    assert_eq!(verdict(&Count(u64::MAX), &wish(true, false), &[]), Some(TargetCheck::Missed));
    // Of several components, the one that cannot reach it is named.
    let two = [reading(MOST_EQUAL, 1.0, Some(1e-6)), reading(MOST_EQUAL, 2.0, None)];
    let targeted = Precision { target_error: Some(small), ..wish(false, false) };
    let said = target(&targeted, verdict(&Count(u64::MAX), &targeted, &two)).expect("a target");
    let why = "component 2: after 1e8 samples nothing is known about the error";
    assert_eq!((said.target_reached, said.target_unreachable.as_deref()), (false, Some(why)));
    assert_eq!(verdict(&Count(u64::MAX), &targeted, &two[..1]), Some(TargetCheck::Reached));
    let alone = target(&targeted, verdict(&Count(u64::MAX), &targeted, &two[1..])).expect("a target");
    assert_eq!(alone.target_unreachable.as_deref(), why.strip_prefix("component 2: "));
    // No number of samples gets below rounding.
    let rounded = Reading { least_error: 2e-6, ..reading(1000, 1.0, Some(1e-3)) };
    assert!(is_given_up(judged(rounded, small, u64::MAX)));
    assert_eq!(judged(Reading { least_error: 1e-6, ..rounded }, small, u64::MAX), Some(TargetCheck::Missed));
    // Errors of nets fall faster: 2^20 points reach further than random ones do.
    let found = reading(1 << 20, 1.0, Some(1e-7));
    let gives_up =
        |half_orders, until| found.unreachable(TargetError::Absolute(1e-15), Fall { half_orders, until }).is_some();
    assert!(gives_up(1, None) && !gives_up(3, None));
    // 2^4 * 2^21 times smaller, which is 3e7, and 2^23 times; the target is 1e8 times smaller.
    assert!(gives_up(4, Some(1 << 22)) && gives_up(4, Some(1 << 20)) && !gives_up(4, Some(1 << 26)));
}
