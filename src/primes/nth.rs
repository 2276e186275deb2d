//! Where the n-th prime of a range is: what to count next, as a pure decision.
//!
//! The hunt stands at a place of which it knows how many primes come before. It asks for a count up to just below where the prime should be
//! (Riemann's R says where), and so gets close in one or two counts that any number of ranks may share. From there on the
//! primes are looked at one by one. Exact, however bad the estimate is: it decides only how long it takes.
//!
//! Run time: that of counting up to the prime, and a few milliseconds.

use std::ops::ControlFlow;

use super::gourdon::LARGEST;
use super::{Pulse, Sieve, estimate};
use crate::isa::Isa;

/// The number of primes below 1e26 (OEIS A006880).
pub const PRIMES_TO_LARGEST: u128 = 1_699_246_750_872_437_141_327_603;

/// So near that counting is not worth sharing out: 20 ms of looking at primes one by one (AMD Zen 5), and mostly less.
const NEAR: u128 = 1 << 24;

/// The first look is at so many numbers, and each later one at 16 times as many.
const LOOK: u128 = 1 << 16;

/// Up to here, and not with it, a sieve goes. It is no prime.
const SIEVED: u128 = u64::MAX as u128;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Count the primes of `[low, high)` and tell [`Hunt::counted`].
    Count {
        /// The first number.
        low: u128,
        /// One past the last number.
        high: u128,
    },
    /// The prime is near: look at the primes from here on, one by one ([`locate`]).
    Locate {
        /// The first number.
        low: u128,
        /// Which prime from there it is: 1 for the first one.
        n: u128,
    },
}

/// A hunt for the n-th prime from a number on.
#[derive(Clone, Debug)]
pub struct Hunt {
    low: u128,
    n: u128,
    /// Where it stands: `[low, place)` has `before` primes.
    place: u128,
    before: u128,
    /// The count that was asked for.
    counting: Option<(u128, u128)>,
}

impl Hunt {
    /// For the `n`-th prime from `low` on; `n` is at least 1.
    pub fn new(low: u128, n: u128) -> Hunt {
        Hunt { low, n, place: low, before: 0, counting: None }
    }

    /// What to do next.
    pub fn step(&mut self) -> Step {
        let (low, high) = if self.before >= self.n {
            // Too far, by so many primes and by the prime itself.
            (self.behind(self.before - self.n + 1), self.place)
        } else {
            let ahead = self.ahead(self.n - self.before);
            if ahead - self.place <= NEAR {
                return Step::Locate { low: self.place, n: self.n - self.before };
            }
            // No sieve goes there, and the formula counts from 0 on: from the beginning costs it half of what a part does.
            (if ahead > SIEVED { self.low } else { self.place }, ahead)
        };
        self.counting = Some((low, high));
        Step::Count { low, high }
    }

    /// The last [`Step::Count`] found so many primes.
    pub fn counted(&mut self, primes: u128) {
        let Some((low, high)) = self.counting.take() else { return };
        if high == self.place {
            (self.place, self.before) = (low, self.before - primes);
        } else if low == self.low {
            (self.place, self.before) = (high, primes);
        } else {
            (self.place, self.before) = (high, self.before + primes);
        }
    }

    /// Just below where there should be `more` primes more.
    fn ahead(&self, more: u128) -> u128 {
        let place = self.place as f64;
        let there = match self.near(more) {
            Some(way) => self.place + (way - wrong(way)).max(0.0) as u128,
            None => {
                let there = estimate::nth_prime(estimate::prime_count(place) + more as f64);
                // R is about sqrt(x) / ln x primes wrong, which are sqrt(x) numbers at most.
                (there - there.sqrt().min(wrong((there - place).max(0.0)))) as u128
            }
        };
        there.clamp(self.place, LARGEST + 1)
    }

    /// Surely below where there were `fewer` primes fewer.
    fn behind(&self, fewer: u128) -> u128 {
        let there = match self.near(fewer) {
            Some(way) => self.place.saturating_sub((way + 2.0 * wrong(way) + 1000.0) as u128),
            None => {
                let there = estimate::nth_prime(estimate::prime_count(self.place as f64) - fewer as f64);
                (there - 2.0 * there.sqrt() - 1000.0) as u128
            }
        };
        there.min(self.place - 1).max(self.low)
    }

    /// How far so many primes reach, where that is so near that their density is the same all the way: R in floating point has no digits
    /// for short ways between huge numbers.
    fn near(&self, primes: u128) -> Option<f64> {
        let way = primes as f64 * (self.place as f64).ln();
        (self.place > NEAR && way < 1e-7 * self.place as f64).then_some(way)
    }
}

/// How many numbers the density of primes may mislead us by over a short way: its square root, times a few.
fn wrong(way: f64) -> f64 {
    20.0 * way.sqrt()
}

/// The `n`-th prime from `low` on, found by looking at the primes one by one; `None` when there are not so many up to [`LARGEST`]. Above
/// 2^64 it is a probable prime ([`wide`](super::wide)), and so are those that were counted on the way from there.
///
/// A `Break` from `pulse` comes back at once.
pub fn locate(low: u128, n: u128, isa: Isa, pulse: &mut Pulse<'_>) -> ControlFlow<(), Option<u128>> {
    let (mut low, mut left, mut length) = (low, n, LOOK);
    while low <= LARGEST {
        let high = (low + length).min(LARGEST + 1);
        let mut found = None;
        let end = Sieve::new(high, isa).runs(low, high, pulse, &mut |run| {
            let length = run.offsets.len() as u128;
            if left <= length {
                found = run.iter().nth(left as usize - 1);
                return ControlFlow::Break(());
            }
            left -= length;
            ControlFlow::Continue(())
        });
        match (found, end) {
            (Some(prime), _) => return ControlFlow::Continue(Some(prime)),
            (None, ControlFlow::Break(())) => return ControlFlow::Break(()),
            (None, ControlFlow::Continue(())) => {}
        }
        (low, length) = (high, (length * 16).min(64 * NEAR));
    }
    ControlFlow::Continue(None)
}

#[cfg(test)]
mod tests {
    use super::super::naive;
    use super::*;
    use proptest::prelude::*;

    /// The hunt with one rank, and how many counts it took.
    fn nth(low: u128, n: u128) -> (Option<u128>, usize) {
        let (mut hunt, mut counts) = (Hunt::new(low, n), 0);
        loop {
            match hunt.step() {
                Step::Count { low, high } => {
                    let mut never = || ControlFlow::Continue(());
                    let ControlFlow::Continue(primes) = Sieve::new(high, Isa::widest()).count(low, high, &mut never)
                    else {
                        unreachable!()
                    };
                    hunt.counted(primes.into());
                    counts += 1;
                }
                Step::Locate { low, n } => {
                    let ControlFlow::Continue(prime) = locate(low, n, Isa::widest(), &mut || ControlFlow::Continue(()))
                    else {
                        unreachable!()
                    };
                    return (prime, counts);
                }
            }
            assert!(counts < 10, "no end");
        }
    }

    #[test]
    fn known_primes() {
        // OEIS A006988.
        for (n, prime) in [
            (1, 2),
            (10, 29),
            (100, 541),
            (1000, 7919),
            (10_000, 104_729),
            (1_000_000, 15_485_863),
            (10_000_000, 179_424_673),
        ] {
            assert_eq!(nth(0, n).0, Some(prime), "{n}");
            assert_eq!(nth(prime, 1).0, Some(prime));
        }
    }

    #[test]
    fn the_estimate_saves_counts() {
        assert!((1..=2).contains(&nth(0, 10_000_000).1));
        assert!((1..=2).contains(&nth(1 << 44, 10_000_000).1));
        assert_eq!(nth(0, 100).1, 0);
    }

    #[test]
    fn a_hunt_that_went_too_far_comes_back() {
        let mut hunt = Hunt::new(0, 78_400);
        (hunt.place, hunt.before) = (1_000_000, 78_498);
        let Step::Count { low, high } = hunt.step() else { panic!("should go back") };
        assert_eq!(high, 1_000_000);
        let primes = naive::eratosthenes(1_000_000);
        let primes = &primes[..];
        hunt.counted((primes.len() - primes.partition_point(|&p| u128::from(p) < low)) as u128);
        let Step::Locate { low, n } = hunt.step() else { panic!("should be near") };
        assert_eq!(primes[primes.partition_point(|&p| u128::from(p) < low) + n as usize - 1], primes[78_399]);
    }

    #[test]
    fn looking_goes_on_beyond_2_64_and_ends_at_the_largest() {
        // OEIS A013603 and A013597: 2^64 - 59 and 2^64 + 13 are prime, and nothing between them.
        let (last, next) = ((1 << 64) - 59, (1 << 64) + 13);
        let mut never = || ControlFlow::Continue(());
        let mut found = |low, n| match locate(low, n, Isa::widest(), &mut never) {
            ControlFlow::Continue(found) => found,
            ControlFlow::Break(()) => unreachable!("nobody broke"),
        };
        assert_eq!((found(next, 1), found(last + 1, 1)), (Some(next), Some(next)));
        assert_eq!((found(SIEVED, 1), found(LARGEST - 1, 1)), (Some(next), None));
        if !cfg!(debug_assertions) {
            assert_eq!((found(last, 1), found(last, 2)), (Some(last), Some(next)));
        }
    }

    #[test]
    fn beyond_2_64_counts_begin_at_the_beginning() {
        let mut hunt = Hunt::new(0, 10_u128.pow(19));
        let Step::Count { low: 0, high } = hunt.step() else { panic!("should count from 0 on") };
        // As if R were exact there.
        hunt.counted(estimate::prime_count(high as f64) as u128);
        let Step::Count { low: 0, high: nearer } = hunt.step() else { panic!("should count from 0 on again") };
        assert!(nearer > high);
        hunt.counted(estimate::prime_count(nearer as f64) as u128);
        assert!(matches!(hunt.step(), Step::Locate { low, .. } if low == nearer));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn equals_the_textbook(low in 0_u64..200_000, n in 1_u64..20_000) {
            let primes = naive::eratosthenes(600_000);
            let first = primes.partition_point(|&p| p < low);
            prop_assert_eq!(nth(low.into(), n.into()).0, Some(primes[first + n as usize - 1].into()));
        }
    }
}
