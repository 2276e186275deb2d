//! What points of 16 replicates add up to, and the integral that they estimate.
//!
//! With m_r the mean of the values of replicate r, over R = 16 of them,
//!
//! `estimate = mean of m_r`, `standard error = sqrt(sum (m_r - estimate)^2 / (R (R - 1)))`,
//!
//! interval: Student's t with R - 1 = 15 degrees of freedom. Every point alone is uniform, so m_r
//! has no bias whatever its number of points. Replicates with unequal numbers (of a job that was
//! stopped) give an estimate too, and nets that are complete a better one.
//!
//! **Rounding is the least error.** Replicates may agree to the last digit: the values are all the
//! same, or a net splits a step evenly. What is left is the rounding of sums. Values are less a
//! shift s when they are added. So each rounding is 2^-53 of what the sum of at most 64 of these
//! has grown to ([`sampler`](super::sampler)), and the last one 2^-53 of the estimate. The standard
//! error is thus at least
//!
//! `2^-52 * volume * (|s| + 4 * root mean square of values less s)`.
//!
//! With the factor 4 no estimate of integrands with steps at 1/2 and 1/4, where both families are
//! exact, was more than 1.3 such errors off (2^12 to 2^22 points). Rounding inside the integrand is
//! not in the error.
//!
//! Where all values are 0 the error is unknown, as it is with plain samples: 0 everywhere is what a
//! peak looks like that no point has hit.
//!
//! **May the interval be believed?** Not where a few values carry the sum, as with random points:
//! the largest share of the sum of squares ([`mean`](crate::mean)) is taken over all points.
//!
//! Stands beside [`tally`](crate::tally), which takes the error from the spread of single values:
//! points of a net depend on each other.
//!
//! Memory: 12 KiB; written down some 40 bytes for each replicate.

use std::ops::Range;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::REPLICATES;
use super::plan::NetPlan;
use crate::exact::Exact;
use crate::irregular::{BadSample, keep_first};
use crate::mean::{Mean, means_of_replicates, spread};
use crate::sampler::LaneSums;
use crate::scale::Scale;
use crate::tally::{Sums, bits};

/// The points of a replicate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ReplicateSums {
    /// Points whose value is a number.
    numbers: u64,
    /// Points whose value is not.
    nans: u64,
    /// The sum of the values less the shift.
    sum: Exact,
}

/// The tally of a span of blocks. Values are less a shift that every rank knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetTally {
    replicates: [ReplicateSums; REPLICATES],
    /// Of all points: for their size, and the largest share of one of them.
    all: Sums,
    pub(super) first_nan: Option<BadSample>,
    pub(super) first_infinite: Option<BadSample>,
}

impl Tally for NetTally {
    fn merge(&mut self, next: NetTally) {
        for (here, there) in self.replicates.iter_mut().zip(&next.replicates) {
            here.numbers += there.numbers;
            here.nans += there.nans;
            here.sum.merge(&there.sum);
        }
        self.all.merge(next.all);
        keep_first(&mut self.first_nan, &next.first_nan);
        keep_first(&mut self.first_infinite, &next.first_infinite);
    }
}

impl ReplicateSums {
    /// The values that count, and their sum: those that are not numbers are left out, or are 0.
    fn counted(&self, shift: f64, nans_are_zero: bool) -> (u64, Exact) {
        let mut sum = self.sum.clone();
        if !nans_are_zero {
            return (self.numbers, sum);
        }
        bits(self.nans).for_each(|bit| sum.add_scaled(-shift, bit));
        (self.numbers.saturating_add(self.nans), sum)
    }
}

impl NetTally {
    /// `points` points of one block, all of one replicate: `lanes` are the sums of their values
    /// times the factor of `scale`.
    pub(super) fn of_block(block: u64, replicate: usize, points: u64, lanes: &LaneSums, scale: Scale) -> NetTally {
        let mut tally = NetTally::default();
        tally.all.add_block(block, points, lanes, scale);
        let sums = &mut tally.replicates[replicate];
        (sums.numbers, sums.nans) = (points - lanes.nans(), lanes.nans());
        if tally.all.first_infinite().is_none() {
            lanes.first.0.iter().for_each(|&sum| sums.sum.add_scaled(sum, -scale.exponent()));
        }
        tally
    }

    /// All points.
    pub fn samples(&self) -> u64 {
        self.all.samples()
    }

    /// Points whose value is not a number.
    pub fn nans(&self) -> u64 {
        self.all.nans()
    }

    /// The first sample whose value is not a number.
    pub fn first_nan(&self) -> Option<&BadSample> {
        self.first_nan.as_ref()
    }

    /// The first sample whose value is infinite.
    pub fn first_infinite(&self) -> Option<&BadSample> {
        self.first_infinite.as_ref()
    }

    /// Whether a value is infinite.
    pub(super) fn has_infinite(&self) -> bool {
        self.all.first_infinite().is_some()
    }

    /// Whether it can be the tally of these blocks of a job: for tallies from files.
    pub fn is_sound(&self, plan: &NetPlan, dimension: usize, blocks: Range<u64>) -> bool {
        let is_there = |bad: Option<&BadSample>| bad.is_none_or(|bad| bad.is_sound(dimension, &blocks));
        let has_points = |(replicate, sums): (usize, &ReplicateSums)| {
            let points = sums.numbers.checked_add(sums.nans);
            points == Some(plan.points_of(replicate, blocks.clone()))
        };
        let total = |count: fn(&ReplicateSums) -> u64| self.replicates.iter().map(count).fold(0, u64::saturating_add);
        self.replicates.iter().enumerate().all(has_points)
            && total(|sums| sums.numbers) == self.all.numbers()
            && total(|sums| sums.nans) == self.all.nans()
            && self.all.is_sound(blocks.clone())
            && is_there(self.first_nan())
            && is_there(self.first_infinite())
            && self.first_nan.is_some() == (self.nans() > 0)
            && self.first_infinite.is_some() == self.has_infinite()
    }

    /// The correlation of the errors of two integrals whose points are the same: that of the means
    /// of their replicates, from values less `shifts`. `None` where one of them has no error.
    pub fn correlation(tallies: [&NetTally; 2], shifts: [f64; 2], nans_are_zero: bool) -> Option<f64> {
        let centred = [0, 1].map(|which| {
            let counted = tallies[which].replicates.each_ref().map(|sums| sums.counted(shifts[which], nans_are_zero));
            let (parts, _) = means_of_replicates(&counted, 0.0);
            let (mean, _) = spread(&parts);
            parts.into_iter().map(|part| part - mean).collect::<Vec<_>>()
        });
        let product = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
        let [one, other] = &centred;
        let sizes = product(one, one).sqrt() * product(other, other).sqrt();
        (sizes > 0.0).then(|| (product(one, other) / sizes).clamp(-1.0, 1.0))
    }

    /// The integral over a region of `volume`, from values less `shift`; `None` while a replicate
    /// has no value. Values that are not numbers count as 0, or are left out.
    pub fn mean(&self, shift: f64, volume: f64, nans_are_zero: bool) -> Option<Mean> {
        let counted = self.replicates.each_ref().map(|sums| sums.counted(shift, nans_are_zero));
        if counted.iter().any(|&(count, _)| count == 0) {
            return None;
        }
        let all = if nans_are_zero { self.all.clone().with_zeros(shift) } else { self.all.clone() };
        let (parts, exponent) = means_of_replicates(&counted, shift);
        let shift_part = libm::scalbn(shift, exponent);
        let (part, error) = spread(&parts);
        let least = f64::EPSILON * (shift_part.abs() + 4.0 * root_mean_square(&all, exponent));
        let std_error = (least > 0.0).then_some(error);
        let share = Mean::new(&all, shift, volume).and_then(|mean| mean.largest_share);
        let numbers = counted.iter().map(|&(count, _)| count).fold(0, u64::saturating_add);
        let degrees = REPLICATES as u64 - 1;
        Some(Mean::from_parts((shift_part + part, std_error, least), exponent, volume, share, numbers, degrees))
    }
}

/// That of all values less the shift, times 2^`exponent`.
fn root_mean_square(all: &Sums, exponent: i32) -> f64 {
    let scale = all.scale();
    let root = (all.second(scale) / all.numbers() as f64).sqrt();
    libm::scalbn(root, exponent - scale.exponent())
}
