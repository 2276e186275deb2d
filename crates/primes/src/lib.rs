//! Prime numbers: sieves, Gourdon's formula, proofs, and their oracles. Pure: no MPI, no clock, no I/O.
//!
//! The modules:
//! - [`Sieve`] (`face.rs`) is the way in: count primes or k-tuplets, or list the primes, of any range `[low, high)` up to
//!   1e26. `plan.rs` picks the way by range.
//! - `line/` is the line sieve, the fast way to count: one bit array a residue class, and records of large primes.
//!   Its table of sieving primes ([`sieving`]) can be shared.
//! - `tiny/` is for tiny windows of huge numbers: a little sieve, then a test of each number left.
//! - `sieve.rs` is the sieve by bytes, for lists and short ranges: a range is cut into *pieces* of [`PIECE`] bytes with
//!   30 numbers a byte (`wheel.rs`). A piece is filled with the pattern of the smallest primes (`presieve.rs`), crossed
//!   by the others in three tiers after their size (`small.rs`, `medium.rs`, `big.rs`), and then counted or read
//!   (`bits.rs`). `base.rs` holds its sieving primes.
//! - `walks.rs` knows instruction sets: each hot loop in plain Rust, compiled once for each. Loops that need more than
//!   the compiler gives stand in files of their own (`line/rough/avx512.rs`, `tiny/ifma.rs`), beside a portable form.
//! - [`naive`] keeps the textbook forms: oracles of the tests, and `--algorithm trial|sqrt` for teaching.
//! - [`marks`] holds the primes or k-tuplets of a stretch as bits; [`encoding`] makes lists of them: lines of text (`decimal.rs`), words or a
//!   NumPy array.
//! - [`summary`] is what may be asked of a range besides its count, in one pass: [`tuplets`], [`gaps`], sums, [`digest`].
//! - [`source`] puts the sieve and the naive forms behind one face, for `--algorithm`.
//! - [`nth`] and [`estimate`] find the n-th prime.
//! - [`gourdon`] counts primes without finding them; [`costs`] says where that is cheaper.
//! - [`strong`] tests single numbers below 2^64, [`wide`] those below 2^128, [`any`] those of any size, with proofs; [`trial`] divides one by all
//!   that might divide it.
//! - [`gcd`] finds what two numbers have in common, [`batch`] what each of a list has in common with the others, with the products of
//!   [`huge`] numbers by `ntt/`.
//!
//! Ranges are half-open, `[low, high)`, up to [`HIGHEST`]; the face splits them at 2^64. The ways below it have `high: u64`,
//! and never look at 2^64 - 1 itself. Nothing is lost: it is composite (3 * 5 * 17 * 257 * 641 * 65537 * 6700417), and the
//! largest prime below 2^64 is 2^64 - 59.

pub mod any;
mod base;
pub mod batch;
mod big;
mod bits;
pub mod costs;
mod decimal;
pub mod digest;
pub mod encoding;
pub mod estimate;
mod face;
pub mod gaps;
pub mod gcd;
pub mod gourdon;
pub mod huge;
mod line;
pub mod marks;
mod medium;
pub mod naive;
pub mod nth;
mod ntt;
mod plan;
mod presieve;
mod run;
mod sieve;
mod small;
pub mod source;
pub mod strong;
pub mod summary;
#[cfg(test)]
mod tests;
mod tiny;
pub mod trial;
pub mod tuplets;
mod walks;
mod wheel;
pub mod wide;

use costs::Asked;
use face::tuplets_by_list;
pub use face::{Sieve, tuplet_span};
pub use line::sieving;
pub use line::{KINDS, Kinds};
pub use run::{PrimeRun, Take};

use montesieve_kernel::isa::Isa;
use std::ops::{ControlFlow, RangeInclusive};

/// Called every few milliseconds (20 at most) during long work, so that an engine can answer messages meanwhile.
/// `Break` abandons the work at once.
pub type Pulse<'a> = dyn FnMut() -> ControlFlow<()> + 'a;

/// Bytes sieved in one go, 30 numbers each: 512 KiB.
///
/// Half of the 1 MiB L2 cache of the AMD Zen 5 it was tuned on: the other half streams the medium primes (8 bytes
/// each). Longer pieces spread the cost of visiting every medium prime over more numbers.
pub const PIECE: usize = 512 << 10;

/// Numbers to count in one go by lines: lines of modulus 2310 five times as long as the root, within these bounds, which are
/// 0.13 s and 1.3 s of work. That costs 1 to 3 % against any longer range, half as much 10 % (AMD Zen 5).
const GRAIN: (u64, RangeInclusive<u64>) = (5 * 2310, 2_000_000_000..=12_000_000_000);

/// Pieces in the longest stretch for which the crossings by big primes are prepared at once (see `big.rs`): 34, which
/// is 5.3e8 numbers.
///
/// Bounds the memory: at 1.8e19 a number has 0.097 crossings by big primes, 4 bytes each, 207 MB in all.
pub const WINDOW: usize = 34;

/// Ranges end here, and before it: no number above 1e26 is asked for.
pub const HIGHEST: u128 = gourdon::LARGEST + 1;

/// Numbers in a block above 2^64, where each number may take 5 ns by tests: a sixteenth of a block below.
const BEYOND_BLOCK: u64 = (line::PIECE_NUMBERS / 8 - 9) / 16;

/// Numbers to take in one go where they are tested: two blocks. Nothing is lost against any longer span (1e22 + 1e9 in spans of
/// 2, 4, 8 and 16 blocks: within 1 % of the whole at once; of 1 block: 3 %; Intel Sapphire Rapids, AVX-512), and a stop
/// loses less than a tenth of a second.
const TESTED_GRAIN: u64 = 2 * BEYOND_BLOCK;

/// How many numbers a block of a job has whose numbers are all below `limit`.
///
/// A function of the numbers' size alone, never of the ranks, so that every run of a job has the same blocks.
/// Checkpoints count in blocks: to change this function is to break them.
///
/// | limit | numbers | one block takes about |
/// |---|---|---|
/// | 1e6 | 2.5e5 | 0.02 ms |
/// | 1e9 | 2.0e6 | 0.1 ms |
/// | 1e10 to 2.5e13 | 1.6e7 | 1 to 2 ms |
/// | to 2^64 | 1.1e8 | 20 to 50 ms |
/// | above | 6.9e6 | 35 ms by tests with AVX-512 |
///
/// Short, so that many ranks have something to do and a stop loses little. The sieves like longer spans: see [`grain`].
/// Above 2.5e13 eight blocks are a piece of large primes' records, wherever they begin in a 210th.
pub fn block_len(limit: u128) -> u64 {
    match u64::try_from(limit) {
        Ok(limit @ 0..=line::LINES_ALONE) => (limit / 512).next_power_of_two().clamp(1 << 18, 1 << 24) * 15 / 16,
        Ok(_) => line::PIECE_NUMBERS / 8 - 9,
        Err(_) => BEYOND_BLOCK,
    }
}

/// How many numbers of `[low, high)` to take in one go, so that next to nothing is lost against a longer range.
///
/// It may depend on the machine: it decides how many blocks a rank takes at once, never where blocks begin.
/// Where the range is short for its ranks it is taken in smaller parts all the same.
pub fn grain(low: u128, high: u128, asked: Asked, isa: Isa) -> u64 {
    if is_tested(low, high, asked, isa) {
        TESTED_GRAIN.max(block_len(high))
    } else if asked == Asked::List && high <= line::LINES_ALONE.into() {
        // By bytes, for which any span is as good.
        block_len(high)
    } else {
        window(high)
    }
}

/// Whether the numbers of `[low, high)` are tested one by one even where [`window`] of them are asked for at once.
pub fn is_tested(low: u128, high: u128, asked: Asked, isa: Isa) -> bool {
    let low = low.max(line::LINES_ALONE.into());
    let last = high.saturating_sub(1).min(low + u128::from(window(high)));
    low <= last && costs::by_tests(low, last, isa) < costs::by_sieve(low, last, asked, isa)
}

/// How many numbers below `limit` a sieve takes in one go: up to 2.5e13 lines are to be long beside the root, see [`GRAIN`];
/// above, a window of large primes' records is full.
fn window(limit: u128) -> u64 {
    match u64::try_from(limit) {
        Ok(limit @ 0..=line::LINES_ALONE) => (limit.isqrt() * GRAIN.0).clamp(*GRAIN.1.start(), *GRAIN.1.end()),
        Ok(_) => 24 * block_len(limit),
        Err(_) => 24 * 16 * BEYOND_BLOCK,
    }
}
