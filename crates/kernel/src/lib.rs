//! What kernels and the engine share, below both of them.
//!
//! - [`Tally`]: the result of a span of blocks, which merges exactly. It stands here because only
//!   the crate of a trait or of a type may implement the one for the other: so a kernel's results
//!   are tallies, and no kernel depends on the engine.
//! - [`isa`]: the instruction sets, their features, and the choice at run time. [`dispatch!`]
//!   compiles a kernel for each of them.
//! - [`caches`]: the sizes of a core's caches.

pub mod caches;
pub mod isa;
mod tallies;
mod tally;

pub use tally::Tally;
