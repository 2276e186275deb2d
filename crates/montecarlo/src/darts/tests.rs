//! Every kernel against the oracle, at every edge; and the darts against the circle.

use super::*;
use proptest::prelude::*;
use std::f64::consts::FRAC_PI_4;

/// The instruction sets of this CPU.
fn supported() -> impl Iterator<Item = Isa> {
    Isa::available()
}

#[test]
fn every_walk_gives_the_oracle_s_hits_at_every_edge() {
    let group = GROUP * STEP_DARTS;
    for first in [0, 1, 1 << 40] {
        for samples in [0, 1, 2, 63, 64, 65, 127, 128, group - 1, group, group + 1, 5 * group + 77] {
            let expected = scalar::hits(42, first, samples);
            for isa in supported() {
                assert_eq!(Darts::new(42, isa).hits(first, samples), expected, "{isa}, block {first}, {samples}");
            }
        }
    }
}

#[test]
fn every_walk_gives_the_oracle_s_hits_around_a_block() {
    for samples in [BLOCK - 1, BLOCK, BLOCK + 1] {
        let expected = scalar::hits(7, 1 << 40, samples);
        for isa in supported() {
            assert_eq!(Darts::new(7, isa).hits(1 << 40, samples), expected, "{isa}, {samples}");
        }
    }
}

/// Known answers, the first four found by a program of a few lines in Python that shares nothing
/// with this one. A change here changes results that users have saved.
#[test]
fn known_answers() {
    for isa in supported() {
        let mut darts = Darts::new(42, isa);
        assert_eq!(darts.hits(0, 1000), 793);
        assert_eq!(darts.hits((1 << 50) - 1, 1000), 788);
        assert_eq!(darts.hits(1 << 40, 100_000), 78_401);
        assert_eq!(Darts::of_job(42, 5, isa).hits(12_345, 1000), 802);
        assert_eq!(darts.hits(0, 16 * BLOCK), 13_175_923);
    }
}

#[test]
fn going_on_equals_jumping() {
    for isa in supported() {
        let mut going = Darts::new(3, isa);
        let steps = [(9, BLOCK), (10, BLOCK), (11, 100), (11, BLOCK), (12, BLOCK + 1), (13, 0), (13, 1), (9, 64)];
        for (first, samples) in steps {
            let jumped = Darts::new(3, isa).hits(first, samples);
            assert_eq!(going.hits(first, samples), jumped, "{isa}, block {first}, {samples}");
        }
    }
}

#[test]
fn a_block_more_costs_no_jump() {
    let mut darts = Darts::new(3, Isa::widest());
    darts.hits(5, 2 * BLOCK);
    assert_eq!(darts.at, Some(7));
    assert_eq!(darts.lanes, darts.streams.start(7));
    darts.hits(7, 1);
    assert_eq!(darts.at, None);
}

#[test]
fn jobs_and_seeds_differ() {
    let hits = |seed, job| Darts::of_job(seed, job, Isa::widest()).hits(0, BLOCK);
    assert_eq!(hits(1, 0), Darts::new(1, Isa::widest()).hits(0, BLOCK));
    assert_ne!(hits(1, 0), hits(1, 1));
    assert_ne!(hits(1, 0), hits(2, 0));
    for isa in supported() {
        assert_eq!(Darts::of_job(1, 9, isa).hits(1, 99_999), Darts::of_job(1, 9, Isa::Portable).hits(1, 99_999));
    }
}

/// 64 seeds: the z of each is normal, so their sum of squares is chi-square with 64 degrees of
/// freedom (mean 64, deviation 11), and their mean has deviation 1/8. The bounds are 5 deviations;
/// the seeds are fixed, so it never flakes.
#[test]
fn hits_scatter_about_pi_as_a_binomial_does() {
    let z: Vec<f64> = (0..64)
        .map(|seed| {
            let hits = Darts::new(seed, Isa::widest()).hits(seed, BLOCK) as f64;
            (hits - BLOCK as f64 * FRAC_PI_4) / (BLOCK as f64 * FRAC_PI_4 * (1.0 - FRAC_PI_4)).sqrt()
        })
        .collect();
    let mean = z.iter().sum::<f64>() / 64.0;
    let squares: f64 = z.iter().map(|z| z * z).sum();
    assert!(mean.abs() < 5.0 / 8.0, "mean z {mean}");
    assert!((squares - 64.0).abs() < 5.0 * 128f64.sqrt(), "chi-square {squares}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_walk_gives_the_oracle_s_hits(seed: u64, first in 0..1u64 << 50, samples in 0..20_000u64) {
        let expected = scalar::hits(seed, first, samples);
        for isa in supported() {
            prop_assert_eq!(Darts::new(seed, isa).hits(first, samples), expected, "{}", isa);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn spans_add_up(seed: u64, first in 0..1u64 << 50, cut in 0..3u64, samples in 3 * BLOCK..3 * BLOCK + 9999) {
        let mut darts = Darts::new(seed, Isa::widest());
        let whole = darts.hits(first, samples);
        let parts = darts.hits(first + cut, samples - cut * BLOCK) + darts.hits(first, cut * BLOCK);
        prop_assert_eq!(parts, whole);
    }
}
