//! Lepage's ridge: narrow Gaussian peaks, evenly spaced along the diagonal of the cube.
//!
//! f(x) = (1/N) sum over i < N of (100/pi)^(D/2) exp(-100 sum_d (x_d - t_i)^2), with t_i = i / (N -
//! 1). A map of each coordinate alone sees a flat function, so this is the integrand that needs
//! strata. Genz's families are products or functions of one sum; this one is neither.
//!
//! With the mean m of the coordinates and R = sum_d (x_d - m)^2, the exponent is -100 R - c (m -
//! t_i)^2 with c = 100 D: centred, so nothing cancels near a peak. With h = 1 / (N - 1), peak j + k
//! of a run of peaks from j on has the exponential
//!
//!   exp(-c (m - t_j)^2) * q^k * exp(-c h^2 k^2),  q = exp(2 c h (m - t_j)).
//!
//! So a run is a polynomial in q with fixed, positive coefficients: a product and a sum for each
//! peak instead of an exponential, at a relative error below 1e-12.
//!
//! Exact: the mean over i of ((erf(10 (1 - t_i)) + erf(10 t_i)) / 2)^D.
//!
//! Run time: 2 N operations a point, and two exponentials for each 128 peaks. Memory: 1 KiB.
//! Reference: G. P. Lepage, "Adaptive multidimensional integration: vegas enhanced", J. Comput.
//! Phys. 439 (2021) 110386, and the tutorial of his program vegas.

use super::parameters::{Bad, Parameter, Parameters};
use super::{Entry, Integrand, Row};
use crate::elementary;
use crate::sampler::Kernel;

pub(super) const ENTRY: Entry = Entry {
    name: "ridge",
    about: "Lepage's ridge: narrow peaks along the diagonal, in 1 to 20 dimensions",
    parameters: &[
        Parameter::new("dim", "D", "4", "Dimensions, 1 to 20"),
        Parameter::new("peaks", "N", "1000", "Peaks, 2 to 100000"),
    ],
    make,
};

/// The factor of squared distances in the exponent.
const STEEPNESS: f64 = 100.0;

/// Most peaks in a run: its two exponentials are then a fifth of its time, and errors of q^k stay
/// near 3e-14.
const MOST_RUN: usize = 128;

/// The largest logarithm of q^k in a run, and the least one of what it is multiplied by: their sum
/// and difference stay in the range of normal numbers.
const LARGEST_POWER: f64 = 300.0;
const LEAST_FACTOR: f64 = -700.0;

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    let (dimension, peaks) = (parameters.whole("dim", 1..=20)?, parameters.whole("peaks", 2..=100_000)?);
    Ok(Box::new(Ridge::new(dimension, peaks)))
}

#[derive(Clone)]
struct Ridge {
    dimension: usize,
    peaks: usize,
    /// exp(-c h^2 k^2) for each k of a run.
    coefficients: Vec<f64>,
    /// (100/pi)^(D/2) / N
    height: f64,
}

impl Ridge {
    fn new(dimension: usize, peaks: usize) -> Ridge {
        let (steepness, gap) = (STEEPNESS * dimension as f64, 1.0 / (peaks - 1) as f64);
        let run = (LARGEST_POWER / (2.0 * steepness * gap)) as usize;
        let coefficient = |k: usize| libm::exp(-steepness * (k as f64 * gap) * (k as f64 * gap));
        let height = libm::pow(STEEPNESS / std::f64::consts::PI, dimension as f64 / 2.0) / peaks as f64;
        Ridge { dimension, peaks, coefficients: (0..run.clamp(1, MOST_RUN)).map(coefficient).collect(), height }
    }

    /// The place of a peak on the diagonal.
    fn place_of(&self, peak: usize) -> f64 {
        peak as f64 / (self.peaks - 1) as f64
    }

    /// The sum over all peaks of exp(-100 D (m - t)^2).
    #[inline(always)]
    fn along(&self, mean: &Row) -> Row {
        let steepness = STEEPNESS * self.dimension as f64;
        let slope = 2.0 * steepness / (self.peaks - 1) as f64;
        let mut total = Row::all(0.0);
        for first in (0..self.peaks).step_by(self.coefficients.len()) {
            let start = self.place_of(first);
            let run = &self.coefficients[..self.coefficients.len().min(self.peaks - first)];
            let mut sum = Row::all(run[run.len() - 1]);
            // A single peak needs no q, which overflows where peaks are far apart.
            if run.len() > 1 {
                let q = elementary::exp(&mean.map(|m| slope * (m - start)));
                for &coefficient in run[..run.len() - 1].iter().rev() {
                    sum.update(&q, |sum, q| sum * q + coefficient);
                }
            }
            // A run so far away adds nothing to the nearest peak, with this exponent or a lesser
            // one.
            let factor = elementary::exp(&mean.map(|m| {
                let exponent = -steepness * ((m - start) * (m - start));
                if exponent < LEAST_FACTOR { LEAST_FACTOR } else { exponent }
            }));
            sum.update(&factor, |sum, factor| sum * factor);
            total.update(&sum, |total, sum| total + sum);
        }
        total
    }
}

impl Integrand for Ridge {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn exact(&self) -> Option<f64> {
        let side = |t: f64| (libm::erf(10.0 * (1.0 - t)) + libm::erf(10.0 * t)) / 2.0;
        // Not `powi`, whose digits differ from platform to platform.
        let peak = |i: usize| (0..self.dimension).map(|_| side(self.place_of(i))).product::<f64>();
        Some((0..self.peaks).map(peak).sum::<f64>() / self.peaks as f64)
    }

    #[inline(always)]
    fn values(&mut self, x: &[Row]) -> Row {
        let (dimension, height) = (self.dimension as f64, self.height);
        let mut mean = Row::all(0.0);
        for x in x {
            mean.update(x, |sum, x| sum + x);
        }
        let mean = mean.map(|sum| sum / dimension);
        let mut off = Row::all(0.0);
        for x in x {
            let square = x.zip(&mean, |x, m| (x - m) * (x - m));
            off.update(&square, |sum, square| sum - STEEPNESS * square);
        }
        self.along(&mean).zip(&elementary::exp(&off), |along, across| height * across * along)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uniform::{Uniforms, WIDTH};
    use montesieve_kernel::isa::Isa;

    /// The formula as it stands. For terms that count, the exponent is at most 100 D in size: a
    /// relative error below 5e-13 in 20 dimensions, 1e-13 in 4.
    fn naive(x: &[f64], peaks: usize) -> f64 {
        let peak = |i: usize| {
            let t = i as f64 / (peaks - 1) as f64;
            libm::exp(-100.0 * x.iter().map(|x| (x - t) * (x - t)).sum::<f64>())
        };
        let height = (100.0 / std::f64::consts::PI).powf(x.len() as f64 / 2.0);
        height * (0..peaks).map(peak).sum::<f64>() / peaks as f64
    }

    /// 128 points: uniform ones, and the same drawn to the diagonal by `spread`.
    fn points(dimension: usize, spread: f64) -> Vec<Row> {
        let mut rows = vec![Row::all(0.0); dimension];
        Uniforms::new(9, Isa::widest()).fill(&mut rows);
        let first = rows[0];
        rows.iter().map(|row| row.zip(&first, |x, first| first + spread * (x - first))).collect()
    }

    #[test]
    fn values_are_those_of_the_formula_to_twelve_digits() {
        for dimension in [1, 2, 4, 20] {
            for peaks in [2, 3, 17, 127, 128, 129, 1000] {
                for spread in [0.0, 1e-9, 0.1, 1.0] {
                    let x = points(dimension, spread);
                    let values = Integrand::values(&mut Ridge::new(dimension, peaks), &x);
                    for lane in 0..WIDTH {
                        let point: Vec<f64> = x.iter().map(|row| row.0[lane]).collect();
                        let (value, expected) = (values.0[lane], naive(&point, peaks));
                        let allowed = 1e-12 * expected + 1e-300;
                        assert!((value - expected).abs() <= allowed, "{peaks} at {point:?}: {value}, {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_peak_has_its_height_and_corners_are_finite() {
        for dimension in [1, 4, 20] {
            let height = (100.0 / std::f64::consts::PI).powf(dimension as f64 / 2.0) / 2.0;
            let mut ridge = Ridge::new(dimension, 2);
            for end in [2f64.powi(-53), 1.0 - 2f64.powi(-53)] {
                let value = Integrand::values(&mut ridge, &vec![Row::all(end); dimension]).0[0];
                assert!((value / height - 1.0).abs() < 1e-12, "{dimension}: {value}, {height}");
            }
        }
        let half: Vec<Row> = (0..20).map(|d| Row::all(f64::from(d % 2))).collect();
        assert_eq!(Integrand::values(&mut Ridge::new(20, 2), &half).0[0], 0.0, "exp(-1000)");
    }

    #[test]
    fn runs_are_as_long_as_their_powers_stay_in_range() {
        let lengths = |dimension, peaks| Ridge::new(dimension, peaks).coefficients.len();
        assert_eq!((lengths(4, 1000), lengths(20, 1000)), (128, 74));
        assert_eq!((lengths(4, 2), lengths(1, 2), lengths(4, 11)), (1, 1, 3));
    }
}
