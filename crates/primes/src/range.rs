//! Any range `[low, high)` up to 1e26: which algorithm answers, and how a job is cut into blocks.
//!
//! - [`sieve`]: [`Sieve`], one workspace for all ranges, which picks the fastest algorithm.
//! - [`strategy`]: the choice among the sieves. [`costs`]: sieve, tests or Gourdon's formula.
//! - [`source`]: the sieve and the textbook forms under one interface, for `--algorithm`.
//!
//! Uses all the folders that find or count primes; only `nth` and the program use this one.

pub mod costs;
pub(crate) mod sieve;
pub mod source;
mod strategy;

pub use sieve::{Sieve, tuplet_span};

use crate::task::Asked;
use crate::{gourdon, lines};
use montesieve_kernel::isa::Isa;
use std::ops::RangeInclusive;

/// Ranges end here, and before it: no number above 1e26 is requested.
pub const HIGHEST: u128 = gourdon::LARGEST + 1;

/// Numbers to count at once by lines: lines of modulus 2310 five times as long as the root, within
/// these bounds, which are 0.13 s and 1.3 s of work. That costs 1 to 3 % against any longer range,
/// half as much 10 % (AMD Zen 5).
const GRAIN: (u64, RangeInclusive<u64>) = (5 * 2310, 2_000_000_000..=12_000_000_000);

/// Numbers in a block above 2^64, where each number may take 5 ns by tests: a sixteenth of a block
/// below.
const BEYOND_BLOCK: u64 = (lines::PIECE_NUMBERS / 8 - 9) / 16;

/// Numbers to process at once where they are tested: two blocks. Nothing is lost against any longer
/// span (1e22 + 1e9 in spans of 2, 4, 8 and 16 blocks: within 1 % of the whole at once; of 1 block:
/// 3 %; Intel Sapphire Rapids, AVX-512), and a stop loses less than a tenth of a second.
const TESTED_GRAIN: u64 = 2 * BEYOND_BLOCK;

/// How many numbers a block of a job has whose numbers are all below `limit`.
///
/// A function of the numbers' size alone, never of the ranks, so that every run of a job has the
/// same blocks. Checkpoints count in blocks: to change this function is to break them.
///
/// | limit | numbers | one block takes about |
/// |---|---|---|
/// | 1e6 | 2.5e5 | 0.02 ms |
/// | 1e9 | 2.0e6 | 0.1 ms |
/// | 1e10 to 2.5e13 | 1.6e7 | 1 to 2 ms |
/// | to 2^64 | 1.1e8 | 20 to 50 ms |
/// | above | 6.9e6 | 35 ms by tests with AVX-512 |
///
/// Short, so that many ranks have something to do and a stop loses little. The sieves like longer
/// spans: see [`grain`]. Above 2.5e13 eight blocks are a piece of large primes' records, wherever
/// they begin in a 210th.
pub fn block_len(limit: u128) -> u64 {
    match u64::try_from(limit) {
        Ok(limit @ 0..=lines::LINES_ALONE) => (limit / 512).next_power_of_two().clamp(1 << 18, 1 << 24) * 15 / 16,
        Ok(_) => lines::PIECE_NUMBERS / 8 - 9,
        Err(_) => BEYOND_BLOCK,
    }
}

/// How many numbers of `[low, high)` to process at once, so that a longer range would be hardly
/// faster.
///
/// It may depend on the machine: it decides how many blocks a rank takes at once, never where
/// blocks begin. A range that is short for its ranks is still taken in smaller parts.
pub fn grain(low: u128, high: u128, asked: Asked, isa: Isa) -> u64 {
    if is_tested(low, high, asked, isa) {
        TESTED_GRAIN.max(block_len(high))
    } else if asked == Asked::List && high <= lines::LINES_ALONE.into() {
        // By bytes, for which any span is as good.
        block_len(high)
    } else {
        window(high)
    }
}

/// Whether the numbers of `[low, high)` are tested one by one even where `window` of them are
/// requested at once.
pub fn is_tested(low: u128, high: u128, asked: Asked, isa: Isa) -> bool {
    let low = low.max(lines::LINES_ALONE.into());
    let last = high.saturating_sub(1).min(low + u128::from(window(high)));
    low <= last && costs::by_tests(low, last, isa) < costs::by_sieve(low, last, asked, isa)
}

/// How many numbers below `limit` a sieve takes at once: up to 2.5e13 lines should be long beside
/// the root, see [`GRAIN`]; above, a window of large primes' records is full.
pub(crate) fn window(limit: u128) -> u64 {
    match u64::try_from(limit) {
        Ok(limit @ 0..=lines::LINES_ALONE) => (limit.isqrt() * GRAIN.0).clamp(*GRAIN.1.start(), *GRAIN.1.end()),
        Ok(_) => 24 * block_len(limit),
        Err(_) => 24 * 16 * BEYOND_BLOCK,
    }
}
