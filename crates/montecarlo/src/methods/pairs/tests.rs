//! Every kernel against the oracle, at every edge; the sums and the error against plain floats.

use super::*;
use crate::methods::antithetic::Antithetic;
use crate::methods::control::Control;
use proptest::prelude::*;
use std::f64::consts::{FRAC_PI_4, PI};

fn supported() -> impl Iterator<Item = Isa> {
    Isa::available()
}

/// All kernels of both integrands.
fn check(seed: u64, first: u64, pairs: u64) {
    let (antithetic, control) =
        (scalar::sums::<Antithetic>(seed, first, pairs), scalar::sums::<Control>(seed, first, pairs));
    assert_eq!((antithetic.pairs, control.pairs), (pairs, pairs));
    for isa in supported() {
        let mut fast = Pairs::new(seed, isa);
        assert_eq!(
            fast.sums::<Antithetic>(first, pairs),
            antithetic,
            "{isa}, seed {seed}, block {first}, {pairs} pairs"
        );
        assert_eq!(fast.sums::<Control>(first, pairs), control, "{isa}, seed {seed}, block {first}, {pairs} pairs");
    }
}

#[test]
fn every_walk_gives_the_oracle_s_sums_at_every_edge() {
    for first in [0, 1, 1 << 40] {
        for pairs in [0, 1, 2, 63, 64, 65, 127, 128, 2047, 2048, 2049] {
            check(42, first, pairs);
        }
    }
}

#[test]
fn every_walk_gives_the_oracle_s_sums_around_a_block() {
    for pairs in [BLOCK_PAIRS - 1, BLOCK_PAIRS, BLOCK_PAIRS + 1] {
        check(7, 1 << 40, pairs);
    }
}

#[test]
fn pairs_are_midpoints() {
    assert_eq!(lower(0) - 1.0, 0.5 / 2f64.powi(32));
    assert_eq!(upper(u64::MAX) - 1.0, 1.0 - 0.5 / 2f64.powi(32));
    assert_eq!(lower(0x1234_5678_8000_0000) - 1.0, 0.5 + 0.5 / 2f64.powi(32));
    assert_eq!(upper(0x8000_0000_1234_5678) - 1.0, 0.5 + 0.5 / 2f64.powi(32));
}

/// The mean of each over 2^20 midpoints is that of the quarter circle; the values stay where the
/// sums expect them.
#[test]
fn both_integrands_have_the_mean_of_the_quarter_circle() {
    fn check<I: PairIntegrand>() {
        let n = 1 << 20;
        let values = (0..n).map(|i| I::value(1.0 + (f64::from(i) + 0.5) / f64::from(n)));
        let sum = values.inspect(|value| assert!(value.abs() < 0.3)).sum::<f64>();
        assert!((I::CENTRE + sum / f64::from(n) - FRAC_PI_4).abs() < 1e-9);
    }
    check::<Antithetic>();
    check::<Control>();
}

/// 9/8 is near the best coefficient, and x beside x^2 would explain nothing.
#[test]
fn the_fixed_coefficient_is_near_the_best() {
    let n = 1 << 16;
    let points = || (0..n).map(|i| (f64::from(i) + 0.5) / f64::from(n));
    let mean = |f: &dyn Fn(f64) -> f64| points().map(f).sum::<f64>() / f64::from(n);
    let (height, control) = (|x: f64| 0.5 * ((1.0 - x * x).sqrt() + (x * (2.0 - x)).sqrt()), |x: f64| x * (1.0 - x));
    let (f, g) = (mean(&height), mean(&control));
    let covariance = mean(&|x| (height(x) - f) * (control(x) - g));
    let best = covariance / mean(&|x| (control(x) - g).powi(2));
    assert!((best - 1.0951).abs() < 1e-3, "{best}");
    assert!((g - 1.0 / 6.0).abs() < 1e-9);
    let left = |b: f64| mean(&|x| (height(x) - f - b * (control(x) - g)).powi(2));
    assert!(left(9.0 / 8.0) < 1.03 * left(best));
    let reduction = |variance: f64| FRAC_PI_4 * (1.0 - FRAC_PI_4) / (2.0 * variance);
    assert!((reduction(left(0.0)) - 12.29).abs() < 0.1 && (reduction(left(9.0 / 8.0)) - 421.6).abs() < 3.0);
}

#[test]
fn the_error_is_that_of_plain_floats() {
    let n = 10_000;
    let sums = Pairs::new(5, Isa::widest()).sums::<Control>(0, n);
    let mut lanes = Streams::new(5, 0, Isa::Portable).start(0);
    let outputs: Vec<u64> = (0..n.div_ceil(STEP_PAIRS)).flat_map(|_| lanes.draw()).collect();
    let values: Vec<f64> =
        outputs.into_iter().flat_map(|o| [lower(o), upper(o)]).map(Control::value).take(n as usize).collect();
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let estimate = sums.estimate::<Control>().expect("pairs");
    assert!((estimate.pi - 4.0 * (Control::CENTRE + mean)).abs() < 1e-11);
    assert!((estimate.std_error / (4.0 * (variance / n as f64).sqrt()) - 1.0).abs() < 1e-6);
    assert!((estimate.pi - PI).abs() < 4.0 * estimate.std_error);
}

#[test]
fn an_error_is_never_zero_and_never_known_from_one_pair() {
    let equal = Sums { pairs: 2, values: 2 << 35, squares: 2 << 28 };
    let estimate = equal.estimate::<Control>().expect("two pairs");
    assert!(estimate.std_error > 0.0 && estimate.ci95[0] < estimate.ci95[1]);
    assert_eq!(Sums { pairs: 1, ..equal }.estimate::<Control>(), None);
}

#[test]
fn any_number_of_samples_is_made_pairs() {
    for (samples, pairs) in [(0, 2), (1, 2), (4, 2), (5, 3), (6, 3), (u64::MAX, u64::MAX / 2)] {
        assert_eq!(pairs_for(samples), pairs);
    }
}

/// A change here changes results that users have saved. Found by a program in Python that shares
/// nothing with this one.
#[test]
fn known_answers() {
    for isa in supported() {
        let mut fast = Pairs::new(42, isa);
        let known = |values, squares| Sums { pairs: 1000, values, squares };
        assert_eq!(fast.sums::<Antithetic>(0, 1000), known(149_135_224_363_162, 35_545_905_111_315));
        assert_eq!(fast.sums::<Control>(0, 1000), known(18_800_037_122_726, 905_777_879_998));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_walk_gives_the_oracle_s_sums(seed: u64, first in 0..1u64 << 50, pairs in 0..20_000u64) {
        check(seed, first, pairs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn spans_add_up(seed: u64, first in 0..1u64 << 50, cut in 0..3u64, pairs in 3 * BLOCK_PAIRS..3 * BLOCK_PAIRS + 9999) {
        let mut fast = Pairs::new(seed, Isa::widest());
        let whole = fast.sums::<Control>(first, pairs);
        let mut parts = fast.sums::<Control>(first + cut, pairs - cut * BLOCK_PAIRS);
        parts.merge(fast.sums::<Control>(first, cut * BLOCK_PAIRS));
        prop_assert_eq!(parts, whole);
    }
}
