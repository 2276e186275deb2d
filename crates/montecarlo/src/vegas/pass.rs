//! The sums of one pass over all boxes: plain ones, in the order of the samples.
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
