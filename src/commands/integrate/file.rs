//! `integrate file`: many integrals, one on each line of a file, in one job.
//!
//! Stands beside `problem`, which runs one integral: here the blocks of all lines are those of one
//! job (`job`), so ranks share them evenly however short each line is. What a line reports has the
//! bytes that `integrate` reports for it alone: its own job is one of [`methods`](super::methods).
//! A line that fails loses nothing of the others.
//!
//! | file | holds |
//! |---|---|
//! | `args` | the options |
//! | `lines` | the lines, from text to options |
//! | `layout` | the numbers of the blocks |
//! | `tally` | what blocks add up to |
//! | `job` | the job |

pub mod args;
mod job;
mod layout;
mod lines;
mod tally;
#[cfg(test)]
mod tests;

use self::args::ManyIntegrals;
use self::job::{LineProblem, ManyIntegralsJob};
use self::tally::{LineTally, ManyTally};
use super::answer::IntegrateResult;
use super::answer::many::{IntegralOfLine, IntegralsResult};
use super::entries;
use super::finding::{ComponentFinding, IntegralFinding};
use super::problem::Problem;
use super::result::of_finding;
use crate::cli::{CommandLine, EngineOptions};
use crate::cluster::Cluster;
use crate::commands::command::{Check, Command, Computation, Timed, has_no_size};
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::commands::inputs;
use crate::error::{Error, Result};
use crate::job::run::{Outcome, StopCause, agreed, cannot_be};
use crate::report::{Completion, IntervalKind, Work};
use crate::stderr;

/// Bytes of the longest file: every rank gets its text. A million lines have 100 MB.
const MOST_BYTES: usize = 256 << 20;

impl Command for ManyIntegrals {
    fn check(&self) -> Check {
        if self.is_stdin() && self.engine.keep.shard.is_some() {
            return Err("--shard needs a FILE: the other parts and merge read the lines again".to_owned());
        }
        Ok(())
    }

    fn engine(&self) -> Option<&EngineOptions> {
        Some(&self.engine)
    }

    /// Standard input can be read only once.
    fn can_restart(&self) -> bool {
        !self.is_stdin()
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        self.compute(&Context::new(cluster, words, &self.engine)?)
    }

    /// A checkpoint has a hash of what its lines compute: with another file it is refused.
    fn provable(&self) -> Option<Box<dyn Computation>> {
        (!self.is_stdin()).then(|| Box::new(self.clone()) as _)
    }

    fn timed(&self) -> Check<Box<dyn Timed>> {
        if self.is_stdin() {
            return Err("standard input can be read only once: give a FILE".to_owned());
        }
        Ok(Box::new(self.clone()))
    }
}

impl Timed for ManyIntegrals {
    fn engine(&self) -> &EngineOptions {
        &self.engine
    }

    fn grown(&self, _: u64) -> Check<Option<Box<dyn Timed>>> {
        Err(has_no_size())
    }
}

impl Computation for ManyIntegrals {
    /// The exit code is 1 if a line has failed.
    fn compute(&self, context: &Context<'_>) -> Result<u8> {
        let job = self.job(context)?;
        let outcome = if job.is_trained() && !context.is_merging() {
            let ended = context.session.run_adaptive(&job, [], |_, _| false);
            agreed(context.cluster, ended)?.map(|(outcome, _)| outcome)
        } else {
            context.compute(&job)?
        };
        let final_report = outcome.map(|outcome| final_report(&job, outcome)).transpose();
        let final_report = context.cluster.agree(final_report)?;
        let failure = final_report.as_ref().and_then(|report| report.result.as_ref()?.failure());
        let code = context.finish(final_report)?;
        // Last, like other messages about errors, and even with --quiet.
        if let Some(failure) = failure.filter(|_| context.captured().is_none()) {
            stderr::message(&failure);
        }
        Ok(code)
    }
}

impl ManyIntegrals {
    fn is_stdin(&self) -> bool {
        self.file.as_os_str() == "-"
    }

    /// Reads the lines at the root, and makes the integrands on every rank. Every rank must call
    /// it.
    ///
    /// # Errors
    /// [`Error::Reported`] for lines that are no integrals, with their numbers.
    fn job(&self, context: &Context<'_>) -> Result<ManyIntegralsJob> {
        let cluster = context.cluster;
        let read = cluster.at_root(|| {
            let (name, text) = inputs::text(cluster, &self.file, "integrals")?;
            if text.len() > MOST_BYTES {
                return Err(Error::Usage(format!("{name} is too long: the limit is {} MiB", MOST_BYTES >> 20)));
            }
            Ok((name, text))
        });
        let (name, text): (String, String) = cluster.broadcast(cluster.agree(read.transpose())?)?;
        let integrals = lines::parse(&text, self).map_err(|wrong| Error::Usage(format!("{name}, {wrong}")));
        drop(text);
        let problem = |integral: &lines::LineIntegral| {
            let options = integral.alone(&self.engine);
            let is_library = options.entry().is_some_and(entries::is_library);
            // The job has the words, once.
            let load = || {
                let origin = format!("{name}, line {}", integral.line);
                let problem = Problem::new(context, &options, Some(&origin));
                problem.map(|problem| Problem { words: Vec::new(), ..problem }).map_err(|error| match error {
                    Error::Usage(why) => Error::Usage(format!("{origin}: {why}")),
                    other => other,
                })
            };
            let loaded = if is_library { Some(load()?) } else { None };
            Ok(LineProblem { line: integral.line, options, isa: context.isa, loaded })
        };
        let lines = cluster.agree(integrals)?.iter().map(problem).collect::<Result<Vec<_>>>();
        cluster.agree(lines.and_then(|lines| ManyIntegralsJob::new(lines, &context.words)))
    }
}

/// The report of all lines.
fn final_report(job: &ManyIntegralsJob, mut outcome: Outcome<ManyTally>) -> Result<FinalReport<IntegralsResult>> {
    // A job that is stopped in training has been shortened to a stage of it.
    outcome.blocks = job.all_blocks();
    let completion = Completion::of(outcome.done, outcome.blocks);
    let result = outcome.total.take().map(|total| {
        let integrals = job.lines().map(|(index, line)| integral(line, job.blocks_of(index), total.line(index)));
        integrals.collect::<Result<Vec<_>>>().map(|integrals| IntegralsResult { integrals, completion })
    });
    let result = result.transpose()?;
    let samples = result.iter().flat_map(|result| &result.integrals).map(|row| row.result.samples);
    let work = Work { amount: samples.fold(0, u64::saturating_add), unit: "samples" };
    // The part of a job is done whatever its lines are: merge reports them.
    let is_part = outcome.cause == Some(StopCause::PartDone);
    let has_failed = result.as_ref().is_some_and(|result| result.failure().is_some());
    let verdict = if has_failed && !is_part { Error::Run(String::new()).exit_code() } else { 0 };
    Ok(FinalReport { verdict, ..FinalReport::new("integrate", outcome, result, work) })
}

/// The report of one line, from its tally if blocks of it are done.
///
/// # Errors
/// [`Error::Run`] for sums that are damaged: a fault of the program.
fn integral(line: &LineProblem, blocks: u64, tally: Option<&LineTally>) -> Result<IntegralOfLine> {
    let (job, name) = (line.job(), line.options.name);
    let completion = Completion::of(tally.map_or(0, |tally| tally.blocks), blocks);
    let Some(tally) = tally else {
        return Ok(IntegralOfLine {
            line: line.line,
            error: None,
            result: unknown(job.problem(), name, 0, completion),
        });
    };
    let damaged = || cannot_be("the sums of a line are damaged".to_owned());
    let sums = tally.sums().ok_or_else(damaged)?;
    let samples = sums.samples(job.problem());
    // The block has tested the samples, and the sentence is made here: none comes from a file.
    let checked = if tally.has_failed { job.problem().precheck() } else { Ok(()) };
    let found = checked.and_then(|()| job.result(name, sums, completion).map_err(|error| error.to_string()));
    let (error, result) = match found {
        Ok(result) => (None, result),
        Err(error) => (Some(error), unknown(job.problem(), name, samples, completion.failed())),
    };
    Ok(IntegralOfLine { line: line.line, error, result })
}

/// A line without an estimate.
fn unknown(problem: &Problem, integrand: &'static str, samples: u64, completion: Completion) -> IntegrateResult {
    let nothing = ComponentFinding { mean: None, nans: 0, chi_square: None };
    let finding = IntegralFinding {
        bins: None,
        components: vec![nothing],
        correlations: Vec::new(),
        interval: IntervalKind::StudentT,
        degrees_of_freedom: None,
        samples,
        training: None,
        points: None,
    };
    IntegrateResult { nan_samples: None, ..of_finding(problem, integrand, &finding, None, completion) }
}
