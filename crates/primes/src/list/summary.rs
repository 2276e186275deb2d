//! Everything that one pass over the primes of a range answers besides their number: k-tuplets,
//! sum, gaps, digest.
//!
//! A [`Summary`] absorbs primes in runs, as [`Sieve::runs`](crate::range::Sieve::runs) hands them
//! out, and merges with the summary of the numbers that begin where its own end. The merge finds
//! what lies across the border (k-tuplets, gaps) from the [`Edges`] of both, so any cut of a range
//! gives the same bits.
//!
//! Between two summaries there may be a hole (a job that was stopped). Then nothing is reported
//! about what lies across it.

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::gaps::{Gap, Gaps, Which};
use super::tuplets::{self, Border, Edges, MOST};
use super::{PrimeRun, digest};

/// What is wanted of the primes. Their number always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Whether k-tuplets are counted, by k; 0 and 1 are ignored.
    pub tuplets: [bool; MOST + 1],
    /// Whether the primes are added up.
    pub sum: bool,
    /// Whether their digest is made.
    pub digest: bool,
    /// Which gaps between them are looked for.
    pub gaps: Which,
}

impl Wanted {
    fn tuplets(self) -> impl Iterator<Item = usize> {
        (2..=MOST).filter(move |&k| self.tuplets[k])
    }
}

/// What is known of the primes of `[low, high)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    wanted: Wanted,
    low: u128,
    high: u128,
    edges: Edges,
    /// How many numbers were examined.
    pub numbers: u64,
    /// How many of them are prime.
    pub primes: u64,
    /// How many k-tuplets lie among them, by k; those that are not wanted stay 0.
    pub tuplets: [u64; MOST + 1],
    /// Their sum. At most 425656284035217743 primes below 2^64: it fits; above, see
    /// [`largest_sum`].
    pub sum: u128,
    /// See [`super::digest`].
    pub digest: u128,
    /// The gaps between them.
    pub gaps: Gaps,
}

/// The next one may also start after a hole: then nothing is known across it.
impl Tally for Summary {
    fn merge(&mut self, next: Summary) {
        self.numbers += next.numbers;
        self.primes += next.primes;
        for (count, more) in self.tuplets.iter_mut().zip(next.tuplets) {
            *count += more;
        }
        self.sum += next.sum;
        self.digest = self.digest.wrapping_add(next.digest);
        self.gaps.merge(&next.gaps);
        if self.high == next.low {
            self.cross(self.edges.border(&next.edges));
            self.edges.merge(&next.edges);
        } else {
            self.edges.skip_to(&next.edges);
        }
        self.high = next.high;
    }
}

impl Summary {
    /// The summary of `[low, high)` as long as no prime of it was taken in.
    ///
    /// A job has at most 2^64 - 1 numbers: no machine looks at more one by one.
    pub fn of(low: u128, high: u128, wanted: Wanted) -> Summary {
        Summary { wanted, low, high, numbers: (high - low) as u64, ..Summary::default() }
    }

    /// Takes the next primes of the range in: a run in rising order, with none left out since the
    /// last one.
    pub fn take(&mut self, primes: PrimeRun<'_>) {
        let edges = Edges::of(primes);
        self.primes += primes.offsets.len() as u64;
        for k in self.wanted.tuplets() {
            self.tuplets[k] += tuplets::count(k, primes);
        }
        if self.wanted.sum {
            self.sum += sum(primes);
        }
        if self.wanted.digest {
            self.digest = self.digest.wrapping_add(digest::digest(primes));
        }
        self.gaps.take(primes, self.wanted.gaps);
        self.cross(self.edges.border(&edges));
        self.edges.merge(&edges);
    }

    /// What is wrong with it as the summary of all numbers of `[low, high)`, in a sentence.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self, low: u128, high: u128, wanted: Wanted) -> Result<(), String> {
        let right = [
            ("it is of these numbers", (self.low, self.high, self.wanted) == (low, high, wanted)),
            ("its first and last primes are such", self.edges.is_sound(low, high, self.primes)),
            ("a tuplet begins with a prime", self.tuplets.iter().all(|&count| count <= self.primes)),
            (
                "tuplets are those asked for",
                (0..=MOST).all(|k| wanted.tuplets().any(|w| w == k) || self.tuplets[k] == 0),
            ),
            ("the sum is that of such primes", self.is_sum_sound()),
            ("there is a digest if it was asked for", wanted.digest || self.digest == 0),
            ("gaps are between these numbers", self.gaps.is_sound(low, high, self.primes, wanted.gaps)),
        ];
        right.iter().find(|(_, holds)| !holds).map_or(Ok(()), |(what, _)| Err(format!("it does not hold that {what}")))
    }

    fn is_sum_sound(&self) -> bool {
        let primes = u128::from(self.primes);
        // A job whose sum might not fit is refused.
        let (least, most) = (primes.saturating_mul(self.low), primes.saturating_mul(self.high));
        if self.wanted.sum { (least..=most).contains(&self.sum) } else { self.sum == 0 }
    }

    /// Counts what lies across a border.
    fn cross(&mut self, border: Border) {
        for k in self.wanted.tuplets() {
            self.tuplets[k] += border.count(k);
        }
        if let Some((low, high)) = border.gap() {
            self.gaps.add(Gap::between(low, high), self.wanted.gaps);
        }
    }
}

/// The sum of a run of at most 2^32 primes: both halves of each offset apart, so that it goes in
/// vectors of 64 bits.
fn sum(primes: PrimeRun<'_>) -> u128 {
    let halves = |(high, low), p: &u64| (high + (p >> 32), low + (p & 0xffff_ffff));
    let (high, low) = primes.offsets.iter().fold((0_u64, 0_u64), halves);
    primes.base * primes.offsets.len() as u128 + (u128::from(high) << 32) + u128::from(low)
}

/// Upper bound of the sum of the primes among that number of numbers up to `stop`; `None` where
/// that is 2^128 or more.
///
/// Among y > 1 numbers there are at most 2 y / ln y primes (H. L. Montgomery, R. C. Vaughan, "The
/// large sieve", Mathematika 20 (1973)); here logarithms are to the base 2, rounded down, times
/// 9/13 = 0.692 < ln 2.
pub fn largest_sum(numbers: u128, stop: u128) -> Option<u128> {
    let log = u128::from(numbers.max(4).ilog2()) * 9 / 13;
    (2 * (numbers / log.max(1) + 1)).checked_mul(stop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive;
    use proptest::prelude::*;

    const ALL: Wanted = Wanted { tuplets: [true; MOST + 1], sum: true, digest: true, gaps: Which::All };

    /// The summary of `[low, high)`, from runs of `run` primes.
    fn summary(low: u64, high: u64, run: usize) -> Summary {
        let primes: Vec<u64> = naive::eratosthenes(high).into_iter().filter(|&p| p >= low).collect();
        let mut summary = Summary::of(low.into(), high.into(), ALL);
        primes.chunks(run).for_each(|run| summary.take(PrimeRun::small(run)));
        summary
    }

    #[test]
    fn known_numbers_of_tuplets() {
        // Debian's primesieve 1e6 -c123456.
        assert_eq!(summary(0, 1_000_001, 4096).tuplets, [0, 0, 8169, 2837, 166, 65, 5]);
        assert_eq!(summary(0, 1_000_001, 4096).primes, 78_498);
    }

    #[test]
    fn sums_do_not_overflow() {
        assert_eq!(summary(0, 1_000_000, 4096).sum, 37_550_402_023);
        assert_eq!(sum(PrimeRun::small(&[u64::MAX; 5000])), 5000 * u128::from(u64::MAX));
        assert_eq!(sum(PrimeRun::small(&[])), 0);
        let base = 10_u128.pow(26);
        assert_eq!(sum(PrimeRun { base, offsets: &[1, u64::MAX] }), 2 * base + (1 << 64));
        let ok = |numbers, stop| largest_sum(numbers, stop).is_some();
        assert!(ok(u64::MAX.into(), u64::MAX.into()) && ok(10_u128.pow(13), base) && !ok(10_u128.pow(15), base));
        assert!((0..10_000).all(|n| largest_sum(n, n) >= Some(naive::eratosthenes(n as u64 + 1).into_iter().map(u128::from).sum())));
    }

    #[test]
    fn parts_are_what_they_are_alone() {
        let whole = summary(90, 2000, 7);
        let primes: Vec<u64> = naive::eratosthenes(2000).into_iter().filter(|&p| p >= 90).collect();
        assert_eq!(whole.digest, digest::digest(PrimeRun::small(&primes)));
        assert_eq!(whole.gaps.largest(), Some(Gap { length: 34, start: 1327 }));
        assert_eq!(whole.sum, primes.iter().map(|&p| u128::from(p)).sum());
        assert_eq!((whole.numbers, whole.primes), (1910, primes.len() as u64));
        let mut bare = Summary::of(90, 2000, Wanted::default());
        bare.take(PrimeRun::small(&primes));
        assert_eq!((bare.primes, bare.sum, bare.digest, &bare.gaps), (whole.primes, 0, 0, &Gaps::default()));
    }

    #[test]
    fn nothing_is_said_of_what_lies_across_a_hole() {
        let mut holed = summary(0, 12, 9);
        holed.merge(summary(13, 20, 9));
        // (11, 13) would be a twin if 12 were known, and (7, 11) must not become (7, 13).
        assert_eq!(holed.tuplets[2], 3);
        assert_eq!(holed.gaps.firsts().map(|gap| gap.length).collect::<Vec<_>>(), [1, 2, 4]);
        let mut right = holed.clone();
        right.merge(summary(20, 40, 9));
        let mut later = summary(13, 20, 9);
        later.merge(summary(20, 40, 9));
        let mut left = summary(0, 12, 9);
        left.merge(later);
        assert_eq!(left, right);
    }

    proptest! {
        #[test]
        fn any_cut_merges_to_the_same(
            cuts in proptest::collection::vec(prop_oneof![0_u64..60, 0_u64..3000], 1..12),
            run in 1_usize..50,
            fold in any::<u64>(),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let (low, high) = (cuts[0], cuts[cuts.len() - 1]);
            let mut parts: Vec<Summary> = cuts.windows(2).map(|w| summary(w[0], w[1], run)).collect();
            prop_assume!(!parts.is_empty());
            // Neighbours melt in some order or other.
            let mut dice = fold;
            while parts.len() > 1 {
                let at = (dice % (parts.len() as u64 - 1)) as usize;
                dice = dice.rotate_right(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let next = parts.remove(at + 1);
                parts[at].merge(next);
            }
            prop_assert_eq!(&parts[0], &summary(low, high, 4096));
        }
    }
}
