//! Do blocks scatter as chance would have it? Chi-square over the blocks of a job.
//!
//! The error bar takes for granted that samples are independent. If they are, the sums s_b of
//! blocks of n_b samples, with mean m and variance v of a sample, scatter about n_b m with variance
//! n_b v, and
//!
//! ```text
//! chi-square = sum over blocks of (s_b - n_b m)^2 / (n_b v) = (sum s_b^2 / n_b - S^2 / N) / v
//! ```
//!
//! has about as many degrees of freedom as there are blocks, less one. Far above: blocks differ
//! more than chance allows. Far below: they are too much alike (the same numbers again, or strata).
//! It stands beside [`student`](super::student), which says how wide an interval must be; this says
//! whether it may be believed.
//!
//! How far off: Wilson and Hilferty's normal deviate z, from the cube root of chi-square over its
//! degrees of freedom.
//!
//! Run time: a product a block. Memory: 32 bytes for darts, an exact sum for integrals.
//! Reference: E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", PNAS 17 (1931)
//! 684-688; P. Lepage, "A new algorithm for adaptive multidimensional integration", J. Comput.
//! Phys. 27 (1978) 192-203.

use serde::{Deserialize, Serialize};

use super::darts::BLOCK;

/// Chi-square over blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    /// The sum.
    pub value: f64,
    /// What it should be about: the number of blocks less one.
    pub degrees_of_freedom: u64,
    /// How many standard deviations it is off, as a normal deviate: beyond 5 is no chance.
    pub z: f64,
}

impl ChiSquare {
    /// Of `blocks` blocks; `None` for fewer than two, or where the value is no number (nothing is
    /// known about the variance).
    pub(super) fn new(value: f64, blocks: u64) -> Option<ChiSquare> {
        if blocks < 2 || !value.is_finite() || value < 0.0 {
            return None;
        }
        let degrees_of_freedom = blocks - 1;
        let share = 2.0 / (9.0 * degrees_of_freedom as f64);
        let z = (libm::cbrt(value / degrees_of_freedom as f64) - (1.0 - share)) / share.sqrt();
        Some(ChiSquare { value, degrees_of_freedom, z })
    }

    /// The probability that chance alone makes the sum so large, by the normal deviate.
    pub fn q(&self) -> f64 {
        libm::erfc(self.z * std::f64::consts::FRAC_1_SQRT_2) / 2.0
    }
}

/// How the hits of whole blocks of darts scatter: integers, so that merging is exact. A block of
/// fewer darts is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitScatter {
    blocks: u64,
    hits: u64,
    squares: u128,
}

impl HitScatter {
    /// Adds `hits` among the first `samples` darts of a block.
    pub fn add(&mut self, samples: u64, hits: u64) {
        if samples == BLOCK {
            self.blocks += 1;
            self.hits += hits;
            self.squares += u128::from(hits) * u128::from(hits);
        }
    }

    /// Whether it can be that of the given whole blocks among darts with the given hits.
    pub fn is_sound(&self, blocks: u64, hits: u64) -> bool {
        let (n, own) = (u128::from(self.blocks), u128::from(self.hits));
        let fits = self.blocks == blocks && self.hits <= hits && own <= n * u128::from(BLOCK);
        // Between equal hits in all blocks, and as many blocks of hits alone as there can be.
        fits && n.checked_mul(self.squares).is_some_and(|squares| squares >= own * own)
            && self.squares <= own * u128::from(BLOCK)
    }

    /// Adds the blocks that come next.
    pub fn merge(&mut self, next: &HitScatter) {
        self.blocks += next.blocks;
        self.hits += next.hits;
        self.squares += next.squares;
    }

    /// Chi-square of the blocks added; `None` for fewer than two, or where all or none hit.
    ///
    /// ```
    /// use montesieve_montecarlo::{chi_square::HitScatter, darts::BLOCK};
    /// let mut scatter = HitScatter::default();
    /// // One standard deviation up and one down: (1 + 1) of one degree of freedom.
    /// [BLOCK / 2 + 512, BLOCK / 2 - 512].map(|hits| scatter.add(BLOCK, hits));
    /// let chi_square = scatter.chi_square().unwrap();
    /// assert_eq!((chi_square.value, chi_square.degrees_of_freedom), (2.0, 1));
    /// ```
    pub fn chi_square(&self) -> Option<ChiSquare> {
        let (blocks, hits) = (u128::from(self.blocks), u128::from(self.hits));
        // At most 2^44 blocks of at most 2^20 hits: below 2^128.
        let around = (blocks * self.squares - hits * hits) as f64 / blocks as f64;
        let misses = u128::from(BLOCK) * blocks - hits;
        let variance = hits as f64 * (misses as f64 / (blocks as f64 * BLOCK as f64)) / blocks as f64;
        ChiSquare::new(around / variance, self.blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::darts::Darts;
    use montesieve_kernel::isa::Isa;
    use proptest::prelude::*;

    #[test]
    fn too_few_blocks_or_no_variance_say_nothing() {
        let mut scatter = HitScatter::default();
        assert_eq!(scatter.chi_square(), None);
        scatter.add(BLOCK, 800_000);
        scatter.add(BLOCK - 1, 700_000);
        assert_eq!(scatter.chi_square(), None);
        for hits in [0, BLOCK] {
            let mut scatter = HitScatter::default();
            (0..3).for_each(|_| scatter.add(BLOCK, hits));
            assert_eq!(scatter.chi_square(), None);
        }
    }

    #[test]
    fn the_largest_job_does_not_overflow() {
        let blocks = u64::MAX / BLOCK;
        let all = u128::from(BLOCK) * u128::from(BLOCK) * u128::from(blocks);
        let scatter = HitScatter { blocks, hits: blocks * BLOCK, squares: all };
        assert_eq!(scatter.chi_square(), None);
    }

    /// Wilson and Hilferty against the tables: 18.307 and 124.342 are the 95 % quantiles for 10 and
    /// 100 degrees of freedom.
    #[test]
    fn z_is_the_normal_deviate() {
        for (value, degrees) in [(18.307, 10), (124.342, 100)] {
            let z = ChiSquare::new(value, degrees + 1).expect("blocks").z;
            assert!((z - 1.6449).abs() < 0.01, "{z}");
        }
        assert!(ChiSquare::new(99.33, 101).expect("blocks").z.abs() < 0.01, "the median");
    }

    #[test]
    fn darts_scatter_as_chance_has_it_and_a_block_counted_twice_does_not() {
        let mut darts = Darts::new(42, Isa::widest());
        let mut scatter = HitScatter::default();
        darts.each_block(0, 200 * BLOCK, |samples, hits| scatter.add(samples, hits));
        assert!(scatter.chi_square().expect("blocks").z.abs() < 4.0);
        let mut same = HitScatter::default();
        (0..200).for_each(|_| same.add(BLOCK, 823_000));
        assert!(same.chi_square().expect("blocks").z < -10.0);
    }

    proptest! {
        #[test]
        fn it_is_the_textbook_s_sum_in_any_grouping(hits in proptest::collection::vec(700_000u64..900_000, 2..30), cut in 0..30usize) {
            let cut = cut.min(hits.len());
            let scatter_of = |hits: &[u64]| {
                let mut scatter = HitScatter::default();
                hits.iter().for_each(|&hits| scatter.add(BLOCK, hits));
                scatter
            };
            let mut merged = scatter_of(&hits[..cut]);
            merged.merge(&scatter_of(&hits[cut..]));
            prop_assert_eq!(merged, scatter_of(&hits));
            let p = hits.iter().sum::<u64>() as f64 / (hits.len() as u64 * BLOCK) as f64;
            let expected: f64 = hits.iter().map(|&h| (h as f64 - p * BLOCK as f64).powi(2) / (BLOCK as f64 * p * (1.0 - p))).sum();
            let value = merged.chi_square().expect("blocks").value;
            prop_assert!((value - expected).abs() <= 1e-6 * expected.max(1.0), "{} {}", value, expected);
        }
    }
}
