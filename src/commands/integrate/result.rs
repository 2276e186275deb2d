//! From the tally of an integral to what is reported about it.
//!
//! Stands apart from `problem`, which runs one job for one integral: a job of many integrals
//! (`file`) reports each of them by the same function.

use super::answer::IntegrateResult;
use super::args::{IntegrateMethod, NanPolicy};
use super::problem::Integration;
use crate::error::{Error, Result};
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
    let mean = finding.mean;
    if mean.is_some_and(|mean| !mean.is_finite()) {
        let why = "the integral or its error is beyond the largest number there is (1.8e308)";
        return Err(Error::Run(why.to_owned()));
    }
    let exact = problem.kernel.exact();
    let q = finding.chi_square.filter(|_| problem.method == IntegrateMethod::Vegas).map(|chi_square| chi_square.q());
    let doubt = mean.and_then(|mean| mean.doubt()).map(warning);
    Ok(IntegrateResult {
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
        nan_samples: (problem.nan != NanPolicy::Fail).then_some(finding.nans),
        seed: problem.seed,
        method: problem.method,
        exact,
        z: exact.and_then(|exact| mean.and_then(|mean| mean.z(exact))),
        chi_square: finding.chi_square,
        q,
        largest_share: mean.and_then(|mean| mean.largest_share),
        warning: doubt.or(q.filter(|&q| q < LEAST_Q).map(|_| Warning::Scatter)),
        target,
        completion,
    })
}

fn warning(doubt: Doubt) -> Warning {
    match doubt {
        Doubt::HeavyTail => Warning::HeavyTail,
        Doubt::FewSamples => Warning::FewSamples,
    }
}
