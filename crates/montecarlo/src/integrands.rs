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

pub use super::integrand::{Integrand, MOST_DIMENSIONS};
use super::sampler::Kernel;
use super::uniform::Row;
pub use expr::{expressions, index as variable};
use parameters::{Bad, Parameter, Parameters};

mod ball;
pub mod bounds;
pub mod domain;
mod expr;
mod genz;
mod named_numbers;
mod option;
pub mod parameters;
mod ridge;
pub mod several;

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
pub static ALL: [Entry; 10] = [
    ball::ENTRY,
    genz::oscillatory::ENTRY,
    genz::product_peak::ENTRY,
    genz::corner_peak::ENTRY,
    genz::gaussian::ENTRY,
    genz::continuous::ENTRY,
    genz::discontinuous::ENTRY,
    ridge::ENTRY,
    option::ENTRY,
    expr::ENTRY,
];

/// The entry with this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

/// Integrands for the tests of this crate.
#[cfg(test)]
pub(crate) mod testing {
    use super::{Bad, Kernel, Parameter, Parameters, find};

    /// The integrand of that name with these words, or with defaults where none is given.
    pub(crate) fn make(name: &str, given: &[(&str, &str)]) -> Result<Box<dyn Kernel>, Bad> {
        let entry = find(name).unwrap_or_else(|| panic!("no {name}"));
        let word = |parameter: &Parameter| {
            let given = given.iter().find(|(known, _)| *known == parameter.name).map(|(_, word)| *word);
            given.or(parameter.default).unwrap_or_default().to_owned()
        };
        (entry.make)(&Parameters::new(entry.parameters.iter().map(|parameter| (parameter.name, word(parameter)))))
    }

    /// The expressions as components of one integrand; one alone is that itself.
    pub(crate) fn several(expressions: &[&str], bounds: &str) -> Box<dyn Kernel> {
        integrand("expr", &[("expression", &expressions.join(";")), ("bounds", bounds)])
    }

    /// The same where the words are right.
    pub(crate) fn integrand(name: &str, given: &[(&str, &str)]) -> Box<dyn Kernel> {
        make(name, given).unwrap_or_else(|bad| panic!("{bad}"))
    }
}

#[cfg(test)]
mod tests;
