//! Prime numbers: sieves, Gourdon's formula, proofs, and their oracles. Pure: no MPI, no clock, no I/O.
//!
//! One folder for each task. A folder uses those above it in this list, never those below:
//!
//! | folder | answers | way in |
//! |---|---|---|
//! | `naive` | the textbook forms: oracles of the tests, and `--algorithm trial\|sqrt` | [`naive::Trial`] |
//! | `single/` | is this one number prime: below 2^64, below 2^128, of any size with a proof, by division | [`narrow`], [`wide`], [`any`], [`trial`] |
//! | `bytes/` | the sieve with 30 numbers a byte: short ranges, and lists below 2.5e13 | `ByteSieve` |
//! | `list/` | primes as lists: runs, marks, text and words, k-tuplets, gaps, sums, digest | [`encoding`], [`summary`] |
//! | `lines/` | the sieve with one bit array per residue class: long counts, and huge numbers | `LineSieve`, `HugeSieve` |
//! | `windows/` | short windows of huge numbers: sieve a little, then test what is left | `WindowSieve` |
//! | `gourdon/` | pi(x) without finding the primes | [`gourdon::Formula`] |
//! | `range/` | any range: the model of costs, and the choice between all of the above | [`Sieve`], [`source`] |
//! | `nth/` | the n-th prime above or below a number, and estimates of pi(x) | [`nth`], [`estimate`] |
//! | `gcd/` | common factors of two numbers, and of each number in a list with all others | [`gcd`], [`batch`] |
//!
//! Three small files serve all folders: `task` (what is asked, of which numbers), `modulo` (a
//! quick remainder) and `kernels` (hot loops compiled for each instruction set).
//!
//! Ranges are half-open, `[low, high)`, up to [`HIGHEST`]; [`Sieve`] splits them at 2^64. Below that
//! border `high` is a `u64`, so 2^64 - 1 itself is never sieved. Nothing is lost: it is composite
//! (3 * 5 * 17 * 257 * 641 * 65537 * 6700417), and the largest prime below 2^64 is 2^64 - 59.

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
mod walks;
mod windows;

pub use bytes::{PIECE, WINDOW};
pub use gcd::{batch, huge};
pub use lines::{KINDS, Kinds, sieving};
pub use list::{PrimeRun, Take, digest, encoding, gaps, marks, summary, tuplets};
pub use nth::estimate;
pub use range::{HIGHEST, Sieve, block_len, costs, grain, is_tested, source, tuplet_span};
pub use single::{any, narrow, trial, wide};

use std::ops::ControlFlow;

/// Called every few milliseconds (20 at most) during long work, so that an engine can answer messages meanwhile.
/// `Break` abandons the work at once.
pub type Pulse<'a> = dyn FnMut() -> ControlFlow<()> + 'a;
