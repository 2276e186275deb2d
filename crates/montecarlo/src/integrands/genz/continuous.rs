//! Genz's continuous family: exp(-sum a |x - u|), with a kink at u
//!
//! Exact: the product of (2 - exp(-a u) - exp(-a (1 - u))) / a.

use super::super::parameters::{Bad, Parameters};
use super::super::{Entry, Integrand, Row};
use super::{Member, PARAMETERS};
use crate::elementary;
use crate::sampler::Kernel;

pub(in super::super) const ENTRY: Entry = Entry {
    name: "genz-continuous",
    about: "Genz's continuous family: exp(-sum a |x - u|), with a kink at u",
    parameters: PARAMETERS,
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    Ok(Box::new(Continuous(Member::new(parameters, 20.4)?)))
}

#[derive(Clone)]
struct Continuous(Member);

impl Integrand for Continuous {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn exact(&self) -> Option<f64> {
        Some(self.0.product(|a, u| (2.0 - libm::exp(-a * u) - libm::exp(-a * (1.0 - u))) / a))
    }

    #[inline(always)]
    fn values(&mut self, x: &[Row]) -> Row {
        elementary::exp(&self.0.fold(0.0, x, |sum, x, a, u| sum - a * (x - u).abs()))
    }
}
