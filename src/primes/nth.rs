//! Where the n-th prime of a range is: what to count next, as a pure decision.
//!
//! The hunt stands at a place of which it knows how many primes come before. It asks for a count up to just below where the prime should be
//! (Riemann's R says where), and so gets close in one or two counts that any number of ranks may share. From there on the
//! primes are looked at one by one. Exact, however bad the estimate is: it decides only how long it takes.
//!
//! Run time: that of counting up to the prime, and a few milliseconds.

use std::ops::ControlFlow;

use super::{Pulse, Sieve, estimate};
use crate::isa::Isa;

/// The number of primes below 2^64 (OEIS A007053; primesieve has the same).
pub const PRIMES_BELOW_2_64: u64 = 425_656_284_035_217_743;

/// So near that counting is not worth sharing out: 20 ms of looking at primes one by one (AMD Zen 5), and mostly less.
const NEAR: u64 = 1 << 24;

/// The first look is at so many numbers, and each later one at 16 times as many.
const LOOK: u64 = 1 << 16;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Count the primes of `[low, high)` and tell [`Hunt::counted`].
    Count {
        /// The first number.
        low: u64,
        /// One past the last number.
        high: u64,
    },
    /// The prime is near: look at the primes from here on, one by one ([`locate`]).
    Locate {
        /// The first number.
        low: u64,
        /// Which prime from there it is: 1 for the first one.
        n: u64,
    },
}

/// A hunt for the n-th prime from a number on.
#[derive(Clone, Debug)]
pub struct Hunt {
    low: u64,
    n: u64,
    /// Where it stands: `[low, place)` has `before` primes.
    place: u64,
    before: u64,
    /// The count that was asked for.
    counting: Option<(u64, u64)>,
}

impl Hunt {
    /// For the `n`-th prime from `low` on; `n` is at least 1.
    pub fn new(low: u64, n: u64) -> Hunt {
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
            (self.place, ahead)
        };
        self.counting = Some((low, high));
        Step::Count { low, high }
    }

    /// The last [`Step::Count`] found so many primes.
    pub fn counted(&mut self, primes: u64) {
        let Some((low, high)) = self.counting.take() else { return };
        if high == self.place {
            (self.place, self.before) = (low, self.before - primes);
        } else {
            (self.place, self.before) = (high, self.before + primes);
        }
    }

    /// Just below where there should be `more` primes more.
    fn ahead(&self, more: u64) -> u64 {
        let place = self.place as f64;
        let there = estimate::nth_prime(estimate::prime_count(place) + more as f64);
        // R is about sqrt(x) / ln x primes wrong, which are sqrt(x) numbers at most; over a short way h, the square root of h
        // times a few.
        let wrong = there.sqrt().min(20.0 * (there - place).max(0.0).sqrt());
        ((there - wrong) as u64).max(self.place)
    }

    /// Surely below where there were `fewer` primes fewer.
    fn behind(&self, fewer: u64) -> u64 {
        let place = self.place as f64;
        let there = estimate::nth_prime(estimate::prime_count(place) - fewer as f64);
        ((there - 2.0 * there.sqrt() - 1000.0) as u64).min(self.place - 1).max(self.low)
    }
}

/// The `n`-th prime from `low` on, found by looking at the primes one by one; `None` when there are not so many below 2^64.
///
/// A `Break` from `pulse` comes back at once.
pub fn locate(low: u64, n: u64, isa: Isa, pulse: &mut Pulse<'_>) -> ControlFlow<(), Option<u64>> {
    let (mut low, mut left, mut length) = (low, n, LOOK);
    while low < u64::MAX {
        let high = low.saturating_add(length);
        let mut found = None;
        let end = Sieve::new(high, isa).runs(low, high, pulse, &mut |primes| match primes.get(left as usize - 1) {
            Some(&prime) => {
                found = Some(prime);
                ControlFlow::Break(())
            }
            None => {
                left -= primes.len() as u64;
                ControlFlow::Continue(())
            }
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
    fn nth(low: u64, n: u64) -> (Option<u64>, usize) {
        let (mut hunt, mut counts) = (Hunt::new(low, n), 0);
        loop {
            match hunt.step() {
                Step::Count { low, high } => {
                    let mut never = || ControlFlow::Continue(());
                    let ControlFlow::Continue(primes) = Sieve::new(high, Isa::widest()).count(low, high, &mut never)
                    else {
                        unreachable!()
                    };
                    hunt.counted(primes);
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
        assert!(nth(0, 10_000_000).1 <= 2);
        assert!(nth(1 << 44, 10_000_000).1 <= 2);
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
        hunt.counted((primes.len() - primes.partition_point(|&p| p < low)) as u64);
        let Step::Locate { low, n } = hunt.step() else { panic!("should be near") };
        assert_eq!(primes[primes.partition_point(|&p| p < low) + n as usize - 1], primes[78_399]);
    }

    #[test]
    fn there_is_no_prime_behind_the_last_one() {
        let last = 18_446_744_073_709_551_557;
        let mut never = || ControlFlow::Continue(());
        assert_eq!(locate(u64::MAX, 1, Isa::widest(), &mut never), ControlFlow::Continue(None));
        if !cfg!(debug_assertions) {
            assert_eq!(nth(last, 1).0, Some(last));
            assert_eq!(nth(last + 1, 1).0, None);
            assert_eq!(nth(last, 2).0, None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn equals_the_textbook(low in 0_u64..200_000, n in 1_u64..20_000) {
            let primes = naive::eratosthenes(600_000);
            let first = primes.partition_point(|&p| p < low);
            prop_assert_eq!(nth(low, n).0, Some(primes[first + n as usize - 1]));
        }
    }
}
