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
//! Stands beside [`tally`](crate::tally), which takes the error from the spread of single values:
//! points of a net depend on each other.
//!
//! Memory: 9 KiB; written down some 40 bytes for each replicate.

use std::ops::Range;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::REPLICATES;
use super::plan::NetPlan;
use crate::exact::Exact;
use crate::irregular::{BadSample, Irregular, keep_first};
use crate::mean::Mean;

/// Means that differ by less than this, relative to their size, may do so by rounding alone.
const NO_SPREAD: f64 = f64::EPSILON;

/// The points of a replicate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ReplicateSums {
    /// Points whose value is a number.
    numbers: u64,
    /// Points whose value is not.
    nans: u64,
    /// The sum of the values.
    sum: Exact,
}

/// The tally of a span of blocks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetTally {
    replicates: [ReplicateSums; REPLICATES],
    first_nan: Option<BadSample>,
    first_infinite: Option<BadSample>,
}

impl Tally for NetTally {
    fn merge(&mut self, next: NetTally) {
        for (here, there) in self.replicates.iter_mut().zip(&next.replicates) {
            here.numbers += there.numbers;
            here.nans += there.nans;
            here.sum.merge(&there.sum);
        }
        keep_first(&mut self.first_nan, &next.first_nan);
        keep_first(&mut self.first_infinite, &next.first_infinite);
    }
}

impl NetTally {
    /// Points of one block: `sums` are those of the 128 places of a row.
    pub(super) fn of_block(replicate: usize, points: u64, sums: &[f64], irregular: Irregular) -> NetTally {
        let mut tally = NetTally::default();
        let sums_of = &mut tally.replicates[replicate];
        (sums_of.numbers, sums_of.nans) = (points - irregular.nans, irregular.nans);
        sums.iter().for_each(|&sum| sums_of.sum.add(sum));
        NetTally { first_nan: irregular.first_nan, first_infinite: irregular.first_infinite, ..tally }
    }

    /// All points.
    pub fn samples(&self) -> u64 {
        // A forged checkpoint may claim any numbers.
        let points = |sums: &ReplicateSums| sums.numbers.saturating_add(sums.nans);
        self.replicates.iter().map(points).fold(0, u64::saturating_add)
    }

    /// Points whose value is not a number.
    pub fn nans(&self) -> u64 {
        self.replicates.iter().map(|sums| sums.nans).fold(0, u64::saturating_add)
    }

    /// The first sample whose value is not a number.
    pub fn first_nan(&self) -> Option<&BadSample> {
        self.first_nan.as_ref()
    }

    /// The first sample whose value is infinite.
    pub fn first_infinite(&self) -> Option<&BadSample> {
        self.first_infinite.as_ref()
    }

    /// Whether it can be the tally of these blocks of a job: for tallies from files.
    pub fn is_sound(&self, plan: &NetPlan, dimension: usize, blocks: Range<u64>) -> bool {
        let is_there = |bad: Option<&BadSample>| bad.is_none_or(|bad| bad.is_sound(dimension, &blocks));
        let has_points = |(replicate, sums): (usize, &ReplicateSums)| {
            let points = sums.numbers.checked_add(sums.nans);
            points == Some(plan.points_of(replicate, blocks.clone()))
        };
        self.replicates.iter().enumerate().all(has_points)
            && is_there(self.first_nan())
            && is_there(self.first_infinite())
            && self.first_nan.is_some() == (self.nans() > 0)
    }

    /// The integral over a region of `volume`; `None` while a replicate has no value. Values that
    /// are not numbers count as 0, or are left out.
    pub fn mean(&self, volume: f64, nans_are_zero: bool) -> Option<Mean> {
        let count = |sums: &ReplicateSums| sums.numbers + if nans_are_zero { sums.nans } else { 0 };
        let numbers = self.replicates.iter().map(count);
        if numbers.clone().any(|n| n == 0) {
            return None;
        }
        // A power of two keeps squares in range, whatever the size of the values.
        let size = self.replicates.iter().map(|sums| sums.sum.value_scaled(-64).abs()).fold(0.0, f64::max);
        let exponent = if size > 0.0 { (-libm::frexp(size).1).clamp(-900, 900) } else { 0 };
        let mean = |sums: &ReplicateSums| sums.sum.value_scaled(exponent) / count(sums) as f64;
        let means: [f64; REPLICATES] = std::array::from_fn(|r| mean(&self.replicates[r]));
        let replicates = REPLICATES as f64;
        // So that the mean of equal numbers is that number.
        let estimate = means[0] + means.iter().map(|mean| mean - means[0]).sum::<f64>() / replicates;
        let around: f64 = means.iter().map(|mean| (mean - estimate) * (mean - estimate)).sum();
        let error = (around / (replicates * (replicates - 1.0))).sqrt();
        let std_error = (error > NO_SPREAD * estimate.abs() / replicates).then_some(error);
        let degrees = REPLICATES as u64 - 1;
        Some(Mean::from_parts((estimate, std_error), exponent, volume, None, numbers.sum(), degrees))
    }
}
