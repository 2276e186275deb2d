//! A whole job on one rank: the answers, the intervals, and the same bits however it is computed.

use std::rc::Rc;

use montesieve_kernel::Tally;
use montesieve_kernel::isa::Isa;
use proptest::prelude::*;

use super::*;
use crate::components::Shape;
use crate::integrands::ALL;
use crate::integrands::testing::integrand;
use crate::mean::Mean;
use crate::sampler::{Kernel, Sampler};

/// The tallies of the stages of a job, and of its blocks that count, computed in pieces that end at
/// multiples of `piece`.
fn tallies(kernel: &dyn Kernel, cut: VegasCut, blocks: u64, seed: u64, isa: Isa, piece: u64) -> Vec<VegasTally> {
    let mut stages: Vec<VegasTally> = Vec::new();
    let mut first = 0;
    for end in cut.stages().into_iter().chain([blocks]) {
        let trained = stages.iter().map(|tally| tally.training().expect("one stage"));
        let adaptation = Rc::new(Adaptation::new(&cut, trained));
        let mut tally = VegasTally::default();
        while first < end {
            let stop = end.min((first / piece + 1) * piece);
            let mut sampler = VegasSampler::new(kernel.duplicate(), cut, Rc::clone(&adaptation), seed, isa);
            let mut part = VegasTally::default();
            (first..stop).for_each(|block| part.merge(sampler.block(block)));
            assert!(part.is_sound(&cut, Shape::SCALAR, first..stop));
            tally.merge(part);
            first = stop;
        }
        assert!(
            tally.is_sound(&cut, Shape::SCALAR, end / 2 * u64::from(end <= cut.training_blocks())..end)
                || end == blocks
        );
        stages.push(tally);
    }
    stages
}

fn mean(kernel: &dyn Kernel, samples: u64, seed: u64) -> (Mean, VegasTally) {
    let cut = VegasCut::new(kernel.dimension(), samples / 8);
    let last = tallies(kernel, cut, cut.blocks(samples), seed, Isa::widest(), u64::MAX).pop().expect("blocks");
    (last.sums()[0].mean(kernel.volume()).expect("blocks that count"), last)
}

/// What passes over equal boxes find without training.
fn even(kernel: &dyn Kernel, samples: u64, seed: u64, isa: Isa) -> VegasTally {
    let cut = VegasCut::untrained(kernel.dimension(), samples);
    let adaptation = Rc::new(Adaptation::even(&cut, Sampler::new(kernel.duplicate(), seed, isa).shifts()[0]));
    let mut sampler = VegasSampler::new(kernel.duplicate(), cut, adaptation, seed, isa);
    let mut tally = VegasTally::default();
    (0..cut.blocks(samples)).for_each(|block| tally.merge(sampler.block(block)));
    assert!(tally.is_sound(&cut, Shape::SCALAR, 0..cut.blocks(samples)) && tally.sums()[0].training() == 0);
    tally
}

/// A value for a parameter without a default.
const GIVEN: [(&str, &str); 2] = [("expression", "exp(-50*(x-0.3)^2-x*y)"), ("bounds", "0:1,-1:2")];

#[test]
fn every_integrand_of_the_list_has_its_integral() {
    for entry in &ALL {
        let kernel = integrand(entry.name, &GIVEN);
        let (mean, tally) = mean(&*kernel, 400_000, 1);
        let Some(exact) = kernel.exact() else { continue };
        let z = mean.z(exact).expect("an error");
        assert!(z.abs() < 4.0, "{}: {z}", entry.name);
        let chi_square = tally.sums()[0].chi_square().expect("many blocks");
        assert!(chi_square.z.abs() < 4.0, "{}: {chi_square:?}", entry.name);
    }
}

/// 95 of 100 intervals contain the integral: within four binomial errors.
#[test]
fn intervals_cover_as_often_as_they_say() {
    let peak = [("expression", "exp(-100*((x-0.5)^2+(y-0.4)^2+(z-0.6)^2))"), ("bounds", "0:1,0:1,0:1")];
    let one = |offset: f64| {
        let half = |x: f64| libm::erf(10.0 * x);
        std::f64::consts::PI.sqrt() / 20.0 * (half(offset) + half(1.0 - offset))
    };
    let cases = [
        (integrand("genz-gaussian", &[]), None),
        (integrand("genz-discontinuous", &[]), None),
        (integrand("genz-corner-peak", &[]), None),
        (integrand("expr", &peak), Some(one(0.5) * one(0.4) * one(0.6))),
    ];
    for (kernel, known) in cases {
        let exact = kernel.exact().or(known).expect("known");
        let covers = |seed| {
            let (mean, _) = mean(&*kernel, 50_000, seed);
            mean.ci95.is_some_and(|[low, high]| (low..=high).contains(&exact))
        };
        let covered = (1..=100).filter(|&seed| covers(seed)).count();
        assert!((86..=100).contains(&covered), "{covered} of 100");
    }
}

#[test]
fn adapting_pays() {
    let peak = "exp(-100*((x1-0.5)^2+(x2-0.5)^2+(x3-0.5)^2+(x4-0.5)^2+(x5-0.5)^2+(x6-0.5)^2))";
    let kernel = integrand("expr", &[("expression", peak), ("bounds", "0:1,0:1,0:1,0:1,0:1,0:1")]);
    let (mean, _) = mean(&*kernel, 2_000_000, 1);
    let exact = 3.100_627_668_001_379_4e-5;
    // Uniform samples would have 44 times the value as their deviation: an error of 0.03.
    let relative = mean.std_error.expect("found") / exact;
    assert!(relative < 1e-3 && mean.z(exact).expect("found").abs() < 4.0, "{relative}");
    // Along a diagonal no map helps, but strata do.
    let ridge = [("expression", "exp(-500*(x-y)^2)"), ("bounds", "0:1,0:1")];
    let (mean, tally) = self::mean(&*integrand("expr", &ridge), 1_000_000, 1);
    let deviation = mean.std_error.expect("found") * (tally.sums()[0].samples() as f64).sqrt() / mean.estimate;
    assert!(deviation < 0.6, "of uniform samples 2.8: {deviation}");
}

/// One sample in 2,000 has a value, and the best map is none: noise must not draw one.
#[test]
fn a_ridge_that_few_samples_find_is_not_spoilt() {
    let ridge = [("expression", "exp(-2500*((x1-x2)^2+(x2-x3)^2+(x3-x4)^2))"), ("bounds", "0:1,0:1,0:1,0:1")];
    let kernel = integrand("expr", &ridge);
    let (mean, tally) = mean(&*kernel, 1_000_000, 1);
    let deviation = mean.std_error.expect("found") * (tally.sums()[0].samples() as f64).sqrt() / mean.estimate;
    // From 1e8 uniform samples.
    let z = mean.z(4.362e-5).expect("found");
    assert!(deviation < 180.0 && z.abs() < 4.0, "of uniform samples 90: {deviation}; {z}");
}

#[test]
fn nothing_found_is_unknown() {
    let nowhere = [("expression", "(x > 0.123456) * (x < 0.1234561)"), ("bounds", "0:1")];
    let (mean, tally) = mean(&*integrand("expr", &nowhere), 10_000, 1);
    assert_eq!((mean.estimate, mean.std_error, mean.ci95), (0.0, None, None));
    assert_eq!(tally.sums()[0].chi_square(), None);
    let constant = [("expression", "3"), ("bounds", "0:2,0:2")];
    let (mean, _) = self::mean(&*integrand("expr", &constant), 10_000, 1);
    assert_eq!(mean.std_error, None);
    assert!((mean.estimate - 12.0).abs() < 1e-13);
}

/// Errors are those of samples within boxes, or unknown: none is smaller than the rounding of sums.
#[test]
fn errors_are_not_below_rounding() {
    for (text, exact) in [("0.1", 0.1), ("1/3", 1.0 / 3.0), ("0.1*(x<0.5)", 0.05)] {
        for (seed, samples) in [(1, 2000), (2, 100_000), (3, 2_000_000)] {
            let (mean, _) = mean(&*integrand("expr", &[("expression", text), ("bounds", "0:1")]), samples, seed);
            match mean.z(exact) {
                Some(z) => assert!(z.abs() < 5.0, "{text}, {samples}: {z}"),
                None => assert!((mean.estimate - exact).abs() <= 1e-14 * exact, "{text}, {samples}"),
            }
        }
    }
}

/// Strata remove most of the variance of x beside a large constant too, and the error says so: the
/// constant is in the shift.
#[test]
fn a_large_constant_does_not_hide_the_error() {
    // That of plain samples.
    let plain = (1.0 / 12e6_f64).sqrt();
    for (constant, size) in [("1e6", 1e6), ("-1e9", -1e9)] {
        for bounds in ["0:1", "0:1,0:1"] {
            let kernel = integrand("expr", &[("expression", &format!("{constant}+x")), ("bounds", bounds)]);
            let even = even(&*kernel, 1_000_000, 5, Isa::widest()).sums()[0].mean(1.0).expect("blocks");
            for found in [even, mean(&*kernel, 1_000_000, 5).0] {
                let (z, error) = (found.z(size + 0.5).expect("known"), found.std_error.expect("known"));
                assert!(z.abs() < 4.0 && error < plain / 10.0, "{constant}, {bounds}: {z}, {error:e}");
            }
        }
    }
}

#[test]
fn values_of_any_size_have_the_same_relative_error() {
    let relative = |factor: &str| {
        let expression = format!("{factor}*exp(-3*x*y)");
        let (mean, _) = mean(&*integrand("expr", &[("expression", &expression), ("bounds", "0:1,0:1")]), 20_000, 7);
        mean.std_error.expect("known") / mean.estimate
    };
    let usual = relative("1");
    for factor in ["1e-300", "1e-160", "1e160", "1e300", "-1e200"] {
        assert!((relative(factor).abs() - usual).abs() < 1e-6 * usual, "{factor}");
    }
}

#[test]
fn what_is_no_number_is_counted_and_found() {
    let cut = VegasCut::new(1, 1 << 10);
    let run = |expression: &str| {
        let kernel = integrand("expr", &[("expression", expression), ("bounds", "0:1")]);
        let mut all = VegasTally::default();
        tallies(&*kernel, cut, cut.blocks(1 << 14), 3, Isa::widest(), u64::MAX).into_iter().for_each(|t| all.merge(t));
        all
    };
    let all = run("sqrt(x - 0.2)");
    let bad = all.sums()[0].first_nan().expect("below 0.2 there is none");
    assert!(all.sums()[0].nans() > 10 && bad.point[0] < 0.2 && all.training().is_none());
    let all = run("1 / (x > 0.01)");
    assert!(all.sums()[0].first_infinite().is_some() && all.sums()[0].nans() == 0);
    assert!(all.sums()[0].mean(1.0).is_none_or(|mean| mean.estimate.is_finite()));
}

/// Of a smooth integrand the variance within a box falls as its width squared: with S intervals of
/// each dimension a linear one has 1 / S^2 of the variance of plain samples, exactly.
#[test]
fn equal_boxes_take_the_variance_between_them_away() {
    for (bounds, text, intervals, dimension) in
        [("0:1", "x", 2048.0, 1.0), ("0:1,0:1", "x+y", 45.0, 2.0), ("0:1,0:1,0:1", "x+y+z", 12.0, 3.0)]
    {
        let kernel = integrand("expr", &[("expression", text), ("bounds", bounds)]);
        let tally = even(&*kernel, 1 << 17, 1, Isa::widest());
        let mean = tally.sums()[0].mean(1.0).expect("blocks");
        let plain: f64 = dimension / 12.0 / tally.sums()[0].samples() as f64;
        let ratio = mean.std_error.expect("known") / plain.sqrt() * intervals;
        assert!((0.98..1.02).contains(&ratio), "{text}: {ratio}");
        assert!(
            mean.z(dimension / 2.0).expect("known").abs() < 4.0 && tally.sums()[0].chi_square().expect("16").z < 4.0
        );
    }
}

#[test]
fn equal_boxes_serve_values_of_any_size_and_no_numbers() {
    let of = |text: &str| {
        even(&*integrand("expr", &[("expression", text), ("bounds", "0:1,0:1")]), 20_000, 7, Isa::widest())
    };
    let relative = |text: &str| {
        let mean = of(text).sums()[0].mean(1.0).expect("blocks");
        mean.std_error.expect("known") / mean.estimate
    };
    let usual = relative("exp(-3*x*y)");
    for factor in ["1e-300", "1e-160", "1e160", "1e300", "-1e200"] {
        assert!((relative(&format!("{factor}*exp(-3*x*y)")).abs() - usual).abs() < 1e-6 * usual, "{factor}");
    }
    for text in ["3", "(x > 0.123456) * (x < 0.1234561)", "x < 0.5", "1e-200"] {
        assert_eq!(of(text).sums()[0].mean(1.0).expect("blocks").std_error, None, "{text}");
    }
    let bad = of("sqrt(x - 0.2)");
    assert!(bad.sums()[0].nans() > 3000 && bad.sums()[0].first_nan().expect("below 0.2").point[0] < 0.2);
    assert!(of("1 / (x > 0.01)").sums()[0].first_infinite().is_some());
}

#[test]
fn equal_boxes_have_the_same_bits_on_every_instruction_set() {
    for kernel in [integrand("genz-corner-peak", &[("dim", "3")]), integrand("option", &[("style", "asian")])] {
        let expected = even(&*kernel, 10_000, 11, Isa::Portable);
        Isa::available().for_each(|isa| assert_eq!(even(&*kernel, 10_000, 11, isa), expected, "{isa}"));
    }
}

#[test]
fn a_cut_has_whole_stages_and_at_least_two_blocks_that_count() {
    for training in [0, 1, 127, 128, 129, 100_000, 1 << 17, u64::MAX] {
        let cut = VegasCut::new(3, training);
        assert_eq!(cut.training_block * cut.training_blocks(), cut.training());
        assert_eq!(cut.stages().last(), Some(&cut.training_blocks()));
        assert!((WIDTH as u64..=1 << 26).contains(&cut.training()) && cut.training() <= training.max(128));
        assert_eq!(cut.blocks(0), cut.training_blocks() + 2);
        assert_eq!(cut.blocks(cut.training() + 7 * cut.block() + 1), cut.training_blocks() + 7);
        let stages: Vec<u32> = (0..cut.training_blocks()).map(|block| cut.stage(block)).collect();
        assert!(stages.is_sorted() && stages.last().is_some_and(|&last| last as usize + 1 == cut.stages().len()));
    }
}

#[test]
fn forged_tallies_are_refused() {
    let kernel = integrand("genz-gaussian", &[("dim", "2")]);
    let cut = VegasCut::new(2, 1 << 10);
    let stages = tallies(&*kernel, cut, 20, 1, Isa::widest(), u64::MAX);
    assert!(
        stages[2].is_sound(&cut, Shape::SCALAR, 2..4)
            && stages.last().expect("blocks").is_sound(&cut, Shape::SCALAR, 8..20)
    );
    for (tally, blocks) in [(&stages[2], 4..8), (&stages[2], 2..3), (&stages[2], 8..10), (&stages[4], 8..19)] {
        assert!(!tally.is_sound(&cut, Shape::SCALAR, blocks.clone()), "{blocks:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_walk_and_every_cut_gives_the_same_bits(seed: u64, piece in 1u64..9, training in 128u64..3000, which in 0..3usize) {
        let kernel = match which {
            0 => integrand("genz-corner-peak", &[("dim", "3")]),
            1 => integrand("option", &[("style", "asian")]),
            _ => integrand("expr", &GIVEN),
        };
        let cut = VegasCut::new(kernel.dimension(), training);
        let blocks = cut.training_blocks() + 3;
        let expected = tallies(&*kernel, cut, blocks, seed, Isa::Portable, u64::MAX);
        for isa in Isa::available() {
            prop_assert_eq!(&tallies(&*kernel, cut, blocks, seed, isa, piece), &expected, "{}", isa);
        }
        let bytes = |tally: &VegasTally| bincode::serde::encode_to_vec(tally, bincode::config::standard()).expect("plain");
        let written = bytes(&expected[1]);
        let (read, _) = bincode::serde::decode_from_slice::<VegasTally, _>(&written, bincode::config::standard()).expect("plain");
        prop_assert_eq!(&read, &expected[1]);
    }
}
