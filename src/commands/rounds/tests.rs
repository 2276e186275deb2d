//! Where rounds end, what a trace shows, and which targets are given up.

use super::*;
use crate::job::{Pulse, Seams, Span};
use std::ops::ControlFlow;

fn wish(target: bool, way: bool) -> Precision {
    Precision {
        target_error: target.then_some(TargetError::Absolute(1e-6)),
        plan: false,
        trace: way.then(|| "trace.csv".into()),
        plot: None,
    }
}

fn stops(blocks: u64, wish: &Precision) -> Vec<u64> {
    let mut stops = vec![next_stop(0, blocks, wish)];
    while stops[stops.len() - 1] < blocks {
        stops.push(next_stop(stops[stops.len() - 1], blocks, wish));
    }
    stops
}

#[test]
fn rounds_end_where_they_always_do() {
    for way in [false, true] {
        assert_eq!(stops(30, &wish(true, way)), [16, 20, 24, 29, 30]);
        assert_eq!(stops(30, &wish(false, way)), [30]);
        assert_eq!(stops(1, &wish(true, way)), [1]);
    }
    assert!(stops(u64::MAX, &wish(true, true)).len() < 400);
}

/// A job of one sample a block, whose tally is how many.
struct Count(u64);

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Number(u64);

impl Tally for Number {
    fn merge(&mut self, next: Number) {
        self.0 += next.0;
    }
}

impl Job for Count {
    type Tally = Number;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.0
    }

    fn has_a_way(&self) -> bool {
        true
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), _: Pulse<'_>) -> ControlFlow<(), Number> {
        ControlFlow::Continue(Number(span.len()))
    }
}

impl Sampling for Count {
    fn reading(&self, &Number(samples): &Number) -> Option<Reading> {
        Some(Reading { samples, estimate: 0.0, std_error: None, ci95: None })
    }

    fn samples(&self) -> u64 {
        self.0
    }

    fn shortened(&self, blocks: u64) -> Count {
        Count(blocks)
    }
}

#[test]
fn the_way_is_that_of_the_ledger_as_far_as_it_has_no_holes() {
    let way = |spans: &[(u64, u64)]| {
        let mut way = Ledger::with_seams(Seams { at: None, at_powers: true });
        for &(first, end) in spans {
            way.record(Span::new(first, end), Number(end - first)).expect("disjoint");
        }
        let looks = readings(&Count(30), &way, way.done());
        looks.iter().map(|reading| reading.samples).collect::<Vec<_>>()
    };
    assert_eq!(way(&[(16, 30), (0, 1), (2, 4), (1, 2), (4, 8), (8, 16)]), [1, 2, 4, 8, 16]);
    assert_eq!(way(&[(0, 1), (1, 2), (2, 4)]), [1, 2], "the last one is that of all");
    assert_eq!(way(&[(0, 1), (1, 2), (2, 4), (8, 16)]), [1, 2, 4]);
    assert_eq!(way(&[(1, 2), (2, 4)]), [0; 0]);
    assert_eq!(way(&[]), [0; 0]);
}

#[test]
fn what_cannot_be_reached_is_given_up_and_nothing_else() {
    let reading = |samples, estimate, std_error| Reading { samples, estimate, std_error, ci95: None };
    let judged = |reading, target, limit| {
        verdict(&Precision { target_error: Some(target), ..wish(false, false) }, Some(reading), limit)
    };
    let (small, tiny) = (TargetError::Absolute(1e-6), TargetError::Absolute(1e-17));
    let relative = TargetError::Relative(1e-3);
    let is_given_up = |verdict| matches!(verdict, Some(Verdict::GivenUp(_)));
    for (found, target) in [
        (reading(MOST_EQUAL, 2.0, None), small),
        (reading(MOST_EQUAL, 0.0, None), relative),
        (reading(1000, 1.0, Some(1e-16)), tiny),
        (reading(1000, 1e-5, Some(1e-3)), TargetError::Absolute(1e-13)),
        (reading(MOST_NEAR_0, 1e-6, Some(1e-6)), relative),
    ] {
        assert!(is_given_up(judged(found, target, u64::MAX)), "{found:?}");
        assert!(is_given_up(judged(found, target, u64::MAX - 1)), "{found:?}");
        assert_eq!(judged(found, target, 1 << 62), Some(Verdict::Missed), "SAMPLES is the limit");
    }
    for (found, target) in [
        (reading(MOST_EQUAL - 1, 2.0, None), small),
        (reading(MOST_NEAR_0 - 1, 1e-6, Some(1e-6)), relative),
        (reading(16, 1e-9, Some(1e-3)), relative),
        (reading(1000, 1.0, Some(1.0)), small),
    ] {
        assert_eq!(judged(found, target, u64::MAX), Some(Verdict::Missed), "{found:?}");
    }
    assert_eq!(judged(reading(1000, 1.0, Some(1e-6)), small, u64::MAX), Some(Verdict::Reached));
    assert_eq!(verdict(&wish(false, false), None, u64::MAX), None);
    assert_eq!(verdict(&wish(true, false), None, u64::MAX), Some(Verdict::Missed));
}
