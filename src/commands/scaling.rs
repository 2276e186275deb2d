//! `scaling`: any computing command on increasing numbers of ranks of one job, timed, with every
//! answer compared.
//!
//! The command runs unchanged, in a separate `Context` on the first ranks ([`Cluster::first`]),
//! which captures the answer instead of reporting it. The other ranks wait in a barrier, asleep.
//! Repeats cycle through all cases, so that a temporary load affects all of them.

pub mod analysis;
mod answer;
pub mod args;
mod capacity;
mod costs;
mod inner;
mod trials;

use std::path::Path;
use std::time::SystemTime;

use self::analysis::{Trial, diagnosis, fit, forecast, keep_drawn, medians, study};
use self::answer::{ScalingReport, ScalingResult, ScalingRun};
pub use self::args::Scaling;
use self::args::ScalingFrom;
use self::capacity::Capacity;
use self::inner::Inner;
use super::command::{Check, Command};
use super::context::Context;
use super::finish::{distinct, library};
use super::output::{Output, SideFiles, formatted};
use super::stop::{self, Stop};
use crate::cli::{CommandLine, LaunchOptions, OrAuto, Ranks};
use crate::cluster::Cluster;
use crate::cluster::place::Place;
use crate::error::{Error, Result};
use crate::job::run::StopCause;
use crate::regular::{self, Pipes};
use crate::report::schema::Documentation;

/// The most bytes of an input report: thousands of trials take some of them.
const REPORT: u64 = 1 << 28;

impl Command for Scaling {
    fn documentation() -> Documentation {
        Documentation::of::<ScalingResult>("what was timed").with_run::<ScalingRun>()
    }

    fn check(&self) -> Check {
        Scaling::check(self)
    }

    fn launch(&self) -> Option<&LaunchOptions> {
        Some(&self.launch)
    }

    /// The largest of `--ranks`, which is a list of sizes here.
    fn threads(&self) -> Option<Ranks> {
        let most = self.ranks.iter().max();
        self.from.is_none().then(|| most.map_or(OrAuto::Auto, |&ranks| OrAuto::Set(ranks)))
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        run(cluster, words, self)
    }
}

fn run(cluster: &Cluster, words: &CommandLine, options: &Scaling) -> Result<u8> {
    let shown = options.shown();
    let output = Output::of(&shown.destination, cluster)?;
    let sides = SideFiles::open(cluster, [shown.csv.as_deref(), shown.plot.as_deref()])?;
    let (report, cause) = match &options.from {
        Some(ScalingFrom::Report(report)) => {
            (cluster.agree(cluster.at_root(|| join(&report.files)).transpose())?, None)
        }
        None => match measure(cluster, words, options)? {
            Measurements::Report(report, cause) => (report.map(|report| *report), cause),
            Measurements::Stopped(code) => return Ok(code),
        },
    };
    let written = output.zip(report.as_ref()).map(|(output, report)| {
        output.write_formatted(|bytes| report.write(shown.destination.format, bytes))?;
        Ok(stop::exit_code(cause, if report.result.equal { 0 } else { Error::WRONG }))
    });
    let is_page = shown.plot.as_ref().and_then(|path| path.extension()).is_some_and(|ending| ending == "html");
    sides.write(
        cluster,
        written.transpose(),
        report.as_ref(),
        [&|report| formatted(|bytes| report.write_csv(bytes)), &|report| {
            Ok(if is_page { report.html() } else { report.svg() }.into_bytes())
        }],
    )
}

/// The outcome of the measurement.
enum Measurements {
    /// A report, at the root, and the cause of an early stop, if any.
    Report(Option<Box<ScalingReport>>, Option<StopCause>),
    /// Stopped before the first run finished: every rank has the exit code.
    Stopped(u8),
}

/// Plans and runs the trials, and reports at the root. Every rank must call it.
fn measure(cluster: &Cluster, words: &CommandLine, options: &Scaling) -> Result<Measurements> {
    let inner = cluster.agree(Inner::read(options, words))?;
    let shown = words.arguments.iter().skip(1).map(|word| word.to_string_lossy());
    let command_line = shown.collect::<Vec<_>>().join(" ");
    if options.predict.is_some() && cluster.size() == 1 {
        return cluster.agree(Err(Error::Usage(
            "--predict: what a message costs is measured between ranks; start two or more (--ranks 2, or mpirun -n 2)"
                .to_owned(),
        )));
    }
    let cases = cluster.agree(trials::plan(cluster.size(), options, inner.engine()))?;
    let engine = inner.quiet_engine();
    let words =
        CommandLine { arguments: options.command.iter().map(Into::into).collect(), variables: words.variables.clone() };
    let begun = SystemTime::now();
    let stop = Stop::listen(cluster, options.time_limit)?;
    let context = Context::new(cluster, &words, &engine)?.until(stop.deadline());
    let places = Place::gather(cluster)?;
    let capacity = places.as_deref().map(Capacity::of);
    let costs = match options.predict {
        Some(_) => costs::measure(cluster)?,
        None => None,
    };
    let trials::TrialsEnd { done, stopped } = trials::run_trials(&context, &inner, &cases, options, capacity.as_ref())?;
    let cause = stop.agreed(cluster)?.filter(|_| stopped.is_some());
    if let (Some(cause), Some(done)) = (cause, &done) {
        let runs = cases.len() as u64 * options.repeat.get();
        stop::report(cause, &format!("{} of {runs} runs are done", done.trials.len()));
    }
    let is_known = cluster.broadcast(done.as_ref().map(|done| !done.trials.is_empty()))?;
    if let Some(code) = stopped.filter(|_| !is_known) {
        return Ok(Measurements::Stopped(code));
    }
    let report = done.zip(places).map(|(done, places)| {
        let (hosts, _) = distinct(places.iter().map(|place| place.host.as_str()));
        let cpus = Capacity::of(&places).cpus();
        let run = ScalingRun {
            ranks: cluster.size(),
            hosts,
            cpu_models: distinct(places.iter().map(|place| place.cpu_model.as_str())).0,
            cpus,
            mpi: library(cluster),
            isa: context.isa.to_string(),
            date: humantime::format_rfc3339_seconds(begun).to_string(),
            command_line,
            unit: done.unit,
            costs,
            predicted_ranks: options.predict,
            ..ScalingRun::default()
        };
        let result = ScalingResult {
            command: options.command.join(" "),
            mode: if options.weak { "weak" } else { "strong" }.to_owned(),
            answer: (!options.weak).then_some(done.answer).flatten(),
            equal: done.equal,
            complete: stopped.is_none(),
        };
        Box::new(evaluated(result, run, done.trials))
    });
    Ok(Measurements::Report(report, cause))
}

/// Evaluates the trials.
fn evaluated(result: ScalingResult, run: ScalingRun, trials: Vec<Trial>) -> ScalingReport {
    let mut trials = trials;
    keep_drawn(&mut trials);
    let points = study(&trials);
    let fits = fit::of_series(&trials, result.mode == "weak");
    let diagnosis = diagnosis::diagnose(&medians(&trials), run.cpus);
    let forecast = run.costs.zip(run.predicted_ranks).map(|(costs, most)| forecast::forecast(&trials, &costs, most));
    ScalingReport { result, run: ScalingRun { points, fits, diagnosis, forecast, trials, ..run } }
}

/// At the root: joins the reports of several jobs.
fn join(files: &[impl AsRef<Path>]) -> Result<ScalingReport> {
    let mut joined: Option<ScalingReport> = None;
    for path in files {
        let path = path.as_ref();
        let text = regular::read(path, Pipes::Refused, REPORT)
            .map_err(Error::io(format!("cannot read {}", path.display())))?;
        let next = ScalingReport::read(&text)
            .map_err(|why| Error::Run(format!("{} is no JSON report of scaling: {why}", path.display())))?;
        match &mut joined {
            None => joined = Some(next),
            Some(before) => {
                before.join(next).map_err(|why| Error::Usage(format!("{} does not fit: {why}", path.display())))?;
            }
        }
    }
    let ScalingReport { result, mut run } = joined.ok_or_else(|| Error::Usage("no FILE".to_owned()))?;
    let trials = std::mem::take(&mut run.trials);
    Ok(evaluated(result, run, trials))
}
