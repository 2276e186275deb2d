//! Primes as lists: how they are handed out, kept, written, and summed up.
//!
//! - [`run`]: a short run of primes, the form in which every sieve hands them out.
//! - [`marks`]: the primes or k-tuplets of a stretch as bits. [`encoding`]: lines of text
//!   ([`decimal`]), words or a NumPy array made of them.
//! - [`summary`]: all that one pass over the primes answers: [`tuplets`], [`gaps`], sums,
//!   [`digest`].
//!
//! Uses `bytes` for its form of 30 numbers a byte.

pub(crate) mod decimal;
pub mod digest;
pub mod encoding;
pub mod gaps;
pub mod marks;
mod run;
pub mod summary;
pub mod tuplets;

pub use run::{PrimeRun, Take};
