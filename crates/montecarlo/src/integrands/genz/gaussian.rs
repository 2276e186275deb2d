//! Genz's Gaussian family: exp(-sum a^2 (x - u)^2)
//!
//! Exact: the product of sqrt(pi) / (2a) * (erf(a (1 - u)) + erf(a u)).

use super::super::parameters::{Bad, Parameters};
use super::super::{Entry, Integrand, Row};
use super::{Member, PARAMETERS};
use crate::elementary;
use crate::sampler::Kernel;
use std::f64::consts::PI;

pub(in super::super) const ENTRY: Entry = Entry {
    name: "genz-gaussian",
    about: "Genz's Gaussian family: exp(-sum a^2 (x - u)^2)",
    parameters: PARAMETERS,
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    Ok(Box::new(Gaussian(Member::new(parameters, 7.03)?)))
}

#[derive(Clone)]
struct Gaussian(Member);

impl Integrand for Gaussian {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn exact(&self) -> Option<f64> {
        let both = |a: f64, u: f64| libm::erf(a * (1.0 - u)) + libm::erf(a * u);
        Some(self.0.product(|a, u| PI.sqrt() / (2.0 * a) * both(a, u)))
    }

    #[inline(always)]
    fn values(&mut self, x: &[Row]) -> Row {
        elementary::exp(&self.0.fold(0.0, x, |sum, x, a, u| sum - (a * (x - u)) * (a * (x - u))))
    }
}
