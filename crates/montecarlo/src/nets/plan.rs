//! Which points of which replicate a block has.
//!
//! Block b has points of replicate b mod 16, the (b / 16)-th run of [`NetPlan::block_points`]. So
//! the first 16 * 2^k blocks are the first 2^k runs of each replicate: **every power of two of
//! blocks, from 16 on, is 16 complete nets of one size**, and a longer job extends a shorter one.
//!
//! A job with fewer points ([`NetPlan::full_blocks_from`]) has 16 shorter blocks. A longer job has
//! longer ones, so it does not extend it.

use super::{LOG_WIDTH, REPLICATES};
use crate::uniform::BLOCK_ROWS;
use std::ops::Range;

/// Points of a replicate: Sobol's direction numbers are 52 bits wide, as a coordinate is.
pub const MOST_POINTS: u64 = 1 << 52;

/// The samples of a job of `dimension` coordinates, cut into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetPlan {
    /// The binary logarithm of the points of each replicate.
    log_points: u32,
    /// The same of the points of a full block.
    log_block: u32,
}

impl NetPlan {
    /// The plan for at least `samples` samples in all, at most 2^56: 16 times the next power of
    /// two.
    pub fn new(dimension: usize, samples: u64) -> NetPlan {
        let each = samples.div_ceil(REPLICATES as u64).clamp(1, MOST_POINTS).next_power_of_two();
        // Groups that take as many numbers as a block of plain samples, rounded down.
        let groups = (BLOCK_ROWS / dimension as u64).max(1);
        NetPlan { log_points: each.ilog2(), log_block: groups.ilog2() + LOG_WIDTH }
    }

    /// The same points in blocks of at most `points` points, a power of two.
    #[must_use]
    pub fn with_blocks_of(self, points: u64) -> NetPlan {
        NetPlan { log_block: self.log_block.min(points.ilog2()), ..self }
    }

    /// `blocks` blocks of `points` points each: powers of two, and a multiple of 16.
    pub(crate) fn of_blocks(blocks: u64, points: u64) -> NetPlan {
        let log_block = points.ilog2();
        NetPlan { log_points: (blocks / REPLICATES as u64).ilog2() + log_block, log_block }
    }

    /// Samples from which on all jobs of `dimension` coordinates have blocks of one size.
    ///
    /// ```
    /// use montesieve_montecarlo::nets::plan::NetPlan;
    /// assert_eq!(NetPlan::full_blocks_from(5), 1 << 20);
    /// ```
    pub fn full_blocks_from(dimension: usize) -> u64 {
        (REPLICATES as u64) << NetPlan::new(dimension, 1).log_block
    }

    /// Points of each replicate.
    pub fn points(self) -> u64 {
        1 << self.log_points
    }

    /// Points of each block.
    pub fn block_points(self) -> u64 {
        self.points().min(1 << self.log_block)
    }

    /// Blocks of the job.
    pub fn blocks(self) -> u64 {
        self.points() / self.block_points() * REPLICATES as u64
    }

    /// Samples of the job.
    pub fn samples(self) -> u64 {
        self.points() * REPLICATES as u64
    }

    /// The replicate of a block, and its first point there.
    pub fn place(self, block: u64) -> (usize, u64) {
        ((block % REPLICATES as u64) as usize, block / REPLICATES as u64 * self.block_points())
    }

    /// Points of each replicate in the blocks of a span.
    pub fn points_of_each(self, span: &Range<u64>) -> [u64; REPLICATES] {
        std::array::from_fn(|replicate| self.points_of(replicate, span.clone()))
    }

    /// Points of a replicate in the blocks of a span.
    pub fn points_of(self, replicate: usize, span: Range<u64>) -> u64 {
        // Blocks below `end` that belong to it.
        let below = |end: u64| (end + (REPLICATES - 1 - replicate) as u64) / REPLICATES as u64;
        (below(span.end) - below(span.start)) * self.block_points()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn samples_are_16_times_a_power_of_two() {
        for (samples, expected) in [(0, 16), (1, 16), (16, 16), (17, 32), (100, 128), (1 << 56, 1 << 56)] {
            assert_eq!(NetPlan::new(3, samples).samples(), expected);
        }
        assert_eq!(NetPlan::new(3, u64::MAX).samples(), 1 << 56);
    }

    #[test]
    fn a_block_has_the_work_of_a_plain_one() {
        for (dimension, points) in [(1, 1 << 19), (2, 1 << 18), (5, 1 << 16), (1000, 512)] {
            let plan = NetPlan::new(dimension, 1 << 40);
            assert_eq!(plan.block_points(), points);
            let [part, whole] = [1 << 7, 1 << 30].map(|most| plan.with_blocks_of(most));
            assert_eq!((part.block_points(), part.points(), whole), (1 << 7, plan.points(), plan));
        }
        for dimension in [1, 2, 3, 5, 100, 1000] {
            let samples = NetPlan::full_blocks_from(dimension);
            let block = |samples| NetPlan::new(dimension, samples).block_points();
            assert_eq!((block(samples), block(samples / 2)), (block(1 << 50), block(samples) / 2), "{dimension}");
        }
        let short = NetPlan::new(5, 1 << 10);
        assert_eq!((short.block_points(), short.blocks()), (64, 16));
    }

    proptest! {
        #[test]
        fn every_power_of_two_is_16_nets(dimension in 1..=1000usize, log in 0..30u32, k in 0..12u32) {
            let plan = NetPlan::new(dimension, 1 << log);
            let blocks = plan.blocks().min(16 << k).min(4096);
            let mut points = [0; REPLICATES];
            for block in 0..blocks {
                let (replicate, first) = plan.place(block);
                prop_assert_eq!(first, points[replicate], "the next point of each replicate");
                points[replicate] += plan.block_points();
            }
            prop_assert_eq!(points, [plan.block_points() * blocks / 16; REPLICATES]);
            prop_assert!(points[0].is_power_of_two());
        }

        #[test]
        fn points_of_spans(start in 0..100u64, length in 0..100u64) {
            let plan = NetPlan::new(7, 1 << 30);
            let mut points = [0; REPLICATES];
            (start..start + length).for_each(|block| points[plan.place(block).0] += plan.block_points());
            for (replicate, points) in points.into_iter().enumerate() {
                prop_assert_eq!(plan.points_of(replicate, start..start + length), points);
            }
        }
    }
}
