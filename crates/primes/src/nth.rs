//! Where the n-th prime above or below a number is: what to count next, as a pure decision.
//!
//! The hunt stands at a place and knows how many primes lie between it and the beginning. Riemann's
//! R estimates where the prime is, and the hunt asks for a count up to just before it. So it gets
//! close in one or two counts, which any number of ranks can share. From there it examines the
//! primes one by one. The result is exact, however bad the estimate: that decides only the time.
//!
//! Run time: that of counting up to the prime, and a few milliseconds.

pub mod estimate;

use std::ops::ControlFlow;

use crate::YieldNow;
use crate::gourdon::LARGEST;
use crate::range::Sieve;
use crate::tuning::Tuning;

/// The number of primes below 1e26 (OEIS A006880).
pub const PRIMES_TO_LARGEST: u128 = 1_699_246_750_872_437_141_327_603;

/// So near that counting is not worth sharing out: 20 ms of looking at primes one by one (AMD Zen
/// 5), and mostly less; for numbers below 2^50 and above, where primes are found by tests.
const NEAR: [u128; 2] = [1 << 24, 1 << 20];
const TESTED: u128 = 1 << 50;

/// The longest stretch to look at at once: 12 MB of primes.
const LOOK: u128 = 1 << 26;

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// For primes above the beginning.
    Up,
    /// For primes below it.
    Down,
}

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
    /// The prime is near: look at the primes from this border on, one by one ([`locate`]).
    Locate {
        /// The first number to look at; looking down, one past it.
        from: u128,
        /// Which prime from there it is: 1 for the first one.
        n: u128,
    },
}

/// A hunt for the n-th prime from a number on.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// The first number; looking down, one past it.
    begin: u128,
    direction: Direction,
    n: u128,
    /// Where it stands: `before` primes lie between it and the beginning.
    place: u128,
    before: u128,
}

impl Hunt {
    /// For the `n`-th prime from `begin` on, or below `begin`; `n` is at least 1.
    pub fn new(begin: u128, direction: Direction, n: u128) -> Hunt {
        Hunt { begin, direction, n, place: begin, before: 0 }
    }

    /// The first number of the hunt; looking down, one past it.
    pub fn begin(&self) -> u128 {
        self.begin
    }

    /// What to do next.
    pub fn step(&self) -> Step {
        if self.before >= self.n {
            // Too far, by this number of primes and by the prime itself.
            let back = self.back(self.before - self.n + 1);
            return match self.direction {
                Direction::Up => Step::Count { low: self.place - back, high: self.place },
                Direction::Down => Step::Count { low: self.place, high: self.place + back },
            };
        }
        let left = self.n - self.before;
        let ahead = self.ahead(left);
        if ahead <= NEAR[usize::from(self.place > TESTED)] {
            return Step::Locate { from: self.place, n: left };
        }
        match self.direction {
            Direction::Up => Step::Count { low: self.place, high: self.place + ahead },
            Direction::Down => Step::Count { low: self.place - ahead, high: self.place },
        }
    }

    /// Records the number of primes in `[low, high)`: what the last [`Step::Count`] requested, or,
    /// looking up, all from the beginning to its `high`.
    pub fn counted(&mut self, low: u128, high: u128, primes: u128) {
        let (near, far) = match self.direction {
            Direction::Up => (low, high),
            Direction::Down => (high, low),
        };
        (self.place, self.before) = if near == self.place {
            (far, self.before + primes)
        } else if far == self.place {
            (near, self.before - primes)
        } else {
            (far, primes)
        };
    }

    /// How far it is to just before where there should be `more` primes more.
    fn ahead(&self, more: u128) -> u128 {
        let (way, wrong) = self.way(more, self.direction);
        let room = match self.direction {
            Direction::Up => LARGEST + 1 - self.place.min(LARGEST + 1),
            Direction::Down => self.place,
        };
        ((way - wrong).max(0.0) as u128).min(room)
    }

    /// How far it is back to where there were surely `fewer` primes fewer.
    fn back(&self, fewer: u128) -> u128 {
        let backwards = match self.direction {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
        };
        let (way, wrong) = self.way(fewer, backwards);
        ((way + 2.0 * wrong + 1000.0) as u128).min(self.begin.abs_diff(self.place))
    }

    /// How far that number of primes reaches from its place, and the error of that estimate.
    fn way(&self, primes: u128, direction: Direction) -> (f64, f64) {
        let (place, primes) = (self.place as f64, primes as f64);
        // Over a short way the density of primes is the same throughout, and R in floating point
        // has no digits for it.
        let way = primes * place.ln();
        if self.place > NEAR[0] && way < 1e-7 * place {
            return (way, by_density(way));
        }
        let there = match direction {
            Direction::Up => estimate::nth_prime(estimate::prime_count(place) + primes),
            Direction::Down => estimate::nth_prime(estimate::prime_count(place) - primes),
        };
        // R is about sqrt(x) / ln x primes wrong, which are sqrt(x) numbers at most.
        let way = (there - place).abs();
        (way, there.max(place).sqrt().min(by_density(way)))
    }
}

/// How many numbers the density of primes may mislead us by over a short way: its square root,
/// times a few.
fn by_density(way: f64) -> f64 {
    20.0 * way.sqrt()
}

/// The `n`-th prime from `from` on, or below it, found by examining the primes one by one; `None`
/// if [`LARGEST`] comes first. Above 2^64 it is a probable prime ([`wide`](crate::single::wide)),
/// and so are those that were counted on the way.
///
/// A `Break` from `yield_now` is returned at once.
pub fn locate(
    from: u128,
    direction: Direction,
    n: u128,
    tuning: impl Into<Tuning>,
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), Option<u128>> {
    let (mut place, mut left) = (from, n);
    // One workspace for all looks: its tables are kept.
    let limit = match direction {
        Direction::Up => LARGEST + 1,
        Direction::Down => from,
    };
    let mut sieve = Sieve::new(limit, tuning);
    loop {
        // Most likely enough, and little more than that.
        let expected = (left as f64 + 4.0 * (left as f64).sqrt() + 4.0) * (place as f64).max(9.0).ln();
        let length = (expected as u128).min(LOOK);
        let (low, high) = match direction {
            Direction::Up => (place, (place + length).min(LARGEST + 1)),
            Direction::Down => (place.saturating_sub(length), place),
        };
        if low >= high {
            return ControlFlow::Continue(None);
        }
        let mut found: Vec<u128> = Vec::new();
        sieve.runs(low, high, yield_now, &mut |primes| {
            found.extend(primes.iter());
            ControlFlow::Continue(())
        })?;
        if left <= found.len() as u128 {
            let i = match direction {
                Direction::Up => left as usize - 1,
                Direction::Down => found.len() - left as usize,
            };
            return ControlFlow::Continue(Some(found[i]));
        }
        left -= found.len() as u128;
        place = match direction {
            Direction::Up => high,
            Direction::Down => low,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{Down, Up};
    use super::*;
    use crate::naive;
    use crate::single::wide;
    use montesieve_kernel::isa::Isa;
    use proptest::prelude::*;

    fn never() -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn found(from: u128, direction: Direction, n: u128) -> Option<u128> {
        match locate(from, direction, n, Isa::widest(), &mut never) {
            ControlFlow::Continue(found) => found,
            ControlFlow::Break(()) => unreachable!("nothing breaks it"),
        }
    }

    /// The hunt with one rank, and how many counts it took.
    fn nth(begin: u128, direction: Direction, n: u128) -> (Option<u128>, usize) {
        let (mut hunt, mut counts) = (Hunt::new(begin, direction, n), 0);
        loop {
            match hunt.step() {
                Step::Count { low, high } => {
                    let counted = Sieve::new(high, Isa::widest()).count(low, high, &mut never);
                    let ControlFlow::Continue(primes) = counted else { unreachable!() };
                    hunt.counted(low, high, primes.into());
                    counts += 1;
                }
                Step::Locate { from, n } => return (found(from, direction, n), counts),
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
            assert_eq!(nth(0, Up, n).0, Some(prime), "{n}");
            assert_eq!(nth(prime, Up, 1).0, Some(prime));
            assert_eq!(nth(prime + 1, Down, n).0, Some(2), "{n}");
            assert_eq!(nth(prime + 1, Down, 1).0, Some(prime));
            assert_eq!(nth(prime, Down, n).0, None, "{n}");
        }
    }

    #[test]
    fn the_estimate_saves_counts() {
        assert!((1..=2).contains(&nth(0, Up, 10_000_000).1));
        assert!((1..=2).contains(&nth(1 << 44, Up, 10_000_000).1));
        assert!((1..=2).contains(&nth(1 << 44, Down, 10_000_000).1));
        assert_eq!((nth(0, Up, 100).1, nth(1000, Down, 100).1), (0, 0));
    }

    #[test]
    fn a_hunt_that_went_too_far_comes_back() {
        let primes = naive::eratosthenes(1_000_000);
        let below = |n: u128| primes.partition_point(|&p| u128::from(p) < n) as u128;
        let mut hunt = Hunt::new(0, Up, 78_400);
        hunt.counted(0, 1_000_000, 78_498);
        let Step::Count { low, high } = hunt.step() else { panic!("should go back") };
        assert_eq!(high, 1_000_000);
        hunt.counted(low, high, below(high) - below(low));
        let Step::Locate { from, n } = hunt.step() else { panic!("should be near") };
        assert_eq!(primes[(below(from) + n) as usize - 1], primes[78_399]);

        let mut hunt = Hunt::new(1_000_000, Down, 50);
        hunt.counted(990_000, 1_000_000, below(1_000_000) - below(990_000));
        let Step::Count { low, high } = hunt.step() else { panic!("should go back") };
        assert_eq!(low, 990_000);
        hunt.counted(low, high, below(high) - below(low));
        let Step::Locate { from, n } = hunt.step() else { panic!("should be near") };
        assert_eq!(primes[(below(from) - n) as usize], primes[78_498 - 50]);
    }

    #[test]
    fn looking_goes_across_2_64_and_ends_at_the_largest() {
        // OEIS A013603 and A013597: 2^64 - 59 and 2^64 + 13 are prime, and nothing between them.
        let (last, next) = ((1 << 64) - 59, (1 << 64) + 13);
        assert_eq!((found(next, Up, 1), found(last + 1, Up, 1)), (Some(next), Some(next)));
        assert_eq!((found((1 << 64) - 1, Up, 1), found(LARGEST - 1, Up, 1)), (Some(next), None));
        assert_eq!((found(next + 1, Down, 1), found(2, Down, 1)), (Some(next), None));
        assert_eq!((found(last, Up, 1), found(last, Up, 2)), (Some(last), Some(next)));
        assert_eq!((found(next, Down, 1), found(next + 1, Down, 2)), (Some(last), Some(last)));
    }

    #[test]
    fn all_from_the_beginning_may_be_counted_instead() {
        let mut hunt = Hunt::new(1, Up, 10_u128.pow(19));
        let Step::Count { low: 1, high } = hunt.step() else { panic!("should count from the beginning on") };
        // As if R were exact there.
        hunt.counted(1, high, estimate::prime_count(high as f64) as u128);
        let Step::Count { low, high: nearer } = hunt.step() else { panic!("should count the rest") };
        assert!(low == high && nearer > high);
        hunt.counted(hunt.begin(), nearer, estimate::prime_count(nearer as f64) as u128);
        let (Step::Locate { from, .. } | Step::Count { low: from, .. }) = hunt.step();
        assert_eq!(from, nearer);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn equals_the_textbook(begin in 0_u64..200_000, n in 1_u64..20_000) {
            let primes = naive::eratosthenes(600_000);
            let first = primes.partition_point(|&p| p < begin);
            let prime = |i: Option<usize>| i.map(|i| u128::from(primes[i]));
            prop_assert_eq!(nth(begin.into(), Up, n.into()).0, prime(Some(first + n as usize - 1)));
            prop_assert_eq!(nth(begin.into(), Down, n.into()).0, prime(first.checked_sub(n as usize)));
        }

        #[test]
        fn one_by_one_above_2_64(begin in (1_u128 << 64) - 200..1 << 86, n in 1_u128..4) {
            let mut up = (begin..).filter(|&p| wide::is_prime(p));
            prop_assert_eq!(nth(begin, Up, n).0, up.nth(n as usize - 1));
            let mut down = (0..begin).rev().filter(|&p| wide::is_prime(p));
            prop_assert_eq!(nth(begin, Down, n).0, down.nth(n as usize - 1));
        }
    }
}
