//! Values of any size, through every method: no estimate is lost to an underflow or an overflow.
//!
//! Stands apart from the tests of each method, which know its answers: here all methods answer the
//! same questions. The integrand is `F exp(-K (D - x1 - ... - xD))`, a peak in one corner of the
//! unit cube. Its values cover any part of the range of `f64`, and training sees other sizes than
//! the blocks that count.

use std::rc::Rc;

use montesieve_kernel::Tally;
use montesieve_kernel::isa::Isa;
use montesieve_montecarlo::components::{Components, Shape};
use montesieve_montecarlo::integrands::find;
use montesieve_montecarlo::integrands::parameters::Parameters;
use montesieve_montecarlo::mean::Mean;
use montesieve_montecarlo::nets::Family;
use montesieve_montecarlo::nets::plan::NetPlan;
use montesieve_montecarlo::nets::sampler::NetSampler;
use montesieve_montecarlo::nets::tally::NetTally;
use montesieve_montecarlo::reductions::{AntitheticKernel, ControlledKernel};
use montesieve_montecarlo::sampler::{Kernel, Sampler};
use montesieve_montecarlo::trained_nets::{TrainedAdaptation, TrainedPlan, TrainedSampler, TrainedTally};
use montesieve_montecarlo::vegas::{Adaptation, VegasCut, VegasSampler, VegasTally};
use proptest::prelude::*;

/// Samples of a job.
const SAMPLES: u64 = 40_000;

/// What a method says: its estimate, and whether it has met a value that is infinite or no number.
struct Finding {
    mean: Option<Mean>,
    has_bad_value: bool,
}

type Method = fn(Box<dyn Kernel>, u64) -> Finding;

/// Every way to take samples.
const METHODS: [(&str, Method); 9] = [
    ("plain", plain),
    ("antithetic", |kernel, seed| plain(Box::new(AntitheticKernel::new(kernel)), seed)),
    ("control", |kernel, seed| plain(Box::new(ControlledKernel::new(kernel, seed, Isa::widest())), seed)),
    ("stratified", stratified),
    ("vegas", vegas),
    ("sobol", |kernel, seed| net(kernel, seed, Family::Sobol)),
    ("lattice", |kernel, seed| net(kernel, seed, Family::Lattice)),
    ("sobol --training", |kernel, seed| trained(kernel, seed, Some(Family::Sobol))),
    ("auto", |kernel, seed| trained(kernel, seed, None)),
];

fn plain(kernel: Box<dyn Kernel>, seed: u64) -> Finding {
    let volume = kernel.volume();
    let mut sampler = Sampler::new(kernel, seed, Isa::widest());
    let sums = &sampler.sums(0, SAMPLES)[0];
    let has_bad_value = sums.first_infinite().is_some() || sums.nans() > 0;
    Finding { mean: Mean::new(sums, sampler.shifts()[0], volume), has_bad_value }
}

fn stratified(kernel: Box<dyn Kernel>, seed: u64) -> Finding {
    let cut = VegasCut::untrained(kernel.dimension(), SAMPLES);
    let shift = Sampler::new(kernel.duplicate(), seed, Isa::widest()).shifts()[0];
    passes(&*kernel, cut, Adaptation::even(&cut, shift), 0..cut.blocks(SAMPLES), seed).into()
}

fn vegas(kernel: Box<dyn Kernel>, seed: u64) -> Finding {
    let cut = VegasCut::new(kernel.dimension(), SAMPLES / 8);
    let (mut stages, mut first, mut all) = (Vec::<VegasTally>::new(), 0, VegasTally::default());
    for end in cut.stages().into_iter().chain([cut.blocks(SAMPLES)]) {
        let adaptation = Adaptation::new(&cut, stages.iter().filter_map(VegasTally::training));
        let tally = passes(&*kernel, cut, adaptation, first..end, seed);
        all.merge(tally.clone());
        stages.push(tally);
        first = end;
    }
    all.into()
}

fn passes(
    kernel: &dyn Kernel,
    cut: VegasCut,
    adaptation: Adaptation,
    blocks: std::ops::Range<u64>,
    seed: u64,
) -> VegasTally {
    let mut sampler = VegasSampler::new(kernel.duplicate(), cut, Rc::new(adaptation), seed, Isa::widest());
    let mut tally = VegasTally::default();
    blocks.clone().for_each(|block| tally.merge(sampler.block(block)));
    assert!(tally.is_sound(&cut, Shape::SCALAR, blocks));
    tally
}

impl From<VegasTally> for Finding {
    fn from(tally: VegasTally) -> Finding {
        let sums = &tally.sums()[0];
        let spread = sums.chi_square().map_or(0.0, |chi_square| chi_square.value);
        assert!(!spread.is_nan());
        Finding { mean: sums.mean(1.0), has_bad_value: sums.first_infinite().is_some() || sums.nans() > 0 }
    }
}

fn net(kernel: Box<dyn Kernel>, seed: u64, family: Family) -> Finding {
    let plan = NetPlan::new(kernel.dimension(), SAMPLES);
    let mut sampler = NetSampler::new(kernel, plan, family, seed, Isa::widest());
    let mut tally = Components::<NetTally>::default();
    (0..plan.blocks()).for_each(|block| tally.merge(sampler.block(block)));
    let has_bad_value = tally[0].first_infinite().is_some() || tally[0].nans() > 0;
    let shift = sampler.shifts()[0];
    Finding { mean: tally[0].mean(shift, 1.0, false), has_bad_value }
}

fn trained(kernel: Box<dyn Kernel>, seed: u64, only: Option<Family>) -> Finding {
    let plan = TrainedPlan::new(kernel.dimension(), 1 << 13, SAMPLES, only);
    let (mut stages, mut first, mut all) = (Vec::<TrainedTally>::new(), 0, TrainedTally::default());
    for end in plan.stages().into_iter().chain([plan.blocks()]) {
        let adaptation = Rc::new(TrainedAdaptation::new(&plan, 1.0, &stages));
        let mut sampler = TrainedSampler::new(kernel.duplicate(), plan, adaptation, seed, Isa::widest());
        let mut tally = TrainedTally::default();
        (first..end).for_each(|block| tally.merge(sampler.block(block)));
        assert!(tally.is_sound(&plan, Shape::SCALAR, first..end));
        all.merge(tally.clone());
        stages.push(tally);
        first = end;
    }
    let has_bad_value = all.first_infinite().is_some() || all.nans(0) > 0;
    Finding { mean: all.means(1.0, false)[0], has_bad_value }
}

/// `expression` on the unit cube of `dimension` variables.
fn on_cube(expression: &str, dimension: usize) -> Box<dyn Kernel> {
    let bounds = vec!["0:1"; dimension].join(",");
    let words = [("expression", expression.to_owned()), ("bounds", bounds), ("set", String::new())];
    let make = find("expr").expect("in the list").make;
    make(&Parameters::new(words)).unwrap_or_else(|bad| panic!("{expression}: {bad}"))
}

/// Checks what every method says about an integrand whose values lie between 0 and `largest`.
fn check_all(expression: &str, dimension: usize, largest: f64, seed: u64) {
    for (name, method) in METHODS {
        let Finding { mean, has_bad_value } = method(on_cube(expression, dimension), seed);
        assert!(!has_bad_value, "{name}, {expression}: every value is a finite number");
        let mean = mean.unwrap_or_else(|| panic!("{name}, {expression}: no estimate"));
        assert!(mean.estimate.is_finite(), "{name}, {expression}: {mean:?}");
        assert_eq!(mean.std_error.is_some(), mean.ci95.is_some(), "{name}, {expression}");
        let Some(error) = mean.std_error else { continue };
        assert!(error > 0.0 && mean.largest_share.is_none_or(|share| (0.0..=1.0).contains(&share)), "{name}, {mean:?}");
        assert!(mean.estimate != 0.0 || error >= f64::MIN_POSITIVE, "{name}, {expression}: 0 +- {error:e}");
        // Ends of an interval may lie beyond the range where values do almost.
        assert!(mean.is_finite() || largest > 1e300, "{name}, {expression}: {mean:?}");
    }
}

fn corner_peak(factor: &str, steepness: f64, dimension: usize) -> String {
    let variables: String = (1..=dimension).map(|d| format!("-x{d}")).collect();
    format!("{factor}*exp(-{steepness}*({dimension}{variables}))")
}

/// Blocks that count find values many orders of magnitude above those of training.
#[test]
fn values_far_above_those_of_training_are_no_overflow() {
    check_all(&corner_peak("1", 3e3, 4), 4, 1.0, 5);
}

#[test]
fn what_underflows_is_unknown() {
    for (factor, steepness) in [("1", 3e5), ("1e-300", 30.0), ("1e-308", 100.0), ("1e-323", 3.0), ("0", 1.0)] {
        let expression = corner_peak(factor, steepness, 8);
        check_all(&expression, 8, 1.0, 5);
        let Finding { mean, .. } = vegas(on_cube(&expression, 8), 1);
        let mean = mean.expect("blocks");
        assert!(mean.estimate > 0.0 || mean.std_error.is_none(), "{expression}: {mean:?}");
    }
}

/// Nearly the largest number: a map's weights and sums of pairs must not reach beyond it.
#[test]
fn the_largest_values_are_no_infinity() {
    for factor in ["1e300", "-1e300", "1e307", "1.7e308"] {
        check_all(&corner_peak(factor, 0.1, 2), 2, f64::MAX, 1);
        check_all(&corner_peak(factor, 100.0, 2), 2, f64::MAX, 1);
    }
}

proptest! {
    // A file of failures would lie among the sources.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn every_method_answers(seed: u64, power in -323i32..300, steepness in 0i32..5, dimension in 1usize..6) {
        let expression = corner_peak(&format!("1e{power}"), 10f64.powi(steepness), dimension);
        check_all(&expression, dimension, 10f64.powi(power), seed);
    }
}
