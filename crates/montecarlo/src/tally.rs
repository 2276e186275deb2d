//! What samples of an integrand add up to: how many, the sum of their values and the sum of the
//! squares, the largest part of that, and how many are not numbers.
//!
//! Inside a block sums are plain, in an order that is fixed ([`sampler`](super::sampler)); from
//! block to block they are [`Exact`], so that merging is associative and a span's sums have the
//! same bits however it was cut. A plain sum has at most 2^12 terms, so it is off by 2^12 roundings
//! at most (5e-13 relative; by their square root in fact).
//!
//! Values may have any size: a block whose squares would underflow or overflow brings sums of
//! values times a power of two ([`Scale`]), which is taken out here.
//!
//! Values that are not numbers are in no sum. What they count as is decided when sums are read, so
//! a checkpoint serves whatever is decided.
//!
//! Memory: 2.8 KiB; written down about 60 bytes. Run time: 256 exact additions a block, 1 us.

use std::ops::Range;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::chi_square::ChiSquare;
use super::exact::{Exact, ExactSquares};
use super::sampler::LaneSums;
use super::scale::Scale;

/// Sums over a run of samples. Values are less a shift that every rank knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Samples whose value is a number.
    numbers: u64,
    /// Samples whose value is not.
    nans: u64,
    first: Exact,
    second: ExactSquares,
    /// Of each block: its sum, squared, over its number of samples.
    squares: ExactSquares,
    /// Blocks in it.
    blocks: u64,
    /// The largest sum of squares of one place in a row over a block, 2^12 samples at most; 0 where
    /// all are.
    peak: Peak,
    /// The first block with a value that is not a number.
    first_nan: Option<u64>,
    /// The first block with an infinite value.
    first_infinite: Option<u64>,
}

/// A number that is no less than 0, of any size: exponent and fraction, compared in this order.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub(super) struct Peak {
    exponent: i32,
    fraction: f64,
}

impl Default for Peak {
    /// 0
    fn default() -> Peak {
        Peak { exponent: i32::MIN, fraction: 0.0 }
    }
}

impl Peak {
    /// `x * 2^exponent`.
    pub(super) fn new(x: f64, exponent: i32) -> Peak {
        let (fraction, own) = libm::frexp(x);
        if x > 0.0 { Peak { exponent: own + exponent, fraction } } else { Peak::default() }
    }

    /// Whether it can be the square of a double, or a sum of 2^12 of them.
    pub(super) fn is_sound(self) -> bool {
        self == Peak::default() || (0.5..1.0).contains(&self.fraction) && (-2200..2200).contains(&self.exponent)
    }

    pub(super) fn max(self, other: Peak) -> Peak {
        if other > self { other } else { self }
    }

    /// About its square root: within a factor of 2.
    pub(super) fn root(self) -> f64 {
        if self.fraction > 0.0 { libm::scalbn(1.0, self.exponent / 2) } else { 0.0 }
    }

    /// Times 2^exponent.
    pub(super) fn value_scaled(self, exponent: i32) -> f64 {
        if self.fraction > 0.0 { libm::scalbn(self.fraction, self.exponent.saturating_add(exponent)) } else { 0.0 }
    }
}

impl Tally for Sums {
    fn merge(&mut self, next: Sums) {
        self.numbers += next.numbers;
        self.nans += next.nans;
        self.first.merge(&next.first);
        self.second.merge(&next.second);
        self.squares.merge(&next.squares);
        self.blocks += next.blocks;
        self.peak = self.peak.max(next.peak);
        self.first_nan = self.first_nan.or(next.first_nan);
        self.first_infinite = self.first_infinite.or(next.first_infinite);
    }
}

impl Sums {
    /// Adds the sums of `samples` samples of `block`, which are those of values times the factor of
    /// `scale`.
    pub(super) fn add_block(&mut self, block: u64, samples: u64, lanes: &LaneSums, scale: Scale) {
        let exponent = -scale.exponent();
        let numbers = samples - lanes.nans();
        (self.numbers, self.nans) = (self.numbers + numbers, self.nans + lanes.nans());
        if numbers < samples && self.first_nan.is_none() {
            self.first_nan = Some(block);
        }
        if numbers == 0 {
            return;
        }
        let sum: f64 = lanes.first.0.iter().sum();
        if !sum.is_finite() {
            // Scaled as they are, finite values have a finite sum. Nothing can be said of others
            // but where they are.
            self.first_infinite = self.first_infinite.or(Some(block));
            return;
        }
        let largest = lanes.second.0.iter().fold(0.0, |a: f64, &b| a.max(b));
        self.peak = self.peak.max(Peak::new(largest, 2 * exponent));
        self.blocks += 1;
        self.squares.add_scaled(sum * (sum / numbers as f64), 2 * exponent);
        lanes.first.0.iter().for_each(|&sum| self.first.add_scaled(sum, exponent));
        lanes.second.0.iter().for_each(|&sum| self.second.add_scaled(sum, 2 * exponent));
    }

    /// Whether it can be the tally of these blocks: sums of squares are not negative, and blocks
    /// with values that are not finite are among them.
    pub fn is_sound(&self, blocks: Range<u64>) -> bool {
        let is_there = |block: Option<u64>| block.is_none_or(|block| blocks.contains(&block));
        let plain = Scale::Plain;
        self.blocks <= blocks.end - blocks.start
            && is_there(self.first_nan)
            && is_there(self.first_infinite)
            && self.peak.is_sound()
            && !(self.second(plain) < 0.0 || self.squares.value_scaled(plain.exponent()) < 0.0)
    }

    /// The same with 0 as the value of every sample that is not a number. `shift` is what was taken
    /// from every value.
    #[must_use]
    pub fn with_zeros(mut self, shift: f64) -> Sums {
        if self.nans == 0 {
            return self;
        }
        let scale = Scale::of(shift.abs());
        let scaled = shift * scale.factor();
        for bit in (0..u64::BITS).filter(|bit| self.nans >> bit & 1 == 1) {
            self.first.add_scaled(-shift, bit as i32);
            self.second.add_scaled(scaled * scaled, bit as i32 - 2 * scale.exponent());
        }
        self.peak = self.peak.max(Peak::new(scaled * scaled, -2 * scale.exponent()));
        self.numbers += std::mem::take(&mut self.nans);
        // The sums of blocks would have been others.
        self.blocks = 0;
        self
    }

    /// How many samples there are, numbers or not.
    pub fn samples(&self) -> u64 {
        // A forged checkpoint may claim any numbers.
        self.numbers.saturating_add(self.nans)
    }

    /// How many samples have a number as their value.
    pub fn numbers(&self) -> u64 {
        self.numbers
    }

    /// How many have none.
    pub fn nans(&self) -> u64 {
        self.nans
    }

    /// What values less the shift must be multiplied by for their squares to be in range.
    pub fn scale(&self) -> Scale {
        Scale::of(self.peak.root())
    }

    /// The largest part of the sum of squares that stands alone: one sample's of up to 128, that of
    /// up to 2^12 samples of many.
    pub fn peak(&self, scale: Scale) -> f64 {
        self.peak.value_scaled(2 * scale.exponent())
    }

    /// The sum of the values less the shift, times the factor of `scale`; rounded once.
    pub fn first(&self, scale: Scale) -> f64 {
        self.first.value_scaled(scale.exponent())
    }

    /// The sum of the squares of those, rounded once.
    pub fn second(&self, scale: Scale) -> f64 {
        self.second.value_scaled(2 * scale.exponent())
    }

    /// How the sums of the blocks scatter; `None` for fewer than two, or where values do not
    /// differ.
    pub fn chi_square(&self) -> Option<ChiSquare> {
        let (n, scale) = (self.numbers as f64, self.scale());
        let mean_part = self.first(scale) * (self.first(scale) / n);
        let variance = (self.second(scale) - mean_part) / (n - 1.0);
        let squares = self.squares.value_scaled(2 * scale.exponent());
        ChiSquare::new((squares - mean_part).max(0.0) / variance, self.blocks)
    }

    /// The first block with a value that is not a number.
    pub fn first_nan(&self) -> Option<u64> {
        self.first_nan
    }

    /// The first block with an infinite value.
    pub fn first_infinite(&self) -> Option<u64> {
        self.first_infinite
    }
}
