//! Genz's oscillatory family: cos(2 pi u1 + sum a x)
//!
//! Exact: the real part of a product of complex exponentials, cos(2 pi u1 + sum a/2) * product of
//! sin(a/2) / (a/2).

use super::super::parameters::{Bad, Parameters};
use super::super::{Entry, Integrand, Row};
use super::{Member, PARAMETERS};
use crate::elementary;
use crate::sampler::Kernel;
use std::f64::consts::TAU;

pub(in super::super) const ENTRY: Entry = Entry {
    name: "genz-oscillatory",
    about: "Genz's oscillatory family: cos(2 pi u1 + sum a x)",
    parameters: PARAMETERS,
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    Ok(Box::new(Oscillatory(Member::new(parameters, 9.0)?)))
}

#[derive(Clone)]
struct Oscillatory(Member);

impl Integrand for Oscillatory {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn exact(&self) -> Option<f64> {
        let phase = TAU * self.0.u[0] + self.0.a.iter().sum::<f64>() / 2.0;
        Some(libm::cos(phase) * self.0.product(|a, _| libm::sin(a / 2.0) / (a / 2.0)))
    }

    #[inline(always)]
    fn values(&mut self, x: &[Row]) -> Row {
        elementary::cos(&self.0.fold(TAU * self.0.u[0], x, |sum, x, a, _| sum + a * x))
    }
}
