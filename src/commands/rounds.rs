//! Monte Carlo jobs in rounds: until an error is small enough, or with a look at every power of two.
//!
//! A round is the same job cut short: its first so many blocks, of which the rounds before have done most. The numbers of
//! blocks at which rounds end are fixed beforehand, so what is decided there is the same for every number of ranks, and after
//! every restart. Early estimates of an error are not to be trusted, hence a minimum.

use std::path::{Path, PathBuf};

use super::conclusion::Conclusion;
use super::output::Output;
use super::plan;
use super::setting::Setting;
use crate::cli::{Precision, TargetError};
use crate::error::{Error, Result};
use crate::job::run::{Account, Outcome, resume};
use crate::job::{Job, Ledger, Span};
use crate::report::chart::{Axis, Band, COLOURS, Chart, Kind, Line};
use crate::report::{Answer, TargetResult};

/// Blocks before an error is believed: 16 of some 10^4 samples at the least.
const FEWEST: u64 = 16;

/// A job whose done blocks are an estimate of something, however many they are.
pub(super) trait Sampling: Job {
    /// What a tally says; `None` when it says nothing yet.
    fn reading(&self, tally: &Self::Tally) -> Option<Reading>;

    /// Samples of the whole job.
    fn samples(&self) -> u64;

    /// The same job, of its first `blocks` blocks only.
    fn shortened(&self, blocks: u64) -> Self;
}

/// An estimate on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// Samples it is made of.
    pub(super) samples: u64,
    pub(super) estimate: f64,
    /// Unknown when all samples had the same value.
    pub(super) std_error: Option<f64>,
    pub(super) ci95: Option<[f64; 2]>,
}

impl Reading {
    /// Whether the error is small enough.
    pub(super) fn meets(&self, target: TargetError) -> bool {
        self.std_error.is_some_and(|error| error <= target.for_estimate(self.estimate))
    }
}

/// Where the way to an estimate is written to.
struct Shown {
    trace: Option<Output>,
    plot: Option<Output>,
}

impl Shown {
    /// Opens the files, so that bad ones are found before the work. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Told`] when one cannot be written.
    fn open(setting: &Setting<'_>, wish: &Precision) -> Result<Shown> {
        let open = |path: &Option<PathBuf>| {
            let opened = setting.cluster.at_root(|| path.as_deref().map(open_file).transpose());
            setting.cluster.agree(opened.transpose()).map(Option::flatten)
        };
        Ok(Shown { trace: open(&wish.trace)?, plot: open(&wish.plot)? })
    }

    /// At the root: writes what was asked for; `chart` makes the picture.
    ///
    /// # Errors
    /// [`Error::Io`].
    fn write(self, readings: &[Reading], chart: impl FnOnce() -> Chart) -> Result<()> {
        if let Some(mut trace) = self.trace {
            let mut text = "samples,estimate,std_error,ci95_low,ci95_high\n".to_owned();
            for reading in readings {
                let cell = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
                let [low, high] = [0, 1].map(|end| cell(reading.ci95.map(|ends| ends[end])));
                let Reading { samples, estimate, std_error, .. } = *reading;
                text += &format!("{samples},{estimate},{},{low},{high}\n", cell(std_error));
            }
            trace.write(text.as_bytes())?;
            trace.finish()?;
        }
        if let Some(mut plot) = self.plot {
            plot.write(chart().svg().as_bytes())?;
            plot.finish()?;
        }
        Ok(())
    }
}

fn open_file(path: &Path) -> Result<Output> {
    Output::open(Some(path), || Ok(Box::new(std::io::sink())))
}

/// The picture of convergence: estimates and their intervals over the samples.
pub(super) fn chart(title: String, readings: &[Reading], level: Option<(String, f64)>) -> Chart {
    let points = |value: &dyn Fn(&Reading) -> Option<f64>| -> Vec<(f64, f64)> {
        readings.iter().filter_map(|reading| Some((reading.samples as f64, value(reading)?))).collect()
    };
    let band = readings.iter().filter_map(|r| r.ci95.map(|[low, high]| (r.samples as f64, low, high))).collect();
    Chart {
        title,
        x_label: "samples".to_owned(),
        y_label: "estimate".to_owned(),
        x_axis: Axis::Powers(10),
        bands: vec![Band { name: "95 % interval".to_owned(), points: band, colour: COLOURS[0], opacity: 0.2 }],
        lines: vec![Line {
            name: "estimate".to_owned(),
            points: points(&|reading| Some(reading.estimate)),
            kind: Kind::Measured,
        }],
        level,
        ..Chart::default()
    }
}

/// Compute, reduce, report: as far as `wish` says, with what it wants to see of the way. Every rank must call it; returns the exit
/// code, which is 5 when there was a target and a limit came first. `chart` and `conclusion` are asked at the root.
///
/// # Errors
/// As [`Setting::compute`]; what `conclusion` says; [`Error::Told`] when a file cannot be written.
pub(super) fn carry_out<J: Sampling, R: Answer>(
    setting: &Setting<'_>,
    job: &J,
    wish: &Precision,
    command: &'static str,
    chart: impl FnOnce(&[Reading]) -> Chart,
    conclusion: impl FnOnce(Outcome<J::Tally>, Option<bool>) -> Result<Conclusion<R>>,
) -> Result<u8> {
    if wish.plan {
        return plan::run_pilot(setting, job, wish, command);
    }
    let shown = Shown::open(setting, wish)?;
    let course = compute(setting, job, wish)?;
    let concluded = course.map(|Course { outcome, readings, met }| {
        shown.write(&readings, || chart(&readings))?;
        let verdict = if met == Some(false) { Error::TARGET } else { 0 };
        Ok(Conclusion { verdict, ..conclusion(outcome, met)? })
    });
    setting.conclude(setting.cluster.agree(concluded.transpose())?)
}

/// What is reported of the target.
pub(super) fn target(wish: &Precision, met: Option<bool>) -> Option<TargetResult> {
    let target_error = wish.target_error?.to_string();
    met.map(|target_reached| TargetResult { target_error, target_reached })
}

/// What a job in rounds came to, at the root.
struct Course<T> {
    /// Of all rounds together; `blocks` are those of the last one.
    outcome: Outcome<T>,
    /// Estimates at powers of two of the blocks, and at the end.
    readings: Vec<Reading>,
    /// Whether the target was met, if there was one.
    met: Option<bool>,
}

/// Computes `job` as far as it takes. Every rank must call it; the root gets `Some`.
///
/// # Errors
/// As [`Setting::compute`].
fn compute<J: Sampling>(setting: &Setting<'_>, job: &J, wish: &Precision) -> Result<Option<Course<J::Tally>>> {
    if !wish.needs_rounds() || setting.is_merging() {
        let outcome = setting.compute(job)?;
        return Ok(outcome.map(|outcome| {
            let reading = outcome.total.as_ref().and_then(|tally| job.reading(tally));
            Course { outcome, readings: Vec::new(), met: is_met(wish, reading) }
        }));
    }
    let cluster = setting.cluster;
    let mut done: Ledger<J::Tally> = setting.before(job)?;
    let reached = cluster.broadcast(cluster.at_root(|| done.spans().map(|(span, _)| span.end).max().unwrap_or(0)))?;
    let (mut readings, mut account) = (Vec::new(), None::<Account>);
    let mut stop = 0;
    loop {
        stop = next_stop(stop, job.blocks(), wish);
        if stop < reached {
            continue;
        }
        let part = job.shortened(stop);
        let outcome = resume(cluster, &part, &setting.options, done)?;
        let mut ended = None;
        let mut kept = Ledger::new();
        if let Some(mut outcome) = outcome {
            if let Some(mut before) = account.take() {
                before.join(outcome.account);
                outcome.account = before;
            }
            let reading = outcome.total.as_ref().and_then(|tally| part.reading(tally));
            let met = is_met(wish, reading);
            // At powers of two the way is only looked at: where a job ends must not depend on whether somebody looks.
            let decides = is_decisive(stop, job.blocks());
            let last = !outcome.is_complete() || stop == job.blocks() || (decides && met == Some(true));
            if last || stop.is_power_of_two() {
                readings.extend(reading);
            }
            if last {
                ended = Some(Course { outcome, readings: std::mem::take(&mut readings), met });
            } else {
                account = Some(outcome.account);
                // The blocks 0..stop are all done: the next round goes on from there.
                if let Some(total) = outcome.total {
                    kept.record(Span::new(0, stop), total).map_err(|overlap| Error::Run(overlap.to_string()))?;
                }
            }
        }
        done = kept;
        let go_on = cluster.broadcast(cluster.at_root(|| ended.is_none()))?;
        if !go_on {
            return Ok(ended);
        }
    }
}

/// Whether the target is met, if there is one.
fn is_met(wish: &Precision, reading: Option<Reading>) -> Option<bool> {
    let target = wish.target_error?;
    Some(reading.is_some_and(|reading| reading.meets(target)))
}

/// The block counts at which an error decides: 16, and then a fifth more each time. A job ends at most a fifth too late.
fn decisive() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(FEWEST), |&n| n.checked_add(n.div_ceil(5)))
}

fn is_decisive(stop: u64, blocks: u64) -> bool {
    stop == blocks || decisive().take_while(|&n| n <= stop).last() == Some(stop)
}

/// Where the round after `stop` ends.
fn next_stop(stop: u64, blocks: u64, wish: &Precision) -> u64 {
    let target = wish.target_error.and_then(|_| decisive().find(|&n| n > stop));
    let power = wish.shows_the_way().then(|| (stop + 1).checked_next_power_of_two()).flatten();
    [target, power].into_iter().flatten().min().unwrap_or(blocks).min(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(target: bool, way: bool) -> Precision {
        Precision {
            target_error: target.then_some(TargetError::Absolute(1e-6)),
            plan: false,
            trace: way.then(|| "trace.csv".into()),
            plot: None,
        }
    }

    fn stops(blocks: u64, wish: &Precision) -> Vec<u64> {
        let mut stops = vec![next_stop(0, blocks, wish)];
        while stops[stops.len() - 1] < blocks {
            stops.push(next_stop(stops[stops.len() - 1], blocks, wish));
        }
        stops
    }

    #[test]
    fn rounds_end_where_they_always_do() {
        assert_eq!(stops(30, &wish(true, false)), [16, 20, 24, 29, 30]);
        assert_eq!(stops(30, &wish(false, true)), [1, 2, 4, 8, 16, 30]);
        assert_eq!(stops(30, &wish(true, true)), [1, 2, 4, 8, 16, 20, 24, 29, 30]);
        assert_eq!(stops(1, &wish(true, true)), [1]);
        assert!(stops(u64::MAX, &wish(true, true)).len() < 400);
    }

    #[test]
    fn looking_on_does_not_change_where_a_job_may_end() {
        let decides = |wish: &Precision| -> Vec<u64> {
            stops(10_000, wish).into_iter().filter(|&stop| is_decisive(stop, 10_000)).collect()
        };
        assert_eq!(decides(&wish(true, true)), decides(&wish(true, false)));
    }
}
