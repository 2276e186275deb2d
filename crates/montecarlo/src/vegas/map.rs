//! The map of VEGAS: for each dimension a function from (0, 1) onto (0, 1) that is linear between
//! [`BINS`] edges.
//!
//! Bin b maps y from b / BINS to (b + 1) / BINS onto x from edge b to edge b + 1. So points are
//! dense where bins are narrow. The Jacobian is the product over the dimensions of BINS times the
//! width of the bin.
//!
//! **Refinement.** The variance of f J is smallest when the density of points along a dimension is
//! proportional to sqrt(E[f^2 | x_d]). Let m be the mean square of f J over an interval of y. Under
//! the present density p, m is E[f^2 | x_d] / p^2, so the best new density would be p sqrt(m).
//!
//! Five things keep the noise of the sums out of the map:
//! - half a step, p m^(1/4): the map is then a mean over stages, of which the last ones are the
//!   largest;
//! - two passes of smoothing over neighbours before the root and two after it;
//! - a floor: no interval loses more than a factor of 11 of its density in one step;
//! - a resolution that is fitted to the number of samples that matter ([`resolution`]);
//! - a prior: every interval counts as if it had another half of a sample of the largest value.
//!
//! These come from trials with 1e5 to 1e7 samples: Genz's families in 5 and 8 dimensions, a peak in
//! 6, an Asian option in 16 and a ridge in 4. Full steps have 1.3 to 3 times the standard
//! deviation. Without smoothing they starve what a stage has missed by chance: a discontinuous
//! integrand was off by 4.6 errors. Without the prior, and with a resolution by the number of all
//! samples, the map followed the noise of a thin ridge. One sample in 8,000 has all its weight, and
//! estimates were up to 20 errors off. The price: a peak in 6 dimensions takes 1e6 samples instead
//! of 3e5 until its map is good.
//!
//! Run time: one step about 20 us a dimension. Memory: 8 KiB a dimension.

use serde::{Deserialize, Serialize};

use super::mapped::Bins;
use super::training::IntervalSums;

/// Bins of a dimension. A peak that is mapped flat varies by about 2 / BINS from bin to bin.
pub(super) const BINS: usize = 512;

/// The least mean square of an interval in units of that of all: 2^-14, whose fourth root is the
/// factor.
const FLOOR: f64 = 1.0 / 16384.0;

/// Intervals of a dimension whose sums `samples` samples tell apart: a power of two. What matters
/// is how many have weight, not how many there are.
///
/// The error of a map has two parts: slopes within an interval fall as 1 / R^2, noise of the sums
/// grows as R / n. Their sum is least where R^3 is a multiple of n, by trial 64 n.
pub(super) fn resolution(samples: u64) -> usize {
    let cube_root = 4.0 * libm::cbrt(samples as f64);
    (cube_root as usize).next_power_of_two().clamp(8, BINS)
}

/// What every interval has more than its samples, in units of the largest square. A few samples of
/// a ridge fall into intervals by chance: those without one must not lose their density.
const PRIOR: f64 = 0.5;

/// Weights that differ by less, relative to the largest, are equal: those of a constant. The
/// integers behind them have 24 bits. A step would only add its rounding to the edges, which makes
/// bins of width 1 / BINS differ by 2^-41: more than 1e9 + x does in a narrow box.
const SAME_WEIGHT: f64 = 1.0 / (1u64 << 24) as f64;

/// A map of the unit cube onto itself, each dimension alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// BINS + 1 edges of each dimension, from 0 to 1.
    edges: Vec<f64>,
}

impl Map {
    /// The map that changes nothing.
    pub fn identity(dimension: usize) -> Map {
        let edges = (0..=BINS).map(|edge| edge as f64 / BINS as f64);
        Map { edges: (0..dimension).flat_map(|_| edges.clone()).collect() }
    }

    /// Coordinates of a point.
    pub fn dimension(&self) -> usize {
        self.edges.len() / (BINS + 1)
    }

    /// The edges of a dimension's bins: BINS + 1 numbers from 0 to 1 that do not fall.
    pub fn edges(&self, dimension: usize) -> &[f64] {
        &self.edges[dimension * (BINS + 1)..][..BINS + 1]
    }

    /// The point behind the map whose image is `x`.
    ///
    /// # Panics
    /// If the map lacks the dimension.
    pub fn inverse(&self, dimension: usize, x: f64) -> f64 {
        let edges = self.edges(dimension);
        let bin = edges.partition_point(|&edge| edge <= x).clamp(1, BINS) - 1;
        let (left, right) = (edges[bin], edges[bin + 1]);
        let inside = if right > left { (x - left) / (right - left) } else { 0.0 };
        ((bin as f64 + inside.clamp(0.0, 1.0)) / BINS as f64).clamp(0.0, 1.0)
    }

    /// Left edge and width of every bin, for the kernels.
    pub(super) fn bins(&self) -> Vec<Bins> {
        let of = |edges: &[f64]| std::array::from_fn(|bin| [edges[bin], edges[bin + 1] - edges[bin]]);
        self.edges.chunks_exact(BINS + 1).map(of).collect()
    }

    /// The map of the next stage. `sums` has for each dimension the squares of f J in equal
    /// intervals of y, a power of two of them; the largest single square is `largest_square`. If
    /// all are 0, bins stay.
    ///
    /// # Panics
    /// If the sums are not those of as many dimensions.
    #[must_use]
    pub(super) fn refined(&self, sums: &[IntervalSums], largest_square: u64) -> Map {
        let dimension = self.dimension();
        assert!(sums.len().is_multiple_of(dimension) && sums.len() >= dimension, "sums for every dimension");
        let each = sums.len() / dimension;
        // How many samples of the largest value would give this sum of squares.
        let total = sums.iter().map(|sums| sums.second as f64).sum::<f64>() / dimension as f64;
        let effective = if largest_square > 0 { (total / largest_square as f64) as u64 } else { 0 };
        let joined = each / resolution(effective).min(each);
        let of = |(sums, edges): (&[IntervalSums], &[f64])| {
            let sums: Vec<IntervalSums> = sums.chunks_exact(joined).map(IntervalSums::all).collect();
            let weights = weights(&sums, PRIOR * largest_square as f64);
            if are_equal(&weights) { edges.to_vec() } else { refined(edges, &weights) }
        };
        Map { edges: sums.chunks_exact(each).zip(self.edges.chunks_exact(BINS + 1)).flat_map(of).collect() }
    }
}

/// The new density of each interval in units of the present one. By means, not by sums: how many
/// samples an interval has is chance. `prior` is what each interval has more, as a sum of squares.
fn weights(sums: &[IntervalSums], prior: f64) -> Vec<f64> {
    let of = |number: fn(&IntervalSums) -> u64| sums.iter().map(|sums| number(sums) as f64).collect::<Vec<f64>>();
    let twice = |numbers: &[f64]| smoothed(&smoothed(numbers));
    let (counts, squares) = (twice(&of(|sums| sums.count)), twice(&of(|sums| sums.second)));
    let samples = counts.iter().sum::<f64>();
    let mean_of_all = squares.iter().sum::<f64>() / samples;
    let more = prior * sums.len() as f64 / samples;
    let mean = |(square, count): (f64, &f64)| if *count > 0.0 { square / count + more } else { mean_of_all };
    let roots: Vec<f64> = squares
        .into_iter()
        .zip(&counts)
        .map(mean)
        .map(|mean| if mean > FLOOR * mean_of_all { mean } else { FLOOR * mean_of_all }.sqrt().sqrt())
        .collect();
    twice(&roots)
}

/// Whether weights differ by no more than the rounding of values to integers.
fn are_equal(weights: &[f64]) -> bool {
    let extremes = |(low, high): (f64, f64), &w: &f64| (if w < low { w } else { low }, if w > high { w } else { high });
    let (low, high) = weights.iter().fold((f64::INFINITY, 0.0), extremes);
    high - low <= SAME_WEIGHT * high
}

/// Each number averaged with its neighbours.
fn smoothed(numbers: &[f64]) -> Vec<f64> {
    let last = numbers.len() - 1;
    let mean = |i: usize| (numbers[i.saturating_sub(1)] + 6.0 * numbers[i] + numbers[(i + 1).min(last)]) / 8.0;
    (0..=last).map(mean).collect()
}

/// New edges, so that each bin has the same weight. `weights` are those of equal intervals of y.
fn refined(edges: &[f64], weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    if !(total > 0.0 && total.is_finite()) {
        return edges.to_vec();
    }
    let intervals = weights.len();
    let bins_each = BINS / intervals;
    let mut new = vec![0.0];
    // The interval that the next edge lies in, and the weight in front of it.
    let (mut interval, mut before) = (0, 0.0);
    for edge in 1..BINS {
        let wanted = total * (edge as f64 / BINS as f64);
        while interval + 1 < intervals && before + weights[interval] < wanted {
            before += weights[interval];
            interval += 1;
        }
        let share = (wanted - before) / weights[interval];
        let share = if share < 1.0 { share } else { 1.0 };
        // In bins of the present map, of which an interval has one or more.
        let place = (interval as f64 + share) * bins_each as f64;
        let bin = (place as usize).min(BINS - 1);
        let x = edges[bin] + (place - bin as f64) * (edges[bin + 1] - edges[bin]);
        // Rounding must not take an edge beyond its neighbours.
        let last = new[edge - 1];
        new.push(if x > last { if x < 1.0 { x } else { 1.0 } } else { last });
    }
    new.push(1.0);
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Intervals of 10 samples each, with these sums of squares.
    fn intervals(squares: impl IntoIterator<Item = u64>) -> Vec<IntervalSums> {
        squares.into_iter().map(|second| IntervalSums { count: 10, second }).collect()
    }

    fn is_a_map(edges: &[f64]) -> bool {
        edges.len() == BINS + 1 && edges.is_sorted() && (edges[0], edges[BINS]) == (0.0, 1.0)
    }

    #[test]
    fn equal_sums_change_nothing() {
        let map = Map::identity(3);
        assert_eq!(map.refined(&intervals([7; 3 * 64]), 1), map);
        // The squares of values that differ by a quarter of a unit: that of the integers is 2^-24.
        let nearly = |i: u64| (1 << 40) + (i % 3) * (1 << 15);
        assert_eq!(map.refined(&intervals((0..3 * 64).map(nearly)), 1), map);
        assert_ne!(map.refined(&intervals((0..3 * 64).map(|i| (1 << 40) + (i << 20))), 1), map);
        assert_eq!(map.refined(&intervals([0; 3 * 64]), 0), map);
        // How many samples an interval has does not matter.
        let uneven: Vec<_> =
            (0..64).map(|i| IntervalSums { count: 10 + i % 7, second: (30 + 3 * (i % 7)) << 40 }).collect();
        assert_eq!(Map::identity(1).refined(&uneven, 1), Map::identity(1));
    }

    /// Where the mean square is 16 times as large, half a step makes bins half as wide.
    #[test]
    fn widths_are_as_one_over_the_fourth_root_of_the_mean_square() {
        let sums = (0..64).map(|i| if i < 32 { 16_000_000 } else { 1_000_000 });
        let map = Map::identity(1).refined(&intervals(sums), 1);
        let edges = map.edges(0);
        assert!(is_a_map(edges));
        let width = |bin: usize| edges[bin + 1] - edges[bin];
        assert!((width(500) / width(10) - 2.0).abs() < 1e-6);
        // Two thirds of the bins lie in the first half.
        let inside = edges.iter().filter(|&&x| x < 0.5).count();
        assert!((339..345).contains(&inside), "{inside}");
    }

    /// 64 intervals of which every eighth has one sample, all of one size.
    #[test]
    fn few_samples_draw_no_fine_map() {
        let noise = intervals((0..64).map(|i| if i % 8 == 3 { 1_000_000 } else { 0 }));
        let ratio = |largest_square| {
            let map = Map::identity(1).refined(&noise, largest_square);
            let widths = map.edges(0).windows(2).map(|ends| ends[1] - ends[0]);
            widths.clone().fold(0.0, f64::max) / widths.fold(1.0, f64::min)
        };
        assert!(ratio(1) > 2.0, "many small samples: {}", ratio(1));
        assert!(ratio(1_000_000) < 1.0001, "8 samples: {}", ratio(1_000_000));
    }

    /// One sample alone in 8 intervals: with half a sample more for all, the fourth root of 3.
    #[test]
    fn one_sample_pulls_a_little() {
        let one = intervals((0..8).map(|i| if i == 4 { 1_000_000 } else { 0 }));
        let map = Map::identity(1).refined(&one, 1_000_000);
        let density: Vec<f64> = map.edges(0).windows(2).map(|ends| 1.0 / (ends[1] - ends[0])).collect();
        let ratio = density.iter().copied().fold(0.0, f64::max) / density.iter().copied().fold(1e9, f64::min);
        assert!((1.1..3f64.sqrt().sqrt()).contains(&ratio), "{ratio}");
    }

    #[test]
    fn any_sums_give_a_map() {
        let mut map = Map::identity(1);
        // One interval has everything: the map shrinks to it and stays a map.
        for _ in 0..60 {
            let mut sums = vec![0; 256];
            sums[77] = u64::MAX;
            map = map.refined(&intervals(sums), 1);
            assert!(is_a_map(map.edges(0)));
        }
        assert!(is_a_map(map.refined(&intervals([u64::MAX; 8]), 1).edges(0)));
    }

    #[test]
    fn repeated_steps_find_the_best_density() {
        // f = x^3: the best density is that of f itself, whose distribution function is x^4.
        let mut map = Map::identity(1);
        for _ in 0..12 {
            let bins = map.bins();
            let mean_square = |[left, width]: [f64; 2]| {
                let middle = left + width / 2.0;
                (middle.powi(3) * width * BINS as f64).powi(2)
            };
            map = map.refined(&intervals(bins[0].iter().map(|&bin| (mean_square(bin) * 1e12) as u64)), 1);
        }
        for (edge, x) in map.edges(0).iter().enumerate().skip(50) {
            assert!((x.powi(4) - edge as f64 / BINS as f64).abs() < 5e-3, "{edge}: {x}");
        }
    }

    #[test]
    fn the_resolution_is_a_power_of_two_that_grows() {
        assert_eq!([1, 128, 8192, 1 << 19, u64::MAX].map(resolution), [8, 32, 128, 512, 512]);
    }
}
