//! montesieve: Monte Carlo and prime numbers over MPI, with the same answer on any number of ranks.
//!
//! This page is the map of the program. Each room is a module:
//! - [`cluster`]: the only room that knows MPI; the same face with and without it.
//! - [`job`]: the engine: blocks, spans, tallies, the ledger, schedules, and the walk that every job takes.
//! - [`montecarlo`], [`primes`]: the kernels, crates of their own; pure, no messages, no clock.
//! - [`report`]: results as text, JSON and CSV; pure, to any writer.
//! - [`scaling`]: from timed trials to speed-up, fits, a diagnosis and a prediction; pure.
//! - [`burnin`]: what a burn-in knows and how it decides who is wrong and who is slow; pure.
//! - [`commands`]: one file a command: plan, compute, reduce, report.
//! - [`cli`]: what the user may type. [`error`]: what may go wrong. [`isa`]: which instruction set.
//! - `stderr`: messages, each in one write. `stream`: pipes and devices to write to. `regular`: files as they are read.

pub mod burnin;
pub mod cli;
#[allow(unsafe_code)]
pub mod cluster;
pub mod commands;
pub mod error;
pub mod fault;
pub mod job;
pub mod progress;
mod regular;
pub mod report;
pub mod scaling;
mod stderr;
mod stream;

pub use montesieve_kernel::isa;
pub use montesieve_montecarlo as montecarlo;
pub use montesieve_primes as primes;
