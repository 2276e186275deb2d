//! VEGAS: samples go where the integrand is large, by a map for each dimension and by strata whose
//! numbers of samples adapt.
//!
//! Stands beside [`sampler`](super::sampler), whose samples are uniform: on a narrow peak nearly
//! all of those miss. Here a point y of the cube becomes a point x of it by a [`map`](Map) that is
//! stretched where little happens, and the value counts times the map's Jacobian:
//!
//! `integral of f(x) dx = integral of f(x(y)) J(y) dy`, with J as f J is as flat as a map of the
//! single coordinates can make it. What is left (a ridge along a diagonal, say) is the work of
//! [`strata`]: equal boxes of y, each with as many samples as its spread demands.
//!
//! **Blocks.** The first 2^T blocks train; all others count.
//! - Training block 0 is stage 0; stage j is the blocks 2^(j-1) up to 2^j. The samples of a stage
//!   are uniform in y under the map of the stages before it, and each stage is as large as all
//!   before it together. Its [`TrainingTally`] has the sums from which the next map is refined.
//! - A block after them is one pass over all strata: it estimates the integral, and the variance
//!   of that estimate, without bias. The map and the numbers of samples are the same for all of
//!   these blocks, so blocks are independent and alike, and any number of them averages.
//!
//! Lepage's program averages iterations, each with a weight 1 / variance. An iteration that has
//! missed a peak has a small value and a small variance: such weights bias the result. Here what
//! adapts does not count, and what counts does not adapt, so the average needs no weights.
//!
//! **The same bits everywhere.** Tallies of training are integers, of values times a power of two
//! that is fixed before the stage; sums of estimates are exact. The [`Adaptation`] of a stage is a
//! function of merged tallies, in one fixed order of IEEE operations.
//!
//! References: G. P. Lepage, "A new algorithm for adaptive multidimensional integration", J.
//! Comput. Phys. 27 (1978) 192-203; G. P. Lepage, "Adaptive multidimensional integration: VEGAS
//! enhanced", J. Comput. Phys. 439 (2021) 110386.

use std::ops::Range;

use super::uniform::WIDTH;

mod adaptation;
mod map;
mod mapped;
mod pass;
mod sampler;
mod strata;
mod tally;
mod training;

pub use adaptation::Adaptation;
pub use map::Map;
pub use mapped::MappedKernel;
pub use sampler::VegasSampler;
pub use strata::Strata;
pub use tally::{VegasSums, VegasTally};
pub use training::TrainingTally;

/// Stages of training, at most: of ten updates of a map, each with twice as many samples as the one
/// before, the first find a peak and the last measure it.
const MOST_STAGES: u32 = 10;

/// Samples of training: more no longer make a better map of 512 bins.
const TRAINING: Range<u64> = WIDTH as u64..1 << 26;

/// The largest number of samples in a block that counts: strata are its fraction, and a block of
/// cheap integrands then takes some milliseconds.
const LARGEST_BLOCK: u64 = 1 << 18;

/// A block that counts has this part of the training's samples; without training, of the job's.
const PART_OF_BLOCK: u64 = 16;

/// How a job is cut into blocks: a function of the dimension and of the samples of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VegasCut {
    dimension: usize,
    stages: u32,
    training_block: u64,
    block: u64,
}

impl VegasCut {
    /// The cut for about `training` samples of training: rounded down to a power of two, 128 to
    /// 2^26.
    ///
    /// ```
    /// use montesieve_montecarlo::vegas::VegasCut;
    /// let cut = VegasCut::new(5, 1_000_000);
    /// assert_eq!((cut.training(), cut.training_blocks()), (1 << 19, 1 << 10));
    /// assert_eq!(cut.block(), 1 << 15);
    /// ```
    pub fn new(dimension: usize, training: u64) -> VegasCut {
        let logarithm = training.clamp(TRAINING.start, TRAINING.end).ilog2();
        let stages = (logarithm - (WIDTH as u64).ilog2()).min(MOST_STAGES);
        let training = 1u64 << logarithm;
        let block = (training / PART_OF_BLOCK).clamp(WIDTH as u64, LARGEST_BLOCK);
        VegasCut { dimension, stages, training_block: training >> stages, block }
    }

    /// The same training without strata, for points of other kinds behind the map.
    pub fn for_map(dimension: usize, training: u64) -> VegasCut {
        VegasCut { block: 1, ..VegasCut::new(dimension, training) }
    }

    /// Equal boxes without training: for a job of `samples` samples. Blocks have a sixteenth of
    /// them, rounded down to a power of two and within limits.
    ///
    /// ```
    /// use montesieve_montecarlo::vegas::VegasCut;
    /// let cut = VegasCut::untrained(5, 1_000_000);
    /// assert_eq!((cut.training(), cut.training_blocks(), cut.block()), (0, 0, 1 << 15));
    /// ```
    pub fn untrained(dimension: usize, samples: u64) -> VegasCut {
        let block = (samples / PART_OF_BLOCK).clamp(WIDTH as u64, LARGEST_BLOCK);
        VegasCut { dimension, stages: 0, training_block: 0, block: 1 << block.ilog2() }
    }

    /// Samples from which on all jobs without training have blocks of one size.
    pub const LARGEST_BLOCKS_FROM: u64 = PART_OF_BLOCK * LARGEST_BLOCK;

    /// Coordinates of a point.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Samples of training.
    pub fn training(&self) -> u64 {
        self.training_block << self.stages
    }

    /// Blocks of training: the first that counts has this number.
    pub fn training_blocks(&self) -> u64 {
        if self.training_block == 0 { 0 } else { 1 << self.stages }
    }

    /// Samples of a block of training: a power of two, or 0 without training.
    pub fn training_block(&self) -> u64 {
        self.training_block
    }

    /// Samples of a block that counts, at most: those of strata may leave a few out.
    pub fn block(&self) -> u64 {
        self.block
    }

    /// Block counts at which a stage ends.
    pub fn stages(&self) -> Vec<u64> {
        (0..=self.stages).map(|stage| 1 << stage).filter(|&end| end <= self.training_blocks()).collect()
    }

    /// The stage of a training block.
    fn stage(&self, block: u64) -> u32 {
        if block == 0 { 0 } else { block.ilog2() + 1 }
    }

    /// Intervals of each dimension whose sums a stage of training keeps.
    fn resolution(&self, stage: u32) -> usize {
        let blocks = if stage == 0 { 1 } else { 1 << (stage - 1) };
        map::resolution(self.training_block * blocks)
    }

    /// Samples of a block, at most.
    pub fn samples(&self, block: u64) -> u64 {
        if block < self.training_blocks() { self.training_block } else { self.block }
    }

    /// The blocks of a job of `samples` samples: at least two that count.
    pub fn blocks(&self, samples: u64) -> u64 {
        self.training_blocks() + (samples.saturating_sub(self.training()) / self.block).max(2)
    }
}

#[cfg(test)]
mod tests;
