//! `--method vegas`: samples go where the integrand is large. `--method stratified` is the same
//! without training: equal numbers of samples in each of many equal boxes.
//!
//! Stands beside `plain`, whose samples are uniform. This is an [`Adaptive`] job: the first blocks
//! train, in stages, and each stage depends on the tallies of those before it. All other blocks
//! count and are alike. Any number of them gives an estimate.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::blocks::{GRAIN, resumption_advice, same_blocks_from, total};
use super::finding::{ComponentFinding, IntegralFinding, readings};
use super::map_chart::{complete_stages, map_chart};
use super::problem::{Integration, Problem};
use crate::commands::rounds::{FEWEST, Reading, Sampling};
use crate::error::Result;
use crate::job::rounds::{Adaptive, Shorten, growing};
use crate::job::run::OutcomeWithPrefixes;
use crate::job::{self, Identity, Job, Ledger, PrefixEnds, Session, Span, YieldNow, invariant};
use crate::montecarlo::mean::Mean;
use crate::montecarlo::vegas::{Adaptation, Strata, VegasCut, VegasSampler, VegasSums, VegasTally};
use crate::report::IntervalKind;
use crate::report::chart::Chart;

/// Samples for each box in a message of training.
const BOX_GRAIN: u64 = 8;

/// The job: blocks of training, if there are any, and blocks that count.
#[derive(Clone)]
pub(super) struct VegasJob {
    problem: Rc<Problem>,
    cut: VegasCut,
    blocks: u64,
    /// What the blocks of this stage depend on.
    adaptation: Rc<Adaptation>,
}

impl VegasJob {
    /// A job with about `training` samples of training.
    pub(super) fn new(problem: Problem, training: u64) -> VegasJob {
        let cut = VegasCut::new(problem.kernel.dimension(), training);
        VegasJob::of(problem, cut, Adaptation::new(&cut, []))
    }

    /// A job without training.
    pub(super) fn stratified(problem: Problem) -> VegasJob {
        let cut = VegasCut::untrained(problem.kernel.dimension(), problem.samples);
        let adaptation = Adaptation::even(&cut, problem.shifts()[0]);
        VegasJob::of(problem, cut, adaptation)
    }

    fn of(problem: Problem, cut: VegasCut, adaptation: Adaptation) -> VegasJob {
        let blocks = cut.blocks(problem.samples);
        VegasJob { problem: Rc::new(problem), cut, blocks, adaptation: Rc::new(adaptation) }
    }

    /// Samples of training, if there is any.
    fn training(&self) -> Option<u64> {
        Some(self.cut.training()).filter(|&samples| samples > 0)
    }

    /// The estimates of a tally: for each component that is sampled.
    fn means(&self, tally: &VegasTally) -> Vec<Option<Mean>> {
        tally.sums().iter().map(|sums| sums.mean(self.problem.kernel.volume())).collect()
    }
}

impl Job for VegasJob {
    type Tally = VegasTally;
    type Workspace = VegasSampler;

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        let terms = match self.training() {
            Some(samples) => format!("--method vegas, --training {samples}"),
            None => format!("--method stratified, blocks of {}", self.cut.block()),
        };
        Some(self.problem.identity(&terms, self.blocks))
    }

    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        let blocks = || same_blocks_from(VegasCut::LARGEST_BLOCKS_FROM);
        let condition = self.training().map_or_else(blocks, |_| "with the same --training".to_owned());
        resumption_advice(&self.problem, theirs, &condition)
    }

    fn check(&self, span: Span, tally: &VegasTally) -> std::result::Result<(), String> {
        let is_sound = tally.is_sound(&self.cut, self.problem.shape(), span.first..span.end);
        invariant::holds("sums are such as samples can have", is_sound)
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::PowersAfter(self.cut.training_blocks())
    }

    fn grain(&self) -> u64 {
        let training = self.cut.training_blocks();
        let first = if self.blocks > training { training } else { 0 };
        // The last stage has sums of every box in each tally: up to 1.5 MB, that of each run of
        // blocks on a rank. Fewer runs keep them small beside the work.
        let boxes = if self.blocks == training { Strata::new(&self.cut).boxes() as u64 } else { 0 };
        (self.problem.grain(GRAIN).max(BOX_GRAIN * boxes) / self.cut.samples(first)).max(1)
    }

    fn workspace(&self) -> VegasSampler {
        let Problem { seed, isa, .. } = *self.problem;
        let sampler =
            VegasSampler::new(self.problem.kernel.duplicate(), self.cut, Rc::clone(&self.adaptation), seed, isa);
        sampler.with_histograms(self.problem.histograms.binning())
    }

    fn compute(&self, span: Span, sampler: &mut VegasSampler, yield_now: YieldNow<'_>) -> ControlFlow<(), VegasTally> {
        total(span, yield_now, |block| sampler.block(block))
    }
}

impl Shorten for VegasJob {
    fn shortened(&self, blocks: u64) -> VegasJob {
        VegasJob { blocks: blocks.min(self.blocks), ..self.clone() }
    }
}

impl Adaptive for VegasJob {
    type Adaptation = Adaptation;

    fn stages(&self) -> Vec<u64> {
        self.cut.stages()
    }

    fn adapt(&self, before: &[(Span, &VegasTally)]) -> Adaptation {
        Adaptation::new(&self.cut, before.iter().filter_map(|(_, tally)| tally.training()))
    }

    fn adapted(self, adaptation: Adaptation) -> VegasJob {
        VegasJob { adaptation: Rc::new(adaptation), ..self }
    }
}

impl Sampling for VegasJob {
    fn readings(&self, tally: &VegasTally) -> Vec<Reading> {
        let mut means = self.means(tally);
        means.truncate(self.problem.components());
        readings(tally.samples(), means)
    }

    fn samples(&self) -> u64 {
        self.problem.samples
    }

    fn has_failed(&self, tally: &VegasTally) -> bool {
        let mut sums = tally.sums().iter().take(self.problem.components());
        sums.any(|sums| self.problem.is_spoilt(sums.first_infinite().is_some(), sums.nans()))
    }

    fn stops(&self) -> Box<dyn Iterator<Item = u64>> {
        let training = self.cut.training_blocks();
        Box::new(growing(FEWEST).map(move |blocks| training.saturating_add(blocks)))
    }

    fn further_charts(&self, way: &Ledger<VegasTally>) -> Vec<Chart> {
        let stages = complete_stages(way, &self.stages());
        let trained =
            stages.map(|stages| Adaptation::new(&self.cut, stages.into_iter().filter_map(VegasTally::training)));
        let histograms = self.problem.histogram_charts(way, |tally| tally.sums().bins().cloned());
        trained.map(|adaptation| map_chart(adaptation.map())).into_iter().chain(histograms).collect()
    }

    fn run_until(
        &self,
        session: &Session<'_>,
        stops: impl Iterator<Item = u64>,
        is_enough: impl FnMut(&VegasJob, Option<&VegasTally>) -> bool,
    ) -> job::Result<Option<OutcomeWithPrefixes<VegasTally>>> {
        match self.training() {
            Some(_) => session.run_adaptive(self, stops, is_enough),
            None => session.run_until(self, stops, is_enough),
        }
    }
}

impl Integration for VegasJob {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn finding(&self, tally: VegasTally) -> Result<IntegralFinding> {
        let count = self.problem.components();
        self.problem.judge(tally.first_infinite(count), tally.first_nan(count))?;
        let means = self.means(&tally);
        let component = |(sums, &mean): (&VegasSums, &Option<Mean>)| ComponentFinding {
            mean,
            nans: sums.nans(),
            chi_square: sums.chi_square(),
        };
        Ok(IntegralFinding {
            bins: tally.sums().bins().cloned(),
            components: tally.sums().iter().zip(&means).take(count).map(component).collect(),
            correlations: self.problem.correlations(|one, other| tally.correlation(one.min(other), one.max(other))),
            interval: IntervalKind::StudentT,
            degrees_of_freedom: None,
            samples: tally.samples(),
            training: self.training().map(|_| tally.training_samples()),
            points: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::commands::integrate::args::IntegrateMethod;
    use crate::commands::integrate::problem::testing::problem;
    use crate::job::Tally;

    /// All blocks have one adaptation here: what makes a tally possible does not depend on it.
    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let problem = problem("genz-gaussian", "2", 4000, IntegrateMethod::Vegas);
        let job = VegasJob::new(problem, 1024);
        let job = VegasJob { adaptation: Rc::new(job.of_all_stages()), ..job };
        attack("integrate --method vegas", &job, |tally| {
            format!("{:?} {:?}", job.means(tally), tally.sums().iter().map(VegasSums::chi_square).collect::<Vec<_>>())
        });
    }

    #[test]
    fn forged_checkpoints_without_training_are_refused_or_sound() {
        let job = VegasJob::stratified(problem("genz-gaussian", "2", 4000, IntegrateMethod::Stratified));
        assert!(job.blocks() > 16);
        attack("integrate --method stratified", &job, |tally| {
            format!("{:?} {:?}", job.means(tally), tally.sums().iter().map(VegasSums::chi_square).collect::<Vec<_>>())
        });
    }

    #[test]
    fn larger_jobs_have_finer_boxes() {
        let block = |samples| {
            let job = VegasJob::stratified(problem("ball", "3", samples, IntegrateMethod::Stratified));
            assert!(job.blocks() >= 2 && job.blocks().saturating_mul(job.cut.block()) <= samples.max(256));
            job.cut.block()
        };
        assert_eq!([1, 4096, 1_000_000, u64::MAX].map(block), [128, 256, 32_768, 262_144]);
    }

    impl VegasJob {
        /// An adaptation of the blocks that count, from stages under the first one's map.
        fn of_all_stages(&self) -> Adaptation {
            let mut stages = Vec::new();
            for end in self.stages() {
                let first = if end == 1 { 0 } else { end / 2 };
                let mut sampler = self.workspace();
                let mut tally = VegasTally::default();
                (first..end).for_each(|block| tally.merge(sampler.block(block)));
                stages.push(tally);
            }
            let adaptation = Adaptation::new(&self.cut, stages.iter().filter_map(VegasTally::training));
            assert!(!adaptation.counts().is_empty(), "samples for every box");
            adaptation
        }
    }
}
