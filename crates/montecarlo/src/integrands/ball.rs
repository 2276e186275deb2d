//! The volume of the unit ball: the share of the cube [-1, 1]^D that lies in it.
//!
//! Exact: V_D = V_(D-2) * 2 pi / D, from V_0 = 1 and V_1 = 2. In 2 dimensions it is pi, as
//! `montesieve pi` has it at a quarter of the random bits; in 20 dimensions one point in 4e7 hits,
//! which is why plain Monte Carlo is the wrong tool there.

use super::parameters::{Bad, Parameter, Parameters};
use super::{Entry, Integrand, Row};
use crate::sampler::Kernel;

pub(super) const ENTRY: Entry = Entry {
    name: "ball",
    about: "Volume of the unit ball in 2 to 20 dimensions",
    parameters: &[Parameter::new("dim", "D", "3", "Dimensions, 2 to 20")],
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    Ok(Box::new(Ball { dimension: parameters.whole("dim", 2..=20)? }))
}

#[derive(Clone)]
struct Ball {
    dimension: usize,
}

impl Integrand for Ball {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn volume(&self) -> f64 {
        2f64.powi(self.dimension as i32)
    }

    fn exact(&self) -> Option<f64> {
        let first = if self.dimension.is_multiple_of(2) { 1.0 } else { 2.0 };
        let steps = (1..=self.dimension).filter(|d| d % 2 == self.dimension % 2 && *d > 1);
        Some(steps.fold(first, |volume, d| volume * std::f64::consts::TAU / d as f64))
    }

    fn is_indicator(&self) -> bool {
        true
    }

    fn place(&self, u: &[f64]) -> Vec<f64> {
        u.iter().map(|u| 2.0 * u - 1.0).collect()
    }

    fn range(&self, _: usize) -> [f64; 2] {
        [-1.0, 1.0]
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        let mut square = Row::all(0.0);
        for u in u {
            square.update(u, |sum, u| sum + (2.0 * u - 1.0) * (2.0 * u - 1.0));
        }
        square.map(|square| if square < 1.0 { 1.0 } else { 0.0 })
    }
}
