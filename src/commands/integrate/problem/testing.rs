//! Problems for the tests of the jobs: an integrand and a method, without a command line.

use super::*;
use crate::montecarlo::integrands::find;
use crate::montecarlo::integrands::parameters::Parameters;

/// An integrand of the list in so many dimensions.
pub(in super::super) fn problem(name: &str, dim: &str, samples: u64, method: IntegrateMethod) -> Problem {
    let make = find(name).expect("in the list").make;
    let kernel = make(&Parameters::new([("dim", dim.to_owned())])).expect("a dimension");
    problem_of(kernel, samples, 42, method)
}

/// A kernel, sampled by a method.
pub(in super::super) fn problem_of(
    kernel: Box<dyn Kernel>,
    samples: u64,
    seed: u64,
    method: IntegrateMethod,
) -> Problem {
    let isa = Isa::widest();
    let Wrapped { kernel, samples_of_value, pilot } = Wrapped::new(kernel, method, seed, isa);
    Problem {
        names: vec![String::new(); kernel.components()],
        kernel,
        first_values: OnceCell::new(),
        histograms: Histograms::default(),
        parameters: Vec::new(),
        samples,
        samples_of_value,
        pilot,
        seed,
        isa,
        method,
        is_trained: false,
        slow_block: None,
        nan: NanPolicy::Fail,
        kind: String::new(),
        words: Vec::new(),
    }
}
