//! What a rank must know of an integrand before it adds up values: a function of its first 128.
//!
//! Stands apart from `problem`, which evaluates nothing until the root has tested the first
//! samples: a function that crashes then does so on one rank, with one message.

use super::args::IntegrateMethod;
use crate::isa::Isa;
use crate::montecarlo::correlation::Factors;
use crate::montecarlo::sampler::{Kernel, Sampler};

/// What the first values of an integrand say about how all are added up.
#[derive(Clone)]
pub(super) struct FirstValues {
    /// For products of components, where plain sums need them.
    pub(super) factors: Option<Factors>,
    /// What is taken from the values of each component that is sampled.
    pub(super) shifts: Vec<f64>,
}

impl FirstValues {
    pub(super) fn new(kernel: &dyn Kernel, method: IntegrateMethod, seed: u64, isa: Isa) -> FirstValues {
        // The tallies of other methods have what correlations take.
        let factors = (method.is_uniform() && kernel.components() > 1).then(|| Factors::new(kernel, seed, isa));
        let kernel = kernel.duplicate();
        let sampled = match &factors {
            Some(factors) => Box::new(factors.paired(kernel)),
            None => kernel,
        };
        FirstValues { factors, shifts: Sampler::new(sampled, seed, isa).shifts() }
    }
}
