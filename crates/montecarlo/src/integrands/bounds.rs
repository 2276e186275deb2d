//! `--bounds 0:pi/2,-1:1`: the box that a user's own integrand lives on, and the map of the unit
//! cube to it.
//!
//! Stands apart from `expr` because every integrand that a user brings has the same option.

use super::parameters::{Bad, Parameter, Parameters};
use super::{MOST_DIMENSIONS, Row};
use crate::expression::{Expression, Misreading};

/// A box: the product of finite intervals, one for each coordinate.
#[derive(Clone, Debug)]
pub struct Bounds {
    sides: Vec<(f64, f64)>,
    volume: f64,
}

impl Bounds {
    /// The option that [`Bounds::read`] reads.
    pub const PARAMETER: Parameter = Parameter {
        default: None,
        ..Parameter::new("bounds", "A:B,...", "", "From where to where, for each variable in turn; both finite")
    };

    /// From the word of [`Bounds::PARAMETER`]: one pair for each coordinate, numbers or expressions
    /// without variables.
    ///
    /// # Errors
    /// [`Bad`] for a pair that is no bounded interval, for more than [`MOST_DIMENSIONS`] of them,
    /// and for a volume outside the range of an `f64`.
    pub fn read(parameters: &Parameters) -> Result<Bounds, Bad> {
        let pairs = parameters.word("bounds").split(',');
        let sides: Vec<(f64, f64)> = pairs.map(|pair| interval(parameters, pair)).collect::<Result<_, _>>()?;
        if sides.len() > MOST_DIMENSIONS {
            return Err(parameters.bad("bounds", &format!("at most {MOST_DIMENSIONS} dimensions")));
        }
        let volume = volume(&sides);
        if !volume.is_normal() {
            let side = if volume > 1.0 { "above the largest (1.8e308)" } else { "below the smallest (2.2e-308)" };
            return Err(parameters.bad("bounds", &format!("the volume between them is {side} that a number can have")));
        }
        Ok(Bounds { sides, volume })
    }

    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        self.sides.len()
    }

    /// The product of the widths.
    pub fn volume(&self) -> f64 {
        self.volume
    }

    /// The point of the box that a point of the unit cube stands for.
    pub fn place(&self, u: &[f64]) -> Vec<f64> {
        u.iter().zip(&self.sides).map(|(u, (low, high))| low + (high - low) * u).collect()
    }

    /// The same for 128 points, coordinate by coordinate.
    #[inline(always)]
    pub fn rows(&self, u: &[Row]) -> impl Iterator<Item = Row> {
        u.iter().zip(&self.sides).map(|(u, &(low, high))| u.map(|u| low + (high - low) * u))
    }
}

/// The product of the widths, without overflow on the way.
fn volume(bounds: &[(f64, f64)]) -> f64 {
    let (mut product, mut exponent) = (1.0, 0i32);
    for (low, high) in bounds {
        let (fraction, more) = libm::frexp(high - low);
        let (next, carried) = libm::frexp(product * fraction);
        (product, exponent) = (next, exponent + more + carried);
    }
    libm::scalbn(product, exponent)
}

/// `A:B`, both finite, the lower one first.
fn interval(parameters: &Parameters, pair: &str) -> Result<(f64, f64), Bad> {
    let bad = |why: String| parameters.bad("bounds", &why);
    let Some((low, high)) = pair.split_once(':') else {
        return Err(bad("write it like 0:1 for one variable, 0:1,-2:2 for two".to_owned()));
    };
    let unbounded = || bad(format!("'{pair}' is not bounded; both ends must be finite"));
    let number = |text: &str| -> Result<f64, Bad> {
        if text.trim().trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("inf") {
            return Err(unbounded());
        }
        let read = Expression::parse(text, 0, &|_| None, "a bound is a number, like 2, -1.5 or pi/2");
        let value = read.map_err(|Misreading { message, .. }| bad(format!("in '{pair}', {message}")))?.constant();
        if value.is_finite() { Ok(value) } else { Err(unbounded()) }
    };
    let (low, high) = (number(low)?, number(high)?);
    if low >= high {
        Err(bad(format!("in '{pair}' the first number must be below the second")))
    } else if (high - low).is_infinite() {
        Err(bad(format!("in '{pair}' the two are farther apart than the largest number there is (1.8e308)")))
    } else {
        Ok((low, high))
    }
}
