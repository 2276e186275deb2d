//! The bins of finished blocks, in exact sums, and the parts of an integral that they estimate.
//!
//! Stands beside `histogram`, which fills the bins of one block. A *unit* is what is independent:
//! a sample, a block, or one of 16 replicates.
//!
//! Of n units with the sum S and the sum of squares Q, the part is S / n and its squared error
//! (Q - S^2 / n) / (n (n - 1)). Of 16 replicates it is the mean of their means, and its error that
//! of [`nets`](crate::nets).

use std::collections::BTreeMap;
use std::ops::Range;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use crate::exact::{Exact, ExactSquares};
use crate::mean::spread;

/// The sums of a replicate, or of all units of another kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct BinSums {
    /// Samples or blocks; points of a replicate.
    units: u64,
    /// For each bin the sum of the values.
    first: Vec<Exact>,
    /// That of the squares; of replicates, nothing.
    second: Vec<ExactSquares>,
}

/// What blocks have added to the bins of all histograms of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BinTally {
    /// The sums of each replicate by its number; number 0 for all units of another kind.
    replicates: BTreeMap<usize, BinSums>,
    /// How many there are in the end.
    of: usize,
    /// Values have been multiplied by 2 to this power.
    exponent: i32,
    /// Whether a sum was out of range: then nothing is known.
    is_lost: bool,
}

/// The part of an integral in a bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Its estimate.
    pub estimate: f64,
    /// One standard error; `None` when nothing is known about it.
    pub std_error: Option<f64>,
}

impl Tally for BinTally {
    fn merge(&mut self, next: BinTally) {
        if self.replicates.is_empty() {
            *self = next;
            return;
        }
        self.is_lost |= next.is_lost;
        for (replicate, sums) in next.replicates {
            match self.replicates.get_mut(&replicate) {
                Some(here) => here.merge(&sums),
                None => drop(self.replicates.insert(replicate, sums)),
            }
        }
    }
}

impl BinSums {
    fn merge(&mut self, next: &BinSums) {
        self.units = self.units.saturating_add(next.units);
        self.first.iter_mut().zip(&next.first).for_each(|(here, there)| here.merge(there));
        self.second.iter_mut().zip(&next.second).for_each(|(here, there)| here.merge(there));
    }

    /// Whether there are squares: the units are samples or blocks.
    fn has_squares(&self) -> bool {
        !self.second.is_empty()
    }

    /// The mean of a bin over all units, and its standard error.
    fn mean(&self, bin: usize) -> (f64, f64) {
        let (n, first, second) = (self.units as f64, self.first[bin].value(), self.second[bin].value());
        let mean = first / n;
        let around = second - first * mean;
        (mean, if around > 0.0 { (around / (n - 1.0)).sqrt() / n.sqrt() } else { 0.0 })
    }
}

impl BinTally {
    /// Units with these sums and sums of squares.
    pub(super) fn of_units(exponent: i32, units: u64, sums: &[[f64; 2]]) -> BinTally {
        let is_lost = !sums.iter().flatten().all(|sum| sum.is_finite());
        let mut found = BinSums { units, ..BinSums::default() };
        for &[sum, squares] in sums {
            found.first.push(exact(sum));
            let mut second = ExactSquares::default();
            second.add(if squares.is_finite() { squares } else { 0.0 });
            found.second.push(second);
        }
        BinTally { replicates: BTreeMap::from([(0, found)]), of: 1, exponent, is_lost }
    }

    /// Points of one replicate of so many, with these sums.
    pub(super) fn of_replicate(
        exponent: i32,
        (replicate, of): (usize, usize),
        points: u64,
        sums: &[[f64; 2]],
    ) -> BinTally {
        let is_lost = !sums.iter().all(|[sum, _]| sum.is_finite());
        let first = sums.iter().map(|&[sum, _]| exact(sum)).collect();
        let found = BinSums { units: points, first, second: Vec::new() };
        BinTally { replicates: BTreeMap::from([(replicate, found)]), of, exponent, is_lost }
    }

    /// The parts of an integral over a region of `volume`, for these bins of all histograms; `None`
    /// while there is no estimate, or where sums were out of range.
    pub fn parts(&self, bins: Range<usize>, volume: f64) -> Option<Vec<Part>> {
        let first = self.replicates.values().next()?;
        if self.is_lost || self.replicates.len() < self.of || self.replicates.values().any(|sums| sums.units == 0) {
            return None;
        }
        let part = |bin: usize| {
            let (mean, error) = if first.has_squares() { first.mean(bin) } else { self.of_replicates(bin) };
            let unscaled = |x: f64| libm::scalbn(x, -self.exponent) * volume;
            // No spread says nothing about the error.
            Part { estimate: unscaled(mean), std_error: (error > 0.0).then(|| unscaled(error)) }
        };
        Some(bins.map(part).collect())
    }

    fn of_replicates(&self, bin: usize) -> (f64, f64) {
        let mean = |sums: &BinSums| sums.first[bin].value() / sums.units as f64;
        let means: Vec<f64> = self.replicates.values().map(mean).collect();
        spread(&means)
    }

    /// Whether it can be of so many `bins` and `units` samples, or blocks: for tallies from files.
    pub fn is_sound_of_units(&self, bins: usize, units: u64) -> bool {
        let is_bin = |second: &ExactSquares| second.value() >= 0.0;
        let sums = self.replicates.get(&0);
        (self.replicates.len(), self.of) == (1, 1)
            && sums.is_some_and(|sums| {
                sums.units == units
                    && sums.first.len() == bins
                    && sums.second.len() == bins
                    && sums.second.iter().all(is_bin)
            })
    }

    /// The same for replicates with so many `points` each.
    pub fn is_sound_of_replicates(&self, bins: usize, points: &[u64]) -> bool {
        let is_sound = |(replicate, &points): (usize, &u64)| match self.replicates.get(&replicate) {
            Some(sums) => sums.units == points && sums.first.len() == bins && !sums.has_squares(),
            None => points == 0,
        };
        self.of == points.len()
            && points.iter().enumerate().all(is_sound)
            && self.replicates.keys().all(|&replicate| replicate < self.of)
    }
}

/// A sum, if it is in range.
fn exact(sum: f64) -> Exact {
    let mut exact = Exact::default();
    exact.add(if sum.is_finite() { sum } else { 0.0 });
    exact
}
