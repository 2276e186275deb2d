//! `--method sobol` and `--method lattice`: quasi-random points.
//!
//! Stands beside `plain` and `vegas`, whose samples are random: these fill the cube evenly, and 16
//! independent randomisations give the error. Any number of blocks gives an estimate; a power of
//! two of them, from 16 on, is 16 complete nets.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::args::{IntegrateMethod, NanPolicy, Points};
use super::blocks::{WITH_TRAINING, resumption_advice, same_blocks_from, total};
use super::finding::{ComponentFinding, IntegralFinding, readings};
use super::problem::{Integration, Problem};
use super::slow;
use crate::commands::rounds::{Fall, Reading, Sampling};
use crate::error::Result;
use crate::job::rounds::Shorten;
use crate::job::{Identity, Job, Ledger, PrefixEnds, Span, YieldNow, invariant};
use crate::montecarlo::components::Components;
use crate::montecarlo::histogram::BinTally;
use crate::montecarlo::irregular::{BadSample, earliest};
use crate::montecarlo::mean::Mean;
use crate::montecarlo::nets::lattice::LOG_MOST_POINTS;
use crate::montecarlo::nets::plan::NetPlan;
use crate::montecarlo::nets::sampler::NetSampler;
use crate::montecarlo::nets::tally::NetTally;
use crate::montecarlo::nets::{Family, REPLICATES};
use crate::report::IntervalKind;
use crate::report::chart::Chart;

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
        let plan = problem.slow_block.map_or(plan, |most| plan.with_blocks_of(most));
        NetJob { blocks: plan.blocks(), problem: Rc::new(problem), family, plan }
    }

    /// The estimate of each component.
    fn means(&self, tally: &Components<NetTally>) -> Vec<Option<Mean>> {
        let (volume, is_zero) = (self.problem.kernel.volume(), self.problem.nan == NanPolicy::Zero);
        tally.iter().zip(self.problem.shifts()).map(|(tally, &shift)| tally.mean(shift, volume, is_zero)).collect()
    }
}

/// Points of all replicates.
fn samples_of(tally: &Components<NetTally>) -> u64 {
    tally.first().map_or(0, NetTally::samples)
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
    type Tally = Components<NetTally>;
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
        let full = NetPlan::full_blocks_from(self.problem.kernel.dimension());
        let condition = same_blocks_from(self.problem.slow_block.map_or(full, |_| slow::FULL_BLOCKS_FROM));
        // That of `auto` may have trained.
        let is_like_this = !theirs.kind.contains(", --training ");
        resumption_advice(&self.problem, theirs, if is_like_this { &condition } else { WITH_TRAINING })
    }

    fn check(&self, span: Span, tally: &Components<NetTally>) -> std::result::Result<(), String> {
        let dimension = self.problem.kernel.dimension();
        let is_sound = |tally: &NetTally| tally.is_sound(&self.plan, dimension, span.first..span.end);
        let (bins, points) = (self.problem.histograms.bins(), self.plan.points_of_each(&(span.first..span.end)));
        let are_bins_sound = |tally: &BinTally| tally.is_sound_of_replicates(bins, &points);
        let are_sound = tally.are_sound(self.problem.shape(), is_sound, are_bins_sound);
        invariant::holds("sums are such as samples can have", are_sound)
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::Powers
    }

    fn grain(&self) -> u64 {
        self.problem.grain(GRAIN)
    }

    fn workspace(&self) -> NetSampler {
        let Problem { kernel, seed, isa, .. } = &*self.problem;
        let sampler = NetSampler::new(kernel.duplicate(), self.plan, self.family, *seed, *isa);
        sampler.with_shifts(self.problem.shifts()).with_histograms(self.problem.histograms.binning())
    }

    fn compute(
        &self,
        span: Span,
        sampler: &mut NetSampler,
        yield_now: YieldNow<'_>,
    ) -> ControlFlow<(), Components<NetTally>> {
        total(span, yield_now, |block| sampler.block(block))
    }
}

impl Shorten for NetJob {
    fn shortened(&self, blocks: u64) -> NetJob {
        NetJob { problem: Rc::clone(&self.problem), blocks: blocks.min(self.blocks), ..*self }
    }
}

impl Sampling for NetJob {
    fn readings(&self, tally: &Components<NetTally>) -> Vec<Reading> {
        readings(samples_of(tally), self.means(tally))
    }

    fn samples(&self) -> u64 {
        self.problem.samples
    }

    fn has_failed(&self, tally: &Components<NetTally>) -> bool {
        tally.iter().any(|tally| self.problem.is_spoilt(tally.first_infinite().is_some(), tally.nans()))
    }

    fn fall(&self) -> Fall {
        fall(self.family)
    }

    fn further_charts(&self, way: &Ledger<Components<NetTally>>) -> Vec<Chart> {
        self.problem.histogram_charts(way, |tally| tally.bins().cloned())
    }

    fn stops(&self) -> Box<dyn Iterator<Item = u64>> {
        stops(0)
    }
}

impl Integration for NetJob {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn finding(&self, tally: Components<NetTally>) -> Result<IntegralFinding> {
        let first = |bad: fn(&NetTally) -> Option<&BadSample>| earliest(tally.iter().filter_map(bad));
        self.problem.judge(first(NetTally::first_infinite), first(NetTally::first_nan))?;
        let component =
            |(tally, mean): (&NetTally, Option<Mean>)| ComponentFinding { mean, nans: tally.nans(), chi_square: None };
        let (shifts, is_zero) = (self.problem.shifts(), self.problem.nan == NanPolicy::Zero);
        let correlation = |one: usize, other: usize| {
            NetTally::correlation([&tally[one], &tally[other]], [shifts[one], shifts[other]], is_zero)
        };
        // With too few samples for a trial.
        let is_auto = self.problem.method == IntegrateMethod::Auto;
        Ok(IntegralFinding {
            bins: tally.bins().cloned(),
            components: tally.iter().zip(self.means(&tally)).map(component).collect(),
            correlations: self.problem.correlations(correlation),
            interval: IntervalKind::StudentT,
            degrees_of_freedom: Some(REPLICATES as u64 - 1),
            samples: samples_of(&tally),
            training: None,
            points: is_auto.then_some(Points::Sobol),
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
            attack("integrate --method sobol", &job, |tally| format!("{:?}", job.means(tally)));
        }
    }
}
