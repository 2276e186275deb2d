//! Monte Carlo kernels: streams, samplers, estimates. Pure: no MPI, no clock, no I/O.
//!
//! From the bottom up:
//! - [`jump`]: arithmetic in GF(2)\[x\] modulo the characteristic polynomial of xoshiro256, and jumps by it.
//! - [`streams`]: 32 disjoint streams for each (seed, job), and the start of any block of them.
//! - [`philox`]: a keyed hash that gives extra bits to the few darts that need them.
//! - [`darts`]: hits of darts thrown at the circle, on every instruction set the same integers.
//! - [`ep`]: NAS EP, the benchmark with published sums.
//! - [`estimate`]: from hits and samples to pi, its standard error and its 95 % interval.
//! - [`exact`]: sums of floating-point numbers without rounding.

pub mod darts;
pub mod ep;
pub mod estimate;
pub mod exact;
pub mod jump;
pub mod philox;
pub mod streams;
