//! What samples of an integrand add up to: how many, the sum of their values and the sum of the squares.
//!
//! Inside a block sums are plain, in an order that is fixed ([`sampler`](super::sampler)); from block to block they are
//! [`Exact`], so that merging is associative and a span's sums have the same bits however it was cut. A plain sum has at
//! most 2^12 terms, so it is off by 2^12 roundings at most (5e-13 relative; by their square root in fact).
//!
//! Memory: 1.1 KiB; written down about 40 bytes. Run time: 256 exact additions a block, 1 us.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::chi_square::ChiSquare;
use super::exact::Exact;
use super::sampler::LaneSums;

/// Sums over a run of samples. Values are less a shift that every rank knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    samples: u64,
    first: Exact,
    second: Exact,
    /// Of each block: its sum, squared, over its number of samples.
    squares: Exact,
    blocks: u64,
    /// The first block in which a sum is no finite number.
    bad: Option<u64>,
}

impl Sums {
    /// Adds the sums of `samples` samples of `block`.
    pub(super) fn add_block(&mut self, block: u64, samples: u64, lanes: &LaneSums) {
        self.samples += samples;
        self.blocks += 1;
        let sum: f64 = lanes.first.0.iter().sum();
        self.squares.add(sum * (sum / samples as f64));
        lanes.first.0.iter().for_each(|&sum| self.first.add(sum));
        lanes.second.0.iter().for_each(|&sum| self.second.add(sum));
        if self.bad.is_none() && lanes.first.0.iter().any(|sum| !sum.is_finite()) {
            self.bad = Some(block);
        }
    }

    /// Adds the sums of the samples that come next.
    pub fn merge(&mut self, next: &Sums) {
        self.samples += next.samples;
        self.first.merge(&next.first);
        self.second.merge(&next.second);
        self.squares.merge(&next.squares);
        self.blocks += next.blocks;
        self.bad = self.bad.or(next.bad);
    }

    /// Whether it can be what these blocks come to: sums of squares are not negative, and a bad block is one of them.
    pub fn is_sound(&self, blocks: Range<u64>) -> bool {
        let bad = self.bad.is_none_or(|bad| blocks.contains(&bad));
        // NaN is where a block is bad.
        let negative = |sum: f64| sum < 0.0;
        self.blocks == blocks.end - blocks.start && bad && !negative(self.second()) && !negative(self.squares.value())
    }

    /// How many samples.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The sum of the values less the shift, rounded once.
    pub fn first(&self) -> f64 {
        self.first.value()
    }

    /// The sum of the squares of those, rounded once.
    pub fn second(&self) -> f64 {
        self.second.value()
    }

    /// How the sums of the blocks scatter; `None` for fewer than two blocks, or where values do not differ.
    pub fn chi_square(&self) -> Option<ChiSquare> {
        let n = self.samples as f64;
        let mean_part = self.first() * (self.first() / n);
        let variance = (self.second() - mean_part) / (n - 1.0);
        ChiSquare::new((self.squares.value() - mean_part).max(0.0) / variance, self.blocks)
    }

    /// The first block in which a value, or a sum of values, was no finite number.
    pub fn bad(&self) -> Option<u64> {
        self.bad
    }
}
