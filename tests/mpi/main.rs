//! The real program under a real launcher: what montesieve promises about any number of ranks, held against it.
//!
//! Everything else is tested without MPI; here the binary is started as a user starts it, by `mpirun` and without, and
//! judged by what comes out: standard output, standard error, exit code, time, and that no process is left behind.
//!
//! The launcher is `MONTESIEVE_MPIRUN` (default `mpirun`) with `MONTESIEVE_MPIRUN_FLAGS`; a launcher that is not there is
//! a failed test, never a skipped one. `MONTESIEVE_TEST_BINARY` names another build of the program to test (the release
//! build, say); default: the one cargo has just built. Launches run side by side ([`room`]).
//!
//! Contents:
//! - [`results`]: the same bytes for every rank count, schedule, chunk and instruction set
//! - [`methods`]: every method of `pi`
//! - [`print`]: `--print` in order, to a closed pipe, in bounded memory
//! - [`tallies`]: what is asked of primes beyond their number, against primesieve
//! - [`windows`]: everything that is asked of primes, near and above 2^64
//! - [`pix`]: counts by the formula, against the sieve
//! - [`list`]: lists in files, written by all ranks at once
//! - [`shared`]: memory that the ranks of a node share
//! - [`integrals`]: integrate: every integrand on any number of ranks
//! - [`isprime`]: single numbers: at once, and divided under every flag
//! - [`gcd`]: greatest common divisors of pairs and lists
//! - [`redis`]: the flag in a real Redis server (feature `redis`)
//! - [`input`]: bad input: one message, exit code 2, at once
//! - [`output`]: files and devices that cannot be written
//! - [`faults`]: a rank that panics, fails, dies or leaves, at every stage
//! - [`signals`]: Ctrl-C, SIGTERM, a rank killed from outside
//! - [`streams`]: standard streams that are closed, full, or without a reader
//! - [`limits`]: limits of CPU time, file size, memory
//! - [`ulfm`]: ranks that die while the others go on (Open MPI 5, where it is asked for)
//! - [`precision`]: until an error is small enough; what is shown of the way; NAS EP
//! - [`patterns`]: the gallery, right on any number of ranks
//! - [`checkpoint`]: stopped again and again, resumed on other ranks; files that do not fit
//! - [`scaling`]: parts of one job, timed, every answer compared
//! - [`page`]: the page of `scaling` in a real browser
//! - [`burnin`]: hidden faults are found and named
//! - [`threads`]: ranks that are threads of one process
//! - [`waiting`]: idle ranks sleep; progress
//! - [`launches`]: singletons, presets, `info`, what is said under a launcher
//!
//! and the tools: [`same`] compares, [`launch`] starts, [`running`] waits and ends, [`ended`] judges, [`process`] finds what is left,
//! [`room`] bounds how many ranks run at once.

mod burnin;
mod checkpoint;
mod ended;
mod faults;
mod files;
mod gcd;
mod input;
mod integrals;
mod isprime;
mod launch;
mod launches;
mod limits;
mod list;
mod merge;
mod methods;
mod output;
mod page;
mod patterns;
mod pix;
mod precision;
mod print;
mod process;
#[cfg(feature = "redis")]
mod redis;
mod results;
mod room;
mod running;
mod same;
mod scaling;
mod shared;
mod signals;
mod streams;
mod tallies;
mod threads;
mod ulfm;
mod waiting;
mod windows;
