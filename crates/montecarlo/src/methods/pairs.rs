//! Samples that come in pairs: an integrand at x and at 1 - x, and what a run of pairs adds up to.
//!
//! Shared by [`antithetic`](super::antithetic) and [`control`](super::control), which differ in one
//! line of arithmetic. Here are the order of the samples, the exact sums and the error; there is
//! what a pair is worth.
//!
//! **Samples.** Half an output of the streams, k, is one pair: x = (k + 1/2) / 2^32. On the
//! midpoints of 2^32 cells the mean of sqrt(1 - x^2) is right to 2^-48 (its slope at 1 is what
//! costs), far below the error of 2^64 samples. Order: step by step, in a step lane by lane, in a
//! lane the lower half first, as darts have it; a block has 2^14 steps, 2^20 pairs.
//!
//! **Sums.** A pair's value d (its mean less a constant near it, and below 1) and d^2 are rounded
//! to multiples of 2^-42 and added up as integers. Rounding is the addition of 1.5 * 2^10, after
//! which the float's lowest bit is worth 2^-42 and its bits *are* the integer: any instruction set
//! can do it, and all have the same bits. Only correctly rounded operations (+, -, *, square root)
//! come before. So a sum is exact and any grouping gives the same; and 2^-42 is below the error of
//! 2^64 samples, even if all roundings went one way.
//!
//! **Error.** Pairs are independent, the two samples of one are not: over n pairs, with s^2 = (sum
//! d^2 - (sum d)^2 / n) / (n - 1),
//!
//! `pi = 4 (constant + mean d)`, `standard error = 4 s / sqrt(n)`, interval: Student's t with n - 1
//! degrees of freedom.
//!
//! The loop over 32 lanes is plain Rust, compiled three times: LLVM vectorises it as well as
//! intrinsics would, and a sum does not care for registers.
//!
//! Run time: see the integrands. A far block costs a jump (1 us). Memory: 2 KiB.

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::super::streams::{BLOCK_STEPS, LANES, Lanes, Streams};
use crate::estimate::Estimate;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

/// Pairs in a step: two halves of each lane's output.
pub const STEP_PAIRS: u64 = 2 * LANES as u64;

/// Pairs in a block.
pub const BLOCK_PAIRS: u64 = BLOCK_STEPS * STEP_PAIRS;

/// A number in [2^10, 2^11) has steps of 2^-42; this one stays there when a value below 1 is added
/// or taken away.
const ORIGIN: f64 = 1536.0;

/// The worth of an integer in the sums. Blocks stay in 63 bits: 2^20 pairs of less than 2^42 each.
const UNIT: f64 = 1.0 / (1u64 << 42) as f64;

/// A function of pairs whose mean is pi/4 less [`PairIntegrand::CENTRE`].
pub trait PairIntegrand {
    /// The method's name.
    const NAME: &str;

    /// What is left out of the values, so that they are small: pi/4 = `CENTRE` + the mean of
    /// [`PairIntegrand::value`].
    const CENTRE: f64;

    /// What the pair x, 1 - x is worth; `u` is 1 + x. Between -1 and 1.
    fn value(u: f64) -> f64;
}

/// What a run of pairs adds up to, in units of 2^-42.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// How many pairs.
    pub pairs: u64,
    /// The sum of their values.
    pub values: i128,
    /// The sum of the squares.
    pub squares: i128,
}

impl Tally for Sums {
    fn merge(&mut self, next: Sums) {
        self.pairs += next.pairs;
        self.values += next.values;
        self.squares += next.squares;
    }
}

impl Sums {
    /// Whether that number of pairs can have these sums: no value is above 2, and the mean of the
    /// squares is not below the square of the mean, but for the rounding of each value.
    pub fn is_sound(&self) -> bool {
        let (n, most) = (self.pairs as f64, 2.0 / UNIT);
        let (values, squares) = (self.values as f64, self.squares as f64 / UNIT);
        let spread = squares * n - values * values;
        values.abs() <= n * most && (0.0..=n * most * most).contains(&squares) && spread >= -1e-9 * n * n * most * most
    }

    /// The estimate for these pairs of `I`; `None` for fewer than two, whose spread is not known.
    pub fn estimate<I: PairIntegrand>(&self) -> Option<Estimate> {
        if self.pairs < 2 {
            return None;
        }
        let n = self.pairs as f64;
        let (values, squares) = (self.values as f64 * UNIT, self.squares as f64 * UNIT);
        // Equal values do not mean certainty; they differ by less than a unit then.
        let variance = ((squares - values * (values / n)) / (n - 1.0)).max(UNIT * UNIT);
        let (pi, std_error) = (4.0 * (I::CENTRE + values / n), 4.0 * (variance / n).sqrt());
        Some(Estimate::student(pi, std_error, self.pairs - 1))
    }
}

/// Pairs for the given samples: half as many, and at least two. What the streams cannot number is
/// cut off.
pub fn pairs_for(samples: u64) -> u64 {
    (samples / 2 + samples % 2).clamp(2, u64::MAX / 2)
}

/// A rank's workspace: where its lanes stand.
#[derive(Clone, Debug)]
pub struct Pairs {
    isa: Supported,
    streams: Streams,
    lanes: Lanes,
    /// The block whose start the lanes stand at; none after a part of a block.
    at: Option<u64>,
}

impl Pairs {
    /// Pairs of `seed`, by the kernels of `isa`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(seed: u64, isa: Isa) -> Pairs {
        let streams = Streams::new(seed, 0, isa);
        let lanes = streams.start(0);
        Pairs { isa: isa.require(), streams, lanes, at: Some(0) }
    }

    /// Sums of `I` over the `pairs` pairs that begin with the first one of block `first`.
    pub fn sums<I: PairIntegrand>(&mut self, first: u64, pairs: u64) -> Sums {
        let mut sums = Sums::default();
        let whole = first + pairs / BLOCK_PAIRS;
        (first..whole).for_each(|block| sums.merge(self.block_sums::<I>(block, BLOCK_PAIRS)));
        if !pairs.is_multiple_of(BLOCK_PAIRS) {
            sums.merge(self.block_sums::<I>(whole, pairs % BLOCK_PAIRS));
        }
        sums
    }

    /// Sums over the first `pairs` pairs of one block.
    fn block_sums<I: PairIntegrand>(&mut self, block: u64, pairs: u64) -> Sums {
        if self.at != Some(block) {
            self.lanes = self.streams.start(block);
        }
        self.at = (pairs == BLOCK_PAIRS).then(|| block + 1);
        let steps = pairs / STEP_PAIRS;
        let mut total = whole_steps::<I>(self.isa, &mut self.lanes, steps);
        let rest = (pairs % STEP_PAIRS) as usize;
        if rest > 0 {
            let halves = self.lanes.draw().into_iter().flat_map(|output| [lower(output), upper(output)]);
            halves.take(rest).for_each(|u| total.add_pair(I::value(u)));
        }
        total
    }
}

impl Sums {
    fn add_pair(&mut self, value: f64) {
        let units = |value: f64| i128::from((value + ORIGIN).to_bits().wrapping_sub(ORIGIN.to_bits()) as i64);
        self.pairs += 1;
        self.values += units(value);
        self.squares += units(value * value);
    }
}

/// 1 + x for the lower half of an output: its 32 bits lead the fraction of a float in [1, 2), and
/// half a step follows.
#[inline(always)]
fn lower(output: u64) -> f64 {
    f64::from_bits(1f64.to_bits() | output << 32 >> 12 | 1 << 19)
}

/// The same for the upper half.
#[inline(always)]
fn upper(output: u64) -> f64 {
    f64::from_bits(1f64.to_bits() | output >> 32 << 20 | 1 << 19)
}

dispatch! {
    /// Sums over the pairs of the next `steps` steps, at most a block.
    fn whole_steps[I: PairIntegrand][I](isa: Supported, lanes: &mut Lanes, steps: u64) -> Sums
        = whole_steps_kernel::<I>(lanes, steps);
}

#[inline(always)]
fn whole_steps_kernel<I: PairIntegrand>(lanes: &mut Lanes, steps: u64) -> Sums {
    let (mut values, mut squares) = ([0u64; LANES], [0u64; LANES]);
    for _ in 0..steps {
        let outputs = lanes.draw();
        for lane in 0..LANES {
            let (one, two) = (I::value(lower(outputs[lane])), I::value(upper(outputs[lane])));
            let add = |sum: u64, a: f64, b: f64| {
                sum.wrapping_add((a + ORIGIN).to_bits()).wrapping_add((b + ORIGIN).to_bits())
            };
            values[lane] = add(values[lane], one, two);
            squares[lane] = add(squares[lane], one * one, two * two);
        }
    }
    // Each number added brought the bits of ORIGIN along; modulo 2^64 they go out again, and what
    // is left fits.
    let pairs = steps * STEP_PAIRS;
    let origins = ORIGIN.to_bits().wrapping_mul(pairs);
    let total =
        |sums: [u64; LANES]| i128::from(sums.into_iter().fold(0, u64::wrapping_add).wrapping_sub(origins) as i64);
    Sums { pairs, values: total(values), squares: total(squares) }
}

pub mod scalar {
    //! The textbook form: one lane at a time, one pair at a time; the oracle, and `--algorithm
    //! scalar`.

    use rand::Rng;

    use super::*;

    /// Sums of `I` over the `pairs` pairs that begin with the first one of block `first`.
    pub fn sums<I: PairIntegrand>(seed: u64, first: u64, pairs: u64) -> Sums {
        let streams = Streams::new(seed, 0, Isa::Portable);
        let mut sums = Sums::default();
        for (begin, block) in (0..pairs).step_by(BLOCK_PAIRS as usize).zip(first..) {
            sums.merge(block_sums::<I>(&streams, block, BLOCK_PAIRS.min(pairs - begin)));
        }
        sums
    }

    fn block_sums<I: PairIntegrand>(streams: &Streams, block: u64, pairs: u64) -> Sums {
        let start = streams.start(block);
        let mut sums = Sums::default();
        for lane in 0..LANES {
            let mut generator = start.lane(lane);
            for pair in (2 * lane as u64..pairs).step_by(STEP_PAIRS as usize) {
                let output = generator.next_u64();
                for half in [output as u32, (output >> 32) as u32].into_iter().take((pairs - pair).min(2) as usize) {
                    let x = (f64::from(half) + 0.5) / 2f64.powi(32);
                    let value = I::value(1.0 + x);
                    let units = |value: f64| (value / UNIT).round_ties_even() as i128;
                    sums.merge(Sums { pairs: 1, values: units(value), squares: units(value * value) });
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests;
