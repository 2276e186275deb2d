//! A user's own integrand: an expression in x, y, z or x1, x2, ..., each between two bounds.
//!
//! The number of bounds is the number of dimensions. Bounds are expressions too, without variables:
//! `--bounds 0:pi/2,-1:1`.

use super::bounds::Bounds;
use super::parameters::{Bad, Parameter, Parameters};
use super::{Entry, Integrand, Row};
use crate::expression::{Expression, names};
use crate::sampler::Kernel;

pub(super) const ENTRY: Entry = Entry {
    name: "expr",
    about: "An expression of yours, like 'exp(-x*x)', in x, y, z or x1, x2, ...",
    parameters: &[
        Parameter {
            is_positional: true,
            default: None,
            ..Parameter::new("expression", "EXPRESSION", "", "The integrand: + - * / ^ < <= > >=, pi, e, and functions")
        },
        Bounds::PARAMETER,
    ],
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    let bounds = Bounds::read(parameters)?;
    let dimension = bounds.dimension();
    let known = format!("--bounds makes {} known; numbers: pi e; functions: {}", variables(dimension), names());
    let variable = |name: &str| index(name).filter(|&index| index < dimension);
    let expression = Expression::parse(parameters.word("expression"), dimension, &variable, &known)
        .map_err(|misreading| Bad(misreading.to_string()))?;
    Ok(Box::new(Own { expression, bounds }))
}

/// `x, y` or `x1 to x7`.
fn variables(dimension: usize) -> String {
    match dimension {
        1..=3 => ["x", "y", "z"][..dimension].join(", "),
        _ => format!("x1 to x{dimension}"),
    }
}

/// x, y and z are 0, 1 and 2, and so are x1, x2 and x3.
fn index(name: &str) -> Option<usize> {
    match name {
        "x" => Some(0),
        "y" => Some(1),
        "z" => Some(2),
        _ => name.strip_prefix('x')?.parse().ok().and_then(|n: usize| n.checked_sub(1)),
    }
}

#[derive(Clone)]
struct Own {
    expression: Expression,
    bounds: Bounds,
}

impl Integrand for Own {
    fn dimension(&self) -> usize {
        self.bounds.dimension()
    }

    fn volume(&self) -> f64 {
        self.bounds.volume()
    }

    fn exact(&self) -> Option<f64> {
        None
    }

    fn place(&self, u: &[f64]) -> Vec<f64> {
        self.bounds.place(u)
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        self.expression.values(self.bounds.rows(u))
    }
}
