//! Prime numbers: sieves and their oracles. Pure: no MPI, no clock, no I/O.
//!
//! This page is the map of the room.
//! - [`Sieve`] (`sieve.rs`) is the face: count or list the primes of any range `[low, high)` below 2^64.
//! - A range is cut into *pieces* of [`PIECE`] bytes with 30 numbers a byte (`wheel.rs`). A piece is filled with the
//!   pattern of the smallest primes (`presieve.rs`), crossed by the others in three tiers after their size (`small.rs`,
//!   `medium.rs`, `big.rs`), and then counted or read (`bits.rs`).
//! - `base.rs` holds the sieving primes; `walks.rs` is the only place that knows instruction sets.
//! - [`naive`] keeps the textbook forms: oracles of the tests, and `--algorithm trial|sqrt` for teaching.
//! - [`decimal`] writes primes as lines of text, [`encoding`] as lines, words or a NumPy array.
//! - [`summary`] is what may be asked of a range besides its count, in one pass: [`tuplets`], [`gaps`], sums, [`digest`].
//! - [`source`] puts the sieve and the naive forms behind one face, for `--algorithm`.
//! - [`nth`] and [`estimate`] find the n-th prime.
//! - [`strong`] tests single numbers.
//!
//! Ranges inside are half-open, `[low, high)` with `high: u64`. A user's inclusive STOP of 2^64 - 1 becomes
//! `stop.saturating_add(1)`: the same number, so 2^64 - 1 itself is never looked at. Nothing is lost: it is composite
//! (3 * 5 * 17 * 257 * 641 * 65537 * 6700417), and the largest prime below 2^64 is 2^64 - 59.

mod base;
mod big;
mod bits;
pub mod decimal;
pub mod digest;
pub mod encoding;
pub mod estimate;
pub mod gaps;
mod medium;
pub mod naive;
pub mod nth;
mod presieve;
mod sieve;
mod small;
pub mod source;
pub mod strong;
pub mod summary;
#[cfg(test)]
mod tests;
pub mod tuplets;
mod walks;
mod wheel;

pub use sieve::Sieve;

use std::ops::ControlFlow;

/// Called every few milliseconds (20 at most) during long work, so that an engine can answer messages meanwhile.
/// `Break` abandons the work at once.
pub type Pulse<'a> = dyn FnMut() -> ControlFlow<()> + 'a;

/// Bytes sieved in one go, 30 numbers each: 512 KiB.
///
/// Half of the 1 MiB L2 cache of the AMD Zen 5 it was tuned on: the other half streams the medium primes (8 bytes
/// each). Longer pieces spread the cost of visiting every medium prime over more numbers.
pub const PIECE: usize = 512 << 10;

/// Pieces in the longest stretch for which the crossings by big primes are prepared at once (see `big.rs`): 34, which
/// is 5.3e8 numbers.
///
/// Bounds the memory: at 1.8e19 a number has 0.097 crossings by big primes, 4 bytes each, 207 MB in all.
pub const WINDOW: usize = 34;

/// How many numbers a block of a job has whose numbers are all below `limit`.
///
/// A function of the numbers' size alone, never of the ranks, so that every run of a job has the same blocks.
/// Checkpoints count in blocks: to change this function is to break them.
///
/// | limit | numbers | one block takes about |
/// |---|---|---|
/// | 1e6 | 2.5e5 | 0.02 ms |
/// | 1e9 | 2e6 | 0.15 ms |
/// | 1e10 to 1e12 | 1.6e7 | 1 to 3 ms |
/// | 1e14 | 1.4e8 | 50 ms |
/// | 1e18 | 5.3e8 | 0.6 s |
/// | 2^64 | 5.3e8 | 1.6 s |
///
/// Up to 1e10 there are at least 500 blocks in `[0, limit)` (down to 1/64 of a piece), so that a few ranks balance.
/// Above 1e12 a block grows with the square root of its numbers, as the start-up of a window does (every sieving prime
/// is visited once), until it is one whole window. It is 30 numbers short of whole pieces, so that a block that starts
/// inside a byte still fits: one byte more would be one more piece, or one more window.
pub fn block_len(limit: u64) -> u64 {
    let parts = (limit >> 27).next_power_of_two().min(64);
    let pieces = (limit.isqrt() >> 20).clamp(1, WINDOW as u64);
    30 * (PIECE as u64 * pieces * parts / 64 - 1)
}
