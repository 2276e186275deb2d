//! What a function on the unit cube must say to be integrated.
//!
//! Stands apart from `integrands`, the functions that are here, and from `sampler`, which compiles
//! any of them for each instruction set.

use super::uniform::Row;

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

    /// Whether values carry weights, because points are not uniform in the region: it is infinite,
    /// or its ends are singular. Then the mean over a part of the points is no mean over a part of
    /// the region.
    fn is_weighted(&self) -> bool {
        false
    }

    /// The point of the region that a point of the cube stands for: for messages.
    fn place(&self, u: &[f64]) -> Vec<f64> {
        u.to_vec()
    }

    /// The ends of one coordinate of the region, which may be infinite.
    fn range(&self, _coordinate: usize) -> [f64; 2] {
        [0.0, 1.0]
    }

    /// The values at 128 points, of which `u[d]` holds coordinate d. Depends on the points alone;
    /// `&mut` is for scratch. To be marked `#[inline(always)]`, so that it is compiled for each
    /// instruction set.
    fn values(&mut self, u: &[Row]) -> Row;
}

/// Coordinates that a point may have. A block then still holds 4 groups of 128 points.
pub const MOST_DIMENSIONS: usize = 1000;
