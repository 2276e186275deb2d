//! Every method as a job: cut anywhere, stopped anywhere, with any kernel.

use std::ops::ControlFlow;

use super::*;
use crate::commands::forged::attack;
use crate::isa::Isa;
use crate::job::{Ledger, Span};
use crate::montecarlo::darts::BLOCK;
use crate::montecarlo::methods::pairs::BLOCK_PAIRS;
use proptest::prelude::*;

fn terms(samples: u64, seed: u64) -> Terms {
    Terms { samples, seed, is_scalar: false, isa: Isa::widest(), words: Vec::new() }
}

fn scalar(terms: Terms) -> Terms {
    Terms { is_scalar: true, ..terms }
}

/// The inputs for every instruction set, and for the scalar form.
fn walks(samples: u64, seed: u64) -> impl Iterator<Item = Terms> {
    let fast = Isa::ALL.into_iter().filter(|isa| isa.is_supported());
    fast.map(move |isa| Terms { isa, ..terms(samples, seed) }).chain([scalar(terms(samples, seed))])
}

fn compute<J: Job>(job: &J, span: Span, workspace: &mut J::Workspace) -> J::Tally {
    match job.compute(span, workspace, &mut || ControlFlow::Continue(())) {
        ControlFlow::Continue(tally) => tally,
        ControlFlow::Break(()) => unreachable!("nothing breaks it"),
    }
}

/// The finding of the blocks in spans of `length`, every second one first.
fn in_spans<J: Estimator>(job: &J, length: u64) -> Finding {
    let (mut ledger, mut workspace) = (Ledger::new(), job.workspace());
    let spans = |skip| (0..job.blocks()).step_by(length as usize).skip(skip).step_by(2);
    for first in spans(0).chain(spans(1)) {
        let span = Span::new(first, (first + length).min(job.blocks()));
        ledger.record(span, compute(job, span, &mut workspace)).expect("each block once");
    }
    job.finding(&ledger.into_total().expect("blocks"))
}

/// Checks that all kernels and cuts give the same finding; returns it without the work.
fn checked<J: Estimator>(samples: u64, seed: u64, job: impl Fn(Terms) -> J) -> (u64, Option<u64>, Option<Estimate>) {
    let known = |finding: Finding| (finding.samples, finding.hits, finding.estimate);
    let expected = known(in_spans(&job(terms(samples, seed)), u64::MAX >> 1));
    for terms in walks(samples, seed) {
        for length in [1, 3, 7] {
            assert_eq!(known(in_spans(&job(terms.clone()), length)), expected, "{terms:?}, spans of {length}");
        }
    }
    expected
}

#[test]
fn any_walk_and_any_cut_give_one_finding() {
    for samples in [1, 2, 1000, BLOCK + 1, 2 * BLOCK_PAIRS + 10] {
        for seed in [0, 42] {
            checked(samples, seed, darts::DartsJob::new);
            checked(samples, seed, stratified::StrataJob::new);
            checked(samples, seed, pairs::PairsJob::<Antithetic>::new);
            checked(samples, seed, pairs::PairsJob::<Control>::new);
            checked(samples.min(1 << 18), seed, sobol::SobolJob::new);
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
        assert_eq!(taken(checked(samples, 1, darts::DartsJob::new)), samples);
        assert_eq!(taken(checked(samples, 1, stratified::StrataJob::new)), even);
        assert_eq!(taken(checked(samples, 1, pairs::PairsJob::<Control>::new)), even.max(4));
        assert_eq!(taken(checked(samples, 1, sobol::SobolJob::new)), power);
    }
}

#[test]
fn blocks_hold_exactly_the_samples() {
    for samples in [1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7, u64::MAX] {
        let job = darts::DartsJob::new(terms(samples, 42));
        assert_eq!(job.samples(Span::new(0, job.blocks())), samples);
        let last = Span::new(job.blocks() - 1, job.blocks());
        assert!((1..=BLOCK).contains(&job.samples(last)));
        let job = pairs::PairsJob::<Control>::new(terms(samples, 42));
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
    last(&stratified::StrataJob::new(terms(u64::MAX, 1)));
    last(&pairs::PairsJob::<Antithetic>::new(terms(u64::MAX, 1)));
    last(&sobol::SobolJob::new(terms(u64::MAX, 1)));
    last(&sobol::SobolJob::new(scalar(terms(u64::MAX, 1))));
}

#[test]
fn an_incomplete_job_claims_what_it_can() {
    fn part<J: Estimator>(job: &J, blocks: u64) -> Finding {
        job.finding(&compute(job, Span::new(1, 1 + blocks), &mut job.workspace()))
    }
    let estimate = part(&pairs::PairsJob::<Control>::new(terms(1 << 30, 5)), 1).estimate.expect("a block of pairs");
    assert!((estimate.pi - std::f64::consts::PI).abs() < 5.0 * estimate.std_error);
    // Cells of a part of the square, without an estimate.
    let strata = stratified::StrataJob::new(terms(1 << 30, 5));
    assert_eq!(part(&strata, strata.blocks() - 2).estimate, None);
    // 2^28 points per net: four blocks each. The first net is incomplete here, and the last ones
    // are not started.
    let nets = sobol::SobolJob::new(terms(1 << 32, 5));
    assert_eq!(nets.blocks(), 64);
    assert_eq!(part(&nets, 11).estimate.map(|estimate| estimate.interval), Some(Interval::Student { degrees: 1 }));
    assert_eq!(part(&nets, 6).estimate, None);
    assert_eq!((part(&nets, 6).samples, part(&nets, 11).samples), (6 << 26, 2 << 28));
    let estimate = part(&nets, 40).estimate.expect("nine nets");
    assert_eq!(estimate.interval, Interval::Student { degrees: 8 });
    assert!((estimate.pi - std::f64::consts::PI).abs() < 5.0 * estimate.std_error);
}

/// Pairs of a longer job are those of a shorter one; cells and nets are not.
#[test]
fn a_checkpoint_fits_where_the_blocks_are_the_same() {
    fn kind<J: Job>(job: &J) -> String {
        job.identity().expect("each method can be kept").kind
    }
    let (short, long) = (terms(1 << 22, 1), terms(1 << 23, 1));
    let other = || terms(1 << 22, 2);
    assert_eq!(kind(&darts::DartsJob::new(short.clone())), kind(&darts::DartsJob::new(scalar(long.clone()))));
    type Pairs = pairs::PairsJob<Control>;
    assert_eq!(kind(&Pairs::new(short.clone())), kind(&Pairs::new(scalar(long.clone()))));
    assert_ne!(kind(&Pairs::new(short.clone())), kind(&pairs::PairsJob::<Antithetic>::new(short.clone())));
    assert_ne!(kind(&Pairs::new(short.clone())), kind(&Pairs::new(other())));
    for terms in [long, scalar(short.clone()), other()] {
        assert_ne!(kind(&stratified::StrataJob::new(short.clone())), kind(&stratified::StrataJob::new(terms.clone())));
        assert_ne!(kind(&sobol::SobolJob::new(short.clone())), kind(&sobol::SobolJob::new(terms)));
    }
    let theirs = sobol::SobolJob::new(short).identity().expect("kept");
    let advice = |samples, seed| sobol::SobolJob::new(terms(samples, seed)).resumption_advice(&theirs);
    assert!(advice(1 << 23, 1).is_some_and(|text| text.ends_with(": give this job another checkpoint file")));
    assert_eq!(advice(1 << 23, 2), None, "the seed is the reason");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn cuts_change_nothing(samples in 1u64..1 << 40, seed: u64, length in 1u64..9) {
        let strata = stratified::StrataJob::new(terms(samples, seed));
        prop_assert_eq!(in_spans(&strata, length), in_spans(&strata, strata.blocks()));
        let nets = sobol::SobolJob::new(terms(samples, seed));
        prop_assert_eq!(in_spans(&nets, length), in_spans(&nets, nets.blocks()));
    }
}

#[test]
fn forged_checkpoints_are_refused_or_sound() {
    fn attacked<J: Estimator>(name: &str, job: &J) {
        attack(name, job, |tally| format!("{:?}", job.finding(tally)));
    }
    attacked("pi by darts", &darts::DartsJob::new(terms(6 * BLOCK + 12_345, 1)));
    attacked("pi by stratified darts", &stratified::StrataJob::new(terms(100_000, 1)));
    attacked("pi by antithetic pairs", &pairs::PairsJob::<Antithetic>::new(terms(5 * BLOCK_PAIRS + 777, 1)));
    attacked("pi by control", &pairs::PairsJob::<Control>::new(terms(5 * BLOCK_PAIRS + 777, 1)));
    attacked("pi by Sobol darts", &sobol::SobolJob::new(terms(100_000, 1)));
}
