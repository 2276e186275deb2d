//! A user's own integrand: an expression in x, y, z or x1, x2, ..., each between two bounds.
//!
//! The number of bounds is the number of dimensions. Bounds are expressions too, without variables:
//! `--bounds 0:pi/2,-1:1`; [`domain`](super::domain) says how infinite and singular ones are
//! mapped. `--set` names numbers for both. Semicolons separate several expressions: they are the
//! components of one integrand.

use super::bounds;
use super::domain::{Domain, Weights};
use super::named_numbers::NamedNumbers;
use super::parameters::{Bad, Parameter, Parameters};
use super::several::Several;
use super::{Entry, Integrand, Row};
use crate::components::MOST_COMPONENTS;
use crate::expression::{Expression, Symbol, names};
use crate::sampler::Kernel;

pub(super) const ENTRY: Entry = Entry {
    name: "expr",
    about: "An expression of yours, like 'exp(-x*x)', in x, y, z or x1, x2, ..., or several: 'x; x*x'",
    parameters: &[
        Parameter {
            is_positional: true,
            default: None,
            ..Parameter::new(
                "expression",
                "EXPRESSION",
                "",
                "The integrand: + - * / ^ < <= > >= == != and or not, if(condition, a, b), pi, e, and functions; or several of them, separated by ;",
            )
        },
        bounds::PARAMETER,
        Parameter {
            is_repeatable: true,
            ..Parameter::new("set", "NAME=VALUE,...", "", "Name numbers for the expression and its bounds")
        },
    ],
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    let is_variable = |name: &str| index(name).is_some();
    let numbers =
        NamedNumbers::parse(parameters.word("set"), is_variable).map_err(|why| parameters.bad("set", &why))?;
    let domain = bounds::with_numbers(parameters, &numbers)?;
    let dimension = domain.dimension();
    let known = format!(
        "--bounds makes {} known{}; numbers: pi e; functions: {}",
        variables(dimension),
        numbers.listed(", --set "),
        names()
    );
    let symbol = |name: &str| match index(name) {
        Some(index) => (index < dimension).then_some(Symbol::Variable(index)),
        None => numbers.symbol(name),
    };
    let parse = |text: &str| {
        Expression::parse(text, dimension, &symbol, &known).map_err(|misreading| Bad(misreading.to_string()))
    };
    if expressions(parameters).count() > 1 && expressions(parameters).any(str::is_empty) {
        return Err(Bad("an expression is missing beside a ';'".to_owned()));
    }
    let found: Vec<Expression> = expressions(parameters).map(parse).collect::<Result<_, _>>()?;
    if found.len() > MOST_COMPONENTS {
        return Err(Bad(format!("{} expressions are too many: {MOST_COMPONENTS} at most", found.len())));
    }
    if let Some(name) = numbers.unused() {
        return Err(parameters.bad("set", &format!("neither the expression nor a bound uses '{name}'")));
    }
    let mut kernels = found.into_iter().map(|expression| {
        let expression = if domain.is_weighted() { expression.weighted() } else { expression };
        Box::new(Own { expression, domain: domain.clone(), weights: Weights::ones() }) as Box<dyn Kernel>
    });
    let first = kernels.next().ok_or_else(|| Bad("there is no expression".to_owned()))?;
    if kernels.len() == 0 {
        return Ok(first);
    }
    Ok(Box::new(Several::new(first, kernels)))
}

/// The expressions of `expr`: those between semicolons.
pub fn expressions(parameters: &Parameters) -> impl Iterator<Item = &str> {
    parameters.word("expression").split(';').map(str::trim)
}

/// The names of all variables, both of those that have two: `x or x1`, `x, y or x1, x2`, `x1 to x7,
/// or x, y, z for the first three`.
fn variables(dimension: usize) -> String {
    let letters = ["x", "y", "z"][..dimension.min(3)].join(", ");
    match dimension {
        1..=3 => {
            let numbered: Vec<String> = (1..=dimension).map(|d| format!("x{d}")).collect();
            format!("{letters} or {}", numbered.join(", "))
        }
        _ => format!("x1 to x{dimension}, or {letters} for the first three,"),
    }
}

/// The number of a variable: x, y and z are 0, 1 and 2, and so are x1, x2 and x3.
pub fn index(name: &str) -> Option<usize> {
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
    domain: Domain,
    /// The weights of the latest values; ones where the domain has none.
    weights: Weights,
}

impl Integrand for Own {
    fn dimension(&self) -> usize {
        self.domain.dimension()
    }

    fn volume(&self) -> f64 {
        self.domain.volume()
    }

    fn exact(&self) -> Option<f64> {
        None
    }

    fn is_weighted(&self) -> bool {
        self.domain.is_weighted()
    }

    fn place(&self, u: &[f64]) -> Vec<f64> {
        self.domain.place(u)
    }

    fn range(&self, coordinate: usize) -> [f64; 2] {
        self.domain.range(coordinate)
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        let Own { expression, domain, weights } = self;
        let (x, weight) = expression.variables().split_at_mut(u.len());
        domain.map(u, x, weights);
        // Behind the variables, where the tape multiplies by it.
        if let [weight] = weight {
            *weight = *weights.product();
        }
        expression.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrands::testing::make;

    /// Every name that the message lists is one, and no other.
    #[test]
    fn messages_name_both_forms_of_a_variable() {
        for (dimension, expected) in [
            (1, "makes x or x1 known"),
            (2, "makes x, y or x1, x2 known"),
            (3, "makes x, y, z or x1, x2, x3 known"),
            (4, "makes x1 to x4, or x, y, z for the first three, known"),
        ] {
            let bounds = vec!["0:1"; dimension].join(",");
            let refusal = |name: &str| make("expr", &[("expression", name), ("bounds", &bounds)]).err();
            let Bad(text) = refusal("q").expect("no variable");
            assert!(text.contains(expected), "{text}");
            let names = ["x", "y", "z"].into_iter().map(str::to_owned).take(dimension);
            for name in names.chain((1..=dimension).map(|d| format!("x{d}"))) {
                assert!(refusal(&name).is_none(), "{name} of {dimension}");
            }
            assert!(refusal(&format!("x{}", dimension + 1)).is_some());
        }
    }
}
