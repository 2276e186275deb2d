//! From the tally of an integral to what is reported about it.
//!
//! Stands apart from `problem`, which runs one job for one integral: a job of many integrals
//! (`file`) reports each of them by the same function.

use super::answer::{ComponentResult, IntegrateResult};
use super::args::{IntegrateMethod, NanPolicy};
use super::finding::{ComponentFinding, IntegralFinding};
use super::problem::{Integration, Problem};
use crate::error::{Error, Result};
use crate::montecarlo::chi_square::ChiSquare;
use crate::montecarlo::mean::Doubt;
use crate::report::{Completion, TargetResult, Warning};

/// Below this probability blocks do not scatter by chance.
const LEAST_Q: f64 = 1e-4;

/// What is reported about the integrand of this name, from the tally of all finished blocks.
///
/// # Errors
/// [`Error::Run`] if a value spoils the tally, or the integral is beyond all numbers.
pub(super) fn result<J: Integration>(
    job: &J,
    integrand: &'static str,
    tally: J::Tally,
    target: Option<TargetResult>,
    completion: Completion,
) -> Result<IntegrateResult> {
    let problem = job.problem();
    let finding = job.finding(tally)?;
    if finding.components.iter().filter_map(|component| component.mean).any(|mean| !mean.is_finite()) {
        let why = "the integral or its error is beyond the largest number there is (1.8e308)";
        return Err(Error::Run(why.to_owned()));
    }
    Ok(of_finding(problem, integrand, &finding, target, completion))
}

/// The same from what the tally says.
pub(super) fn of_finding(
    problem: &Problem,
    integrand: &'static str,
    finding: &IntegralFinding,
    target: Option<TargetResult>,
    completion: Completion,
) -> IntegrateResult {
    let ComponentFinding { mean, nans, chi_square } = finding.components[0];
    let exact = problem.kernel.exact();
    IntegrateResult {
        integrand,
        parameters: problem.parameters.clone(),
        estimate: mean.map(|mean| mean.estimate),
        std_error: mean.and_then(|mean| mean.std_error),
        ci95: mean.and_then(|mean| mean.ci95),
        interval: finding.interval,
        degrees_of_freedom: finding.degrees_of_freedom,
        samples: finding.samples,
        training_samples: finding.training,
        points: finding.points,
        nan_samples: (problem.nan != NanPolicy::Fail).then_some(nans),
        seed: problem.seed,
        method: problem.method,
        exact,
        z: exact.and_then(|exact| mean.and_then(|mean| mean.z(exact))),
        chi_square,
        q: q(problem, chi_square),
        largest_share: mean.and_then(|mean| mean.largest_share),
        warning: warning(problem, &finding.components[0]),
        target,
        completion,
        components: components(problem, finding),
        histograms: problem.histograms.results(finding.bins.as_ref(), problem.part_scale(mean)),
    }
}

/// What is reported about each component, if there are several.
fn components(problem: &Problem, finding: &IntegralFinding) -> Vec<ComponentResult> {
    let errors: Vec<Option<f64>> =
        finding.components.iter().map(|component| component.mean.and_then(|mean| mean.std_error)).collect();
    let rows = finding.components.iter().zip(&finding.correlations).zip(&errors).zip(1..);
    rows.map(|(((component, correlations), error), number)| ComponentResult {
        component: number,
        expression: problem.names.get(number as usize - 1).cloned(),
        estimate: component.mean.map(|mean| mean.estimate),
        std_error: *error,
        ci95: component.mean.and_then(|mean| mean.ci95),
        covariances: correlations.iter().zip(&errors).map(|(r, other)| covariance(*r, *error, *other)).collect(),
        correlations: known(correlations, *error, &errors),
        nan_samples: (problem.nan != NanPolicy::Fail).then_some(component.nans),
        chi_square: component.chi_square,
        largest_share: component.mean.and_then(|mean| mean.largest_share),
        warning: warning(problem, component),
    })
    .collect()
}

/// From a correlation and both errors; `None` where one is not known, and beyond the range of
/// numbers.
fn covariance(correlation: Option<f64>, one: Option<f64>, other: Option<f64>) -> Option<f64> {
    let (correlation, errors) = (correlation?, one? * other?);
    (errors.is_normal()).then_some(correlation * errors)
}

/// A row of correlations, without those where nothing is known about an error.
fn known(row: &[Option<f64>], error: Option<f64>, errors: &[Option<f64>]) -> Vec<Option<f64>> {
    row.iter().zip(errors).map(|(correlation, other)| correlation.filter(|_| error.and(*other).is_some())).collect()
}

/// The probability that blocks scatter so much by chance, where their sizes are those of a map.
fn q(problem: &Problem, chi_square: Option<ChiSquare>) -> Option<f64> {
    chi_square.filter(|_| problem.method == IntegrateMethod::Vegas).map(|chi_square| chi_square.q())
}

/// Why the interval of a component may cover less often than it says.
fn warning(problem: &Problem, component: &ComponentFinding) -> Option<Warning> {
    let doubt = component.mean.and_then(|mean| mean.doubt()).map(|doubt| match doubt {
        Doubt::HeavyTail => Warning::HeavyTail,
        Doubt::FewSamples => Warning::FewSamples,
    });
    doubt.or(q(problem, component.chi_square).filter(|&q| q < LEAST_Q).map(|_| Warning::Scatter))
}
