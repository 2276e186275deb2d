//! Scrambled Sobol darts: 16 randomised nets of N/16 points, each spread over the square as evenly
//! as can be.
//!
//! Stands beside [`stratified`](super::stratified), which spreads darts over cells of one shape.
//! The first 2^k points of a two-dimensional Sobol sequence are a (0, k, 2)-net: **every box of
//! 2^-a by 2^-(k-a) has exactly one of them**, whatever a. Evenness alone has no error estimate, so
//! each of [`REPLICATES`] nets is randomised independently, and the spread of their hits is the
//! error.
//!
//! **Points.** Coordinates have 63 bits (see [`quarter`](super::quarter)). Bit c of a point's
//! number brings in the column c of each coordinate's matrix, all by xor. In x it is bit c from the
//! top (van der Corput's sequence); in y, the polynomial x + 1 gives v_c = v_(c-1) ^ (v_(c-1) >> 1)
//! from v_0 = the top bit, which is Pascal's triangle modulo 2.
//!
//! **Scramble.** Each coordinate is multiplied by a random lower triangular matrix of bits with a
//! diagonal of ones, and a random shift is xored on (Matousek). Every box keeps its one point, and
//! every point alone is uniform, so the mean of a net's hits is exact, whatever the number of
//! points. The bits come from Philox, key = seed, counter = (replicate, column).
//!
//! **Error.** With h_r hits of n points in replicate r of R, s^2 = (sum (h_r - mean)^2 + 1) / (R -
//! 1):
//!
//! `pi = 4 mean(h) / n`, `standard error = 4 s / (n sqrt(R))`, interval: Student's t with R - 1
//! degrees of freedom.
//!
//! The one stands for what a difference of less than a hit could not show, so that no error is 0.
//! 16 replicates: their error grows as R^(1/4) at a given N, and the t of fewer than 15 degrees is
//! wide; 8 to 32 differ by 10 %. An incomplete job speaks of its complete replicates, if there are
//! two.
//!
//! [`net`] counts a net's hits in O(sqrt(n)); [`Points`] is the definition, and `--algorithm
//! scalar`.
//!
//! References: I. M. Sobol, "On the distribution of points in a cube" (1967); J. Matousek, "On the
//! L2-discrepancy for anchored boxes", J. Complexity 14 (1998); A. B. Owen, "Variance with
//! alternative scramblings of digital nets", TOMACS 13 (2003).

pub mod net;

use std::ops::Range;

use super::quarter::{self, BITS, is_inside};
use crate::estimate::Estimate;
use crate::philox::philox2x64;

/// Independently scrambled nets.
pub const REPLICATES: usize = 16;

/// The upper part of Philox's counter: no other method has it.
const TAG: u64 = 1 << 62;

/// Binary logarithms of the least and the greatest number of points of a net: 2^5 to 2^63 samples
/// in all.
const LOG_POINTS: Range<u32> = 1..60;

/// The binary logarithm of the points of each net, for `samples` in all: the next power of two,
/// within limits.
pub fn log_points(samples: u64) -> u32 {
    let each = samples.div_ceil(REPLICATES as u64);
    each.next_power_of_two().trailing_zeros().clamp(LOG_POINTS.start, LOG_POINTS.end - 1)
}

/// The matrices of the sequence: column c of x and of y.
fn columns() -> [[u64; 2]; BITS as usize] {
    let top = 1u64 << (BITS - 1);
    let mut column = [top, top];
    std::array::from_fn(|c| {
        if c > 0 {
            column = [column[0] >> 1, column[1] ^ column[1] >> 1];
        }
        column
    })
}

/// A scrambled sequence: the point of any number.
#[derive(Clone, Debug)]
pub struct Points {
    columns: [[u64; 2]; BITS as usize],
    shift: [u64; 2],
}

#[inline(always)]
fn xor(a: [u64; 2], b: [u64; 2]) -> [u64; 2] {
    [a[0] ^ b[0], a[1] ^ b[1]]
}

impl Points {
    /// The sequence of `seed` in one replicate.
    pub fn new(seed: u64, replicate: usize) -> Points {
        let random = |row: u32| philox2x64(seed, [replicate as u64, TAG | u64::from(row)]);
        // Column `bit` of a lower triangular matrix: the bit itself, and random ones below.
        let triangle: [[u64; 2]; BITS as usize] = std::array::from_fn(|bit| {
            let one = 1u64 << bit;
            random(bit as u32).map(|word| one | word & (one - 1))
        });
        let product = |dimension: usize, vector: u64| {
            (0..BITS as usize).filter(|bit| vector >> bit & 1 == 1).fold(0, |sum, bit| sum ^ triangle[bit][dimension])
        };
        let columns = columns().map(|[x, y]| [product(0, x), product(1, y)]);
        Points { columns, shift: random(BITS).map(|word| word >> 1) }
    }

    /// Point number `number`, in O(63).
    pub fn point(&self, number: u64) -> [u64; 2] {
        let set = self.columns.iter().enumerate().filter(|(bit, _)| number >> bit & 1 == 1);
        set.fold(self.shift, |sum, (_, &column)| xor(sum, column))
    }

    /// The points of these numbers, as numbers of [0, 1) and whether they hit. For pictures.
    pub fn pictured(&self, numbers: Range<u64>) -> Vec<(f64, f64, bool)> {
        numbers.map(|number| quarter::pictured(self.point(number))).collect()
    }

    /// Hits among the points of these numbers, one by one.
    pub fn hits(&self, numbers: Range<u64>) -> u64 {
        numbers.map(|number| u64::from(is_inside(self.point(number)))).sum()
    }
}

/// What a run of blocks adds up to, by replicate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Points.
    pub points: [u64; REPLICATES],
    /// Points inside the circle.
    pub hits: [u64; REPLICATES],
}

impl Counts {
    /// Adds the counts of other points.
    pub fn add(&mut self, more: &Counts) {
        for r in 0..REPLICATES {
            self.points[r] += more.points[r];
            self.hits[r] += more.hits[r];
        }
    }

    /// Hits of the replicates whose 2^`log_points` points are all there.
    fn complete(&self, log_points: u32) -> impl Iterator<Item = u64> {
        self.points
            .into_iter()
            .zip(self.hits)
            .filter(move |&(points, _)| points == 1 << log_points)
            .map(|(_, hits)| hits)
    }

    /// Points in complete replicates.
    pub fn samples(&self, log_points: u32) -> u64 {
        (self.complete(log_points).count() as u64) << log_points
    }

    /// The estimate from the complete replicates; `None` for fewer than two. All integer but for
    /// the last operations.
    pub fn estimate(&self, log_points: u32) -> Option<Estimate> {
        let replicates = self.complete(log_points).count() as u128;
        if replicates < 2 {
            return None;
        }
        // Hits stay below 2^59, so 16 squares and their 16-fold do in 126 bits.
        let (sum, squares) = self
            .complete(log_points)
            .map(u128::from)
            .fold((0, 0), |(sum, squares), hits| (sum + hits, squares + hits * hits));
        let around = (replicates * squares - sum * sum) as f64 / replicates as f64;
        let (count, points) = (replicates as f64, (1u64 << log_points) as f64);
        let variance = (around + 1.0) / (count - 1.0);
        let (pi, std_error) = (4.0 * (sum as f64 / (count * points)), 4.0 * ((variance / count).sqrt() / points));
        Some(Estimate::student(pi, std_error, replicates as u64 - 1))
    }
}

#[cfg(test)]
mod tests;
