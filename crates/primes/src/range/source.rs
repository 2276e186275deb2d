//! Where primes come from: the sieve, or one of the textbook forms, under one interface.
//!
//! Counts, k-tuplets, sums and lists all come from a [`Source`], so `--algorithm trial` computes
//! the same results by another algorithm.

use std::ops::ControlFlow;

use super::Sieve;
use super::sieve::tuplets_by_list;
use crate::YieldNow;
use crate::lines::sieving::{Layout, Primes};
use crate::lines::{KINDS, Kinds};
use crate::list::marks::{Marks, reach};
use crate::list::{PrimeRun, Take};
use crate::naive::{self, Divisors, Trial};
use crate::task::Asked;
use crate::tuning::Tuning;
use montesieve_kernel::isa::Isa;

/// How primes are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// The segmented sieve of Eratosthenes, with this machine's instruction set and
    /// sizes.
    Sieve(Tuning),
    /// Trial division.
    Trial(Divisors),
}

impl Algorithm {
    /// How many numbers a block of a job has whose numbers are all below `limit`.
    pub fn block_len(self, limit: u128) -> u64 {
        match self {
            Algorithm::Sieve(_) => super::block_len(limit),
            Algorithm::Trial(divisors) => naive::block_len(divisors, u64::try_from(limit).unwrap_or(u64::MAX)),
        }
    }

    /// How many numbers of `[low, high)` to take at once, so that hardly anything is lost against
    /// all at once.
    pub fn grain(self, low: u128, high: u128, asked: Asked) -> u64 {
        match self {
            Algorithm::Sieve(tuning) => super::grain(low, high, asked, tuning.isa),
            Algorithm::Trial(_) => self.block_len(high),
        }
    }

    /// Whether the numbers of `[low, high)` are tested one by one, so that no span of them is
    /// faster than another.
    pub fn is_one_by_one(self, low: u128, high: u128, asked: Asked) -> bool {
        match self {
            Algorithm::Sieve(tuning) => super::is_tested(low, high, asked, tuning.isa),
            Algorithm::Trial(_) => true,
        }
    }

    /// A workspace for ranges below `limit`.
    pub fn source<'t>(self, limit: u128) -> Source<'t> {
        match self {
            Algorithm::Sieve(tuning) => Source::Sieve(Box::new(Sieve::new(limit, tuning))),
            Algorithm::Trial(divisors) => Source::Trial(Trial::new(divisors)),
        }
    }

    /// The table of sieving primes that counting `[low, high)` needs, if any, and the instruction
    /// set to fill it with.
    pub fn table(self, low: u128, high: u128) -> Option<(Layout, Isa)> {
        match self {
            Algorithm::Sieve(tuning) => Layout::for_counting(low, high).map(|layout| (layout, tuning.isa)),
            Algorithm::Trial(_) => None,
        }
    }

    /// A workspace that counts with this table of sieving primes, if the algorithm has a use for
    /// it.
    pub fn source_with(self, limit: u128, primes: Primes<'_>) -> Source<'_> {
        match self {
            Algorithm::Sieve(tuning) => Source::Sieve(Box::new(Sieve::with_primes(limit, tuning, primes))),
            Algorithm::Trial(_) => self.source(limit),
        }
    }
}

/// A rank's workspace.
pub enum Source<'t> {
    /// The sieve.
    Sieve(Box<Sieve<'t>>),
    /// Trial division.
    Trial(Trial),
}

/// Ranges are `[low, high)`, up to [`HIGHEST`](super::HIGHEST); those of trial division end below
/// 2^64.
impl Source<'_> {
    /// How many primes there are in `[low, high)`. A `Break` from `yield_now` is returned at once.
    ///
    /// # Panics
    /// When `high` is above the limit, or needs more than 64 bits in trial division. So do the
    /// others.
    pub fn count(&mut self, low: u128, high: u128, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), u64> {
        match self {
            Source::Sieve(sieve) => sieve.count(low, high, yield_now),
            Source::Trial(trial) => trial.count(small(low), small(high), yield_now),
        }
    }

    /// How many k-tuplets of each kind requested have their first member in `[low, high)`, as
    /// [`Sieve::count_tuplets`]; the others are looked for up to 16 numbers beyond.
    pub fn count_tuplets(
        &mut self,
        low: u128,
        high: u128,
        kinds: Kinds,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        match self {
            Source::Sieve(sieve) => sieve.count_tuplets(low, high, kinds, yield_now),
            Source::Trial(_) => {
                tuplets_by_list(low, high, kinds, |low, high, each| self.runs(low, high, yield_now, each))
            }
        }
    }

    /// Marks of the primes in `[low, high)` (`k` = 1), or of the first members of k-tuplets that
    /// begin there and end below `end`. A `Break` from `yield_now` is returned at once.
    pub fn marks(
        &mut self,
        [low, high, end]: [u128; 3],
        k: usize,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), Marks> {
        let mut marks = Marks::new(low);
        let top = end.min(high + reach(k));
        match self {
            Source::Sieve(sieve) => sieve.mark(low, top, &mut marks, yield_now)?,
            Source::Trial(_) => self.runs(low, top, yield_now, &mut |run| {
                run.iter().for_each(|p| marks.mark(p));
                ControlFlow::Continue(())
            })?,
        }
        if k > 1 {
            marks.keep_tuplets(k, low, high);
        }
        ControlFlow::Continue(marks)
    }

    /// Hands the primes of `[low, high)` to `each`, in rising order, in runs. A `Break` from
    /// `yield_now` or `each` is returned at once.
    pub fn runs(
        &mut self,
        low: u128,
        high: u128,
        yield_now: &mut YieldNow<'_>,
        each: &mut Take<'_>,
    ) -> ControlFlow<()> {
        match self {
            Source::Sieve(sieve) => sieve.runs(low, high, yield_now, each),
            Source::Trial(trial) => {
                for n in small(low)..small(high) {
                    if trial.count(n, n + 1, yield_now)? == 1 {
                        each(PrimeRun::small(&[n]))?;
                    }
                }
                ControlFlow::Continue(())
            }
        }
    }
}

fn small(n: u128) -> u64 {
    u64::try_from(n).expect("trial division is for numbers below 2^64")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> [Algorithm; 3] {
        let sieve = Algorithm::Sieve(Isa::Portable.into());
        [sieve, Algorithm::Trial(Divisors::UpToRoot), Algorithm::Trial(Divisors::Below)]
    }

    #[test]
    fn all_find_the_same_primes() {
        let mut never = || ControlFlow::Continue(());
        for (low, high) in [(0, 0), (0, 3), (2, 3), (0, 1000), (7, 5000), (24, 29), (9973, 9974)] {
            let expected: Vec<u64> = naive::eratosthenes(high).into_iter().filter(|&p| p >= low).collect();
            for algorithm in all() {
                let (mut source, mut primes) = (algorithm.source(high.into()), Vec::new());
                let end = source.runs(low.into(), high.into(), &mut never, &mut |run| {
                    primes.extend_from_slice(run.offsets);
                    ControlFlow::Continue(())
                });
                assert!(end.is_continue() && primes == expected, "{algorithm:?} [{low}, {high})");
                assert_eq!(
                    source.count(low.into(), high.into(), &mut never),
                    ControlFlow::Continue(expected.len() as u64)
                );
            }
        }
    }

    #[test]
    fn runs_end_when_the_taker_says_so() {
        for algorithm in all() {
            let mut taken = 0;
            let mut never = || ControlFlow::Continue(());
            let end = algorithm.source(100_000).runs(0, 100_000, &mut never, &mut |run| {
                taken += run.offsets.len();
                ControlFlow::Break(())
            });
            assert!(end.is_break() && taken > 0, "{algorithm:?}");
        }
    }
}
