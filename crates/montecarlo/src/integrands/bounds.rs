//! The option `--bounds` of integrands that users bring.
//!
//! Stands beside [`domain`](super::domain), which has the substitutions. Here are the option and
//! its numbers, which are expressions without variables.

use std::sync::atomic::{AtomicBool, Ordering};

use super::domain::{Domain, split};
use super::named_numbers::NamedNumbers;
use super::parameters::{Bad, Parameter, Parameters};
use super::{MOST_DIMENSIONS, expr};
use crate::expression::Expression;

/// The option that [`read`] reads.
pub const PARAMETER: Parameter = Parameter {
    default: None,
    ..Parameter::new(
        "bounds",
        "A:B,...",
        "",
        "From where to where, for each variable in turn. Infinite: 0:inf, -inf:inf. Singular: 0+:1 at the lower end, \
         0:1- at the upper one",
    )
};

/// The region from the word of [`PARAMETER`]: a pair of bounds for each coordinate.
///
/// # Errors
/// [`Bad`] for a pair that is none, for more than [`MOST_DIMENSIONS`] of them, and for a volume
/// outside the range of an `f64`.
pub fn read(parameters: &Parameters) -> Result<Domain, Bad> {
    with_numbers(parameters, &NamedNumbers::default())
}

/// The same, where bounds may use these numbers.
pub(super) fn with_numbers(parameters: &Parameters, numbers: &NamedNumbers) -> Result<Domain, Bad> {
    let bounds = parameters.word("bounds");
    if split(bounds).len() > MOST_DIMENSIONS {
        return Err(parameters.bad("bounds", &format!("at most {MOST_DIMENSIONS} dimensions")));
    }
    Domain::parse(bounds, |text| bound(numbers, text)).map_err(|why| parameters.bad("bounds", &why))
}

/// The number that a bound is.
fn bound(numbers: &NamedNumbers, text: &str) -> Result<f64, String> {
    let has_variable = AtomicBool::new(false);
    let symbol = |name: &str| {
        has_variable.fetch_or(expr::index(name).is_some(), Ordering::Relaxed);
        numbers.symbol(name)
    };
    let known = format!("a bound is a number, like 2, -1.5 or pi/2{}", numbers.listed(", or "));
    Expression::parse(text, 0, &symbol, &known).map(Expression::constant).map_err(|misreading| {
        if has_variable.into_inner() {
            "a bound cannot depend on a variable; take bounds that hold the region, and multiply the integrand by a \
             condition like (y < x)"
                .to_owned()
        } else {
            misreading.message
        }
    })
}
