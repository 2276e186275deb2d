//! Genz's discontinuous family: exp(sum a x) where x1 < u1 and x2 < u2, else 0
//!
//! Exact: the product of (exp(a u) - 1) / a over the first two dimensions and (exp(a) - 1) / a over
//! the others.

use super::super::parameters::{Bad, Parameters};
use super::super::{Entry, Integrand, Row};
use super::{Member, PARAMETERS};
use crate::elementary;
use crate::sampler::Kernel;

pub(in super::super) const ENTRY: Entry = Entry {
    name: "genz-discontinuous",
    about: "Genz's discontinuous family: exp(sum a x) where x1 < u1 and x2 < u2, else 0",
    parameters: PARAMETERS,
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    let mut member = Member::new(parameters, 4.3)?;
    // From the third dimension on the edge is where the cube ends.
    member.u.iter_mut().skip(2).for_each(|u| *u = 1.0);
    Ok(Box::new(Discontinuous(member)))
}

#[derive(Clone)]
struct Discontinuous(Member);

impl Integrand for Discontinuous {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn exact(&self) -> Option<f64> {
        Some(self.0.product(|a, u| libm::expm1(a * u) / a))
    }

    #[inline(always)]
    fn values(&mut self, x: &[Row]) -> Row {
        let mut values = elementary::exp(&self.0.fold(0.0, x, |sum, x, a, _| sum + a * x));
        for (x, &u) in x.iter().zip(&self.0.u).take(2) {
            values.update(x, |value, x| if x < u { value } else { 0.0 });
        }
        values
    }
}
