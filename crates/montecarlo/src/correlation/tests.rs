//! Tests of correlations against known ones.

use super::*;
use crate::components::Components;
use crate::integrands::testing::several;
use crate::nets::Family;
use crate::nets::plan::NetPlan;
use crate::nets::sampler::NetSampler;
use crate::nets::tally::NetTally;
use montesieve_kernel::Tally;

/// The correlations of all components from plain samples.
fn plain(kernel: Box<dyn Kernel>, samples: u64) -> Vec<Vec<Option<f64>>> {
    let factors = Factors::new(&*kernel, 3, Isa::widest());
    let mut sampler = Sampler::new(Box::new(factors.paired(kernel)), 3, Isa::widest());
    let sums = sampler.sums(0, samples);
    factors.correlations(&sums, &sampler.shifts())
}

/// The first 128 values say nothing of a peak.
#[test]
fn peaks_and_values_of_any_size_have_their_correlations() {
    // Of an indicator of x < a and x: -sqrt(3 a (1 - a)).
    let of_step = |a: f64| -(3.0 * a * (1.0 - a)).sqrt();
    for (step, a) in [("1e20*(x<0.003)", 0.003), ("1e-200*(x<0.01)", 0.01), ("1e150*(x<0.0005)", 0.0005)] {
        let found = plain(several(&[step, "x", "y", "1e-310*x"], "0:1,0:1"), 1 << 20);
        assert!((found[0][1].expect("spread") - of_step(a)).abs() < 0.01, "{step}: {:?}", found[0][1]);
        assert!(found[0][2].expect("spread").abs() < 0.01, "{step}: {:?}", found[0][2]);
        assert!((found[1][3].expect("spread") - 1.0).abs() < 1e-6, "{:?}", found[1][3]);
    }
    let found = plain(several(&["1e12+x", "x"], "0:1"), 1 << 16);
    assert!((found[0][1].expect("spread") - 1.0).abs() < 1e-3, "{:?}", found[0][1]);
}

/// Of x and x^2 on the unit interval: Cov = 1/12, Var = 1/12 and 4/45, so sqrt(15)/4.
const OF_SQUARE: f64 = 0.968_245_836_551_854_2;

#[test]
fn correlations_of_plain_samples_are_those_of_the_values() {
    let found = plain(several(&["x", "x^2", "1-x", "y", "1e200*x", "1e-200*x^2"], "0:1,0:1"), 100_000);
    let expected = |one: usize, other: usize| match (one.min(other), one.max(other)) {
        (one, other) if one == other => 1.0,
        (0, 1) | (0, 5) | (1, 4) | (4, 5) => OF_SQUARE,
        (1, 2) | (2, 5) => -OF_SQUARE,
        (0, 2) | (2, 4) => -1.0,
        (0, 4) | (1, 5) => 1.0,
        _ => 0.0,
    };
    for (one, row) in found.iter().enumerate() {
        for (other, correlation) in row.iter().enumerate() {
            let error = (correlation.expect("spread") - expected(one, other)).abs();
            assert!(error < 0.01, "{one}, {other}: {correlation:?}");
        }
    }
}

#[test]
fn without_spread_there_is_no_correlation() {
    let found = plain(several(&["x", "7", "0"], "0:1"), 1000);
    assert_eq!(found[0], [Some(1.0), None, None]);
    assert_eq!(found[1][2], None);
}

#[test]
fn replicates_of_nets_give_the_correlation_of_their_means() {
    let kernel = several(&["x", "2-x", "y*y", "3"], "0:1,0:1");
    let plan = NetPlan::new(2, 1 << 14);
    let mut sampler = NetSampler::new(kernel, plan, Family::Sobol, 1, Isa::widest());
    let mut all = Components::default();
    (0..plan.blocks()).for_each(|block| all.merge(sampler.block(block)));
    let shifts = sampler.shifts();
    let of =
        |one: usize, other: usize| NetTally::correlation([&all[one], &all[other]], [shifts[one], shifts[other]], false);
    assert!((of(0, 1).expect("errors") + 1.0).abs() < 1e-6, "{:?}", of(0, 1));
    // Of 16 independent means: its standard deviation is about a quarter.
    assert!(of(0, 2).expect("errors").abs() < 0.8);
    assert_eq!(of(0, 3), None);
}

/// A component has the bits that it has alone, whatever the others are.
#[test]
fn a_component_is_what_it_is_alone() {
    let texts = ["exp(x)", "if(x<0.5, 0, 1/0)", "1e-170*y", "sqrt(y-0.2)"];
    for isa in Isa::available() {
        let kernel = several(&texts, "0:1,0:1");
        let paired = Factors::new(&*kernel, 7, isa).paired(kernel);
        let sums = Sampler::new(Box::new(paired), 7, isa).sums(0, 300_000);
        for (text, sums) in texts.iter().zip(&*sums) {
            assert_eq!(*sums, Sampler::new(several(&[text], "0:1,0:1"), 7, isa).sums(0, 300_000)[0], "{text}");
        }
    }
}
