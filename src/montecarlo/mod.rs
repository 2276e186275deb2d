//! Monte Carlo kernels: streams, samplers, estimates. Pure: no MPI, no clock, no I/O.
//!
//! From the bottom up:
//! - [`jump`]: arithmetic in GF(2)\[x\] modulo the characteristic polynomial of xoshiro256, and jumps by it.
//! - [`streams`]: 32 disjoint streams for each (seed, job), and the start of any block of them.
//! - [`philox`]: a keyed hash that gives extra bits to the few darts that need them.
//! - [`darts`]: hits of darts thrown at the circle, on every instruction set the same integers.
//! - [`estimate`]: from hits and samples to pi, its standard error and its 95 % interval; [`student`]: how wide that must be.
//! - [`methods`]: pi from samples that are stratified, paired, corrected or quasi-random.

pub mod darts;
pub mod estimate;
pub mod jump;
pub mod methods;
pub mod philox;
pub mod streams;
pub mod student;
