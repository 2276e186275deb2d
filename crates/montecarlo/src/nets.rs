//! Quasi-random points in up to 1000 dimensions: scrambled Sobol nets and shifted lattices.
//!
//! Such points fill the cube more evenly than random ones. For smooth integrands the error falls
//! like n^-1 to n^-2, not like n^-1/2. Evenness alone gives no error estimate, so there are
//! [`REPLICATES`] independent randomisations: their spread is the error.
//!
//! Stands beside [`uniform`](super::uniform), whose numbers are independent, and beside
//! [`methods::sobol`](super::methods::sobol), which counts the darts of pi in two dimensions
//! without looking at each.
//!
//! - [`PointSet`]: the points of all replicates, in groups of 128, from any place.
//!   [`sobol`] and [`lattice`] are the two families.
//! - [`plan`]: which points a block has. A power of two of blocks is 16 complete nets of one size.
//! - [`sampler`]: from an integrand and a block to sums.
//! - [`tally`]: the sums of each replicate, and the integral that they estimate.
//!
//! The layout is that of [`Uniforms::fill`](super::uniform::Uniforms::fill): D rows a group, one
//! for each coordinate. A number has 52 bits and lies in the open interval (0, 1).
//!
//! Run time: see [`sobol`] and [`lattice`]. Memory: 1 KiB a dimension for the table of a group,
//! and 7 KiB a dimension for 16 scrambled Sobol nets.
//!
//! Reference: P. L'Ecuyer, "Randomized quasi-Monte Carlo: an introduction for practitioners", MCQMC
//! 2016; A. B. Owen, "Practical quasi-Monte Carlo integration" (2023).

pub mod lattice;
pub mod plan;
pub mod sampler;
pub mod sobol;
pub mod tally;

use montesieve_kernel::isa::Isa;

use super::integrand::MOST_DIMENSIONS;
use super::uniform::{Row, WIDTH};
use lattice::ShiftedLattices;
use sobol::SobolNets;

/// Independent randomisations. With 16 a Student interval is 9 % wider than a normal one, and the
/// error estimate itself has a relative error of 18 %.
pub const REPLICATES: usize = 16;

/// The binary logarithm of [`WIDTH`].
const LOG_WIDTH: u32 = WIDTH.trailing_zeros();

/// How points are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Sobol's sequence with a random linear scramble and a digital shift.
    Sobol,
    /// A rank-1 lattice with a random shift and the baker's transformation.
    Lattice,
}

/// The points of all replicates.
#[derive(Clone, Debug)]
pub struct PointSet {
    dimension: usize,
    generator: Generator,
}

#[derive(Clone, Debug)]
enum Generator {
    Sobol(Box<SobolNets>),
    Lattice(ShiftedLattices),
}

impl PointSet {
    /// The points of `family` with `dimension` coordinates, randomised by `seed`, made with `isa`.
    /// A replicate is randomised when it is first used.
    ///
    /// # Panics
    /// If this CPU lacks `isa`, or `dimension` is not 1 to [`MOST_DIMENSIONS`].
    pub fn new(family: Family, dimension: usize, seed: u64, isa: Isa) -> PointSet {
        assert!((1..=MOST_DIMENSIONS).contains(&dimension), "points of 1 to {MOST_DIMENSIONS} coordinates");
        let generator = match family {
            Family::Sobol => Generator::Sobol(Box::new(SobolNets::new(dimension, seed, isa.require()))),
            Family::Lattice => Generator::Lattice(ShiftedLattices::new(dimension, seed, isa.require())),
        };
        PointSet { dimension, generator }
    }

    /// Fills `rows` with the points `first`, `first + 1`, ... of a replicate: D rows for each group
    /// of 128. Resumes cheaply where the call before ended.
    ///
    /// # Panics
    /// If `first` is no multiple of 128, `rows` are no whole groups, or the replicate or a point
    /// does not exist: there are 2^52 points in each of 16.
    pub fn fill(&mut self, replicate: usize, first: u64, rows: &mut [Row]) {
        assert!(first.is_multiple_of(WIDTH as u64) && rows.len().is_multiple_of(self.dimension), "whole groups");
        let end = first.checked_add((rows.len() / self.dimension * WIDTH) as u64);
        assert!(replicate < REPLICATES && end.is_some_and(|end| end <= plan::MOST_POINTS), "no such point");
        let group = first >> LOG_WIDTH;
        match &mut self.generator {
            Generator::Sobol(nets) => nets.fill(replicate, group, rows),
            Generator::Lattice(lattices) => lattices.fill(replicate, group, rows),
        }
    }
}

#[cfg(test)]
mod tests;
