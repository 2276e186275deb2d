//! Whether a number is prime, without a sieve.
//!
//! - [`narrow`]: below 2^64, proved. [`wide`]: below 2^128. [`any`]: of any size, with proofs.
//! - [`trial`]: by division by all that might divide it.
//! - `many`: each number of a list, 32 at once with AVX-512 (`ifma/`). `lucas_parameter`: what
//!   the Lucas tests of `wide` and `ifma` share.
//!
//! Uses `naive` alone.

pub mod any;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod lucas_parameter;
pub(crate) mod many;
pub mod narrow;
pub mod trial;
pub mod wide;
