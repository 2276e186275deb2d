//! Prime numbers: sieves, Gourdon's formula, proofs, and their oracles. Pure: no MPI, no clock, no
//! I/O.
//!
//! One folder for each task. A folder uses only those above it in this list:
//! - `naive`: the textbook forms, oracles of the tests and `--algorithm trial|sqrt`.
//! - `single/`: is one number prime? [`narrow`] below 2^64, [`wide`] below 2^128, [`any`] of any
//!   size with a proof, [`trial`] by division. Uses `naive`.
//! - `bytes/`: the sieve with 30 numbers a byte, for short ranges and for lists below 2.5e13. Uses
//!   `naive`.
//! - `list/`: primes as lists: runs, [`marks`], text and words ([`encoding`]), [`tuplets`],
//!   [`gaps`], sums and [`digest`], in one pass ([`summary`]). Uses `bytes`.
//! - `lines/`: the sieve with one bit array per residue class, for long counts and huge numbers;
//!   its table of [`sieving`] primes can be shared. Uses `single` and `bytes`.
//! - `windows/`: short windows of huge numbers: sieve a little, then test what is left. Uses
//!   `single`, `bytes` and `list`.
//! - [`gourdon`]: pi(x) without finding the primes. Uses `single` and `bytes`.
//! - `range/`: [`Sieve`] for any range, the model of [`costs`] and the choice among all of the
//!   above, [`source`] for `--algorithm`.
//! - [`nth`]: the n-th prime above or below a number, and an [`estimate`] of it. Uses `range`.
//! - [`gcd`]: common factors of two numbers, and of each number in a list with all others
//!   ([`batch`], [`huge`]). Uses none of the above.
//!
//! Three small files serve all folders: `task` (what is asked, of which numbers), `modulo` (a quick
//! remainder) and [`tuning`] (how much data to work on at once, on this machine). Hot loops are plain
//! Rust, compiled once for each instruction set by [`dispatch!`](montesieve_kernel::dispatch)
//! beside them. Where the compiler needs help, files `avx512.rs` and `avx2.rs` have intrinsics, and
//! `portable.rs` the same without.
//!
//! Ranges are half-open, `[low, high)`, up to [`HIGHEST`]; [`Sieve`] splits them at 2^64. Below
//! that border `high` is a `u64`, so 2^64 - 1 itself is never sieved. Nothing is lost: it is
//! composite (3 * 5 * 17 * 257 * 641 * 65537 * 6700417), and the largest prime below 2^64 is
//! 2^64 - 59.

mod bytes;
pub mod gcd;
pub mod gourdon;
mod lines;
mod list;
mod modulo;
pub mod naive;
pub mod nth;
mod range;
mod single;
mod task;
#[cfg(test)]
mod tests;
pub mod tuning;
mod windows;

pub use bytes::{PIECE, WINDOW};
pub use gcd::{batch, huge};
pub use lines::{KINDS, Kinds, sieving};
pub use list::{PrimeRun, Take, digest, encoding, gaps, marks, summary, tuplets};
pub use nth::estimate;
pub use range::{HIGHEST, Sieve, block_len, costs, grain, is_tested, source, tuplet_span};
pub use single::{any, narrow, trial, wide};

use std::ops::ControlFlow;

/// Called every few milliseconds (20 at most) during long work, so that an engine can answer
/// messages meanwhile. `Break` abandons the work at once.
pub type YieldNow<'a> = dyn FnMut() -> ControlFlow<()> + 'a;
