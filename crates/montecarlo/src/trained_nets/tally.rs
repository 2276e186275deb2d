//! What the blocks of trained nets add up to: training, trial, and points that count.
//!
//! Stands beside the samplers of `trained_nets`, which fill it.

use std::ops::Range;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::{CANDIDATES, Candidate, TrainedPlan, choice};
use crate::components::{Components, Shape, merge_each};
use crate::histogram::BinTally;
use crate::irregular::{BadSample, earliest};
use crate::mean::Mean;
use crate::nets::plan::NetPlan;
use crate::nets::tally::NetTally;
use crate::vegas::{VegasSums, VegasTally};

/// Points of one kind, and what was taken from every value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct NetSums {
    pub(super) shift: f64,
    pub(super) tally: NetTally,
}

impl Tally for NetSums {
    fn merge(&mut self, next: NetSums) {
        if self.tally.samples() == 0 {
            self.shift = next.shift;
        }
        self.tally.merge(next.tally);
    }
}

impl NetSums {
    fn mean(&self, volume: f64, nans_are_zero: bool) -> Option<Mean> {
        self.tally.mean(self.shift, volume, nans_are_zero)
    }

    fn is_sound(&self, plan: &NetPlan, dimension: usize, blocks: Range<u64>) -> bool {
        self.shift.is_finite() && self.tally.is_sound(plan, dimension, blocks)
    }
}

/// The tally of a span of blocks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainedTally {
    pub(super) training: VegasTally,
    /// For each candidate; empty where no block is of the trial.
    pub(super) trial: Vec<NetSums>,
    /// For each component.
    pub(super) counting: Components<NetSums>,
}

impl Tally for TrainedTally {
    fn merge(&mut self, next: TrainedTally) {
        self.training.merge(next.training);
        merge_each(&mut self.trial, next.trial, NetSums::merge);
        self.counting.merge(next.counting);
    }
}

impl TrainedTally {
    /// The integral of each component over a region of `volume`; `None` while a replicate has no
    /// value that counts.
    pub fn means(&self, volume: f64, nans_are_zero: bool) -> Vec<Option<Mean>> {
        self.counting.iter().map(|sums| sums.mean(volume, nans_are_zero)).collect()
    }

    /// The bins of histograms.
    pub fn bins(&self) -> Option<&BinTally> {
        self.counting.bins()
    }

    /// The correlation of the errors of two components: see [`NetTally::correlation`].
    pub fn correlation(&self, one: usize, other: usize, nans_are_zero: bool) -> Option<f64> {
        let [one, other] = [self.counting.get(one)?, self.counting.get(other)?];
        NetTally::correlation([&one.tally, &other.tally], [one.shift, other.shift], nans_are_zero)
    }

    /// What the trial has shown to be the best; `None` without a trial.
    pub fn chosen(&self, volume: f64) -> Option<Candidate> {
        let means: Vec<Option<Mean>> = self.trial.iter().map(|sums| sums.mean(volume, true)).collect();
        choice::best(&means).map(|best| CANDIDATES[best])
    }

    /// All samples.
    pub fn samples(&self) -> u64 {
        self.preparing().saturating_add(self.counting.first().map_or(0, |sums| sums.tally.samples()))
    }

    /// Those that do not count: of training and of the trial.
    pub fn preparing(&self) -> u64 {
        let tried = self.trial.iter().map(|sums| sums.tally.samples());
        tried.fold(self.training.training_samples(), u64::saturating_add)
    }

    /// Samples of which this component is not a number; training and trial count with the first.
    pub fn nans(&self, component: usize) -> u64 {
        let counting = self.counting.get(component).map_or(0, |sums| sums.tally.nans());
        if component > 0 {
            return counting;
        }
        let tried = self.trial.iter().map(|sums| sums.tally.nans()).fold(counting, u64::saturating_add);
        self.training.sums().first().map_or(0, VegasSums::nans).saturating_add(tried)
    }

    /// The first sample whose value is not a number.
    pub fn first_nan(&self) -> Option<&BadSample> {
        self.training.first_nan(1).or_else(|| self.earliest(NetTally::first_nan))
    }

    /// The first sample whose value is infinite.
    pub fn first_infinite(&self) -> Option<&BadSample> {
        self.training.first_infinite(1).or_else(|| self.earliest(NetTally::first_infinite))
    }

    /// That of the trial, or else of the points that count.
    fn earliest(&self, bad: fn(&NetTally) -> Option<&BadSample>) -> Option<&BadSample> {
        let of_trial = self.trial.iter().find_map(|sums| bad(&sums.tally));
        of_trial.or_else(|| earliest(self.counting.iter().filter_map(|sums| bad(&sums.tally))))
    }

    /// Whether it can be the tally of these blocks of a job: for tallies from files.
    pub fn is_sound(&self, plan: &TrainedPlan, shape: Shape, blocks: Range<u64>) -> bool {
        let (dimension, training) = (plan.cut.dimension(), plan.cut.training_blocks());
        let each = plan.trial.blocks();
        let tried = TrainedPlan::within(&blocks, training, plan.preparing_blocks() - training);
        let is_trial_sound = |(candidate, sums): (usize, &NetSums)| {
            let own = TrainedPlan::within(&tried, candidate as u64 * each, each);
            sums.is_sound(&plan.trial, dimension, own)
        };
        let counting = TrainedPlan::within(&blocks, plan.preparing_blocks(), u64::MAX);
        let is_net_sound = |sums: &NetSums| sums.is_sound(&plan.nets, dimension, counting.clone());
        let own = |blocks: &Range<u64>| if blocks.is_empty() { Shape::default() } else { shape };
        let are_bins_sound =
            |bins: &BinTally| bins.is_sound_of_replicates(shape.bins, &plan.nets.points_of_each(&counting));
        let trained = TrainedPlan::within(&blocks, 0, training);
        self.training.is_sound(&plan.cut, own(&trained), trained)
            && self.trial.len() == if tried.is_empty() { 0 } else { CANDIDATES.len() }
            && self.trial.iter().enumerate().all(is_trial_sound)
            && self.counting.are_sound(own(&counting), is_net_sound, are_bins_sound)
    }
}
