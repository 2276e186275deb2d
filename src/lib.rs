//! montesieve: Monte Carlo and prime numbers over MPI, with the same answer on any number of ranks.
//!
//! This page is the map of the program. Each room is a module:
//! - [`cluster`]: the ranks, a crate of its own; alone it knows MPI, but for the gallery of `patterns`, and has the same methods without it.
//! - [`job`]: the engine: blocks, spans, tallies, the ledger, schedules, and the walk that every job takes.
//! - [`montecarlo`], [`primes`]: the kernels, crates of their own; pure, no messages, no clock.
//! - [`report`]: results as text, JSON and CSV; pure, to any writer.
//! - [`scaling`]: from timed trials to speed-up, fits, a diagnosis and a prediction; pure.
//! - [`burnin`]: what a burn-in knows and how it decides who is wrong and who is slow; pure.
//! - [`commands`]: one file a command: plan, compute, reduce, report.
//! - [`cli`]: what the user may type. [`error`]: what may go wrong (of the crate of the ranks). [`isa`]: which instruction set.
//! - `stderr`, `stream` (of that crate, too): messages, each in one write; pipes and devices. `regular`: files as they are read.

pub mod burnin;
pub mod cli;
pub mod commands;
pub mod fault;
pub mod job;
pub mod progress;
mod regular;
pub mod report;
pub mod scaling;

pub use montesieve_kernel::isa;
pub use montesieve_montecarlo as montecarlo;
pub use montesieve_mpi as cluster;
pub use montesieve_mpi::error;
use montesieve_mpi::{stderr, stream};
pub use montesieve_primes as primes;
