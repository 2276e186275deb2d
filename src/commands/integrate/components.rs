//! Tests of integrals with several components, and of histograms, by every method.
//!
//! Stands beside `coverage`, by whose code whole jobs run on one rank.

use super::args::IntegrateMethod;
use super::coverage::{finding, found, integrand, judged};
use super::finding::IntegralFinding;
use super::histogram::{Histograms, Request};
use super::nets::NetJob;
use super::plain::PlainJob;
use super::problem::testing::problem_of;
use super::problem::{Integration, Problem};
use super::trained_nets::TrainedNetJob;
use super::vegas::VegasJob;
use crate::commands::forged::attack;
use crate::montecarlo::nets::Family;
use crate::montecarlo::sampler::Kernel;

fn several(expressions: &[&str]) -> Box<dyn Kernel> {
    integrand("expr", &[("expression", &expressions.join(";")), ("bounds", "0:1,0:1")])
}

fn methods() -> impl Iterator<Item = IntegrateMethod> {
    IntegrateMethod::CHOICES.iter().map(|&(_, method, _)| method)
}

/// Whether all components come from the same points whatever the first one is.
fn is_untrained(method: IntegrateMethod) -> bool {
    !matches!(method, IntegrateMethod::Vegas | IntegrateMethod::Auto)
}

#[test]
fn a_component_is_what_it_is_alone() {
    let texts = ["exp(x)*y", "x-y", "1e200*y*y", "7", "if(x<0.5, 1e-200, 0)"];
    for method in methods().filter(|&method| is_untrained(method)) {
        let found = finding(&*several(&texts), method, 5);
        assert_eq!(found.components.len(), texts.len());
        for (text, component) in texts.iter().zip(&found.components) {
            let alone = &finding(&*several(&[text]), method, 5);
            assert!(alone.correlations.is_empty());
            assert_eq!(component.mean, alone.components[0].mean, "{text}, {}", method.word());
            assert_eq!(component.chi_square, alone.components[0].chi_square, "{text}, {}", method.word());
        }
    }
}

/// A map that the first component has trained serves the others as well, if less.
#[test]
fn every_component_has_its_integral() {
    let texts = ["exp(-50*((x-0.5)^2+(y-0.5)^2))", "x^2", "-2*x^2", "y^2", "0"];
    // The first one is pi/50 but for 1.1e-6 of it.
    let exact = [std::f64::consts::PI / 50.0, 1.0 / 3.0, -2.0 / 3.0, 1.0 / 3.0, 0.0];
    for method in methods() {
        let found = finding(&*several(&texts), method, 2);
        for (component, exact) in found.components.iter().zip(exact) {
            let mean = component.mean.expect("samples that count");
            let error = mean.std_error.unwrap_or(0.0);
            assert!((mean.estimate - exact).abs() <= 6.0 * error + 2e-6 * exact.abs(), "{}: {mean:?}", method.word());
        }
        correlations_are_sound(&found, method);
    }
}

fn correlations_are_sound(found: &IntegralFinding, method: IntegrateMethod) {
    let correlations = &found.correlations;
    for (one, row) in correlations.iter().enumerate() {
        assert_eq!((row.len(), row[one]), (correlations.len(), Some(1.0)));
        for (other, correlation) in row.iter().enumerate() {
            assert_eq!(*correlation, correlations[other][one]);
            assert!(correlation.is_none_or(|r| (-1.0..=1.0).contains(&r)));
        }
    }
    let opposite = correlations[1][2].expect("errors");
    assert!((opposite + 1.0).abs() < 1e-6, "{}: {opposite}", method.word());
    assert!(correlations[4][..4].iter().all(Option::is_none), "0 has no error");
}

/// The correlation of estimates is that which estimates of many seeds show.
#[test]
fn correlations_are_those_of_estimates() {
    const SEEDS: u64 = 100;
    let kernel = several(&["x^2+y", "x*y"]);
    for method in methods() {
        let found: Vec<IntegralFinding> = (0..SEEDS).map(|seed| finding(&*kernel, method, seed)).collect();
        let estimate = |at: usize| found.iter().map(move |found| found.components[at].mean.expect("samples").estimate);
        let mean = [0, 1].map(|at| estimate(at).sum::<f64>() / SEEDS as f64);
        let product = |one: usize, other: usize| -> f64 {
            estimate(one).zip(estimate(other)).map(|(a, b)| (a - mean[one]) * (b - mean[other])).sum()
        };
        let shown = product(0, 1) / (product(0, 0) * product(1, 1)).sqrt();
        let said = found.iter().filter_map(|found| found.correlations[0][1]).sum::<f64>() / SEEDS as f64;
        // The error of a correlation from 100 pairs is (1 - r^2) / 10, and at most 0.1.
        let error = 5.0 * (0.1 * (1.0 - said * said) + 0.01);
        assert!((shown - said).abs() < error, "{}: {shown} {said}", method.word());
    }
}

/// The first values say nothing of a peak; nor may sums of values of different sizes lose one.
#[test]
fn correlations_beside_a_peak_are_those_of_estimates() {
    let kernel = several(&["1e30*exp(-5e3*((x-0.5)^2+(y-0.5)^2))", "x+y", "1e-30*x"]);
    for method in [IntegrateMethod::Plain, IntegrateMethod::Stratified, IntegrateMethod::Vegas] {
        let found = finding(&*kernel, method, 3);
        let of_sum = found.correlations[1][2];
        let said = found.correlations[0][1].expect("errors");
        assert!(said.abs() < 0.3, "{}: {said}", method.word());
        assert!((0.3..0.95).contains(&of_sum.expect("errors")), "{}: {of_sum:?}", method.word());
    }
}

/// Also where the first samples, which are tested before the work, have none.
#[test]
fn a_value_that_is_no_number_has_its_component() {
    let message = |texts: &[&str], method| {
        let problem = problem_of(several(texts), 200_000, 1, method);
        problem.precheck().and_then(|()| judged(problem).map(drop).map_err(|error| error.to_string()))
    };
    for method in methods() {
        for (texts, said) in [
            (&["x", "ln(x-0.5)"][..], "component 2 of the integrand is not a number at (0."),
            (&["x", "y", "sqrt(0.9999-x)"], "component 3 of the integrand is not a number at (0.9999"),
            (&["x", "if(x>0.9999, 1/0, 0)*y"], "component 2 of the integrand is inf at (0.9999"),
            (&["sqrt(0.9999-x)", "y"], "component 1 of the integrand is not a number at (0.9999"),
            (&["sqrt(0.9999-x)"], "the integrand is not a number at (0.9999"),
        ] {
            let why = message(texts, method).expect_err("no number");
            assert!(why.starts_with(said), "{}, {texts:?}: {why}", method.word());
        }
    }
}

#[test]
fn forged_checkpoints_of_several_are_refused_or_sound() {
    let kernel = || several(&["exp(-x)", "1e300*y", "sqrt(x-0.01)"]);
    attack_all(|method| problem_of(kernel(), 40_000, 7, method));
}

/// Forged checkpoints of each kind of job.
fn attack_all(problem: impl Fn(IntegrateMethod) -> Problem) {
    let plain = PlainJob { problem: problem(IntegrateMethod::Plain) };
    attack("plain", &plain, |tally| said(&plain, tally));
    let strata = VegasJob::stratified(problem(IntegrateMethod::Stratified));
    attack("stratified", &strata, |tally| said(&strata, tally));
    let nets = NetJob::new(problem(IntegrateMethod::Sobol), Family::Sobol);
    attack("sobol", &nets, |tally| said(&nets, tally));
    let trained = TrainedNetJob::new(problem(IntegrateMethod::Auto), 8192, None);
    attack("auto", &trained, |tally| said(&trained, tally));
}

fn said<J: Integration>(job: &J, tally: &J::Tally) -> String {
    match job.finding(tally.clone()) {
        Ok(found) => {
            let histograms = job.problem().histograms.results(found.bins.as_ref(), job.problem().part_scale(None));
            format!("{:?} {histograms:?}", found.correlations)
        }
        Err(error) => error.to_string(),
    }
}

/// A problem with histograms along both coordinates.
fn with_histograms(kernel: &dyn Kernel, method: IntegrateMethod, samples: u64) -> Problem {
    let problem = problem_of(kernel.duplicate(), samples, 11, method);
    let requests: Vec<Request> = ["x1:4", "x2:2:0.25:0.75"].map(|text| text.parse().expect("bins")).into();
    let histograms = Histograms::new(&requests, kernel).expect("bounds");
    Problem { histograms, ..problem }
}

fn has_histograms(method: &IntegrateMethod) -> bool {
    !method.is_reduced()
}

#[test]
fn bins_have_their_parts_of_the_integral() {
    let kernel = several(&["exp(x)*y"]);
    let exact = |low: f64, high: f64| (high.exp() - low.exp()) / 2.0;
    for method in methods().filter(has_histograms) {
        let problem = with_histograms(&*kernel, method, 300_000);
        let (histograms, scale) = (problem.histograms.clone(), problem.part_scale(None));
        let of_job = found(problem);
        let whole = of_job.components[0].mean.expect("samples").estimate;
        let [along_x, along_y] = &histograms.results(of_job.bins.as_ref(), scale)[..] else { panic!("two") };
        assert_eq!((&*along_x.variable, &*along_y.variable), ("x1", "x2"));
        assert!((along_x.estimates.iter().sum::<f64>() / whole - 1.0).abs() < 1e-9, "{}", method.word());
        for (i, ends) in along_x.edges.windows(2).enumerate() {
            let error = along_x.std_errors[i].expect("errors");
            let z = (along_x.estimates[i] - exact(ends[0], ends[1])) / error;
            assert!(z.abs() < 5.0 && error < 0.01, "{}: {z}", method.word());
        }
        let half = along_y.estimates[1] + along_y.estimates[0];
        assert!((half - exact(0.0, 1.0) / 2.0).abs() < 0.01, "{}: {half}", method.word());
        assert_eq!(histograms.charts(of_job.bins.as_ref(), scale).len(), 2);
    }
}

#[test]
fn forged_bins_are_refused_or_sound() {
    let kernel = several(&["exp(x)*y"]);
    attack_all(|method| with_histograms(&*kernel, method, 40_000));
}
