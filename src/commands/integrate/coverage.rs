//! How often the 95 % intervals of every method cover known integrals.
//!
//! Stands apart from the tests of the jobs, which show what one of them computes. Here whole jobs
//! of all methods run on one rank, by the same code that reports them.

use std::ops::ControlFlow;

use super::args::IntegrateMethod;
use super::finding::IntegralFinding;
use super::nets::NetJob;
use super::plain::PlainJob;
use super::problem::testing::problem_of;
use super::problem::{Integration, Problem};
use super::trained_nets::TrainedNetJob;
use super::vegas::VegasJob;
use crate::error::Result;
use crate::job::rounds::Adaptive;
use crate::job::{Job, Span, Tally};
use crate::montecarlo::integrands::find;
use crate::montecarlo::integrands::parameters::{Parameter, Parameters};
use crate::montecarlo::nets::Family;
use crate::montecarlo::sampler::Kernel;
use crate::montecarlo::trained_nets::LEAST_TRAINING;
use crate::report::IntervalKind;

/// Seeds of each case. 95 % of them are 190, with a binomial error of 3.08.
const SEEDS: u64 = 200;

/// Intervals that cover: at least 190 less four errors. 190 plus four errors is above 200, so
/// there is no upper bound.
const LEAST_COVERED: usize = 178;

/// The largest mean of z^2: 1.15 is what Student's t with 15 degrees of freedom has, and nets in
/// one dimension have more.
const MOST_SQUARES: f64 = 3.0;

/// The samples of a case: for `auto` enough to train and to choose.
const fn samples(method: IntegrateMethod) -> u64 {
    if matches!(method, IntegrateMethod::Auto) { 16 * LEAST_TRAINING } else { 1 << 14 }
}

/// The tally of a span of blocks.
fn tally<J: Job>(job: &J, span: Span) -> J::Tally {
    let tally = job.compute(span, &mut job.workspace(), &mut || ControlFlow::Continue(()));
    tally.continue_value().expect("nothing stops it")
}

/// What a job of independent blocks finds.
fn independent<J: Integration>(job: &J) -> Result<IntegralFinding> {
    job.finding(tally(job, Span::new(0, job.blocks())))
}

/// What a job finds whose blocks depend on those of stages before.
fn adaptive<J: Adaptive + Integration>(mut job: J) -> Result<IntegralFinding> {
    let mut stages: Vec<(Span, J::Tally)> = Vec::new();
    for end in job.stages().into_iter().chain([job.blocks()]) {
        let before: Vec<_> = stages.iter().map(|(span, tally)| (*span, tally)).collect();
        let adaptation = job.adapt(&before);
        job = job.adapted(adaptation);
        let span = Span::new(stages.last().map_or(0, |(span, _)| span.end), end);
        stages.push((span, tally(&job, span)));
    }
    let total = stages.into_iter().map(|(_, tally)| tally).reduce(|mut total, next| {
        total.merge(next);
        total
    });
    job.finding(total.expect("stages"))
}

/// What a method finds with its default options.
pub(super) fn finding(kernel: &dyn Kernel, method: IntegrateMethod, seed: u64) -> IntegralFinding {
    found(problem_of(kernel.duplicate(), samples(method), seed, method))
}

/// What the method of a problem finds.
pub(super) fn found(problem: Problem) -> IntegralFinding {
    judged(problem).expect("finite values")
}

/// The same, or why a value spoils it.
pub(super) fn judged(problem: Problem) -> Result<IntegralFinding> {
    let samples = problem.samples;
    match problem.method {
        IntegrateMethod::Plain | IntegrateMethod::Antithetic | IntegrateMethod::Control => {
            independent(&PlainJob { problem })
        }
        IntegrateMethod::Stratified => independent(&VegasJob::stratified(problem)),
        IntegrateMethod::Sobol => independent(&NetJob::new(problem, Family::Sobol)),
        IntegrateMethod::Lattice => independent(&NetJob::new(problem, Family::Lattice)),
        IntegrateMethod::Vegas => adaptive(VegasJob::new(Problem { is_trained: true, ..problem }, samples / 8)),
        IntegrateMethod::Auto => {
            adaptive(TrainedNetJob::new(Problem { is_trained: true, ..problem }, samples / 16, None))
        }
    }
}

/// An integrand of the list: what is not given has its default.
pub(super) fn integrand(name: &str, given: &[(&'static str, &str)]) -> Box<dyn Kernel> {
    let entry = find(name).expect("in the list");
    let word = |parameter: &Parameter| {
        let given = given.iter().find(|(known, _)| *known == parameter.name).map(|(_, word)| *word);
        (parameter.name, given.or(parameter.default).unwrap_or_default().to_owned())
    };
    (entry.make)(&Parameters::new(entry.parameters.iter().map(word))).expect("a right integrand")
}

/// The integrands with known integrals, of few and of more dimensions.
fn known() -> Vec<(&'static str, Box<dyn Kernel>)> {
    let genz = [
        "genz-oscillatory",
        "genz-product-peak",
        "genz-corner-peak",
        "genz-gaussian",
        "genz-continuous",
        "genz-discontinuous",
    ];
    let with = |name, dim| (name, integrand(name, &[("dim", dim)]));
    let genz = genz.into_iter().flat_map(|name| [with(name, "2"), with(name, "6")]);
    genz.chain([with("ball", "2"), with("ball", "6"), ("option", integrand("option", &[]))]).collect()
}

#[test]
#[ignore = "long: 200 jobs of each method and integrand"]
fn intervals_of_every_method_cover_as_often_as_they_say() {
    let mut failed = Vec::new();
    for (name, kernel) in known() {
        let exact = kernel.exact().expect("known");
        for method in IntegrateMethod::CHOICES.iter().map(|&(_, method, _)| method) {
            let mut squares = 0.0;
            let covers = |seed: &u64| {
                let found = finding(&*kernel, method, *seed);
                let is_wilson = method == IntegrateMethod::Plain && kernel.is_indicator();
                assert_eq!(found.interval == IntervalKind::Wilson, is_wilson, "{name}, {}", method.word());
                let mean = found.components[0].mean.expect("samples that count");
                let z = mean.z(exact).unwrap_or(0.0);
                squares += z * z;
                mean.ci95.is_some_and(|[low, high]| (low..=high).contains(&exact))
            };
            let covered = (1..=SEEDS).filter(covers).count();
            let line = format!(
                "{name}, {} dimensions, {}: {covered} of {SEEDS}, mean z^2 {:.2}",
                kernel.dimension(),
                method.word(),
                squares / SEEDS as f64
            );
            println!("{line}");
            if covered < LEAST_COVERED || squares > MOST_SQUARES * SEEDS as f64 {
                failed.push(line);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// A large constant beside what varies is in the shift, whatever the method. Where a method leaves
/// no spread, the estimate is exact.
#[test]
fn a_large_constant_hides_no_error() {
    for &(word, method, _) in IntegrateMethod::CHOICES {
        for (constant, size) in [("1e6", 1e6), ("1e9", 1e9)] {
            let kernel = integrand("expr", &[("expression", &format!("{constant}+x")), ("bounds", "0:1")]);
            let mean = finding(&*kernel, method, 3).components[0].mean.expect("samples");
            match mean.z(size + 0.5) {
                Some(z) => assert!(z.abs() < 4.0 && mean.std_error < Some(0.01), "{word}, {constant}: {mean:?}"),
                None => assert!(method.is_reduced() && mean.estimate == size + 0.5, "{word}, {constant}: {mean:?}"),
            }
        }
    }
}

/// No sample falls into the peak: nothing is known about the error.
#[test]
fn a_peak_that_no_sample_finds_has_an_unknown_error() {
    let peak = "(x>0.1234567891)*(x<0.12345678911)*(y>0.7654321)";
    let kernel = integrand("expr", &[("expression", peak), ("bounds", "0:1,0:1")]);
    for method in IntegrateMethod::CHOICES.iter().map(|&(_, method, _)| method) {
        for seed in 1..=3 {
            let mean = finding(&*kernel, method, seed).components[0].mean.expect("samples that count");
            assert_eq!((mean.estimate, mean.std_error, mean.ci95), (0.0, None, None), "{}", method.word());
        }
    }
}
