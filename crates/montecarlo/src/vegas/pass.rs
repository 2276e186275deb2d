//! The sums of one pass over all boxes, for a component and for two of them: plain ones, in the
//! order of the samples.
//!
//! Stands between `sampler`, which brings the values, and `tally`, where passes are added exactly.

use super::tally::Pass;

/// The sums of a pass over the boxes, and of the box in work. Values are less a shift, about their
/// mean: near a perfect map their squares would differ in the last digits alone.
#[derive(Clone, Copy, Default)]
pub(super) struct PassSums {
    shift: f64,
    estimate: f64,
    variance: f64,
    largest: f64,
    count: f64,
    first: f64,
    second: f64,
}

impl PassSums {
    /// Nothing yet, of values less `shift`.
    pub(super) fn new(shift: f64) -> PassSums {
        PassSums { shift, ..PassSums::default() }
    }

    /// Adds samples of the box in work, which ends with them if `is_end`.
    pub(super) fn add(&mut self, values: &[f64], is_end: bool) {
        for &value in values {
            let value = value - self.shift;
            self.first += value;
            self.second += value * value;
        }
        self.count += values.len() as f64;
        if is_end {
            let mean = self.first / self.count;
            let around = self.second - mean * self.first;
            let variance = if around > 0.0 { around / (self.count * (self.count - 1.0)) } else { 0.0 };
            self.estimate += mean;
            self.variance += variance;
            self.largest = if variance > self.largest { variance } else { self.largest };
            (self.count, self.first, self.second) = (0.0, 0.0, 0.0);
        }
    }

    /// The pass over all `boxes`, with these degrees of freedom.
    pub(super) fn pass(&self, boxes: usize, degrees: u64) -> Pass {
        let boxes = boxes as f64;
        Pass {
            estimate: self.estimate / boxes,
            variance: self.variance / (boxes * boxes),
            largest: self.largest / (boxes * boxes),
            degrees,
        }
    }
}

/// The products of two components in a pass, and those of the box in work.
pub(super) struct PairSums {
    shifts: [f64; 2],
    covariance: f64,
    count: f64,
    first: [f64; 2],
    products: f64,
}

impl PairSums {
    /// Nothing yet, of values less the shifts of these sums.
    pub(super) fn new(sums: [&PassSums; 2]) -> PairSums {
        PairSums { shifts: sums.map(|sums| sums.shift), covariance: 0.0, count: 0.0, first: [0.0; 2], products: 0.0 }
    }

    /// Adds the values of samples of the box in work, which ends with them if `is_end`.
    pub(super) fn add(&mut self, [one, other]: [&[f64]; 2], is_end: bool) {
        for (one, other) in one.iter().zip(other) {
            let (one, other) = (one - self.shifts[0], other - self.shifts[1]);
            self.first[0] += one;
            self.first[1] += other;
            self.products += one * other;
        }
        self.count += one.len() as f64;
        if is_end {
            let around = self.products - self.first[0] / self.count * self.first[1];
            self.covariance += around / (self.count * (self.count - 1.0));
            (self.count, self.first, self.products) = (0.0, [0.0; 2], 0.0);
        }
    }

    /// The covariance of the estimates of a pass over all `boxes`.
    pub(super) fn covariance(&self, boxes: usize) -> f64 {
        self.covariance / (boxes as f64 * boxes as f64)
    }
}
