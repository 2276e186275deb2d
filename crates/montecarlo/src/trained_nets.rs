//! Nets of points behind a trained map, and which of them serves an integrand best.
//!
//! Stands between [`vegas`](super::vegas), whose map makes an integrand flat but whose samples are
//! random, and [`nets`](super::nets), whose points are even but see the integrand as it is. A peak
//! is flat behind its map, and even points then have an error that falls like n^-1 to n^-3/2.
//! The bins of a map are equal intervals of y, of which each Sobol net has equal shares: its kinks
//! cost nothing there.
//!
//! **Stages.** A job is one of blocks:
//! - T = 2^k blocks of training, in the stages of [`VegasCut`].
//! - A trial of T blocks of the same size, if there is a choice: each of the [`CANDIDATES`] has 16
//!   replicates of a short net, with points of their own.
//! - All other blocks count: those of a [`NetPlan`], of the candidate chosen.
//!
//! **The choice** ([`choice`]) is a function of the trial's merged tally, so it is the same on
//! every number of ranks. The trial does not count: the estimate stays without bias. If no
//! candidate has found anything, mapped Sobol nets are taken. Of an integrand with several
//! components the first one trains and is tried.
//!
//! Memory: what the samplers have, and 12 KiB a tally of each candidate.

use std::ops::Range;
use std::rc::Rc;

use montesieve_kernel::isa::Isa;
use serde::{Deserialize, Serialize};

use super::components::Components;
use super::histogram::Binning;
use super::nets::plan::NetPlan;
use super::nets::sampler::NetSampler;
use super::nets::{Family, REPLICATES};
use super::sampler::Kernel;
use super::uniform::WIDTH;
use super::vegas::{Adaptation, Map, MappedKernel, VegasCut, VegasSampler};

mod choice;
mod tally;

use tally::NetSums;
pub use tally::TrainedTally;

/// Samples of training that a trial needs at least: every candidate then has 128 points in each
/// replicate.
pub const LEAST_TRAINING: u64 = 1 << 13;

/// What points a job takes after its training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// How points are made.
    pub family: Family,
    /// Whether they go through the map.
    pub is_mapped: bool,
}

/// What is tried. Where two are equally good, the first is taken.
pub const CANDIDATES: [Candidate; 4] = [
    Candidate { family: Family::Sobol, is_mapped: false },
    Candidate { family: Family::Lattice, is_mapped: false },
    Candidate { family: Family::Sobol, is_mapped: true },
    Candidate { family: Family::Lattice, is_mapped: true },
];

/// The samples of a job, cut into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainedPlan {
    cut: VegasCut,
    /// The points if there is no choice.
    only: Option<Family>,
    /// The trial of one candidate.
    trial: NetPlan,
    nets: NetPlan,
}

/// What a block is for, and its number there.
enum Purpose {
    Training,
    Trial(usize, u64),
    Counting(u64),
}

impl TrainedPlan {
    /// About `training` samples of training, as many of a trial, and with them at least `samples`
    /// in all. With `only` there is no trial: points of that family behind the map.
    pub fn new(dimension: usize, training: u64, samples: u64, only: Option<Family>) -> TrainedPlan {
        let least = if only.is_some() { 0 } else { LEAST_TRAINING };
        let cut = VegasCut::for_map(dimension, training.max(least));
        let blocks = cut.training_blocks() / CANDIDATES.len() as u64;
        let trial = NetPlan::of_blocks(blocks.max(REPLICATES as u64), cut.training_block());
        let tried = if only.is_some() { 0 } else { cut.training() };
        let nets = NetPlan::new(dimension, samples.saturating_sub(cut.training() + tried));
        // So that the first 16 blocks take no longer than the training: a target may be met by
        // then.
        let nets = nets.with_blocks_of((cut.training() / REPLICATES as u64).max(WIDTH as u64));
        TrainedPlan { cut, only, trial, nets }
    }

    /// The points if there is no choice.
    pub fn only(&self) -> Option<Family> {
        self.only
    }

    /// The points of blocks that count, by the trial among these tallies.
    pub fn chosen<'t>(&self, tallies: impl IntoIterator<Item = &'t TrainedTally>, volume: f64) -> Candidate {
        let best = tallies.into_iter().find_map(|tally| tally.chosen(volume));
        best.unwrap_or(Candidate { family: self.only.unwrap_or(Family::Sobol), is_mapped: true })
    }

    /// Samples of training, without those of the trial.
    pub fn training(&self) -> u64 {
        self.cut.training()
    }

    /// Blocks that do not count: the first that does has this number. A power of two.
    pub fn preparing_blocks(&self) -> u64 {
        self.cut.training_blocks() * if self.only.is_some() { 1 } else { 2 }
    }

    /// Block counts at which a stage ends.
    pub fn stages(&self) -> Vec<u64> {
        let mut stages = self.cut.stages();
        stages.extend(self.only.is_none().then_some(self.preparing_blocks()));
        stages
    }

    /// Blocks of the job.
    pub fn blocks(&self) -> u64 {
        self.preparing_blocks() + self.nets.blocks()
    }

    /// Points of a block that counts.
    pub fn net_block(&self) -> u64 {
        self.nets.block_points()
    }

    /// Samples of a block.
    pub fn samples_of(&self, block: u64) -> u64 {
        if block < self.preparing_blocks() { self.cut.training_block() } else { self.net_block() }
    }

    fn purpose(&self, block: u64) -> Purpose {
        let training = self.cut.training_blocks();
        if block < training {
            Purpose::Training
        } else if block < self.preparing_blocks() {
            let each = self.trial.blocks();
            Purpose::Trial(((block - training) / each) as usize, (block - training) % each)
        } else {
            Purpose::Counting(block - self.preparing_blocks())
        }
    }

    /// Which of these blocks are among the `count` from `first` on, by their number there.
    fn within(blocks: &Range<u64>, first: u64, count: u64) -> Range<u64> {
        let number = |block: u64| block.clamp(first, first.saturating_add(count)) - first;
        number(blocks.start)..number(blocks.end)
    }
}

/// What the blocks of a stage depend on: a function of the tallies of the stages before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedAdaptation {
    training: Adaptation,
    /// The points of blocks that count.
    chosen: Candidate,
}

impl TrainedAdaptation {
    /// That of the stage after the stages with these tallies, in order.
    pub fn new<'t>(
        plan: &TrainedPlan,
        volume: f64,
        stages: impl IntoIterator<Item = &'t TrainedTally>,
    ) -> TrainedAdaptation {
        let stages: Vec<&TrainedTally> = stages.into_iter().collect();
        let training = Adaptation::new(&plan.cut, stages.iter().filter_map(|tally| tally.training.training()));
        TrainedAdaptation { training, chosen: plan.chosen(stages, volume) }
    }

    /// The map of all samples of the stage.
    pub fn map(&self) -> &Map {
        self.training.map()
    }

    /// The points of blocks that count.
    pub fn chosen(&self) -> Candidate {
        self.chosen
    }
}

/// A rank's workspace for the blocks of one stage.
pub struct TrainedSampler {
    kernel: Box<dyn Kernel>,
    plan: TrainedPlan,
    adaptation: Rc<TrainedAdaptation>,
    seed: u64,
    isa: Isa,
    training: VegasSampler,
    /// Of the points that count, in the cube of the integrand.
    binning: Option<Binning>,
    /// That of the candidate in work: its number in the trial, or none.
    nets: Option<(Option<usize>, NetSampler)>,
}

impl TrainedSampler {
    /// Samples of `kernel` under `adaptation`, from the stream of `seed`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`, or the map is one of another dimension.
    pub fn new(
        kernel: Box<dyn Kernel>,
        plan: TrainedPlan,
        adaptation: Rc<TrainedAdaptation>,
        seed: u64,
        isa: Isa,
    ) -> TrainedSampler {
        let map = Rc::new(adaptation.training.clone());
        let training = VegasSampler::new(kernel.duplicate(), plan.cut, map, seed, isa);
        TrainedSampler { kernel, plan, adaptation, seed, isa, training, binning: None, nets: None }
    }

    /// The same with histograms of the first component, in blocks that count.
    #[must_use]
    pub fn with_histograms(self, binning: Option<Binning>) -> TrainedSampler {
        TrainedSampler { binning, ..self }
    }

    /// The tally of one block.
    pub fn block(&mut self, block: u64) -> TrainedTally {
        match self.plan.purpose(block) {
            Purpose::Training => TrainedTally { training: self.training.block(block), ..TrainedTally::default() },
            Purpose::Trial(candidate, number) => {
                let mut trial = vec![NetSums::default(); CANDIDATES.len()];
                trial[candidate] = self.net(Some(candidate), number).into_iter().next().unwrap_or_default();
                TrainedTally { trial, ..TrainedTally::default() }
            }
            Purpose::Counting(number) => TrainedTally { counting: self.net(None, number), ..TrainedTally::default() },
        }
    }

    /// A block of a candidate's trial, or of the points that count.
    fn net(&mut self, tried: Option<usize>, number: u64) -> Components<NetSums> {
        let mut nets = match self.nets.take() {
            Some((present, nets)) if present == tried => nets,
            _ => self.net_sampler(tried),
        };
        let mut shifts = nets.shifts().into_iter();
        let sums = nets.block(number).map(|tally| NetSums { shift: shifts.next().unwrap_or_default(), tally });
        self.nets = Some((tried, nets));
        sums
    }

    fn net_sampler(&self, tried: Option<usize>) -> NetSampler {
        let (candidate, plan, seed) = match tried {
            // Another seed: the points that count are independent of the choice.
            Some(candidate) => (CANDIDATES[candidate], self.plan.trial, !self.seed),
            None => (self.adaptation.chosen, self.plan.nets, self.seed),
        };
        let mut kernel = self.kernel.duplicate();
        let mut binning = self.binning.clone().filter(|_| tried.is_none());
        if candidate.is_mapped {
            let map = self.adaptation.map();
            kernel = Box::new(MappedKernel::new(kernel, map));
            binning = binning.map(|binning| binning.mapped(|coordinate, x| map.inverse(coordinate, x)));
        }
        NetSampler::new(kernel, plan, candidate.family, seed, self.isa).with_histograms(binning)
    }
}

#[cfg(test)]
mod tests;
