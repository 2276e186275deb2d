//! The integrands of `montesieve integrate`: one file each, and the list of them.
//!
//! An [`Integrand`] is a function on the open unit cube (0, 1)^D; whatever lies elsewhere maps the
//! cube there and says its [`volume`](Integrand::volume). It is evaluated for 128 points at a time,
//! in structure-of-arrays layout: `u[d]` holds coordinate d of all of them. That is written once,
//! in plain Rust; [`sampler`](super::sampler) compiles it for each instruction set.
//!
//! A new integrand is one file (start from `ball.rs`) and one line in [`ALL`]; the command line,
//! the help, the list and the report take it from there. Two rules keep its results the same
//! everywhere: elementary functions come from [`elementary`](super::elementary), and nothing is
//! fused (`mul_add`).
//!
//! NAS EP has its own generator, its own sums and a verification, so it is a separate kernel and no
//! integrand.

use super::sampler::Kernel;
use super::uniform::Row;
use parameters::{Bad, Parameter, Parameters};

mod ball;
mod expr;
mod genz;
mod option;
pub mod parameters;

/// A function on the open unit cube.
pub trait Integrand {
    /// Number of coordinates, 1 to [`MOST_DIMENSIONS`].
    fn dimension(&self) -> usize;

    /// The volume of the region that the cube is mapped to: the integral is this times the mean of
    /// the values.
    fn volume(&self) -> f64 {
        1.0
    }

    /// The integral, where it is known.
    fn exact(&self) -> Option<f64>;

    /// Whether every value is 0 or 1. Then a hit is a hit: the error is Wilson's, and known even
    /// when there is none.
    fn is_indicator(&self) -> bool {
        false
    }

    /// The point of the region that a point of the cube stands for: for messages.
    fn place(&self, u: &[f64]) -> Vec<f64> {
        u.to_vec()
    }

    /// The values at 128 points, of which `u[d]` holds coordinate d. Depends on the points alone;
    /// `&mut` is for scratch. To be marked `#[inline(always)]`, so that it is compiled for each
    /// instruction set.
    fn values(&mut self, u: &[Row]) -> Row;
}

/// Coordinates that a point may have. A block then still holds 4 groups of 128 points.
pub const MOST_DIMENSIONS: usize = 1000;

/// An integrand as a user meets it.
#[derive(Debug)]
pub struct Entry {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// What may be set.
    pub parameters: &'static [Parameter],
    /// Makes it from those.
    pub make: fn(&Parameters) -> Result<Box<dyn Kernel>, Bad>,
}

/// All integrands, in the order in which they are listed.
pub static ALL: [Entry; 9] = [
    ball::ENTRY,
    genz::oscillatory::ENTRY,
    genz::product_peak::ENTRY,
    genz::corner_peak::ENTRY,
    genz::gaussian::ENTRY,
    genz::continuous::ENTRY,
    genz::discontinuous::ENTRY,
    option::ENTRY,
    expr::ENTRY,
];

/// The entry with this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests;
