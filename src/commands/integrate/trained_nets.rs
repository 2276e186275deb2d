//! `--method auto`, and `--method sobol|lattice --training N`: nets of points behind a trained map.
//!
//! Stands between `vegas`, whose points behind a map are random, and `nets`, whose points need no
//! training. With `auto` a trial follows the training, and its best points are taken.
//!
//! This is an [`Adaptive`] job. After its stages any number of blocks gives an estimate. A power of
//! two of them, from 16 on, is 16 complete nets.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::args::{IntegrateMethod, NanPolicy, Points};
use super::blocks::{GRAIN, WITH_TRAINING, resumption_advice, total};
use super::finding::{ComponentFinding, IntegralFinding, readings};
use super::map_chart::{complete_stages, map_chart};
use super::nets::{fall, stops};
use super::problem::{Integration, Problem};
use crate::commands::rounds::{Fall, Reading, Sampling};
use crate::error::Result;
use crate::job::rounds::{Adaptive, Shorten};
use crate::job::run::OutcomeWithPrefixes;
use crate::job::{self, Identity, Job, Ledger, PrefixEnds, Session, Span, YieldNow, invariant};
use crate::montecarlo::mean::Mean;
use crate::montecarlo::nets::{Family, REPLICATES};
use crate::montecarlo::trained_nets::{TrainedAdaptation, TrainedPlan, TrainedSampler, TrainedTally};
use crate::report::IntervalKind;
use crate::report::chart::Chart;

/// The job: blocks of training, a trial if there is a choice, and blocks that count.
#[derive(Clone)]
pub(super) struct TrainedNetJob {
    problem: Rc<Problem>,
    plan: TrainedPlan,
    blocks: u64,
    /// What the blocks of this stage depend on.
    adaptation: Rc<TrainedAdaptation>,
}

impl TrainedNetJob {
    /// A job with about `training` samples of training, and points of `only` that family.
    pub(super) fn new(problem: Problem, training: u64, only: Option<Family>) -> TrainedNetJob {
        let plan = TrainedPlan::new(problem.kernel.dimension(), training, problem.samples, only);
        let adaptation = TrainedAdaptation::new(&plan, problem.kernel.volume(), []);
        TrainedNetJob { problem: Rc::new(problem), plan, blocks: plan.blocks(), adaptation: Rc::new(adaptation) }
    }

    /// The estimates of each component.
    fn means(&self, tally: &TrainedTally) -> Vec<Option<Mean>> {
        tally.means(self.problem.kernel.volume(), self.counts_zeros())
    }

    /// Whether values that are not numbers count as 0.
    fn counts_zeros(&self) -> bool {
        self.problem.nan == NanPolicy::Zero
    }
}

impl Job for TrainedNetJob {
    type Tally = TrainedTally;
    type Workspace = TrainedSampler;

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        let (method, training, block) = (self.problem.method.word(), self.plan.training(), self.plan.net_block());
        let terms = format!("--method {method}, --training {training}, blocks of {block}");
        Some(self.problem.identity(&terms, self.blocks))
    }

    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        resumption_advice(&self.problem, theirs, WITH_TRAINING)
    }

    fn check(&self, span: Span, tally: &TrainedTally) -> std::result::Result<(), String> {
        let is_sound = tally.is_sound(&self.plan, self.problem.shape(), span.first..span.end);
        invariant::holds("sums are such as samples can have", is_sound)
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::PowersAfter(self.plan.preparing_blocks())
    }

    fn grain(&self) -> u64 {
        (self.problem.grain(GRAIN) / self.plan.samples_of(self.blocks - 1)).max(1)
    }

    fn workspace(&self) -> TrainedSampler {
        let Problem { kernel, seed, isa, .. } = &*self.problem;
        let sampler = TrainedSampler::new(kernel.duplicate(), self.plan, Rc::clone(&self.adaptation), *seed, *isa);
        sampler.with_histograms(self.problem.histograms.binning())
    }

    fn compute(
        &self,
        span: Span,
        sampler: &mut TrainedSampler,
        yield_now: YieldNow<'_>,
    ) -> ControlFlow<(), TrainedTally> {
        total(span, yield_now, |block| sampler.block(block))
    }
}

impl Shorten for TrainedNetJob {
    fn shortened(&self, blocks: u64) -> TrainedNetJob {
        TrainedNetJob { blocks: blocks.min(self.blocks), ..self.clone() }
    }
}

impl Adaptive for TrainedNetJob {
    type Adaptation = TrainedAdaptation;

    fn stages(&self) -> Vec<u64> {
        self.plan.stages()
    }

    fn adapt(&self, before: &[(Span, &TrainedTally)]) -> TrainedAdaptation {
        TrainedAdaptation::new(&self.plan, self.problem.kernel.volume(), before.iter().map(|&(_, tally)| tally))
    }

    fn adapted(self, adaptation: TrainedAdaptation) -> TrainedNetJob {
        TrainedNetJob { adaptation: Rc::new(adaptation), ..self }
    }
}

impl Sampling for TrainedNetJob {
    fn readings(&self, tally: &TrainedTally) -> Vec<Reading> {
        readings(tally.samples(), self.means(tally))
    }

    fn samples(&self) -> u64 {
        self.problem.samples
    }

    fn has_failed(&self, tally: &TrainedTally) -> bool {
        self.problem.is_spoilt(tally.first_infinite().is_some(), u64::from(tally.first_nan().is_some()))
    }

    /// What is known before the trial.
    fn fall(&self) -> Fall {
        fall(self.plan.only().unwrap_or(Family::Sobol))
    }

    fn stops(&self) -> Box<dyn Iterator<Item = u64>> {
        stops(self.plan.preparing_blocks())
    }

    fn further_charts(&self, way: &Ledger<TrainedTally>) -> Vec<Chart> {
        let stages = complete_stages(way, &self.stages());
        let volume = self.problem.kernel.volume();
        let trained = stages.map(|stages| TrainedAdaptation::new(&self.plan, volume, stages));
        let histograms = self.problem.histogram_charts(way, |tally| tally.bins().cloned());
        trained.map(|adaptation| map_chart(adaptation.map())).into_iter().chain(histograms).collect()
    }

    fn run_until(
        &self,
        session: &Session<'_>,
        stops: impl Iterator<Item = u64>,
        is_enough: impl FnMut(&TrainedNetJob, Option<&TrainedTally>) -> bool,
    ) -> job::Result<Option<OutcomeWithPrefixes<TrainedTally>>> {
        session.run_adaptive(self, stops, is_enough)
    }
}

impl Integration for TrainedNetJob {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn finding(&self, tally: TrainedTally) -> Result<IntegralFinding> {
        self.problem.judge(tally.first_infinite(), tally.first_nan())?;
        let is_auto = self.problem.method == IntegrateMethod::Auto;
        let mut means = self.means(&tally).into_iter();
        // Empty where no block counts.
        let component = |number: usize| ComponentFinding {
            mean: means.next().flatten(),
            nans: tally.nans(number),
            chi_square: None,
        };
        let components: Vec<_> = (0..self.problem.components()).map(component).collect();
        let is_known = is_auto && components[0].mean.is_some();
        let chosen = is_known.then(|| self.plan.chosen([&tally], self.problem.kernel.volume()));
        let correlation = |one: usize, other: usize| tally.correlation(one, other, self.counts_zeros());
        Ok(IntegralFinding {
            bins: tally.bins().cloned(),
            components,
            correlations: self.problem.correlations(correlation),
            interval: IntervalKind::StudentT,
            degrees_of_freedom: Some(REPLICATES as u64 - 1),
            samples: tally.samples(),
            training: Some(tally.preparing()),
            points: chosen.map(Points::of),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::commands::integrate::problem::testing::problem;

    /// All blocks have one adaptation here: what makes a tally possible does not depend on it.
    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let problem = problem("genz-gaussian", "2", 40_000, IntegrateMethod::Auto);
        let job = TrainedNetJob::new(problem, 8192, None);
        attack("integrate --method auto", &job, |tally| format!("{:?}", job.means(tally)));
    }
}
