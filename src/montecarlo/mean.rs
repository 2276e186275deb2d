//! From sums to an integral: the estimate, its standard error and its 95 % interval.
//!
//! The integral is the volume times the mean of the values, and its standard error the volume times s / sqrt(n), with
//! s^2 = (sum of squares - (sum)^2 / n) / (n - 1).
//!
//! That difference is known for losing all its digits, and even its sign, when the values are large beside their spread. Not
//! here: a *shift*, the mean of the first 128 values, is taken from every value before it is added or squared, so that both
//! terms are of the size of the spread itself. The sums are exact from block to block ([`tally`](super::tally)), so there
//! is nothing that Welford's running mean could improve, and unlike his updates they merge in any grouping. What
//! is left of rounding is cut off: a spread below 2^-40 of the mean square of the shifted values is no spread.
//!
//! **No spread, no error.** When all samples have one value (a peak that nothing has hit, a constant), the formula says 0 and
//! means "I do not know". So the error is then `None`, as it is for one sample. And no error is
//! smaller than half a unit in the last place of the estimate.
//!
//! Values that are 0 or 1 are better known: their error is Wilson's ([`estimate`](super::estimate)), which exists even
//! without a hit. All others get Student's t with n - 1 degrees of freedom: exact for normal values, and for any others as
//! good as the central limit theorem at that n. Integrands with rare, huge values need more samples than they seem to.

use super::estimate::Estimate;
use super::student::t95;
use super::tally::Sums;

/// Below this share of the mean square, a spread cannot be told from rounding: 2^14 roundings of 2^-53 each are 2^-39 at worst.
const NO_SPREAD: f64 = 1.0 / (1u64 << 40) as f64;

/// What sums say about an integral.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The estimate of the integral.
    pub estimate: f64,
    /// Its standard error, above 0; `None` when nothing is known about it.
    pub std_error: Option<f64>,
    /// The 95 % interval; `None` with it.
    pub ci95: Option<[f64; 2]>,
}

impl Mean {
    /// From sums of values less `shift`, for a region of `volume`. `None` without samples.
    pub fn new(sums: &Sums, shift: f64, volume: f64) -> Option<Mean> {
        let n = sums.samples() as f64;
        if sums.samples() == 0 {
            return None;
        }
        let (first, second) = (sums.first(), sums.second());
        let estimate = volume * (shift + first / n);
        let around = (second - first * (first / n)).max(0.0);
        let is_known = sums.samples() > 1 && around.is_finite() && around > NO_SPREAD * second;
        let std_error = is_known.then(|| {
            let error = volume * (around / (n - 1.0)).sqrt() / n.sqrt();
            error.max(estimate.abs() * f64::EPSILON / 2.0)
        });
        let ci95 = std_error.map(|error| {
            let half = t95(sums.samples() - 1) * error;
            [estimate - half, estimate + half]
        });
        Some(Mean { estimate, std_error, ci95 })
    }

    /// From sums of values that are 0 or 1, without a shift. `None` without samples.
    pub fn of_hits(sums: &Sums, volume: f64) -> Option<Mean> {
        // Beyond 2^53 the number of hits is rounded, as every count is that goes into a formula.
        let hits = (sums.first() as u64).min(sums.samples());
        let share = Estimate::new(hits, sums.samples())?;
        // Estimates of pi are 4 times the share of hits; a quarter of a float is exact.
        let scaled = |x: f64| volume * (x / 4.0);
        let ci95 = share.ci95.map(scaled);
        Some(Mean { estimate: scaled(share.pi), std_error: Some(scaled(share.std_error)), ci95: Some(ci95) })
    }

    /// How many standard errors the estimate lies above `exact`.
    pub fn z(&self, exact: f64) -> Option<f64> {
        self.std_error.map(|error| (self.estimate - exact) / error)
    }
}
