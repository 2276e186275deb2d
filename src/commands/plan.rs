//! `--plan`: the samples that an error needs, and their approximate time, before the run.
//!
//! A pilot run of the job's first blocks, always the same number, so that samples and errors have
//! the same bytes everywhere. The time depends on the machine, and belongs to the run.

use super::context::Context;
use super::finish::FinalReport;
use super::rounds::{Reading, Sampling};
use crate::cli::Precision;
use crate::error::{Error, Result};
use crate::job::run::agreed;
use crate::report::{PlanResult, Work, planned};

/// Blocks of the pilot: a few milliseconds of one core.
const PILOT: u64 = 64;

/// Runs the pilot of `job` and reports. Every rank must call it; returns the exit code.
///
/// # Errors
/// [`Error::Reported`] when the pilot gives no error estimate.
pub(super) fn run_pilot<J: Sampling>(
    context: &Context<'_>,
    job: &J,
    wish: &Precision,
    command: &'static str,
) -> Result<u8> {
    let pilot = job.shortened(PILOT.min(job.blocks()));
    let outcome = agreed(context.cluster, context.session.run(&pilot))?;
    let final_report = outcome.map(|outcome| {
        let readings = outcome.total.as_ref().map(|tally| pilot.readings(tally)).unwrap_or_default();
        let reading = readings
            .first()
            .ok_or_else(|| Error::Run("the first blocks give no estimate, so no plan is possible".to_owned()))?;
        let limit = job.samples();
        let error =
            reading.std_error.ok_or_else(|| Error::Run("the first samples are all equal: no plan".to_owned()))?;
        // Errors fall with the square root of the samples. All components must reach the target.
        let needed = wish.target_error.map(|target| {
            let times = |reading: &Reading| Some(reading.std_error? / target.for_estimate(reading.estimate));
            let most = readings.iter().filter_map(times).fold(0.0, f64::max);
            reading.samples as f64 * most * most
        });
        let samples = needed.map_or(limit, |needed| (needed.ceil() as u64).clamp(reading.samples, limit));
        let seconds = outcome.account.seconds * (samples as f64 / reading.samples as f64);
        let result = PlanResult {
            samples,
            std_error: error * (reading.samples as f64 / samples as f64).sqrt(),
            target_error: wish.target_error.map(|target| target.to_string()),
            enough: needed.map(|needed| needed <= limit as f64),
            pilot_samples: reading.samples,
        };
        let work = Work { amount: reading.samples, unit: "samples" };
        Ok(FinalReport { extra: planned(seconds, None), ..FinalReport::new(command, outcome, Some(result), work) })
    });
    context.finish(context.cluster.agree(final_report.transpose())?)
}
