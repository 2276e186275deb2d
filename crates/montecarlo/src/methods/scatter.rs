//! Every method over 200 fixed seeds: are its errors what it says they are?
//!
//! z = (estimate - pi) / standard error should be a normal number (a bit wider where the error has
//! 15 degrees of freedom). Of 200, the mean has deviation 0.07, the mean square 0.1, and of 95 %
//! intervals 190 +- 3.1 cover. The bounds are four deviations, and the seeds are fixed, so nothing
//! here can flake.

use std::f64::consts::PI;

use super::antithetic::Antithetic;
use super::control::Control;
use super::pairs::{PairIntegrand, Pairs};
use super::sobol::{self, Points, REPLICATES, net::Net};
use super::stratified::{self, Strata};
use crate::darts::Darts;
use crate::estimate::Estimate;
use montesieve_kernel::isa::Isa;

const SEEDS: u64 = 200;

fn check(samples: u64, reduction: [f64; 2], estimate: impl Fn(u64) -> Estimate) {
    let estimates: Vec<Estimate> = (0..SEEDS).map(|seed| estimate(1000 + seed)).collect();
    let mean = |f: &dyn Fn(&Estimate) -> f64| estimates.iter().map(f).sum::<f64>() / SEEDS as f64;
    let z = |estimate: &Estimate| (estimate.pi - PI) / estimate.std_error;
    let (bias, square) = (mean(&z), mean(&|estimate| z(estimate).powi(2)));
    assert!(bias.abs() < 0.3, "mean z {bias}");
    assert!((0.6..1.6).contains(&square), "mean z^2 {square}");
    let covered = estimates.iter().filter(|e| e.ci95[0] <= PI && PI <= e.ci95[1]).count();
    assert!((178..=199).contains(&covered), "{covered} of 200 intervals cover");
    // By the errors that were claimed, and by those that were made.
    let claimed = PI * (4.0 - PI) / samples as f64 / mean(&|estimate| estimate.std_error.powi(2));
    let made = PI * (4.0 - PI) / samples as f64 / mean(&|estimate| (estimate.pi - PI).powi(2));
    assert!((reduction[0]..reduction[1]).contains(&claimed), "claimed {claimed}, made {made}");
    assert!((0.6..1.6).contains(&(made / claimed)), "claimed {claimed}, made {made}");
}

fn pairs<I: PairIntegrand>(seed: u64) -> Estimate {
    Pairs::new(seed, Isa::widest()).sums::<I>(seed, 1 << 13).estimate::<I>().expect("pairs")
}

fn nets(seed: u64, log_points: u32) -> Estimate {
    let mut counts = sobol::Counts::default();
    for r in 0..REPLICATES {
        let net = Net::new(&Points::new(seed, r), log_points);
        let count = net.count(0..net.rows());
        (counts.points[r], counts.hits[r]) = (count.points, count.hits);
    }
    counts.estimate(log_points).expect("complete")
}

fn strata(seed: u64, samples: u64) -> Estimate {
    let strata = Strata::new(samples, seed);
    stratified::estimate(&strata.count(0..strata.rows())).expect("darts")
}

#[test]
fn darts() {
    check(1 << 14, [0.9, 1.1], |seed| {
        Estimate::new(Darts::new(seed, Isa::widest()).hits(seed, 1 << 14), 1 << 14).expect("darts")
    });
}

#[test]
fn antithetic() {
    check(1 << 14, [11.5, 13.0], pairs::<Antithetic>);
}

#[test]
fn control() {
    check(1 << 14, [390.0, 450.0], pairs::<Control>);
}

#[test]
fn stratified_of_many_sizes() {
    for samples in [1000, 1 << 16, 3_000_000] {
        let root = (samples as f64).sqrt();
        check(samples, [0.40 * root, 0.52 * root], |seed| strata(seed, samples));
    }
}

#[test]
fn sobol_of_many_sizes() {
    for log_points in [8, 13, 18] {
        let samples = (REPLICATES as u64) << log_points;
        let root = (samples as f64).sqrt();
        check(samples, [0.18 * root, 0.33 * root], |seed| nets(seed, log_points));
    }
}
