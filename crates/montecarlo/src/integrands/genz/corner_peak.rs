//! Genz's corner peak family: (1 + sum a x)^-(D+1)
//!
//! The usual formula for its integral alternates over 2^D corners and loses all digits by D = 20.
//! Here: 1 / s^(D+1) is the integral of t^D exp(-t s) / D! over t > 0, so the integral over the
//! cube becomes one over t alone,
//!
//! 1/D! * integral of t^D exp(-t) * product of (1 - exp(-a t)) / (a t) dt,
//!
//! with nothing negative in it. In ln t it falls off exponentially below and faster above, where
//! sums over equal steps converge faster than any power (as for the Gamma function): at a step of
//! 1/16 the error is far below 1e-16.

use super::super::parameters::{Bad, Parameters};
use super::super::{Entry, Integrand, Row};
use super::{Member, PARAMETERS};
use crate::elementary;
use crate::sampler::Kernel;

pub(in super::super) const ENTRY: Entry = Entry {
    name: "genz-corner-peak",
    about: "Genz's corner peak family: (1 + sum a x)^-(D+1)",
    parameters: PARAMETERS,
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    Ok(Box::new(CornerPeak(Member::new(parameters, 1.85)?)))
}

#[derive(Clone)]
struct CornerPeak(Member);

/// Step in ln t.
const STEP: f64 = 1.0 / 16.0;

impl Integrand for CornerPeak {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn exact(&self) -> Option<f64> {
        let dimension = self.0.dimension();
        let term = |ln_t: f64| {
            let t = libm::exp(ln_t);
            // t^D / D!, factor by factor, and t once more for dt = t d(ln t).
            let power: f64 = (1..=dimension).map(|i| t / i as f64).product();
            power * t * libm::exp(-t) * self.0.product(|a, _| -libm::expm1(-a * t) / (a * t))
        };
        // From t = 1e-16, where a term is below 1e-32, to t = 700, where exp(-t) ends.
        let steps = (-37 * 16)..=(6.55 / STEP) as i32;
        Some(steps.map(|i| term(f64::from(i) * STEP)).sum::<f64>() * STEP)
    }

    #[inline(always)]
    fn values(&mut self, x: &[Row]) -> Row {
        let base = self.0.fold(1.0, x, |sum, x, a, _| sum + a * x);
        elementary::power(&base, -(x.len() as i32 + 1))
    }
}
