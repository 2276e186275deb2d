//! A user's own integrand: an expression in x, y, z or x1, x2, ..., each between two bounds.
//!
//! The number of bounds is the number of dimensions. Bounds are expressions too, without variables:
//! `--bounds 0:pi/2,-1:1`.

use super::parameters::{Bad, Parameter, Parameters};
use super::{Entry, Integrand, MOST_DIMENSIONS, Row};
use crate::expression::{Expression, Misreading, names};
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
        Parameter {
            default: None,
            ..Parameter::new("bounds", "A:B,...", "", "From where to where, for each variable in turn; both finite")
        },
    ],
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    let bounds: Vec<(f64, f64)> =
        parameters.word("bounds").split(',').map(|pair| interval(parameters, pair)).collect::<Result<_, _>>()?;
    if bounds.len() > MOST_DIMENSIONS {
        return Err(parameters.bad("bounds", &format!("at most {MOST_DIMENSIONS} dimensions")));
    }
    let volume = volume(&bounds);
    if !volume.is_normal() {
        let side = if volume > 1.0 { "above the largest (1.8e308)" } else { "below the smallest (2.2e-308)" };
        return Err(parameters.bad("bounds", &format!("the volume between them is {side} that a number can have")));
    }
    let dimension = bounds.len();
    let known = format!("--bounds makes {} known; numbers: pi e; functions: {}", variables(dimension), names());
    let variable = |name: &str| index(name).filter(|&index| index < dimension);
    let expression = Expression::parse(parameters.word("expression"), dimension, &variable, &known)
        .map_err(|misreading| Bad(misreading.to_string()))?;
    Ok(Box::new(Own { expression, bounds, volume }))
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

#[derive(Clone)]
struct Own {
    expression: Expression,
    bounds: Vec<(f64, f64)>,
    volume: f64,
}

impl Integrand for Own {
    fn dimension(&self) -> usize {
        self.bounds.len()
    }

    fn volume(&self) -> f64 {
        self.volume
    }

    fn exact(&self) -> Option<f64> {
        None
    }

    fn place(&self, u: &[f64]) -> Vec<f64> {
        u.iter().zip(&self.bounds).map(|(u, (low, high))| low + (high - low) * u).collect()
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        let x = u.iter().zip(&self.bounds).map(|(u, &(low, high))| u.map(|u| low + (high - low) * u));
        self.expression.values(x)
    }
}
