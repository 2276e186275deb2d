//! From sums to an integral: the estimate, its standard error and its 95 % interval.
//!
//! The integral is the volume times the mean of the values, and its standard error the volume times
//! s / sqrt(n), with s^2 = (sum of squares - (sum)^2 / n) / (n - 1).
//!
//! That difference is known for losing all its digits, and even its sign, when the values are large
//! beside their spread. Not here: a *shift*, the mean of the first 128 values, is taken from every
//! value before it is added or squared, so that both terms are of the size of the spread itself.
//! The sums are exact from block to block ([`tally`](super::tally)), so there is nothing that
//! Welford's running mean could improve, and unlike his updates they merge in any grouping. What is
//! left of rounding is cut off: a spread below 2^-40 of the mean square of the shifted values is no
//! spread.
//!
//! Values may have any size. Sums are read times a power of two that keeps squares in range
//! ([`Scale`]), and it is taken out of the answer, as is the volume's own
//! exponent: nothing overflows on the way to an answer that does not.
//!
//! **No spread, no error.** When all samples have one value (a peak that nothing has hit, a
//! constant), the formula says 0 and means "I do not know". So the error is then `None`, as it is
//! for one sample. It is also `None` where estimate and error underflow: that is 0 +- 0 again. And
//! no error is smaller than half a unit in the last place of the estimate.
//!
//! Values that are 0 or 1 are better known: their error is Wilson's
//! ([`estimate`](super::estimate)), which exists even without a hit. All others get Student's t
//! with n - 1 degrees of freedom: exact for normal values, and for any others as good as the
//! central limit theorem at that n.
//!
//! **May the interval be believed?** Not where a few values carry the sum: then the next such value
//! will move the estimate by more than the error says. The sign is the *largest share* of the sum
//! of squares: that of one sample, or of one of the 128 places of a block, whose sums are at hand
//! where the samples are not. It falls like 1/n where values are bounded, and not at all where the
//! variance is infinite (1/x, x^-0.9). Above a tenth the interval is in [`Doubt`]:
//! docs/montecarlo.md has the coverage behind it.

use std::borrow::Borrow;

use super::estimate::Estimate;
use super::exact::Exact;
use super::scale::Scale;
use super::student::t95;
use super::tally::Sums;

/// Below this share of the mean square, a spread cannot be told from rounding: 2^14 roundings of
/// 2^-53 each are 2^-39 at worst.
const NO_SPREAD: f64 = 1.0 / (1u64 << 40) as f64;

/// Above this largest share an interval is in doubt.
const TOO_LARGE_A_SHARE: f64 = 0.1;

/// Fewer samples than this are few: even values that are bounded may have too large a share.
const FEW: u64 = 1000;

/// Why a 95 % interval may cover less often than it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A few of many samples carry the sum: rare, huge values, or an infinite variance.
    HeavyTail,
    /// There are few samples, and one of them carries much of the sum.
    FewSamples,
}

/// What sums say about an integral.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The estimate of the integral.
    pub estimate: f64,
    /// Its standard error, above 0; `None` when nothing is known about it.
    pub std_error: Option<f64>,
    /// The 95 % interval; `None` with it.
    pub ci95: Option<[f64; 2]>,
    /// The largest share of the sum of squares; `None` with it, and for values 0 or 1.
    pub largest_share: Option<f64>,
    /// No standard error is smaller, whatever the number of samples: that of rounding.
    pub least_error: f64,
    /// Values that it is made of.
    numbers: u64,
}

impl Mean {
    /// From sums of values less `shift`, for a region of `volume`. `None` without values.
    pub fn new(sums: &Sums, shift: f64, volume: f64) -> Option<Mean> {
        if sums.numbers() == 0 {
            return None;
        }
        let n = sums.numbers() as f64;
        // From here on values are times the factor, until `unscaled` takes it out again and puts
        // the volume in.
        let scale = sums.scale();
        let scaled = |x: f64| x * scale.factor();
        let (fraction, exponent) = libm::frexp(volume);
        let unscaled = |x: f64| libm::scalbn(fraction * x, exponent - scale.exponent());
        let (first, second) = (sums.first(scale), sums.second(scale));
        let mean = first / n;
        let estimate = unscaled(scaled(shift) + mean);
        let around = (second - first * mean).max(0.0);
        let is_known = sums.numbers() > 1 && around > NO_SPREAD * second;
        let least_error = last_digit(estimate);
        let error = is_known.then(|| unscaled((around / (n - 1.0)).sqrt() / n.sqrt()));
        let std_error = error.and_then(|error| known_error(estimate, error, least_error));
        let ci95 = std_error.map(|error| {
            let half = t95(sums.numbers() - 1) * error;
            [estimate - half, estimate + half]
        });
        let largest_share = std_error.map(|_| (sums.peak(scale) / around).min(1.0));
        Some(Mean { estimate, std_error, ci95, largest_share, least_error, numbers: sums.numbers() })
    }

    /// From an estimate, its standard error and that of rounding, all times 2^`exponent` and before
    /// they are multiplied by `volume`. The error has been estimated with `degrees` degrees of
    /// freedom, from `numbers` values.
    pub(super) fn from_parts(
        (estimate, std_error, rounding): (f64, Option<f64>, f64),
        exponent: i32,
        volume: f64,
        largest_share: Option<f64>,
        numbers: u64,
        degrees: u64,
    ) -> Mean {
        let (fraction, own) = libm::frexp(volume);
        let unscaled = |x: f64| libm::scalbn(fraction * x, own - exponent);
        let estimate = unscaled(estimate);
        let least_error = last_digit(estimate).max(unscaled(rounding));
        let std_error = std_error.and_then(|error| known_error(estimate, unscaled(error), least_error));
        let ci95 = std_error.map(|error| [estimate - t95(degrees) * error, estimate + t95(degrees) * error]);
        let largest_share = largest_share.filter(|_| std_error.is_some());
        Mean { estimate, std_error, ci95, largest_share, least_error, numbers }
    }

    /// Whether all of it is within the range of `f64`.
    pub fn is_finite(&self) -> bool {
        let ends = self.ci95.unwrap_or_default();
        [self.estimate, self.std_error.unwrap_or(0.0), ends[0], ends[1]].into_iter().all(f64::is_finite)
    }

    /// Why the interval may cover less often than it says, if there is a reason.
    pub fn doubt(&self) -> Option<Doubt> {
        let is_few = self.numbers < FEW;
        self.largest_share
            .filter(|&share| share > TOO_LARGE_A_SHARE)
            .map(|_| if is_few { Doubt::FewSamples } else { Doubt::HeavyTail })
    }

    /// From sums of values that are 0 or 1, without a shift. `None` without samples.
    pub fn of_hits(sums: &Sums, volume: f64) -> Option<Mean> {
        // Beyond 2^53 the number of hits is rounded, as every count is that goes into a formula.
        let hits = (sums.first(Scale::Plain) as u64).min(sums.samples());
        let share = Estimate::new(hits, sums.samples())?;
        // Estimates of pi are 4 times the share of hits; a quarter of a float is exact.
        let scaled = |x: f64| volume * (x / 4.0);
        let ci95 = share.ci95.map(scaled);
        Some(Mean {
            estimate: scaled(share.pi),
            std_error: Some(scaled(share.std_error)),
            ci95: Some(ci95),
            largest_share: None,
            least_error: last_digit(scaled(share.pi)),
            numbers: sums.numbers(),
        })
    }

    /// How many standard errors the estimate lies above `exact`.
    pub fn z(&self, exact: f64) -> Option<f64> {
        self.std_error.map(|error| (self.estimate - exact) / error)
    }
}

/// The standard error to report, at least that of rounding. `None` where the estimate underflows to
/// 0 and the error has lost its digits: the smallest numbers there are would pose as an error.
fn known_error(estimate: f64, error: f64, least_error: f64) -> Option<f64> {
    let is_lost = estimate == 0.0 && error < f64::MIN_POSITIVE;
    let error = if error > least_error { error } else { least_error };
    (!is_lost).then_some(error)
}

/// The means of replicates, from the number of values of each and their sum, times 2 to a power
/// that keeps squares of these means and of `shift` in range; and that power.
pub(super) fn means_of_replicates<S: Borrow<Exact>>(sums: &[(u64, S)], shift: f64) -> (Vec<f64>, i32) {
    let size = |x: f64, exponent: i32| if x == 0.0 { i32::MIN } else { libm::frexp(x).1 + exponent };
    let sizes = sums.iter().map(|(_, sum)| size(sum.borrow().value_scaled(-64), 64));
    let largest = sizes.fold(size(shift, 0), i32::max);
    let exponent = if largest == i32::MIN { 0 } else { (-largest).clamp(-900, 900) };
    let mean = |(count, sum): &(u64, S)| sum.borrow().value_scaled(exponent) / *count as f64;
    (sums.iter().map(mean).collect(), exponent)
}

/// The mean of the means of all replicates, and its standard error.
pub(super) fn spread(means: &[f64]) -> (f64, f64) {
    let replicates = means.len() as f64;
    // So that the mean of equal numbers is that number.
    let mean = means[0] + means.iter().map(|mean| mean - means[0]).sum::<f64>() / replicates;
    let around: f64 = means.iter().map(|part| (part - mean) * (part - mean)).sum();
    (mean, (around / (replicates * (replicates - 1.0))).sqrt())
}

/// Half a unit in the last place of an estimate: no sum is more exact.
fn last_digit(estimate: f64) -> f64 {
    (estimate.abs() * f64::EPSILON / 2.0).max(f64::from_bits(1))
}
