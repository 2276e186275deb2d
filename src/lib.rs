//! montesieve: Monte Carlo and prime numbers over MPI, with the same answer on any number of ranks.
//!
//! This page is the map of the program:
//! - [`commands`]: one folder a command: its options, its jobs, its answer; and the list of them.
//! - [`cli`]: the options that commands share, and the words on their way to every rank.
//! - [`report`]: what reports share: text, JSON, CSV and charts; pure, to any writer.
//! - [`job`]: the engine (a crate of its own) with this program's errors.
//! - [`cluster`]: the ranks, a crate of its own; it alone knows MPI, but for the gallery of `patterns`, and has the same methods without it.
//! - [`montecarlo`], [`primes`]: the kernels, crates of their own; pure, no messages, no clock.
//! - [`error`]: what may go wrong (of the crate of the ranks). [`isa`]: which instruction set.
//! - `stderr`, `stream` (of that crate, too): messages, each in one write; pipes and devices. `regular`: files as they are read.

pub mod cli;
pub mod commands;
pub mod fault;
pub mod job;
pub mod progress;
mod regular;
pub mod report;

use montesieve_mpi::{stderr, stream};

pub use montesieve_kernel::isa;
pub use montesieve_montecarlo as montecarlo;
pub use montesieve_mpi as cluster;
pub use montesieve_mpi::error;
pub use montesieve_primes as primes;
