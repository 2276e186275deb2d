//! `pi`: an estimate of pi, by one of five methods.
//!
//! Each method is a [`Job`] in a file of its own that also says what its tally is worth: an [`Estimator`]. What is the same
//! for all of them (running, reporting, and whatever else looks at a tally on its way) is here, once.

mod darts;
mod nets;
mod pairs;
mod strata;

use super::conclusion::Conclusion;
use super::setting::Setting;
use crate::cli::{self, PiAlgorithm, PiMethod};
use crate::error::Result;
use crate::job::Job;
use crate::job::run::{Outcome, run as run_job};
use crate::montecarlo::estimate::{Estimate, Interval};
use crate::montecarlo::methods::antithetic::Antithetic;
use crate::montecarlo::methods::control::Control;
use crate::report::{Completion, PiResult, Work};

/// A job whose tally is an estimate of pi.
trait Estimator: Job {
    /// What is known when the blocks done come to `tally`, whichever they are.
    fn finding(&self, tally: &Self::Tally) -> Finding;
}

/// What a tally says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Finding {
    /// Samples that the estimate speaks of; when there is none, samples taken.
    samples: u64,
    /// Hits among them, where that is what was counted.
    hits: Option<u64>,
    /// The estimate, if these samples allow one.
    estimate: Option<Estimate>,
    /// What was done for it.
    work: Work,
}

/// Runs the command. Every rank must call it; returns the exit code.
pub fn run(setting: &Setting<'_>, options: &cli::Pi) -> Result<u8> {
    let cli::Pi { samples, seed, .. } = *options;
    let walk = Walk { is_scalar: options.algorithm == PiAlgorithm::Scalar, isa: setting.isa };
    match options.method {
        PiMethod::Darts => carry_out(setting, options, &darts::Throw { samples, seed, walk }),
        PiMethod::Stratified => carry_out(setting, options, &strata::Fill::new(samples, seed, walk)),
        PiMethod::Antithetic => carry_out(setting, options, &pairs::Draw::<Antithetic>::new(samples, seed, walk)),
        PiMethod::Control => carry_out(setting, options, &pairs::Draw::<Control>::new(samples, seed, walk)),
        PiMethod::Sobol => carry_out(setting, options, &nets::Spread::new(samples, seed, walk)),
    }
}

/// How a kernel is to be walked: as the textbook has it, or with an instruction set. The tally is the same.
#[derive(Clone, Copy, Debug)]
struct Walk {
    is_scalar: bool,
    isa: crate::isa::Isa,
}

/// Compute, reduce, report.
fn carry_out<J: Estimator>(setting: &Setting<'_>, options: &cli::Pi, job: &J) -> Result<u8> {
    let outcome = run_job(setting.cluster, job, &setting.options)?;
    setting.conclude(outcome.map(|outcome| conclusion(job, options, outcome)))
}

fn conclusion<J: Estimator>(job: &J, options: &cli::Pi, outcome: Outcome<J::Tally>) -> Conclusion<PiResult> {
    let completion = Completion::of(outcome.done, outcome.blocks);
    let finding = outcome.total.as_ref().map(|tally| job.finding(tally));
    let result = finding.map(|finding| result(&finding, options, completion));
    let work = finding.map_or(Work { amount: 0, unit: "samples" }, |finding| finding.work);
    Conclusion { command: "pi", result, completion, cause: outcome.cause, account: outcome.account, work }
}

fn result(finding: &Finding, options: &cli::Pi, completion: Completion) -> PiResult {
    let Finding { samples, hits, estimate, .. } = *finding;
    let is_darts = options.method == PiMethod::Darts;
    PiResult {
        estimate: estimate.map(|estimate| estimate.pi),
        std_error: estimate.map(|estimate| estimate.std_error),
        ci95: estimate.map(|estimate| estimate.ci95),
        interval: estimate.map(|estimate| match estimate.interval {
            Interval::Wilson => "Wilson",
            Interval::Student { .. } => "Student t",
        }),
        degrees_of_freedom: estimate.and_then(|estimate| match estimate.interval {
            Interval::Wilson => None,
            Interval::Student { degrees } => Some(degrees),
        }),
        samples,
        hits,
        seed: options.seed,
        method: options.method.name(),
        variance_reduction: estimate.filter(|_| !is_darts).map(|estimate| estimate.variance_reduction(samples)),
        completion,
    }
}

#[cfg(test)]
mod tests;
