//! Genz's product peak family: product of 1 / (a^-2 + (x - u)^2)
//!
//! Exact: the product of a (arctan(a (1 - u)) + arctan(a u)). One quotient for all dimensions: the
//! denominators are multiplied first.

use super::super::parameters::{Bad, Parameters};
use super::super::{Entry, Integrand, Row};
use super::{Member, PARAMETERS};
use crate::sampler::Kernel;

pub(in super::super) const ENTRY: Entry = Entry {
    name: "genz-product-peak",
    about: "Genz's product peak family: product of 1 / (a^-2 + (x - u)^2)",
    parameters: PARAMETERS,
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    Ok(Box::new(ProductPeak(Member::new(parameters, 7.25)?)))
}

#[derive(Clone)]
struct ProductPeak(Member);

impl Integrand for ProductPeak {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn exact(&self) -> Option<f64> {
        Some(self.0.product(|a, u| a * (libm::atan(a * (1.0 - u)) + libm::atan(a * u))))
    }

    #[inline(always)]
    fn values(&mut self, x: &[Row]) -> Row {
        let denominator = self.0.fold(1.0, x, |product, x, a, u| product * (1.0 / (a * a) + (x - u) * (x - u)));
        denominator.map(|denominator| 1.0 / denominator)
    }
}
