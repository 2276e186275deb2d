//! One line of a file as a job: whatever its method, one type.
//!
//! Stands between the jobs of the methods (`plain`, `nets`, `vegas`, `trained_nets`), which know
//! nothing of each other, and `job`, which strings the blocks of all lines together. An enum of
//! each of their types, and one place that chooses among them.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::commands::integrate::answer::IntegrateResult;
use crate::commands::integrate::args::IntegrateMethod;
use crate::commands::integrate::nets::NetJob;
use crate::commands::integrate::plain::PlainJob;
use crate::commands::integrate::problem::{Integration, Problem};
use crate::commands::integrate::result::result;
use crate::commands::integrate::trained_nets::TrainedNetJob;
use crate::commands::integrate::vegas::VegasJob;
use crate::error::Result;
use crate::job::rounds::Adaptive;
use crate::job::{Identity, Job, Span, Tally, YieldNow};
use crate::montecarlo::nets::Family;
use crate::montecarlo::nets::sampler::NetSampler;
use crate::montecarlo::nets::tally::NetTally;
use crate::montecarlo::sampler::Sampler;
use crate::montecarlo::tally::Sums;
use crate::montecarlo::trained_nets::{TrainedAdaptation, TrainedSampler, TrainedTally};
use crate::montecarlo::vegas::{Adaptation, VegasSampler, VegasTally};
use crate::report::Completion;

/// The job of one line.
pub(super) enum LineJob {
    Plain(PlainJob),
    Nets(NetJob),
    Vegas(VegasJob),
    TrainedNets(TrainedNetJob),
}

/// The tally of some of its blocks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum LineSums {
    Plain(Box<Sums>),
    Nets(Box<NetTally>),
    Vegas(Box<VegasTally>),
    TrainedNets(Box<TrainedTally>),
}

/// What its blocks need of the stages before them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum LineAdaptation {
    Vegas(Adaptation),
    TrainedNets(TrainedAdaptation),
}

/// A rank's workspace for it.
pub(super) enum LineSampler {
    Plain(Box<Sampler>),
    Nets(Box<NetSampler>),
    Vegas(Box<VegasSampler>),
    TrainedNets(Box<TrainedSampler>),
}

/// Calls the same method of whatever job it is.
macro_rules! each {
    ($line:expr, $job:ident => $value:expr) => {
        match $line {
            LineJob::Plain($job) => $value,
            LineJob::Nets($job) => $value,
            LineJob::Vegas($job) => $value,
            LineJob::TrainedNets($job) => $value,
        }
    };
}

impl LineJob {
    /// The job that `integrate` runs for this problem alone, with so many samples of training if it
    /// trains.
    pub(super) fn new(problem: Problem, training: u64) -> LineJob {
        let family = match problem.method {
            IntegrateMethod::Plain | IntegrateMethod::Antithetic | IntegrateMethod::Control => {
                return LineJob::Plain(PlainJob { problem });
            }
            IntegrateMethod::Stratified => return LineJob::Vegas(VegasJob::stratified(problem)),
            IntegrateMethod::Vegas => return LineJob::Vegas(VegasJob::new(problem, training)),
            IntegrateMethod::Auto if problem.is_trained => None,
            IntegrateMethod::Sobol | IntegrateMethod::Auto => Some(Family::Sobol),
            IntegrateMethod::Lattice => Some(Family::Lattice),
        };
        match family.filter(|_| !problem.is_trained) {
            Some(family) => LineJob::Nets(NetJob::new(problem, family)),
            None => LineJob::TrainedNets(TrainedNetJob::new(problem, training, family)),
        }
    }

    /// The integrand and how it is sampled.
    pub(super) fn problem(&self) -> &Problem {
        each!(self, job => job.problem())
    }

    pub(super) fn blocks(&self) -> u64 {
        each!(self, job => job.blocks())
    }

    pub(super) fn grain(&self) -> u64 {
        each!(self, job => job.grain())
    }

    pub(super) fn identity(&self) -> Option<Identity> {
        each!(self, job => job.identity())
    }

    /// Block counts at which its stages end; none without training.
    pub(super) fn stages(&self) -> Vec<u64> {
        match self {
            LineJob::Plain(_) | LineJob::Nets(_) => Vec::new(),
            LineJob::Vegas(job) => job.stages(),
            LineJob::TrainedNets(job) => job.stages(),
        }
    }

    /// What its next stage needs of the stages before, which have these tallies; `None` without
    /// training.
    pub(super) fn adapt(&self, before: Vec<(Span, LineSums)>) -> Option<LineAdaptation> {
        match self {
            LineJob::Plain(_) | LineJob::Nets(_) => None,
            // Even boxes: no stage comes before them.
            LineJob::Vegas(job) if job.stages().is_empty() => None,
            LineJob::Vegas(job) => {
                let own = |(span, sums)| if let LineSums::Vegas(tally) = sums { Some((span, *tally)) } else { None };
                let own: Vec<(Span, VegasTally)> = before.into_iter().filter_map(own).collect();
                Some(LineAdaptation::Vegas(job.adapt(&borrowed(&own))))
            }
            LineJob::TrainedNets(job) => {
                let own =
                    |(span, sums)| if let LineSums::TrainedNets(tally) = sums { Some((span, *tally)) } else { None };
                let own: Vec<(Span, TrainedTally)> = before.into_iter().filter_map(own).collect();
                Some(LineAdaptation::TrainedNets(job.adapt(&borrowed(&own))))
            }
        }
    }

    /// The same job, for the stage with this adaptation.
    pub(super) fn adapted(self, adaptation: Option<&LineAdaptation>) -> LineJob {
        match (self, adaptation) {
            (LineJob::Vegas(job), Some(LineAdaptation::Vegas(adaptation))) => {
                LineJob::Vegas(job.adapted(adaptation.clone()))
            }
            (LineJob::TrainedNets(job), Some(LineAdaptation::TrainedNets(adaptation))) => {
                LineJob::TrainedNets(job.adapted(adaptation.clone()))
            }
            (job, _) => job,
        }
    }

    pub(super) fn workspace(&self) -> LineSampler {
        match self {
            LineJob::Plain(job) => LineSampler::Plain(Box::new(job.workspace())),
            LineJob::Nets(job) => LineSampler::Nets(Box::new(job.workspace())),
            LineJob::Vegas(job) => LineSampler::Vegas(Box::new(job.workspace())),
            LineJob::TrainedNets(job) => LineSampler::TrainedNets(Box::new(job.workspace())),
        }
    }

    /// The tally of some blocks. The sampler is made anew if it is one of another job.
    pub(super) fn compute(
        &self,
        span: Span,
        sampler: &mut LineSampler,
        yield_now: YieldNow<'_>,
    ) -> ControlFlow<(), LineSums> {
        ControlFlow::Continue(match (self, sampler) {
            (LineJob::Plain(job), LineSampler::Plain(own)) => {
                LineSums::Plain(Box::new(job.compute(span, own, yield_now)?))
            }
            (LineJob::Nets(job), LineSampler::Nets(own)) => {
                LineSums::Nets(Box::new(job.compute(span, own, yield_now)?))
            }
            (LineJob::Vegas(job), LineSampler::Vegas(own)) => {
                LineSums::Vegas(Box::new(job.compute(span, own, yield_now)?))
            }
            (LineJob::TrainedNets(job), LineSampler::TrainedNets(own)) => {
                LineSums::TrainedNets(Box::new(job.compute(span, own, yield_now)?))
            }
            (job, other) => {
                *other = job.workspace();
                return job.compute(span, other, yield_now);
            }
        })
    }

    /// What is wrong with the tally of a span; see [`Job::check`].
    ///
    /// # Errors
    /// The sentence.
    pub(super) fn check(&self, span: Span, sums: &LineSums) -> std::result::Result<(), String> {
        match (self, sums) {
            (LineJob::Plain(job), LineSums::Plain(tally)) => job.check(span, tally),
            (LineJob::Nets(job), LineSums::Nets(tally)) => job.check(span, tally),
            (LineJob::Vegas(job), LineSums::Vegas(tally)) => job.check(span, tally),
            (LineJob::TrainedNets(job), LineSums::TrainedNets(tally)) => job.check(span, tally),
            _ => Err("the tally is of another method".to_owned()),
        }
    }

    /// What is reported about it.
    ///
    /// # Errors
    /// [`Error::Run`](crate::error::Error::Run) if a value spoils the tally, or the integral is
    /// beyond all numbers.
    pub(super) fn result(
        &self,
        integrand: &'static str,
        sums: LineSums,
        completion: Completion,
    ) -> Result<IntegrateResult> {
        match (self, sums) {
            (LineJob::Plain(job), LineSums::Plain(tally)) => result(job, integrand, *tally, None, completion),
            (LineJob::Nets(job), LineSums::Nets(tally)) => result(job, integrand, *tally, None, completion),
            (LineJob::Vegas(job), LineSums::Vegas(tally)) => result(job, integrand, *tally, None, completion),
            (LineJob::TrainedNets(job), LineSums::TrainedNets(tally)) => {
                result(job, integrand, *tally, None, completion)
            }
            _ => Err(crate::job::run::cannot_be("the tally is of another method".to_owned())),
        }
    }
}

impl LineSums {
    /// Adds the tally of the blocks behind these. One of another method is no tally of this line
    /// and is dropped: the check of the whole then finds that blocks are missing.
    pub(super) fn merge(&mut self, next: LineSums) {
        match (self, next) {
            (LineSums::Plain(here), LineSums::Plain(there)) => here.merge(*there),
            (LineSums::Nets(here), LineSums::Nets(there)) => here.merge(*there),
            (LineSums::Vegas(here), LineSums::Vegas(there)) => here.merge(*there),
            (LineSums::TrainedNets(here), LineSums::TrainedNets(there)) => here.merge(*there),
            _ => {}
        }
    }

    /// Samples in it, those of training included, as the result has them.
    pub(super) fn samples(&self, problem: &Problem) -> u64 {
        match self {
            LineSums::Plain(sums) => problem.samples_behind(sums.samples()),
            LineSums::Nets(tally) => tally.samples(),
            LineSums::Vegas(tally) => tally.sums().samples(),
            LineSums::TrainedNets(tally) => tally.samples(),
        }
    }
}

fn borrowed<T>(tallies: &[(Span, T)]) -> Vec<(Span, &T)> {
    tallies.iter().map(|(span, tally)| (*span, tally)).collect()
}
