//! montesieve: Monte Carlo and prime numbers over MPI, with the same answer on any number of ranks.
//!
//! This page is the map of the program:
//! - [`commands`]: one folder per command with its options, its jobs, its answer; and the list of
//!   commands.
//! - [`cli`]: the options that commands share, and the broadcast of the command line.
//! - [`report`]: the shared parts of reports: text, JSON, CSV and charts; pure, to any writer.
//! - [`job`]: the engine (a separate crate) with this program's errors.
//! - [`cluster`]: the ranks (a separate crate). Only it and the gallery of `patterns` call MPI; it
//!   has the same methods without MPI.
//! - [`machine`]: instruction set and caches of this machine, and the sizes that kernels work with.
//! - [`montecarlo`], [`primes`]: the kernels (separate crates); pure, no messages, no clock.
//! - [`cabi`]: a user's compiled function as an integrand (a separate crate).
//! - [`error`]: the errors (from the crate of the ranks). [`isa`]: the instruction sets.
//! - `stderr`, `stream` (also from that crate): messages, each in one write; pipes and devices.
//!   `regular`: input files. `progress`: the bar. `fault`: injected faults, for tests.

pub mod cli;
pub mod commands;
pub mod fault;
pub mod job;
pub mod machine;
pub mod progress;
mod regular;
pub mod report;

use montesieve_mpi::{stderr, stream};

pub use montesieve_cabi as cabi;
pub use montesieve_kernel::isa;
pub use montesieve_montecarlo as montecarlo;
pub use montesieve_mpi as cluster;
pub use montesieve_mpi::error;
pub use montesieve_primes as primes;
