//! Every method as a job: cut anywhere, stopped anywhere, walked in any way.

use std::ops::ControlFlow;

use super::*;
use crate::isa::Isa;
use crate::job::{Ledger, Span};
use crate::montecarlo::darts::BLOCK;
use crate::montecarlo::methods::pairs::BLOCK_PAIRS;
use proptest::prelude::*;

fn walks() -> impl Iterator<Item = Walk> {
    let fast = Isa::ALL.into_iter().filter(|isa| isa.is_supported()).map(|isa| Walk { is_scalar: false, isa });
    fast.chain([Walk { is_scalar: true, isa: Isa::Portable }])
}

fn fast() -> Walk {
    Walk { is_scalar: false, isa: Isa::widest() }
}

fn compute<J: Job>(job: &J, span: Span, workspace: &mut J::Workspace) -> J::Tally {
    match job.compute(span, workspace, &mut || ControlFlow::Continue(())) {
        ControlFlow::Continue(tally) => tally,
        ControlFlow::Break(()) => unreachable!("nobody broke"),
    }
}

/// What the blocks come to in spans of `length`, every second one first.
fn in_spans<J: Estimator>(job: &J, length: u64) -> Finding {
    let (mut ledger, mut workspace) = (Ledger::new(), job.workspace());
    let spans = |skip| (0..job.blocks()).step_by(length as usize).skip(skip).step_by(2);
    for first in spans(0).chain(spans(1)) {
        let span = Span::new(first, (first + length).min(job.blocks()));
        ledger.record(span, compute(job, span, &mut workspace)).expect("each block once");
    }
    job.finding(&ledger.into_total().expect("blocks"))
}

/// The finding is one for all walks and cuts; returned without the work.
fn checked<J: Estimator>(job: impl Fn(Walk) -> J) -> (u64, Option<u64>, Option<Estimate>) {
    let known = |finding: Finding| (finding.samples, finding.hits, finding.estimate);
    let expected = known(in_spans(&job(fast()), u64::MAX >> 1));
    for walk in walks() {
        for length in [1, 3, 7] {
            assert_eq!(known(in_spans(&job(walk), length)), expected, "{walk:?}, spans of {length}");
        }
    }
    expected
}

#[test]
fn any_walk_and_any_cut_give_one_finding() {
    for samples in [1, 2, 1000, BLOCK + 1, 2 * BLOCK_PAIRS + 10] {
        for seed in [0, 42] {
            checked(|walk| darts::Throw { samples, seed, walk });
            checked(|walk| strata::Fill::new(samples, seed, walk));
            checked(|walk| pairs::Draw::<Antithetic>::new(samples, seed, walk));
            checked(|walk| pairs::Draw::<Control>::new(samples, seed, walk));
            checked(|walk| nets::Spread::new(samples.min(1 << 18), seed, walk));
        }
    }
}

#[test]
fn every_method_takes_any_number_of_samples() {
    for (samples, even, power) in [(1, 2, 32), (2, 2, 32), (33, 34, 64), (1000, 1000, 1024), (1025, 1026, 2048)] {
        let taken = |finding: (u64, Option<u64>, Option<Estimate>)| {
            assert!(finding.2.is_some_and(|estimate| estimate.std_error > 0.0) && finding.0 >= samples);
            finding.0
        };
        assert_eq!(taken(checked(|walk| darts::Throw { samples, seed: 1, walk })), samples);
        assert_eq!(taken(checked(|walk| strata::Fill::new(samples, 1, walk))), even);
        assert_eq!(taken(checked(|walk| pairs::Draw::<Control>::new(samples, 1, walk))), even.max(4));
        assert_eq!(taken(checked(|walk| nets::Spread::new(samples, 1, walk))), power);
    }
}

#[test]
fn blocks_hold_exactly_the_samples() {
    for samples in [1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7, u64::MAX] {
        let job = darts::Throw { samples, seed: 42, walk: fast() };
        assert_eq!(job.samples(Span::new(0, job.blocks())), samples);
        let last = Span::new(job.blocks() - 1, job.blocks());
        assert!((1..=BLOCK).contains(&job.samples(last)));
        let job = pairs::Draw::<Control>::new(samples, 42, fast());
        assert_eq!(job.pairs(Span::new(0, job.blocks())), (samples / 2 + samples % 2).clamp(2, u64::MAX / 2));
    }
}

/// The longest jobs can be cut, and their last blocks computed.
#[test]
fn the_largest_jobs() {
    fn last<J: Estimator>(job: &J) {
        let span = Span::new(job.blocks() - 1, job.blocks());
        let finding = job.finding(&compute(job, span, &mut job.workspace()));
        assert!(finding.samples > 0);
    }
    last(&strata::Fill::new(u64::MAX, 1, fast()));
    last(&pairs::Draw::<Antithetic>::new(u64::MAX, 1, fast()));
    last(&nets::Spread::new(u64::MAX, 1, fast()));
    last(&nets::Spread::new(u64::MAX, 1, Walk { is_scalar: true, isa: Isa::Portable }));
}

#[test]
fn an_incomplete_job_claims_what_it_can() {
    fn part<J: Estimator>(job: &J, blocks: u64) -> Finding {
        job.finding(&compute(job, Span::new(1, 1 + blocks), &mut job.workspace()))
    }
    let estimate = part(&pairs::Draw::<Control>::new(1 << 30, 5, fast()), 1).estimate.expect("a block of pairs");
    assert!((estimate.pi - std::f64::consts::PI).abs() < 5.0 * estimate.std_error);
    // Cells of a part of the square, without a claim.
    let strata = strata::Fill::new(1 << 30, 5, fast());
    assert_eq!(part(&strata, strata.blocks() - 2).estimate, None);
    // 2^28 points a net: four blocks each. The first is not complete here, and the last ones are not begun.
    let nets = nets::Spread::new(1 << 32, 5, fast());
    assert_eq!(nets.blocks(), 64);
    assert_eq!(part(&nets, 11).estimate.map(|estimate| estimate.interval), Some(Interval::Student { degrees: 1 }));
    assert_eq!(part(&nets, 6).estimate, None);
    assert_eq!((part(&nets, 6).samples, part(&nets, 11).samples), (6 << 26, 2 << 28));
    let estimate = part(&nets, 40).estimate.expect("nine nets");
    assert_eq!(estimate.interval, Interval::Student { degrees: 8 });
    assert!((estimate.pi - std::f64::consts::PI).abs() < 5.0 * estimate.std_error);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn cuts_change_nothing(samples in 1u64..1 << 40, seed: u64, length in 1u64..9) {
        let strata = strata::Fill::new(samples, seed, fast());
        prop_assert_eq!(in_spans(&strata, length), in_spans(&strata, strata.blocks()));
        let nets = nets::Spread::new(samples, seed, fast());
        prop_assert_eq!(in_spans(&nets, length), in_spans(&nets, nets.blocks()));
    }
}
