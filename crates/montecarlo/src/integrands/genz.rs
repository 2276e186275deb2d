//! Genz's six families of test integrands, each hard in its own way and each with a known integral.
//!
//! Every member has weights a_i > 0 (how hard it is) and a place u_i in (0, 1). They follow one
//! fixed rule, so that a result can be repeated by hand: u_i = frac(i * golden ratio), and
//! a_i is proportional to 1/2 + frac(i * sqrt(2)), scaled so that their sum is the family's
//! difficulty: 9, 7.25, 1.85, 7.03, 20.4, 4.3 (Barthelmann, Novak and Ritter's, for every D).
//!
//! Reference: A. Genz, "A package for testing multiple integration subroutines", in P. Keast, G.
//! Fairweather (eds.), Numerical Integration (1987), 337-340; V. Barthelmann, E. Novak, K. Ritter,
//! "High dimensional polynomial interpolation on sparse grids", Adv. Comput. Math. 12 (2000),
//! 273-288.

use super::Row;
use super::parameters::{Bad, Parameter, Parameters};

pub(super) mod continuous;
pub(super) mod corner_peak;
pub(super) mod discontinuous;
pub(super) mod gaussian;
pub(super) mod oscillatory;
pub(super) mod product_peak;

/// The largest dimension: beyond it, squares of the product peak's values would near the end of the
/// range of `f64`.
const MOST: usize = 50;

/// What all six families may be told.
const PARAMETERS: &[Parameter] = &[Parameter::new("dim", "D", "5", "Dimensions, 1 to 50")];

/// Weights and places of one member.
#[derive(Clone)]
struct Member {
    a: Vec<f64>,
    u: Vec<f64>,
}

impl Member {
    fn new(parameters: &Parameters, difficulty: f64) -> Result<Member, Bad> {
        let dimension = parameters.whole("dim", 1..=MOST)?;
        let golden = (1.0 + 5f64.sqrt()) / 2.0;
        let u = (1..=dimension).map(|i| (i as f64 * golden).fract()).collect();
        let raw = |i: usize| 0.5 + (i as f64 * std::f64::consts::SQRT_2).fract();
        let sum: f64 = (1..=dimension).map(raw).sum();
        Ok(Member { a: (1..=dimension).map(|i| raw(i) * difficulty / sum).collect(), u })
    }

    fn dimension(&self) -> usize {
        self.a.len()
    }

    /// The product over the dimensions of `factor(a, u)`: the form of most of the integrals.
    fn product(&self, factor: impl Fn(f64, f64) -> f64) -> f64 {
        self.a.iter().zip(&self.u).map(|(&a, &u)| factor(a, u)).product()
    }

    /// `start` and, one dimension after the other, what `step(sum, x, a, u)` makes of it.
    #[inline(always)]
    fn fold(&self, start: f64, x: &[Row], step: impl Fn(f64, f64, f64, f64) -> f64) -> Row {
        let mut sum = Row::all(start);
        for ((x, &a), &u) in x.iter().zip(&self.a).zip(&self.u) {
            sum.update(x, |sum, x| step(sum, x, a, u));
        }
        sum
    }
}
