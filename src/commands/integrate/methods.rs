//! The job of an integral by whatever method: one type for all.
//!
//! Stands between the jobs of the methods (`plain`, `nets`, `vegas`, `trained_nets`), which know
//! nothing of each other, and those who run them: `problem`, which runs one, and `file`, which
//! strings the blocks of many together. An enum of each of their types, and one place that chooses
//! among them.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::answer::IntegrateResult;
use super::args::IntegrateMethod;
use super::nets::NetJob;
use super::plain::PlainJob;
use super::problem::{Integration, Problem};
use super::result::result;
use super::trained_nets::TrainedNetJob;
use super::vegas::VegasJob;
use crate::error::Result;
use crate::job::rounds::Adaptive;
use crate::job::{Identity, Job, Span, Tally, YieldNow};
use crate::montecarlo::components::Components;
use crate::montecarlo::nets::Family;
use crate::montecarlo::nets::sampler::NetSampler;
use crate::montecarlo::nets::tally::NetTally;
use crate::montecarlo::sampler::Sampler;
use crate::montecarlo::tally::Sums;
use crate::montecarlo::trained_nets::{TrainedAdaptation, TrainedSampler, TrainedTally};
use crate::montecarlo::vegas::{Adaptation, VegasSampler, VegasTally};
use crate::report::Completion;

/// The job of an integral.
pub(super) enum AnyJob {
    Plain(PlainJob),
    Nets(NetJob),
    Vegas(VegasJob),
    TrainedNets(TrainedNetJob),
}

/// The tally of some of its blocks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum AnyTally {
    Plain(Box<Components<Sums>>),
    Nets(Box<Components<NetTally>>),
    Vegas(Box<VegasTally>),
    TrainedNets(Box<TrainedTally>),
}

/// What its blocks need of the stages before them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum AnyAdaptation {
    Vegas(Adaptation),
    TrainedNets(TrainedAdaptation),
}

/// A rank's workspace for it.
pub(super) enum AnySampler {
    Plain(Box<Sampler>),
    Nets(Box<NetSampler>),
    Vegas(Box<VegasSampler>),
    TrainedNets(Box<TrainedSampler>),
}

/// Calls the same method of whatever job it is.
macro_rules! each {
    ($line:expr, $job:ident => $value:expr) => {
        match $line {
            AnyJob::Plain($job) => $value,
            AnyJob::Nets($job) => $value,
            AnyJob::Vegas($job) => $value,
            AnyJob::TrainedNets($job) => $value,
        }
    };
}

impl AnyJob {
    /// The job of this problem, with so many samples of training if it trains.
    pub(super) fn new(problem: Problem, training: u64) -> AnyJob {
        let family = match problem.method {
            IntegrateMethod::Plain | IntegrateMethod::Antithetic | IntegrateMethod::Control => {
                return AnyJob::Plain(PlainJob { problem });
            }
            IntegrateMethod::Stratified => return AnyJob::Vegas(VegasJob::stratified(problem)),
            IntegrateMethod::Vegas => return AnyJob::Vegas(VegasJob::new(problem, training)),
            IntegrateMethod::Auto if problem.is_trained => None,
            IntegrateMethod::Sobol | IntegrateMethod::Auto => Some(Family::Sobol),
            IntegrateMethod::Lattice => Some(Family::Lattice),
        };
        match family.filter(|_| !problem.is_trained) {
            Some(family) => AnyJob::Nets(NetJob::new(problem, family)),
            None => AnyJob::TrainedNets(TrainedNetJob::new(problem, training, family)),
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
            AnyJob::Plain(_) | AnyJob::Nets(_) => Vec::new(),
            AnyJob::Vegas(job) => job.stages(),
            AnyJob::TrainedNets(job) => job.stages(),
        }
    }

    /// What its next stage needs of the stages before, which have these tallies; `None` without
    /// training.
    pub(super) fn adapt(&self, before: Vec<(Span, AnyTally)>) -> Option<AnyAdaptation> {
        match self {
            AnyJob::Plain(_) | AnyJob::Nets(_) => None,
            // Even boxes: no stage comes before them.
            AnyJob::Vegas(job) if job.stages().is_empty() => None,
            AnyJob::Vegas(job) => {
                let own = |(span, sums)| if let AnyTally::Vegas(tally) = sums { Some((span, *tally)) } else { None };
                let own: Vec<(Span, VegasTally)> = before.into_iter().filter_map(own).collect();
                Some(AnyAdaptation::Vegas(job.adapt(&borrowed(&own))))
            }
            AnyJob::TrainedNets(job) => {
                let own =
                    |(span, sums)| if let AnyTally::TrainedNets(tally) = sums { Some((span, *tally)) } else { None };
                let own: Vec<(Span, TrainedTally)> = before.into_iter().filter_map(own).collect();
                Some(AnyAdaptation::TrainedNets(job.adapt(&borrowed(&own))))
            }
        }
    }

    /// The same job, for the stage with this adaptation.
    pub(super) fn adapted(self, adaptation: Option<&AnyAdaptation>) -> AnyJob {
        match (self, adaptation) {
            (AnyJob::Vegas(job), Some(AnyAdaptation::Vegas(adaptation))) => {
                AnyJob::Vegas(job.adapted(adaptation.clone()))
            }
            (AnyJob::TrainedNets(job), Some(AnyAdaptation::TrainedNets(adaptation))) => {
                AnyJob::TrainedNets(job.adapted(adaptation.clone()))
            }
            (job, _) => job,
        }
    }

    pub(super) fn workspace(&self) -> AnySampler {
        match self {
            AnyJob::Plain(job) => AnySampler::Plain(Box::new(job.workspace())),
            AnyJob::Nets(job) => AnySampler::Nets(Box::new(job.workspace())),
            AnyJob::Vegas(job) => AnySampler::Vegas(Box::new(job.workspace())),
            AnyJob::TrainedNets(job) => AnySampler::TrainedNets(Box::new(job.workspace())),
        }
    }

    /// The tally of some blocks. The sampler is made anew if it is one of another job.
    pub(super) fn compute(
        &self,
        span: Span,
        sampler: &mut AnySampler,
        yield_now: YieldNow<'_>,
    ) -> ControlFlow<(), AnyTally> {
        ControlFlow::Continue(match (self, sampler) {
            (AnyJob::Plain(job), AnySampler::Plain(own)) => {
                AnyTally::Plain(Box::new(job.compute(span, own, yield_now)?))
            }
            (AnyJob::Nets(job), AnySampler::Nets(own)) => AnyTally::Nets(Box::new(job.compute(span, own, yield_now)?)),
            (AnyJob::Vegas(job), AnySampler::Vegas(own)) => {
                AnyTally::Vegas(Box::new(job.compute(span, own, yield_now)?))
            }
            (AnyJob::TrainedNets(job), AnySampler::TrainedNets(own)) => {
                AnyTally::TrainedNets(Box::new(job.compute(span, own, yield_now)?))
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
    pub(super) fn check(&self, span: Span, sums: &AnyTally) -> std::result::Result<(), String> {
        match (self, sums) {
            (AnyJob::Plain(job), AnyTally::Plain(tally)) => job.check(span, tally),
            (AnyJob::Nets(job), AnyTally::Nets(tally)) => job.check(span, tally),
            (AnyJob::Vegas(job), AnyTally::Vegas(tally)) => job.check(span, tally),
            (AnyJob::TrainedNets(job), AnyTally::TrainedNets(tally)) => job.check(span, tally),
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
        sums: AnyTally,
        completion: Completion,
    ) -> Result<IntegrateResult> {
        match (self, sums) {
            (AnyJob::Plain(job), AnyTally::Plain(tally)) => result(job, integrand, *tally, None, completion),
            (AnyJob::Nets(job), AnyTally::Nets(tally)) => result(job, integrand, *tally, None, completion),
            (AnyJob::Vegas(job), AnyTally::Vegas(tally)) => result(job, integrand, *tally, None, completion),
            (AnyJob::TrainedNets(job), AnyTally::TrainedNets(tally)) => {
                result(job, integrand, *tally, None, completion)
            }
            _ => Err(crate::job::run::cannot_be("the tally is of another method".to_owned())),
        }
    }
}

impl AnyTally {
    /// Adds the tally of the blocks behind these. One of another method is no tally of this job
    /// and is dropped: the check of the whole then finds that blocks are missing.
    pub(super) fn merge(&mut self, next: AnyTally) {
        match (self, next) {
            (AnyTally::Plain(here), AnyTally::Plain(there)) => here.merge(*there),
            (AnyTally::Nets(here), AnyTally::Nets(there)) => here.merge(*there),
            (AnyTally::Vegas(here), AnyTally::Vegas(there)) => here.merge(*there),
            (AnyTally::TrainedNets(here), AnyTally::TrainedNets(there)) => here.merge(*there),
            _ => {}
        }
    }

    /// Samples in it, those of training included, as the result has them.
    pub(super) fn samples(&self, problem: &Problem) -> u64 {
        match self {
            AnyTally::Plain(sums) => problem.samples_behind(sums.first().map_or(0, Sums::samples)),
            AnyTally::Nets(tally) => tally.first().map_or(0, NetTally::samples),
            AnyTally::Vegas(tally) => tally.samples(),
            AnyTally::TrainedNets(tally) => tally.samples(),
        }
    }
}

fn borrowed<T>(tallies: &[(Span, T)]) -> Vec<(Span, &T)> {
    tallies.iter().map(|(span, tally)| (*span, tally)).collect()
}
