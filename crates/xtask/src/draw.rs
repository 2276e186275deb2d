//! What campaigns draw: a function of the seed and of the number of the try, so that one try can be
//! repeated alone.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng, distr::uniform::SampleRange, distr::uniform::SampleUniform};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of draws.
pub struct Draw(Xoshiro256PlusPlus);

impl Draw {
    /// The stream of the try `number` of a campaign with `seed`.
    pub fn new(seed: u64, number: u64) -> Draw {
        // An odd multiplier: neighbouring numbers are far apart.
        Draw(Xoshiro256PlusPlus::seed_from_u64(
            seed.rotate_left(32) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        ))
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.random_range(0..from.len())]
    }

    pub fn within<T: SampleUniform>(&mut self, range: impl SampleRange<T>) -> T {
        self.0.random_range(range)
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.within(0.0..1.0) < probability
    }

    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from `low` on, below `high`, whose logarithm is uniform.
    pub fn size(&mut self, low: f64, high: f64) -> u128 {
        let number = (low * (high / low).powf(self.within(0.0..1.0))) as u128;
        // The digits that a float does not have.
        number + self.within(0..=number >> 53)
    }

    /// `size`, and at times a power of ten or two near it.
    pub fn about(&mut self, low: f64, high: f64) -> u128 {
        let number = self.size(low, high);
        let power = |base: u128| base.pow(number.max(1).ilog(base));
        self.pick(&[number, number, number, power(10), power(2)])
    }

    /// `size` different numbers below `all`.
    pub fn sample(&mut self, all: usize, size: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..all).collect();
        numbers.shuffle(&mut self.0);
        numbers.truncate(size);
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_those_of_seed_and_number() {
        let words = |seed, number| (Draw::new(seed, number).word(), Draw::new(seed, number).word());
        assert_eq!(words(1, 0).0, words(1, 0).1);
        assert!(words(1, 0) != words(2, 0) && words(1, 0) != words(1, 1));
    }

    #[test]
    fn sizes_stay_within_their_ends() {
        let mut draw = Draw::new(1, 0);
        for _ in 0..10_000 {
            assert!((1..100).contains(&draw.size(1.0, 100.0)));
            assert!((1..=300_000_000).contains(&draw.about(1.0, 3e8)));
            let size = draw.size(2f64.powi(63), 1e26);
            assert!((1 << 63..10u128.pow(26) + (1 << 34)).contains(&size));
        }
        let mut all = draw.sample(8, 8);
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
