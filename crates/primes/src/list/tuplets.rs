//! Prime k-tuplets: k primes as close together as primes can be (twins, triplets, ... sextuplets),
//! as primesieve has them.
//!
//! | k | the primes | diameter |
//! |---|---|---|
//! | 2 | p, p+2 | 2 |
//! | 3 | p, p+2, p+6; p, p+4, p+6 | 6 |
//! | 4 | p, p+2, p+6, p+8 | 8 |
//! | 5 | p, p+2, p+6, p+8, p+12; p, p+4, p+6, p+10, p+12 | 12 |
//! | 6 | p, p+4, p+6, p+10, p+12, p+16 | 16 |
//!
//! The patterns need no table: k *neighbouring* primes whose first and last are the diameter apart
//! are a k-tuplet, since one of any three odd numbers in a row is divisible by 3, and so on. The
//! one exception is (3, 5, 7, 11), which has the diameter of a quadruplet and not its pattern; no
//! tuplet of more than two primes begins below 5, and so none is looked for there.
//!
//! A list of primes may be cut anywhere: [`Edges`] keeps the primes at both ends of each part,
//! which is all that it takes to find the tuplets across a cut. So no rank sieves beyond the end of
//! a block.
//!
//! Run time: one subtraction and comparison a prime and k, in vectors. Memory: none.
//! Reference: A. D. Forbes, "Prime clusters and Cunningham chains", Math. Comp. 68 (1999);
//! primesieve's `--count`.

use serde::{Deserialize, Serialize};

use super::PrimeRun;

/// The largest k that is known here.
pub const MOST: usize = 6;

/// Last member minus first member of a k-tuplet.
const DIAMETER: [u64; MOST + 1] = [0, 0, 2, 6, 8, 12, 16];

/// Primes kept at each end: a sextuplet that is cut has at most five members on each side.
const KEPT: usize = MOST - 1;

/// Below this no tuplet of more than two primes begins.
const FIRST: u128 = 5;

/// How many k-tuplets lie in `primes`, which are neighbours in rising order. `k` is 2 to 6.
///
/// ```
/// use montesieve_primes::{PrimeRun, tuplets::count};
/// let primes = PrimeRun { base: 0, offsets: &[3, 5, 7, 11, 13] };
/// assert_eq!((count(2, primes), count(4, primes)), (3, 1));
/// ```
///
/// # Panics
/// When there is no such `k`.
pub fn count(k: usize, primes: PrimeRun<'_>) -> u64 {
    let primes = eligible(k, primes).offsets;
    let lasts = primes.get(k - 1..).unwrap_or_default();
    primes.iter().zip(lasts).map(|(first, last)| u64::from(last - first == DIAMETER[k])).sum()
}

/// Hands every k-tuplet in `primes`, which are neighbours in rising order, to `each`, in rising
/// order.
///
/// # Panics
/// When there is no such `k`.
pub fn each(k: usize, primes: PrimeRun<'_>, mut each: impl FnMut(&[u128])) {
    let run = eligible(k, primes);
    for window in run.offsets.windows(k).filter(|w| w[k - 1] - w[0] == DIAMETER[k]) {
        let mut tuplet = [run.base; MOST];
        tuplet.iter_mut().zip(window).for_each(|(prime, &offset)| *prime += u128::from(offset));
        each(&tuplet[..k]);
    }
}

/// Appends a tuplet as a line, as primesieve prints it: `(3, 5)`.
pub fn append(tuplet: &[u128], text: &mut Vec<u8>) {
    for (i, prime) in tuplet.iter().enumerate() {
        text.extend_from_slice(if i == 0 { b"(" } else { b", " });
        text.extend_from_slice(prime.to_string().as_bytes());
    }
    text.extend_from_slice(b")\n");
}

/// Without the small primes with which no k-tuplet begins.
fn eligible(k: usize, primes: PrimeRun<'_>) -> PrimeRun<'_> {
    assert!((2..=MOST).contains(&k), "there are no {k}-tuplets here");
    match primes.iter().next() {
        Some(first) if k > 2 && first < FIRST => behind(primes, primes.iter().take_while(|&p| p < FIRST).count()),
        _ => primes,
    }
}

/// The run without its first `n` primes.
fn behind(primes: PrimeRun<'_>, n: usize) -> PrimeRun<'_> {
    PrimeRun { offsets: &primes.offsets[n..], ..primes }
}

/// Up to five neighbouring primes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct FewPrimes {
    primes: [u128; KEPT],
    length: u8,
}

impl FewPrimes {
    /// At most [`KEPT`] primes.
    fn of(primes: impl ExactSizeIterator<Item = u128>) -> FewPrimes {
        let mut few = FewPrimes { primes: [0; KEPT], length: primes.len() as u8 };
        few.primes.iter_mut().zip(primes).for_each(|(place, prime)| *place = prime);
        few
    }

    fn primes(&self) -> &[u128] {
        &self.primes[..usize::from(self.length)]
    }

    fn is_full(&self) -> bool {
        usize::from(self.length) == KEPT
    }
}

/// The first and the last five primes of a stretch of numbers: what its neighbours must know of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edges {
    head: FewPrimes,
    tail: FewPrimes,
    /// A hole lies in the stretch, so that head and tail know nothing of each other.
    has_hole: bool,
}

impl Edges {
    /// The edges of a stretch that holds these primes, in rising order, and no others.
    pub fn of(primes: PrimeRun<'_>) -> Edges {
        let tail = behind(primes, primes.offsets.len().saturating_sub(KEPT));
        Edges { head: FewPrimes::of(primes.iter().take(KEPT)), tail: FewPrimes::of(tail.iter()), has_hole: false }
    }

    /// The first prime, if there is one.
    pub fn first(&self) -> Option<u128> {
        self.head.primes().first().copied()
    }

    /// The last prime, if there is one.
    pub fn last(&self) -> Option<u128> {
        self.tail.primes().last().copied()
    }

    /// Whether they can be the edges of `[low, high)` with that number of primes and no hole.
    pub fn is_sound(&self, low: u128, high: u128, primes: u64) -> bool {
        let kept = primes.min(KEPT as u64);
        let few = |few: &FewPrimes| {
            let is_rising = || few.primes().windows(2).all(|pair| pair[0] < pair[1]);
            let is_within = || few.primes().iter().all(|prime| (low..high).contains(prime));
            let is_tidy = || few.primes[usize::from(few.length)..].iter().all(|&prime| prime == 0);
            u64::from(few.length) == kept && is_rising() && is_within() && is_tidy()
        };
        let fits = primes > KEPT as u64 || self.head == self.tail;
        !self.has_hole
            && few(&self.head)
            && few(&self.tail)
            && fits
            && self.first() <= self.tail.primes().first().copied()
    }

    /// What lies across the border between this stretch and the next.
    pub fn border(&self, next: &Edges) -> Border {
        let (left, right) = (self.tail.primes(), next.head.primes());
        let mut primes = [0; 2 * KEPT];
        primes[..left.len()].copy_from_slice(left);
        primes[left.len()..left.len() + right.len()].copy_from_slice(right);
        Border { primes, left: left.len(), length: left.len() + right.len() }
    }

    /// Takes the edges of the stretch in that begins where this one's ends.
    pub fn merge(&mut self, next: &Edges) {
        let border = self.border(next);
        if !self.head.is_full() && !self.has_hole {
            // All primes of this stretch are in its head, and in its tail.
            self.head = FewPrimes::of(border.primes().iter().copied().take(KEPT));
        }
        if next.tail.is_full() || next.has_hole {
            self.tail = next.tail;
        } else {
            self.tail = FewPrimes::of(border.primes()[border.length.saturating_sub(KEPT)..].iter().copied());
        }
        self.has_hole |= next.has_hole;
    }

    /// The same behind a hole: nothing is known of the primes in between, so the two do not touch.
    pub fn skip_to(&mut self, next: &Edges) {
        self.tail = next.tail;
        self.has_hole = true;
    }
}

/// The primes around a border, at most five on each side.
#[derive(Clone, Copy, Debug)]
pub struct Border {
    primes: [u128; 2 * KEPT],
    left: usize,
    length: usize,
}

impl Border {
    fn primes(&self) -> &[u128] {
        &self.primes[..self.length]
    }

    /// The primes next to the border on both sides, if there are such.
    pub fn gap(&self) -> Option<(u128, u128)> {
        let both = self.left > 0 && self.left < self.length;
        both.then(|| (self.primes[self.left - 1], self.primes[self.left]))
    }

    /// Hands every k-tuplet that begins before the border and ends behind it to `each`, in rising
    /// order.
    pub fn each(&self, k: usize, mut each: impl FnMut(&[u128])) {
        // Windows of k primes that have the border inside: the first k - 1 before it and the first
        // k - 1 behind it.
        let from = self.left.saturating_sub(k - 1);
        let to = self.length.min(self.left + k - 1);
        if self.left > 0 && from < to {
            // Neighbouring primes are far less than 2^64 apart.
            let base = self.primes[from];
            let offsets: Vec<u64> = self.primes[from..to].iter().map(|prime| (prime - base) as u64).collect();
            self::each(k, PrimeRun { base, offsets: &offsets }, &mut each);
        }
    }

    /// How many k-tuplets begin before the border and end behind it.
    pub fn count(&self, k: usize) -> u64 {
        let mut count = 0;
        self.each(k, |_| count += 1);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive;
    use proptest::prelude::*;

    /// The table at the top, as it stands in books.
    const PATTERNS: [&[&[u64]]; MOST + 1] = [
        &[],
        &[],
        &[&[0, 2]],
        &[&[0, 2, 6], &[0, 4, 6]],
        &[&[0, 2, 6, 8]],
        &[&[0, 2, 6, 8, 12], &[0, 4, 6, 10, 12]],
        &[&[0, 4, 6, 10, 12, 16]],
    ];

    /// The oracle: patterns looked up in a list of primes.
    fn by_pattern(k: usize, primes: &[u64]) -> Vec<Vec<u64>> {
        let tuplets =
            |&p: &u64| PATTERNS[k].iter().map(move |pattern| pattern.iter().map(|d| p + d).collect::<Vec<_>>());
        primes.iter().flat_map(tuplets).filter(|t| t.iter().all(|p| primes.binary_search(p).is_ok())).collect()
    }

    fn listed(k: usize, primes: &[u64]) -> Vec<Vec<u64>> {
        let mut list = Vec::new();
        each(k, PrimeRun::small(primes), |tuplet| list.push(tuplet.iter().map(|&p| p as u64).collect()));
        list
    }

    #[test]
    fn diameters_are_patterns() {
        let primes = naive::eratosthenes(2_000_000);
        for k in 2..=MOST {
            let expected = by_pattern(k, &primes);
            assert_eq!(listed(k, &primes), expected, "{k}");
            assert_eq!(count(k, PrimeRun::small(&primes)), expected.len() as u64, "{k}");
        }
    }

    #[test]
    fn the_first_ones_as_primesieve_has_them() {
        let primes = naive::eratosthenes(30);
        assert_eq!(listed(2, &primes)[..2], [vec![3, 5], vec![5, 7]]);
        assert_eq!(listed(3, &primes)[..2], [vec![5, 7, 11], vec![7, 11, 13]]);
        assert_eq!(listed(4, &primes)[..2], [vec![5, 7, 11, 13], vec![11, 13, 17, 19]]);
        assert_eq!(listed(5, &primes)[..2], [vec![5, 7, 11, 13, 17], vec![7, 11, 13, 17, 19]]);
        assert_eq!(listed(6, &primes), [vec![7, 11, 13, 17, 19, 23]]);
    }

    #[test]
    fn few_primes_or_none() {
        for k in 2..=MOST {
            for primes in [&[][..], &[2], &[3], &[2, 3]] {
                assert_eq!(count(k, PrimeRun::small(primes)), 0);
            }
        }
        let (none, two) = (Edges::of(PrimeRun::small(&[])), Edges::of(PrimeRun::small(&[2])));
        assert_eq!((none.first(), none.last()), (None, None));
        assert_eq!((two.first(), two.last()), (Some(2), Some(2)));
        assert_eq!((two.border(&none).gap(), none.border(&two).gap()), (None, None));
    }

    proptest! {
        #[test]
        fn cuts_anywhere_lose_nothing(high in 0_u64..3000, cuts in proptest::collection::vec(0_u64..3000, 0..40)) {
            let primes = naive::eratosthenes(high);
            let mut borders: Vec<usize> = cuts.iter().map(|&c| primes.partition_point(|&p| p < c)).collect();
            borders.extend([0, primes.len()]);
            borders.sort_unstable();
            for k in 2..=MOST {
                let mut whole: Option<(Edges, Vec<Vec<u64>>)> = None;
                for part in borders.windows(2).map(|w| &primes[w[0]..w[1]]) {
                    let (edges, inside) = (Edges::of(PrimeRun::small(part)), listed(k, part));
                    match &mut whole {
                        None => whole = Some((edges, inside)),
                        Some((before, list)) => {
                            before.border(&edges).each(k, |tuplet| list.push(tuplet.iter().map(|&p| p as u64).collect()));
                            before.merge(&edges);
                            list.extend(inside);
                        }
                    }
                }
                let (edges, list) = whole.expect("at least one part");
                prop_assert_eq!(list, listed(k, &primes));
                prop_assert_eq!(edges, Edges::of(PrimeRun::small(&primes)));
            }
        }

        #[test]
        fn a_base_moves_everything(cut in 0_usize..160, base in 0_u128..1 << 90) {
            // Moved by a multiple of 30, the same differences stand elsewhere.
            let (primes, base) = (naive::eratosthenes(1000), base * 30);
            let moved = |part| PrimeRun { base, offsets: part };
            let (left, right) = primes[3..].split_at(cut);
            for k in 2..=MOST {
                let mut list = Vec::new();
                each(k, moved(left), |tuplet| list.push(tuplet.to_vec()));
                Edges::of(moved(left)).border(&Edges::of(moved(right))).each(k, |tuplet| list.push(tuplet.to_vec()));
                each(k, moved(right), |tuplet| list.push(tuplet.to_vec()));
                let expected: Vec<Vec<u128>> = listed(k, &primes[3..])
                    .into_iter()
                    .map(|tuplet| tuplet.into_iter().map(|p| base + u128::from(p)).collect())
                    .collect();
                prop_assert_eq!(list, expected);
            }
        }
    }
}
