//! The only source of randomness of a simulated run: a seed decides all of it.
//!
//! It uses only integers of one generator, never a distribution of a library. So a seed means the
//! same on every machine and after every update.

use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Random numbers from a seed.
#[derive(Clone, Debug)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The random numbers of a seed.
    pub fn new(seed: u64) -> Random {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.any().checked_rem(end).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// True `often` times out of `of`.
    pub fn chance(&mut self, often: u64, of: u64) -> bool {
        self.below(of) < often
    }

    /// One of the values, at random.
    ///
    /// # Panics
    /// When there are no values.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A uniformly distributed time up to `most`.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX - 1);
        Duration::from_nanos(self.below(most.saturating_add(1)))
    }

    /// A time up to `most`; every order of magnitude from a microsecond on is equally likely.
    pub fn scale_up_to(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX / 2).max(1000);
        let doublings = u64::from((most / 1000).ilog2());
        let low = 1000 << self.below(doublings + 1);
        Duration::from_nanos(self.between(low, (2 * low).min(most.max(low))))
    }
}
