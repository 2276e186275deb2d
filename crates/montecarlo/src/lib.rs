//! Monte Carlo kernels: streams, samplers, estimates. Pure: no MPI, no clock, no I/O.
//!
//! From the bottom up:
//! - [`streams`]: 32 disjoint streams for each (seed, job), and the start of any block of them;
//!   [`streams::jump`]: jumps to it, by arithmetic in GF(2)\[x\].
//! - [`philox`]: a keyed hash that gives extra bits to the few darts that need them.
//! - [`darts`]: hits of darts thrown at the circle, on every instruction set the same integers.
//! - [`ep`]: NAS EP, the benchmark with published sums.
//! - [`estimate`]: from hits and samples to pi, its standard error and its 95 % interval;
//!   [`student`]: how wide that must be.
//! - [`methods`]: pi from samples that are stratified, paired, corrected or quasi-random.
//!
//! For all other integrands:
//! - [`uniform`]: the streams as rows of 32 numbers in (0, 1). [`elementary`]: exp, ln, sin and
//!   others of a row.
//! - [`integrand`]: what a function on the unit cube must say. [`integrands`]: the functions and
//!   the list of them. [`expression`]: a user's own, from text.
//! - [`exact`]: sums without rounding; [`scale`]: powers of two that keep squares in range.
//! - [`tally`]: what samples add up to. [`sampler`]: from an integrand to its sums.
//! - [`chi_square`]: whether blocks scatter as chance has it.
//! - [`components`]: the tallies of values with several components.
//! - [`correlation`]: how the errors of components depend on each other.
//! - [`histogram`]: the parts of an integral over intervals of a coordinate.
//! - [`nets`]: quasi-random points in many dimensions, Sobol nets and lattices.
//! - [`irregular`]: values that are no finite numbers.
//! - [`vegas`]: samples that go where an integrand is large.
//! - [`trained_nets`]: nets of points behind a map, and the choice among them.
//! - [`mean`]: from sums to an integral, its standard error and its 95 % interval.

pub mod chi_square;
pub mod components;
pub mod correlation;
pub mod darts;
pub mod elementary;
pub mod ep;
pub mod estimate;
pub mod exact;
pub mod expression;
pub mod histogram;
pub mod integrand;
pub mod integrands;
pub mod irregular;
pub mod mean;
pub mod methods;
pub mod nets;
pub mod philox;
pub mod reductions;
pub mod sampler;
pub mod scale;
pub mod streams;
pub mod student;
pub mod tally;
pub mod trained_nets;
pub mod uniform;
pub mod vegas;
