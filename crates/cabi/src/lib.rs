//! A function of the user's, compiled to a shared library, as an integrand of `montesieve`.
//!
//! The function has the C calling convention and one of three forms (`include/montesieve.h`):
//!
//! ```c
//! double f(int dim, const double *x, void *data);
//! void f(int dim, const double *x, double *values, void *data);
//! void f(int points, int dim, const double *x, double *values, void *data);
//! ```
//!
//! Stands apart from `montesieve_montecarlo`, whose kernels are pure and without foreign code, and
//! from the program, which forbids `unsafe`.
//!
//! - [`ENTRY`]: the integrand `lib` of the command line. [`check`] reads its options, and opens no
//!   file; [`load`] loads the library.
//! - [`CompiledFunction`]: the loaded function, an integrand like any other.
//! - `elf`: what a file is, and which functions it has, before any of its code runs.
//! - [`crash`]: the message when the function crashes, and the end of the job.

pub mod crash;
mod elf;
mod entry;
mod function;
mod library;

pub use entry::{ENTRY, check, load};
pub use function::CompiledFunction;
