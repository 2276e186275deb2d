//! `--method sobol` and `--method lattice`: quasi-random points.
//!
//! Stands beside `plain` and `vegas`, whose samples are random: these fill the cube evenly, and 16
//! independent randomisations give the error. Any number of blocks gives an estimate; a power of
//! two of them, from 16 on, is 16 complete nets.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::args::{IntegrateMethod, NanPolicy, Points};
use super::blocks::{WITH_TRAINING, resumption_advice, total};
use super::problem::{IntegralFinding, Integration, Problem, reading};
use crate::commands::rounds::{Fall, Reading, Sampling};
use crate::error::Result;
use crate::job::rounds::Shorten;
use crate::job::{Identity, Job, PrefixEnds, Span, YieldNow, invariant};
use crate::montecarlo::mean::Mean;
use crate::montecarlo::nets::lattice::LOG_MOST_POINTS;
use crate::montecarlo::nets::plan::NetPlan;
use crate::montecarlo::nets::sampler::NetSampler;
use crate::montecarlo::nets::tally::NetTally;
use crate::montecarlo::nets::{Family, REPLICATES};
use crate::report::IntervalKind;

/// Blocks that are worth a message: 1 ms of cheap integrands with AVX-512 on a Zen 4.
const GRAIN: u64 = 8;

/// The job: points of 16 replicates, in blocks of one replicate each.
pub(super) struct NetJob {
    problem: Rc<Problem>,
    family: Family,
    /// Of the whole job.
    plan: NetPlan,
    blocks: u64,
}

impl NetJob {
    pub(super) fn new(problem: Problem, family: Family) -> NetJob {
        let plan = NetPlan::new(problem.kernel.dimension(), problem.samples);
        NetJob { blocks: plan.blocks(), problem: Rc::new(problem), family, plan }
    }

    /// The estimate of a tally.
    fn mean(&self, tally: &NetTally) -> Option<Mean> {
        let shift = self.problem.sampler().shift();
        tally.mean(shift, self.problem.kernel.volume(), self.problem.nan == NanPolicy::Zero)
    }
}

/// How errors of smooth integrands fall.
pub(super) fn fall(family: Family) -> Fall {
    match family {
        Family::Sobol => Fall { half_orders: 3, until: None },
        Family::Lattice => Fall { half_orders: 4, until: Some((REPLICATES as u64) << LOG_MOST_POINTS) },
    }
}

/// Block counts after `prepared` blocks at which all nets are complete: others are less even.
pub(super) fn stops(prepared: u64) -> Box<dyn Iterator<Item = u64>> {
    let nets = std::iter::successors(Some(REPLICATES as u64), |blocks| blocks.checked_mul(2));
    Box::new(nets.map(move |blocks| prepared.saturating_add(blocks)))
}

impl Job for NetJob {
    type Tally = NetTally;
    type Workspace = NetSampler;

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        // A job of fewer points has shorter blocks.
        let (method, block) = (self.problem.method.word(), self.plan.block_points());
        Some(self.problem.identity(&format!("--method {method}, blocks of {block}"), self.blocks))
    }

    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        let most = NetPlan::full_blocks_from(self.problem.kernel.dimension());
        let condition = format!("with blocks of the same size, which all jobs of at least {most} samples have");
        // That of `auto` may have trained.
        let is_like_this = !theirs.kind.contains(", --training ");
        resumption_advice(&self.problem, theirs, if is_like_this { &condition } else { WITH_TRAINING })
    }

    fn check(&self, span: Span, tally: &NetTally) -> std::result::Result<(), String> {
        let is_sound = tally.is_sound(&self.plan, self.problem.kernel.dimension(), span.first..span.end);
        invariant::holds("sums are such as samples can have", is_sound)
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::Powers
    }

    fn grain(&self) -> u64 {
        GRAIN
    }

    fn workspace(&self) -> NetSampler {
        let Problem { kernel, seed, isa, .. } = &*self.problem;
        NetSampler::new(kernel.duplicate(), self.plan, self.family, *seed, *isa)
    }

    fn compute(&self, span: Span, sampler: &mut NetSampler, yield_now: YieldNow<'_>) -> ControlFlow<(), NetTally> {
        total(span, yield_now, |block| sampler.block(block))
    }
}

impl Shorten for NetJob {
    fn shortened(&self, blocks: u64) -> NetJob {
        NetJob { problem: Rc::clone(&self.problem), blocks: blocks.min(self.blocks), ..*self }
    }
}

impl Sampling for NetJob {
    fn reading(&self, tally: &NetTally) -> Option<Reading> {
        self.mean(tally).map(|mean| reading(tally.samples(), mean))
    }

    fn samples(&self) -> u64 {
        self.problem.samples
    }

    fn has_failed(&self, tally: &NetTally) -> bool {
        self.problem.is_spoilt(tally.first_infinite().is_some(), tally.nans())
    }

    fn fall(&self) -> Fall {
        fall(self.family)
    }

    fn stops(&self) -> Box<dyn Iterator<Item = u64>> {
        stops(0)
    }
}

impl Integration for NetJob {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn finding(&self, tally: NetTally) -> Result<IntegralFinding> {
        self.problem.judge(tally.first_infinite(), tally.first_nan())?;
        // With too few samples for a trial.
        let is_auto = self.problem.method == IntegrateMethod::Auto;
        Ok(IntegralFinding {
            mean: self.mean(&tally),
            interval: IntervalKind::StudentT,
            degrees_of_freedom: Some(REPLICATES as u64 - 1),
            samples: tally.samples(),
            training: None,
            points: is_auto.then_some(Points::Sobol),
            nans: tally.nans(),
            chi_square: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::commands::integrate::problem::testing::problem;

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        for (family, dimension) in [(Family::Sobol, "50"), (Family::Lattice, "30")] {
            let problem = problem("genz-gaussian", dimension, 1 << 19, IntegrateMethod::Sobol);
            let job = NetJob::new(problem, family);
            assert!(job.blocks() >= 32);
            attack("integrate --method sobol", &job, |tally| format!("{:?}", job.mean(tally)));
        }
    }
}
