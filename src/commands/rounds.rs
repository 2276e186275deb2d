//! Monte Carlo jobs in progress: rounds until an error is small enough, and estimates at every
//! power of two.
//!
//! The engine runs the rounds ([`Session::run_until`](crate::job::Session::run_until)). This module
//! decides when to stop: when an error is reached, or unreachable. It also shows intermediate
//! estimates. Early estimates of an error are unreliable, hence a minimum.
//!
//! Estimates at powers of two need no rounds: the ledger of such a job keeps the blocks between two
//! powers separate ([`Job::prefix_ends`](crate::job::Job::prefix_ends)), also in checkpoints.
//! So a trace is the same after any number of restarts.

use std::fmt;

use super::context::Context;
use super::finish::FinalReport;
use super::output::SideFiles;
use super::plan;
use crate::cli::{Precision, TargetError};
use crate::error::{Error, Result};
use crate::job::Ledger;
use crate::job::Session;
use crate::job::rounds::{Shorten, growing, totals_of_prefixes};
use crate::job::run::{Outcome, OutcomeWithPrefixes, agreed};
use crate::report::chart::{Axis, Band, Chart, CurveKind, Line};
use crate::report::picture::column;
use crate::report::{Answer, TargetResult, number};

/// Blocks before an error estimate is trusted: 16 of at least some 10^4 samples.
pub(super) const FEWEST: u64 = 16;

/// Samples without an error after which a target is unreachable, if the user set no number of
/// samples: as many as without a target.
const MOST_EQUAL: u64 = 100_000_000;

/// Samples after which a relative error is unreachable, if the estimate is still within two errors
/// of 0.
const MOST_NEAR_0: u64 = 10_000_000_000;

/// From this number of samples on a job has no limit; methods that need an even number use one
/// less.
const UNLIMITED: u64 = u64::MAX - 1;

/// A job in which any number of finished blocks gives an estimate.
pub(super) trait Sampling: Shorten {
    /// The estimate of a tally, and those of its further components; empty if it has none yet.
    fn readings(&self, tally: &Self::Tally) -> Vec<Reading>;

    /// Samples of the whole job.
    fn samples(&self) -> u64;

    /// Whether a tally already shows that the job fails, so that more samples are useless.
    fn has_failed(&self, _tally: &Self::Tally) -> bool {
        false
    }

    /// How fast errors fall at best.
    fn fall(&self) -> Fall {
        Fall { half_orders: 1, until: None }
    }

    /// Block counts at which the error is compared with a target.
    fn stops(&self) -> Box<dyn Iterator<Item = u64>> {
        Box::new(growing(FEWEST))
    }

    /// What a picture shows below the estimates: charts of the blocks' ledger, as far as it goes.
    fn further_charts(&self, _way: &Ledger<Self::Tally>) -> Vec<Chart> {
        Vec::new()
    }

    /// Runs the rounds; another method of the session where they
    /// [adapt](crate::job::rounds::Adaptive).
    ///
    /// # Errors
    /// As [`Session::run_until`].
    fn run_until(
        &self,
        session: &Session<'_>,
        stops: impl Iterator<Item = u64>,
        is_enough: impl FnMut(&Self, Option<&Self::Tally>) -> bool,
    ) -> crate::job::Result<Option<OutcomeWithPrefixes<Self::Tally>>> {
        session.run_until(self, stops, is_enough)
    }
}

/// How fast errors fall at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fall {
    /// As the samples to the power of minus this half,
    pub(super) half_orders: u32,
    /// up to this number of samples; as their square root from there on.
    pub(super) until: Option<u64>,
}

impl Fall {
    /// How many times smaller than that of `samples` samples an error may get: that of 4 * 2^64. A
    /// root and products, the same everywhere.
    fn reach(self, samples: u64) -> f64 {
        let (samples, end) = (samples as f64, 4.0 * u64::MAX as f64);
        let until = self.until.map_or(end, |until| until as f64);
        let until = if until < samples { samples } else { until };
        let root = (until / samples).sqrt();
        (0..self.half_orders).map(|_| root).product::<f64>() * (end / until).sqrt()
    }
}

/// An intermediate estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// The number of its samples.
    pub(super) samples: u64,
    pub(super) estimate: f64,
    /// Unknown when all samples had the same value, or all pairs or all samples of a box.
    pub(super) std_error: Option<f64>,
    pub(super) ci95: Option<[f64; 2]>,
    /// No error gets smaller than this: that of rounding.
    pub(super) least_error: f64,
}

impl Reading {
    /// Whether the error is small enough.
    pub(super) fn meets(&self, target: TargetError) -> bool {
        self.std_error.is_some_and(|error| error <= target.for_estimate(self.estimate))
    }

    /// Why a target is unreachable, judging by these samples, if errors fall so fast. For jobs
    /// without a limit on samples.
    fn unreachable(&self, target: TargetError, fall: Fall) -> Option<&'static str> {
        let Some(error) = self.std_error else {
            // Of plain samples all have one value, with other methods all pairs or those of a box.
            return (self.samples >= MOST_EQUAL).then_some("after 1e8 samples nothing is known about the error");
        };
        let (size, wanted) = (self.estimate.abs(), target.for_estimate(self.estimate));
        if wanted < size * f64::EPSILON / 2.0 {
            return Some("it is below the last digit of the estimate");
        }
        if wanted < self.least_error {
            return Some("it is below the rounding of sums");
        }
        let is_relative = matches!(target, TargetError::Relative(_));
        if is_relative && size < 2.0 * error {
            return (self.samples >= MOST_NEAR_0).then_some("after 1e10 samples the estimate is not yet far from 0");
        }
        (error / wanted > fall.reach(self.samples)).then_some("it takes more than 2^64 samples")
    }
}

/// The outcome of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetCheck {
    /// Reached.
    Reached,
    /// Not reached within the samples allowed.
    Missed,
    /// Unreachable, for this reason.
    GivenUp(Unreachable),
}

/// Why a target is unreachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreachable {
    /// The component that cannot reach it, from 1, where there are several.
    component: Option<usize>,
    why: &'static str,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.component.map_or(Ok(()), |number| write!(f, "component {number}: "))?;
        f.write_str(self.why)
    }
}

/// The estimates on the way, as CSV.
fn trace(readings: &[Reading]) -> String {
    let mut text = "samples,estimate,std_error,ci95_low,ci95_high\n".to_owned();
    for reading in readings {
        let cell = |value: Option<f64>| value.map(number).unwrap_or_default();
        let [low, high] = [0, 1].map(|end| cell(reading.ci95.map(|ends| ends[end])));
        let Reading { samples, estimate, std_error, .. } = *reading;
        text += &format!("{samples},{},{},{low},{high}\n", number(estimate), cell(std_error));
    }
    text
}

/// The chart of convergence: estimates and their intervals over the samples.
pub(super) fn chart(title: String, readings: &[Reading], level: Option<(String, f64)>) -> Chart {
    let points = |value: &dyn Fn(&Reading) -> Option<f64>| -> Vec<(f64, f64)> {
        readings.iter().filter_map(|reading| Some((reading.samples as f64, value(reading)?))).collect()
    };
    let interval = |reading: &Reading| reading.ci95.map(|[low, high]| [(reading.samples as f64, low, high)]);
    Chart {
        title,
        x_label: "samples".to_owned(),
        y_label: "estimate".to_owned(),
        x_axis: Axis::Powers(10),
        bands: Band::intervals(readings.iter().map(interval)),
        lines: vec![Line {
            name: "estimate".to_owned(),
            points: points(&|reading| Some(reading.estimate)),
            kind: CurveKind::Measured,
            ..Line::default()
        }],
        level,
        ..Chart::default()
    }
}

/// Computes, reduces and reports as `wish` demands, with intermediate estimates. Every rank must
/// call it; returns the exit code, which is 5 if a limit came before the target. `chart` and
/// `final_report` are called at the root.
///
/// # Errors
/// As [`Context::compute`]; the error of `final_report`; [`Error::Reported`] when a file cannot be
/// written.
pub(super) fn run_to_target<J: Sampling, R: Answer>(
    context: &Context<'_>,
    job: &J,
    wish: &Precision,
    command: &'static str,
    chart: impl Fn(&[Reading]) -> Chart + Sync,
    final_report: impl FnOnce(Outcome<J::Tally>, Option<TargetCheck>) -> Result<FinalReport<R>>,
) -> Result<u8> {
    if wish.plan {
        return plan::run_pilot(context, job, wish, command);
    }
    let sides = SideFiles::open(context.cluster, [wish.trace.as_deref(), wish.plot.as_deref()])?;
    let course = compute(context, job, wish)?;
    let mut way = (Vec::new(), Vec::new());
    let final_report = course.map(|Convergence { outcome, readings, charts, met }| {
        way = (readings, charts);
        let verdict = if met.is_some_and(|met| met != TargetCheck::Reached) { Error::TARGET } else { 0 };
        Ok(FinalReport { verdict, ..final_report(outcome, met)? })
    });
    let finished = context.finish(context.cluster.agree(final_report.transpose())?);
    let picture = |(readings, charts): &(Vec<Reading>, Vec<Chart>)| {
        let first = chart(readings);
        let all = std::iter::once(&first).chain(charts).map(Chart::picture).collect();
        Ok(column(&first.title, all).svg("").into_bytes())
    };
    // Last, since an error in a side file must not lose the result.
    let way = context.cluster.at_root(|| &way);
    let code = finished.map(|code| context.cluster.at_root(|| code));
    sides.write(context.cluster, code, way, [&|(readings, _)| Ok(trace(readings).into_bytes()), &picture])
}

/// The report on the target.
pub(super) fn target(wish: &Precision, met: Option<TargetCheck>) -> Option<TargetResult> {
    let target_error = wish.target_error?.to_string();
    let target_reached = met? == TargetCheck::Reached;
    let target_unreachable = if let Some(TargetCheck::GivenUp(why)) = met { Some(why.to_string()) } else { None };
    Some(TargetResult { target_error, target_reached, target_unreachable })
}

/// The outcome of a job in rounds, at the root.
struct Convergence<T> {
    /// Of all rounds together; `blocks` is that of the last one.
    outcome: Outcome<T>,
    /// Estimates at powers of two of the blocks, and at the end; of the first component.
    readings: Vec<Reading>,
    /// What a picture shows below them.
    charts: Vec<Chart>,
    /// The outcome of the target, if there was one.
    met: Option<TargetCheck>,
}

/// Computes the blocks of `job` that are needed. Every rank must call it; the root gets `Some`.
///
/// # Errors
/// As [`Context::compute`].
fn compute<J: Sampling>(context: &Context<'_>, job: &J, wish: &Precision) -> Result<Option<Convergence<J::Tally>>> {
    if context.is_merging() {
        let outcome = context.compute(job)?;
        return Ok(outcome.map(|outcome| {
            let readings = outcome.total.as_ref().map(|tally| job.readings(tally));
            let met = verdict(job, wish, &readings.unwrap_or_default());
            Convergence { outcome, readings: Vec::new(), charts: Vec::new(), met }
        }));
    }
    let stops = job.stops().take_while(|_| wish.target_error.is_some());
    let is_enough = |part: &J, total: Option<&J::Tally>| {
        let met = verdict(job, wish, &total.map(|tally| part.readings(tally)).unwrap_or_default());
        met.is_some_and(|met| met != TargetCheck::Missed) || total.is_some_and(|tally| part.has_failed(tally))
    };
    let ended = agreed(context.cluster, job.run_until(&context.session, stops, is_enough))?;
    Ok(ended.map(|(outcome, way)| {
        let part = job.shortened(outcome.blocks);
        let last = outcome.total.as_ref().map(|tally| part.readings(tally)).unwrap_or_default();
        let met = verdict(job, wish, &last);
        let looks = wish.shows_the_way().then(|| readings(job, &way, outcome.done));
        let charts = if wish.plot.is_some() { job.further_charts(&way) } else { Vec::new() };
        let readings = looks.into_iter().flatten().chain(last.first().copied()).collect();
        Convergence { readings, charts, outcome, met }
    }))
}

/// Estimates from the first 1, 2, 4, 8, ... blocks, up to the first hole; without that of all
/// `done` blocks. Those of the first component.
fn readings<J: Sampling>(job: &J, way: &Ledger<J::Tally>, done: u64) -> Vec<Reading> {
    totals_of_prefixes(way, done).iter().filter_map(|(_, total)| job.readings(total).first().copied()).collect()
}

/// The outcome of the target, if there is one: all components must reach it.
fn verdict<J: Sampling>(job: &J, wish: &Precision, readings: &[Reading]) -> Option<TargetCheck> {
    let target = wish.target_error?;
    let is_unlimited = job.samples() >= UNLIMITED;
    let missed = || (1..).zip(readings).filter(|(_, reading)| !reading.meets(target));
    let unreachable = |(number, reading): (usize, &Reading)| {
        let why = reading.unreachable(target, job.fall())?;
        Some(Unreachable { component: (readings.len() > 1).then_some(number), why })
    };
    let given_up = || missed().find_map(unreachable).filter(|_| is_unlimited);
    Some(if !readings.is_empty() && missed().next().is_none() {
        TargetCheck::Reached
    } else {
        given_up().map_or(TargetCheck::Missed, TargetCheck::GivenUp)
    })
}

#[cfg(test)]
mod tests;
