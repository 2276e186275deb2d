//! `--method stratified`: the same number of samples in each of many equal boxes.
//!
//! Stands beside `plain`, whose samples leave holes and crowd by chance, and `vegas`, whose boxes
//! and samples are trained. A block is one pass over all boxes, as one of `vegas` is, with no map
//! and as many samples in every box. With C equal boxes and m samples in each,
//!
//! `estimate = mean of the boxes' means`, `variance = sum over boxes of s_h^2 / (m C^2)`,
//!
//! both without bias. The variance within boxes is never above that of plain samples, and for a
//! smooth integrand it is smaller by a factor of about C^(2/D).
//!
//! The boxes have at least four samples each and not one: so the error is measured within boxes, by
//! samples of the same distribution. A Latin hypercube and a systematic sample have one sample in a
//! stratum; they have no error estimate but that of replicates.
//!
//! A block has a sixteenth of the job's samples, at most 2^18: the boxes are finer in a larger job.
//! Blocks are independent and alike, so any number of them gives an estimate.
//!
//! Reference: P. Glasserman, "Monte Carlo methods in financial engineering" (2004), 4.3; W. G.
//! Cochran, "Sampling techniques" (1977), 5A.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::blocks::{GRAIN, total};
use super::problem::{IntegralFinding, Integration, Problem, reading};
use crate::commands::rounds::{Reading, Sampling};
use crate::error::Result;
use crate::job::rounds::Shorten;
use crate::job::{Identity, Job, PrefixEnds, Span, YieldNow, invariant};
use crate::montecarlo::mean::Mean;
use crate::montecarlo::vegas::{Adaptation, VegasCut, VegasSampler, VegasTally};
use crate::report::IntervalKind;

/// The job: passes over the boxes.
#[derive(Clone)]
pub(super) struct StratifiedJob {
    problem: Rc<Problem>,
    cut: VegasCut,
    blocks: u64,
    /// What all blocks share: the samples of boxes.
    adaptation: Rc<Adaptation>,
}

impl StratifiedJob {
    pub(super) fn new(problem: Problem) -> StratifiedJob {
        let cut = VegasCut::untrained(problem.kernel.dimension(), problem.samples);
        let adaptation = Rc::new(Adaptation::even(&cut, problem.sampler().shift()));
        StratifiedJob { blocks: cut.blocks(problem.samples), problem: Rc::new(problem), cut, adaptation }
    }

    /// The estimate of a tally.
    fn mean(&self, tally: &VegasTally) -> Option<Mean> {
        tally.sums().mean(self.problem.kernel.volume())
    }
}

impl Job for StratifiedJob {
    type Tally = VegasTally;
    type Workspace = VegasSampler;

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        let terms = format!("--method stratified, blocks of {}", self.cut.block());
        Some(self.problem.identity(&terms, self.blocks))
    }

    fn check(&self, span: Span, tally: &VegasTally) -> std::result::Result<(), String> {
        let is_sound = tally.is_sound(&self.cut, span.first..span.end);
        invariant::holds("sums are such as samples can have", is_sound)
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::Powers
    }

    fn grain(&self) -> u64 {
        (GRAIN / self.cut.block()).max(1)
    }

    fn workspace(&self) -> VegasSampler {
        let Problem { kernel, seed, isa, .. } = &*self.problem;
        VegasSampler::new(kernel.duplicate(), self.cut, Rc::clone(&self.adaptation), *seed, *isa)
    }

    fn compute(&self, span: Span, sampler: &mut VegasSampler, yield_now: YieldNow<'_>) -> ControlFlow<(), VegasTally> {
        total(span, yield_now, |block| sampler.block(block))
    }
}

impl Shorten for StratifiedJob {
    fn shortened(&self, blocks: u64) -> StratifiedJob {
        StratifiedJob { blocks: blocks.min(self.blocks), ..self.clone() }
    }
}

impl Sampling for StratifiedJob {
    fn reading(&self, tally: &VegasTally) -> Option<Reading> {
        self.mean(tally).map(|mean| reading(tally.sums().samples(), mean))
    }

    fn samples(&self) -> u64 {
        self.problem.samples
    }

    fn has_failed(&self, tally: &VegasTally) -> bool {
        let sums = tally.sums();
        self.problem.is_spoilt(sums.first_infinite().is_some(), sums.nans())
    }
}

impl Integration for StratifiedJob {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn finding(&self, tally: VegasTally) -> Result<IntegralFinding> {
        let sums = tally.sums();
        self.problem.judge(sums.first_infinite(), sums.first_nan())?;
        Ok(IntegralFinding {
            mean: self.mean(&tally),
            interval: IntervalKind::StudentT,
            degrees_of_freedom: None,
            samples: sums.samples(),
            training: None,
            points: None,
            nans: sums.nans(),
            chi_square: sums.chi_square(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::commands::integrate::args::IntegrateMethod;
    use crate::commands::integrate::problem::testing::problem;

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let job = StratifiedJob::new(problem("genz-gaussian", "2", 4000, IntegrateMethod::Stratified));
        assert!(job.blocks() > 16);
        attack("integrate --method stratified", &job, |tally| {
            format!("{:?} {:?}", job.mean(tally), tally.sums().chi_square())
        });
    }

    #[test]
    fn larger_jobs_have_finer_boxes() {
        let block = |samples| {
            let job = StratifiedJob::new(problem("ball", "3", samples, IntegrateMethod::Stratified));
            assert!(job.blocks() >= 2 && job.blocks().saturating_mul(job.cut.block()) <= samples.max(256));
            job.cut.block()
        };
        assert_eq!([1, 4096, 1_000_000, u64::MAX].map(block), [128, 256, 32_768, 262_144]);
    }
}
