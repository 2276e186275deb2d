//! The bins of finished blocks, in exact sums, and the parts of an integral that they estimate.
//!
//! Stands beside `histogram`, which fills the bins of one block. A *unit* is what is independent:
//! a sample, a block, or one of 16 replicates.
//!
//! - **Samples.** Of n, S and Q are the sums of the values in a bin and of their squares. The part
//!   is S / n, and its squared error (Q/n - (S/n)^2) / (n - 1). That loses digits where nearly all
//!   samples are in one bin and hardly differ; a bin of all samples is the whole integral, whose
//!   error is known better. No shift is taken: far from a peak it would be larger than the values.
//! - **Blocks.** Their estimates e may agree in ten digits and more. So e^2 is added in two numbers
//!   without rounding, and n Q - S^2 is computed from sums in two numbers each.
//! - **Replicates.** The mean of their means, and its error as [`nets`](crate::nets) have it, but
//!   no less than that of the edges. An edge is a jump, and the points of a net are even: an
//!   interval [0, u) has floor(N u) or one more of the N points of a replicate, that one with
//!   probability t, the fraction of N u. Its variance is t (1 - t), times the square of a value
//!   over N. Where all 16 replicates have the same number by chance, their means do not show it.

use std::collections::BTreeMap;
use std::ops::Range;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::BlockBin;
use crate::exact::{Exact, ExactSquares, Superaccumulator};
use crate::mean::{means_of_replicates, spread};
use crate::student::t95;

/// Below this share of the mean square, a spread of samples cannot be told from rounding: 2^-40.
const NO_SPREAD: f64 = 1.0 / (1u64 << 40) as f64;

/// The same of the estimates of blocks, whose squares are exact, relative to their size: 2^-46.
const NO_SPREAD_OF_BLOCKS: f64 = 1.0 / (1u64 << 46) as f64;

/// The least variance of the number of points below an edge, unless it is 0: one point in 16
/// replicates is then no surprise.
const LEAST_EDGE_VARIANCE: f64 = 1.0 / 16.0;

/// How far from a point of the grid an edge lies that is one of it, up to rounding, for each point.
const ON_GRID: f64 = 1.0 / (1u64 << 40) as f64;

/// What is independent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Unit {
    #[default]
    Sample,
    Block,
    /// One of this number.
    Replicate(usize),
}

/// The sums of a replicate, or of all units of another kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct BinSums {
    /// Samples or blocks; points of a replicate.
    units: u64,
    /// For each bin its samples (none for blocks), the sum of the values, and that of the squares.
    counts: Vec<u64>,
    first: Vec<Exact>,
    second: Vec<ExactSquares>,
}

/// What blocks have added to the bins of all histograms of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BinTally {
    unit: Unit,
    /// The sums of each replicate by its number; number 0 for all units of another kind.
    replicates: BTreeMap<usize, BinSums>,
    /// The ends of each bin in the cube of the points: of replicates alone.
    ends: Vec<[f64; 2]>,
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
        for (replicate, sums) in next.replicates {
            match self.replicates.get_mut(&replicate) {
                Some(here) => here.merge(&sums),
                None => drop(self.replicates.insert(replicate, sums)),
            }
        }
    }
}

impl BinSums {
    /// The sums of single values.
    fn of_values(units: u64, bins: &[BlockBin]) -> BinSums {
        BinSums {
            units,
            counts: bins.iter().map(|bin| bin.count).collect(),
            first: bins.iter().map(|bin| scaled(bin.sum, -bin.exponent)).collect(),
            second: bins.iter().map(|bin| scaled(bin.squares, -2 * bin.exponent)).collect(),
        }
    }

    fn merge(&mut self, next: &BinSums) {
        self.units = self.units.saturating_add(next.units);
        self.counts.iter_mut().zip(&next.counts).for_each(|(here, there)| *here = here.saturating_add(*there));
        self.first.iter_mut().zip(&next.first).for_each(|(here, there)| here.merge(there));
        self.second.iter_mut().zip(&next.second).for_each(|(here, there)| here.merge(there));
    }

    fn has_sound_sums(&self, bins: usize) -> bool {
        let is_bin = |second: &ExactSquares| second.value_scaled(-1100) >= 0.0;
        self.first.len() == bins && self.second.len() == bins && self.second.iter().all(is_bin)
    }

    fn has_sound_counts(&self, bins: usize) -> bool {
        self.counts.len() == bins && self.counts.iter().all(|&count| count <= self.units)
    }

    /// The part of the samples in a bin, times 2 to the power that is returned with it.
    fn of_samples(&self, bin: usize) -> (f64, Option<f64>, i32) {
        let n = self.units as f64;
        let exponent = -size(&self.second[bin], n);
        let first = self.first[bin].value_scaled(exponent) / n;
        let second = self.second[bin].value_scaled(2 * exponent) / n;
        let around = second - first * first;
        let error = (around > NO_SPREAD * second).then(|| (around / (n - 1.0)).sqrt());
        (first, error, exponent)
    }

    /// The part of the estimates of blocks in a bin.
    fn of_blocks(&self, bin: usize) -> (f64, Option<f64>, i32) {
        let n = self.units as f64;
        let exponent = -size(&self.second[bin], n);
        let first = in_two(&self.first[bin], exponent);
        let second = in_two(&self.second[bin], 2 * exponent);
        // n Q - S^2.
        let (high, low) = product(n, second.0);
        let square = product(first.0, first.0);
        let around = (high - square.0) + (low + n * second.1 - square.1 - 2.0 * first.0 * first.1);
        let spread = (around.max(0.0) / (n * (n - 1.0))).sqrt();
        let is_known = spread > NO_SPREAD_OF_BLOCKS * (first.0 / n).abs();
        (first.0 / n, is_known.then(|| spread / n.sqrt()), exponent)
    }
}

/// The exponent of the root of the mean of squares.
fn size(squares: &ExactSquares, n: f64) -> i32 {
    let in_range = RANGES.map(|exponent| (squares.value_scaled(-exponent), exponent));
    let found = in_range.into_iter().find(|(sum, _)| sum.is_normal());
    found.map_or(0, |(sum, exponent)| (libm::frexp(sum / n).1 + exponent) / 2)
}

/// Divided by 2 to one of these powers, any sum of squares is a normal number.
const RANGES: [i32; 3] = [0, 1100, -1126];

/// The variance of the number of points of a replicate below an edge of the cube.
fn edge_variance(edge: f64, points: u64) -> f64 {
    let at = edge * points as f64;
    let fraction = at - at.floor();
    let is_on_grid = fraction.min(1.0 - fraction) <= points as f64 * ON_GRID;
    if is_on_grid { 0.0 } else { (fraction * (1.0 - fraction)).max(LEAST_EDGE_VARIANCE) }
}

/// A sum times 2^`exponent`, and what rounding it has left out.
fn in_two<const N: usize, const LOW: i32>(sum: &Superaccumulator<N, LOW>, exponent: i32) -> (f64, f64) {
    let high = sum.value_scaled(exponent);
    let mut rest = sum.clone();
    rest.add_scaled(-high, -exponent);
    (high, rest.value_scaled(exponent))
}

/// The product of two numbers, and its rounding error (Dekker 1971).
fn product(a: f64, b: f64) -> (f64, f64) {
    let split = |x: f64| {
        let high = f64::from_bits(x.to_bits() & !((1 << 27) - 1));
        (high, x - high)
    };
    let (high, (a1, a2), (b1, b2)) = (a * b, split(a), split(b));
    (high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2)
}

impl BinTally {
    fn new(unit: Unit, replicate: usize, sums: BinSums) -> BinTally {
        BinTally { unit, replicates: BTreeMap::from([(replicate, sums)]), ends: Vec::new() }
    }

    /// `units` samples.
    pub(super) fn of_samples(units: u64, bins: &[BlockBin]) -> BinTally {
        BinTally::new(Unit::Sample, 0, BinSums::of_values(units, bins))
    }

    /// The estimates of a block, times 2^`power`.
    pub(super) fn of_block(power: i32, bins: &[BlockBin]) -> BinTally {
        let mut sums = BinSums { units: 1, ..BinSums::default() };
        for bin in bins {
            let exponent = -bin.exponent - power;
            let (high, low) = product(bin.sum, bin.sum);
            let mut second: ExactSquares = scaled(high, 2 * exponent);
            second.add_scaled(low, 2 * exponent);
            sums.first.push(scaled(bin.sum, exponent));
            sums.second.push(second);
        }
        BinTally::new(Unit::Block, 0, sums)
    }

    /// `points` points of number `replicate` in `of`, in bins with these `ends`.
    pub(super) fn of_replicate(
        (replicate, of): (usize, usize),
        points: u64,
        bins: &[BlockBin],
        ends: Vec<[f64; 2]>,
    ) -> BinTally {
        BinTally { ends, ..BinTally::new(Unit::Replicate(of), replicate, BinSums::of_values(points, bins)) }
    }

    /// The parts of an integral over a region of `volume`, for these bins of all histograms; `None`
    /// while there is no estimate. A bin with all samples is the `whole`, if that is known.
    pub fn parts(&self, bins: Range<usize>, whole: Option<Part>, volume: f64) -> Option<Vec<Part>> {
        let sums = self.replicates.values().next()?;
        let of = if let Unit::Replicate(of) = self.unit { of } else { 1 };
        if self.replicates.len() < of || self.replicates.values().any(|sums| sums.units == 0) {
            return None;
        }
        let (fraction, own) = libm::frexp(volume);
        let has_all = |bin: usize| self.unit == Unit::Sample && sums.counts[bin] == sums.units;
        let part = |bin: usize| {
            if let Some(whole) = whole.filter(|_| has_all(bin)) {
                return whole;
            }
            let (mean, error, exponent) = match self.unit {
                Unit::Sample => sums.of_samples(bin),
                Unit::Block => sums.of_blocks(bin),
                Unit::Replicate(_) => self.of_replicates(bin),
            };
            let unscaled = |x: f64| libm::scalbn(fraction * x, own - exponent);
            Part { estimate: unscaled(mean), std_error: error.map(unscaled).filter(|error| error.is_normal()) }
        };
        let parts: Vec<Part> = bins.map(part).collect();
        parts.iter().all(|part| part.estimate.is_finite()).then_some(parts)
    }

    /// Degrees of freedom of the errors: one less than what is independent.
    pub fn degrees_of_freedom(&self) -> u64 {
        let units = self.replicates.values().next().map_or(0, |sums| sums.units);
        let independent = if let Unit::Replicate(of) = self.unit { of as u64 } else { units };
        independent.saturating_sub(1).max(1)
    }

    /// Standard errors to each end of a 95 % interval: Student's t.
    pub fn t95(&self) -> f64 {
        t95(self.degrees_of_freedom())
    }

    fn of_replicates(&self, bin: usize) -> (f64, Option<f64>, i32) {
        let sums: Vec<(u64, &Exact)> = self.replicates.values().map(|sums| (sums.units, &sums.first[bin])).collect();
        let (means, exponent) = means_of_replicates(&sums, 0.0);
        let (mean, spread) = spread(&means);
        let of_edges = self.error_of_edges(bin, exponent);
        let error = if spread > of_edges { spread } else { of_edges };
        let last_digit = mean.abs() * f64::EPSILON / 2.0;
        (mean, (error > 0.0).then_some(if error > last_digit { error } else { last_digit }), exponent)
    }

    /// The standard error of the mean of all replicates that comes from the edges of a bin, times
    /// 2^`exponent`: values there are as large as the root of their mean square in the bin.
    fn error_of_edges(&self, bin: usize, exponent: i32) -> f64 {
        let replicates = self.replicates.len() as f64;
        let count: u64 = self.replicates.values().map(|sums| sums.counts[bin]).sum();
        let squares: f64 = self.replicates.values().map(|sums| sums.second[bin].value_scaled(2 * exponent)).sum();
        let variance = |sums: &BinSums| {
            let at_edges: f64 = self.ends[bin].iter().map(|&edge| edge_variance(edge, sums.units)).sum();
            at_edges / (sums.units as f64 * sums.units as f64)
        };
        let variances: f64 = self.replicates.values().map(variance).sum();
        if count == 0 { 0.0 } else { (variances * (squares / count as f64)).sqrt() / replicates }
    }

    /// Whether it can be of this number of bins and samples: for tallies from files.
    pub fn is_sound_of_samples(&self, bins: usize, samples: u64) -> bool {
        let are_counts = self.replicates.values().all(|sums| sums.has_sound_counts(bins));
        self.unit == Unit::Sample && self.is_sound_of_units(bins, samples) && are_counts
    }

    /// The same for blocks.
    pub fn is_sound_of_blocks(&self, bins: usize, blocks: u64) -> bool {
        self.unit == Unit::Block && self.is_sound_of_units(bins, blocks)
    }

    fn is_sound_of_units(&self, bins: usize, units: u64) -> bool {
        let sums = self.replicates.get(&0);
        self.replicates.len() == 1 && sums.is_some_and(|sums| sums.units == units && sums.has_sound_sums(bins))
    }

    /// The same for replicates, of which each has its number of `points`.
    pub fn is_sound_of_replicates(&self, bins: usize, points: &[u64]) -> bool {
        let is_sound = |(replicate, &points): (usize, &u64)| match self.replicates.get(&replicate) {
            Some(sums) => sums.units == points && sums.has_sound_sums(bins) && sums.has_sound_counts(bins),
            None => points == 0,
        };
        let are_ends = |&[low, high]: &[f64; 2]| 0.0 <= low && low <= high && high <= 1.0;
        self.unit == Unit::Replicate(points.len())
            && self.ends.len() == bins
            && self.ends.iter().all(are_ends)
            && points.iter().enumerate().all(is_sound)
            && self.replicates.keys().all(|&replicate| replicate < points.len())
    }
}

/// A number times 2^`exponent`, exactly; 0 for one that is not finite, which is only behind a value
/// that ends the job.
fn scaled<const N: usize, const LOW: i32>(x: f64, exponent: i32) -> Superaccumulator<N, LOW> {
    let mut sum = Superaccumulator::default();
    sum.add_scaled(if x.is_finite() { x } else { 0.0 }, exponent);
    sum
}
