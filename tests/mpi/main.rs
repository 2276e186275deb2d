//! The real program under a real launcher: tests the promises of montesieve on any number of ranks.
//!
//! Everything else is tested without MPI. Here the binary is started as by a user, with `mpirun`
//! and on threads, and judged by its standard output, standard error, exit code and time, and by
//! leaving no process behind.
//!
//! The launcher is `MONTESIEVE_MPIRUN` (default `mpirun`) with `MONTESIEVE_MPIRUN_FLAGS`; a missing
//! launcher fails the test, never skips it. `MONTESIEVE_TEST_BINARY` names another build of the
//! program to test, such as the release build; default: the one cargo has just built. Launches run
//! side by side ([`room`]).
//!
//! Contents:
//! - [`results`]: the same bytes for every rank count, schedule, chunk and instruction set
//! - [`methods`]: every method of `pi`
//! - [`print`]: `--print` in order, to a closed pipe, in bounded memory
//! - [`tallies`]: results of `primes` other than counts, against primesieve
//! - [`windows`]: all results of `primes`, near and above 2^64
//! - [`pix`]: counts by Gourdon's formula, against the sieve
//! - [`list`]: lists in files, written by all ranks in parallel
//! - [`shared`]: memory that the ranks of a node share
//! - [`integrals`]: `integrate`: every integrand on any number of ranks
//! - [`compiled`]: `integrate lib`: a user's function in a shared library, and its crashes
//! - [`isprime`]: single numbers: by tests, and by trial division under every flag
//! - [`gcd`]: greatest common divisors of pairs and lists
//! - [`redis`]: the flag in a real Redis server (feature `redis`)
//! - [`merge`]: parts of a job combined. [`files`]: files that a command line names twice
//! - [`input`]: bad input: one message, exit code 2, at once
//! - [`output`]: files and devices that cannot be written
//! - [`faults`]: a rank that panics, fails, dies or leaves, at every stage
//! - [`signals`]: Ctrl-C, SIGTERM, a rank killed from outside
//! - [`streams`]: standard streams that are closed, full, or without a reader
//! - [`limits`]: limits of CPU time, file size, memory
//! - [`ulfm`]: ranks that die while the others continue (Open MPI 5, if enabled)
//! - [`precision`]: estimates until an error is small enough; intermediate estimates; NAS EP
//! - [`patterns`]: the gallery, right on any number of ranks
//! - [`checkpoint`]: stopped repeatedly, resumed on other ranks; files that do not match
//! - [`scaling`]: parts of one job, timed, every answer compared
//! - [`page`]: the page of `scaling` in a real browser
//! - [`burnin`]: hidden faults are found and named
//! - [`threads`]: ranks that are threads of one process
//! - [`waiting`]: idle ranks sleep; progress
//! - [`launches`]: singletons, presets, `info`, messages under a launcher
//!
//! The tools: [`same`] compares, [`launch`] starts, [`running`] waits and ends, [`ended`] checks,
//! [`process`] finds processes, [`room`] limits how many ranks run at once.

mod burnin;
mod checkpoint;
mod compiled;
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
