//! Gaps between neighbouring primes: the largest one, and the first one of each length.
//!
//! A gap belongs to the prime that it follows: gap `g` at `p` means that `p` and `p + g` are prime
//! and nothing between them is. Of gaps of the same length the first one counts, so the order of
//! merging does not matter.
//!
//! Formula: merit = g / ln p; on average 1, and 35 for the longest gaps below 2^64. Above 2^64 the
//! primes are probable primes.
//! Run time: a subtraction and a maximum a prime, in vectors; the position is computed only for a
//! new largest gap. The first one of each length costs a look-up a prime. Memory: 8 bytes for each
//! even length up to the largest (below 1552 for all primes under 2^64).
//! Reference: T. Oliveira e Silva, S. Herzog, S. Pardi, "Empirical verification of the even
//! Goldbach conjecture and computation of prime gaps up to 4e18", Math. Comp. 83 (2014); OEIS
//! A005250, A002386, A000230.

use serde::{Deserialize, Serialize};

use super::PrimeRun;

/// A gap: `start` and `start + length` are neighbouring primes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The difference of the two primes.
    pub length: u64,
    /// The smaller one of them.
    pub start: u128,
}

impl Gap {
    /// Between two neighbouring primes.
    pub fn between(low: u128, high: u128) -> Gap {
        Gap { length: (high - low) as u64, start: low }
    }

    /// length / ln(start), to six decimals: what is beyond them may differ between mathematical
    /// libraries.
    pub fn merit(self) -> f64 {
        let merit = self.length as f64 / (self.start as f64).ln();
        (merit * 1e6).round() / 1e6
    }

    /// Whether to keep this one and not `other`: it is longer, or as long and first.
    fn beats(self, other: Gap) -> bool {
        (self.length, other.start) > (other.length, self.start)
    }
}

/// Which gaps are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Which {
    /// None.
    #[default]
    None,
    /// The largest one.
    Largest,
    /// The first one of each length.
    All,
}

/// The gaps found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    largest: Option<Gap>,
    /// Start of the first gap of each length, by half the length (the gap of length 1, at 2, by 0);
    /// 0 where there is none yet.
    firsts: Vec<u128>,
}

impl Gaps {
    /// The largest gap, if there are two primes.
    pub fn largest(&self) -> Option<Gap> {
        self.largest
    }

    /// The first gap of each length, by length. Empty unless [`Which::All`] were wanted.
    pub fn firsts(&self) -> impl Iterator<Item = Gap> {
        let length = |half: usize| if half == 0 { 1 } else { 2 * half as u64 };
        let seen = self.firsts.iter().enumerate().filter(|(_, start)| **start > 0);
        seen.map(move |(half, &start)| Gap { length: length(half), start })
    }

    /// Whether they can be the gaps between that number of primes in `[low, high)`.
    pub fn is_sound(&self, low: u128, high: u128, primes: u64, which: Which) -> bool {
        let fits = |gap: Gap| {
            let is_length = gap.length == 1 || (gap.length > 0 && gap.length.is_multiple_of(2));
            is_length && gap.start >= low && gap.start.checked_add(gap.length.into()).is_some_and(|end| end < high)
        };
        let largest = match (which, self.largest) {
            (Which::None, largest) => largest.is_none(),
            (_, largest) => largest.is_some() == (primes > 1) && largest.is_none_or(fits),
        };
        let longest = self.firsts.len().saturating_sub(1);
        let firsts = match which {
            Which::All => {
                self.firsts().all(fits) && self.firsts().last() == self.largest && self.firsts.get(longest) != Some(&0)
            }
            _ => self.firsts.is_empty(),
        };
        largest && firsts
    }

    /// Takes the gaps between the primes of a run in.
    pub fn take(&mut self, primes: PrimeRun<'_>, which: Which) {
        let PrimeRun { base, offsets } = primes;
        let pairs = || offsets.iter().zip(offsets.get(1..).unwrap_or_default());
        let gap = |low: u64, high: u64| Gap { length: high - low, start: base + u128::from(low) };
        let longest = pairs().map(|(low, high)| high - low).max().unwrap_or(0);
        if which != Which::None
            && self.largest.is_none_or(|largest| longest >= largest.length)
            && let Some((&low, &high)) = pairs().find(|(low, high)| *high - *low == longest)
        {
            self.keep(gap(low, high));
        }
        if which == Which::All {
            pairs().for_each(|(&low, &high)| self.first(gap(low, high)));
        }
    }

    /// Takes one gap in.
    pub fn add(&mut self, gap: Gap, which: Which) {
        if which != Which::None {
            self.keep(gap);
        }
        if which == Which::All {
            self.first(gap);
        }
    }

    /// Adds the gaps found elsewhere.
    pub fn merge(&mut self, other: &Gaps) {
        other.largest.into_iter().for_each(|gap| self.keep(gap));
        other.firsts().for_each(|gap| self.first(gap));
    }

    fn keep(&mut self, gap: Gap) {
        if self.largest.is_none_or(|largest| gap.beats(largest)) {
            self.largest = Some(gap);
        }
    }

    fn first(&mut self, gap: Gap) {
        let half = (gap.length / 2) as usize;
        if half >= self.firsts.len() {
            self.firsts.resize(half + 1, 0);
        }
        let first = &mut self.firsts[half];
        if *first == 0 || gap.start < *first {
            *first = gap.start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive;

    #[test]
    fn maximal_gaps_as_published() {
        // OEIS A005250 and A002386.
        let primes = naive::eratosthenes(5_000_000);
        for (high, length, start) in
            [(6, 2, 3), (30, 6, 23), (32_000, 72, 31_397), (500_000, 114, 492_113), (4_700_000, 154, 4_652_353)]
        {
            let mut gaps = Gaps::default();
            gaps.take(PrimeRun::small(&primes[..primes.partition_point(|&p| p < high)]), Which::Largest);
            assert_eq!(gaps.largest(), Some(Gap { length, start }), "{high}");
            assert_eq!(gaps.firsts().count(), 0);
        }
    }

    #[test]
    fn first_occurrences_as_published() {
        // OEIS A000230, with the gap of length 1 in front.
        let mut gaps = Gaps::default();
        naive::eratosthenes(2000).windows(2).for_each(|pair| gaps.take(PrimeRun::small(pair), Which::All));
        let firsts: Vec<(u64, u128)> = gaps.firsts().map(|gap| (gap.length, gap.start)).collect();
        let expected = [
            (1, 2),
            (2, 3),
            (4, 7),
            (6, 23),
            (8, 89),
            (10, 139),
            (12, 199),
            (14, 113),
            (16, 1831),
            (18, 523),
            (20, 887),
            (22, 1129),
            (24, 1669),
            (34, 1327),
        ];
        assert_eq!(firsts, expected);
    }

    #[test]
    fn few_primes_have_no_gap() {
        for primes in [&[][..], &[2], &[7]] {
            let mut gaps = Gaps::default();
            gaps.take(PrimeRun::small(primes), Which::All);
            assert_eq!(gaps, Gaps::default());
        }
    }

    #[test]
    fn the_first_of_equals_whatever_the_order() {
        let (early, late) = (Gap { length: 4, start: 7 }, Gap { length: 4, start: 13 });
        for order in [[early, late], [late, early]] {
            let mut gaps = Gaps::default();
            order.iter().for_each(|&gap| gaps.add(gap, Which::All));
            assert_eq!((gaps.largest(), gaps.firsts().collect()), (Some(early), vec![early]));
        }
    }

    #[test]
    fn merit_is_length_by_logarithm() {
        assert_eq!(Gap { length: 2, start: 3 }.merit(), 1.820478);
        // The largest gap below 2^64 that is the first of its length and longer than all before it.
        assert_eq!(Gap { length: 1550, start: 18_361_375_334_787_046_697 }.merit(), 34.943924);
    }
}
