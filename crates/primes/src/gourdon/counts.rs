//! How many primes there are up to n, for all n of a table: one look-up, one population count.
//!
//! Entry i is for the numbers 128 i to 128 i + 127: how many primes come before, and a bit for each
//! odd number. The bit of 1 stands for 2. Pieces are independent because they are sieved twice:
//! once for the number of primes in each (a small table), and again when all of these are known.
//! Memory: an eighth of a byte a number. Making it: 0.6 ns a number (AMD Zen 4).

use std::ops::{ControlFlow, Range};

use super::params::sqrt;
use crate::YieldNow;

/// Primes before the entry's numbers, and a bit for each of its odd numbers.
pub(super) type CountEntry = [u64; 2];

/// Numbers of an entry.
pub(super) const ENTRY: u64 = 128;
/// Entries of a piece: their bits are 32 KiB while they are sieved, the first-level cache.
const PIECE: usize = 1 << 12;
/// Numbers of a piece.
const NUMBERS: u64 = ENTRY * PIECE as u64;

/// How many pieces the table of all numbers up to `largest` has, and words of a piece.
pub(super) fn size(largest: u64) -> (usize, usize) {
    ((largest / NUMBERS + 1) as usize, 2 * PIECE)
}

/// Finds how many primes some of the pieces have, a word for each. A `Break` from `yield_now`,
/// called once a piece, is returned at once.
pub(super) fn fill_totals(pieces: Range<usize>, totals: &mut [u64], yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
    let mut totals = totals.iter_mut();
    sieved(pieces, yield_now, |_, bits| {
        if let Some(total) = totals.next() {
            *total = bits.iter().map(|word| u64::from(word.count_ones())).sum();
        }
    })
}

/// Makes some of the pieces, when all totals are known.
pub(super) fn fill(
    totals: &[u64],
    pieces: Range<usize>,
    words: &mut [u64],
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<()> {
    let mut before = totals[..pieces.start].iter().sum();
    let mut entries = words.as_chunks_mut::<2>().0.chunks_exact_mut(PIECE);
    sieved(pieces, yield_now, |piece, bits| {
        if let Some(entries) = entries.next() {
            count(before, bits, entries);
            before += totals[piece];
        }
    })
}

/// Calls `with` for each piece, with a bit for each of its odd numbers.
fn sieved(pieces: Range<usize>, yield_now: &mut YieldNow<'_>, mut with: impl FnMut(usize, &[u64])) -> ControlFlow<()> {
    const BITS: u64 = NUMBERS / 2;
    let (primes, first) = (odd_primes(sqrt(u128::from(pieces.end as u64 * NUMBERS)) + 1), first_pattern());
    let mut bits = vec![0_u64; PIECE];
    for piece in pieces {
        yield_now()?;
        let low = piece as u64 * NUMBERS;
        let pattern = first.iter().cycle().skip(piece * PIECE % PERIOD);
        bits.iter_mut().zip(pattern).for_each(|(to, &word)| *to = word);
        if piece == 0 {
            // 3, 5 and 7 themselves.
            bits[0] |= 0b1110;
        }
        for &p in primes.iter().skip(3).take_while(|&&p| p * p < low + NUMBERS) {
            let mut place = (first_odd(p, low) - low) / 2;
            while place < BITS {
                bits[(place / 64) as usize] &= !(1 << (place % 64));
                place += p;
            }
        }
        with(piece, &bits);
    }
    ControlFlow::Continue(())
}

/// Words after which the multiples of 3, 5 and 7 repeat.
const PERIOD: usize = 105;

/// The odd numbers without these factors.
fn first_pattern() -> [u64; PERIOD] {
    let mut words = [!0; PERIOD];
    for bit in 0..64 * PERIOD {
        if [3, 5, 7].iter().any(|p| (2 * bit + 1) % p == 0) {
            words[bit / 64] &= !(1 << (bit % 64));
        }
    }
    words
}

/// Puts running counts beside the words, from `before` on.
pub(super) fn count(mut before: u64, words: &[u64], entries: &mut [CountEntry]) {
    for (entry, &word) in entries.iter_mut().zip(words) {
        *entry = [before, word];
        before += u64::from(word.count_ones());
    }
}

/// Numbers of primes up to each number of a table.
#[derive(Clone, Copy)]
pub(super) struct PrimeCounts<'t> {
    pub(super) entries: &'t [CountEntry],
    /// The largest number that may be asked.
    pub(super) largest: u64,
}

impl<'t> PrimeCounts<'t> {
    /// From the words of all pieces.
    pub(super) fn new(words: &'t [u64]) -> PrimeCounts<'t> {
        let (entries, _) = words.as_chunks();
        PrimeCounts { entries, largest: ENTRY * entries.len() as u64 - 1 }
    }

    /// How many primes there are up to `n`.
    ///
    /// # Panics
    /// When n is beyond the table.
    #[inline(always)]
    pub(super) fn pi(&self, n: u64) -> u64 {
        if n < 2 {
            return 0;
        }
        up_to(self.entries, n)
    }

    /// How many primes the table has.
    pub(super) fn all(&self) -> u64 {
        self.entries.last().map_or(0, |&[before, word]| before + u64::from(word.count_ones()))
    }

    /// The primes in order, from the one at this place on; the first one is at place 1.
    pub(super) fn primes_from(&self, place: u64) -> impl Iterator<Item = u64> {
        let skipped = place.saturating_sub(1);
        // The last entry with no more primes before than are skipped.
        let first = self.entries.partition_point(|&[before, _]| before <= skipped).saturating_sub(1);
        let passed = self.entries.get(first).map_or(0, |&[before, _]| skipped - before);
        let primes = self.entries[first..].iter().enumerate().flat_map(move |(i, &[_, word])| {
            ones(word).map(move |bit| {
                let n = (first + i) as u64 * ENTRY + 2 * bit + 1;
                if n == 1 { 2 } else { n }
            })
        });
        primes.skip(passed as usize)
    }
}

/// The places of a word's ones.
fn ones(mut word: u64) -> impl Iterator<Item = u64> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros();
            word &= word - 1;
            u64::from(bit)
        })
    })
}

/// Bits of `entries` for numbers up to n, 0 being the first number of the first entry, and the
/// count that stands there.
#[inline(always)]
pub(super) fn up_to(entries: &[CountEntry], n: u64) -> u64 {
    let [before, word] = entries[(n / ENTRY) as usize];
    // Odd numbers up to n: 0 to 64.
    let odd = (n % ENTRY).div_ceil(2);
    before + u64::from((word & (!0_u64).checked_shl(odd as u32).map_or(!0, |above| !above)).count_ones())
}

/// The first odd multiple of p that is at least `low` and p^2.
pub(super) fn first_odd(p: u64, low: u64) -> u64 {
    (low.div_ceil(p).max(p) | 1) * p
}

/// The textbook's sieve, for the few primes up to a fourth root.
fn odd_primes(limit: u64) -> Vec<u64> {
    crate::naive::eratosthenes(limit + 1).into_iter().filter(|&p| p > 2).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::whole;
    use super::*;
    use crate::naive;

    #[test]
    fn equals_the_textbook() {
        for largest in [0, NUMBERS - 1, NUMBERS, 3 * NUMBERS + 5] {
            let (pieces, length) = size(largest);
            let (mut totals, mut words) = (vec![0; pieces], vec![0; pieces * length]);
            whole(|yield_now| fill_totals(0..pieces, &mut totals, yield_now));
            // The last piece apart from the others, as another rank makes it.
            let (others, last) = words.split_at_mut((pieces - 1) * length);
            whole(|yield_now| fill(&totals, pieces - 1..pieces, last, yield_now));
            whole(|yield_now| fill(&totals, 0..pieces - 1, others, yield_now));
            let counts = PrimeCounts::new(&words);
            let primes = naive::eratosthenes(counts.largest + 1);
            let mut pi = 0;
            for n in 0..=counts.largest {
                pi += u64::from(primes.get(pi as usize) == Some(&n));
                assert_eq!(counts.pi(n), pi, "{n}");
            }
            assert_eq!(counts.all(), primes.len() as u64);
            for place in [1, 2, 3, 31, 32, 33, 43_390, 43_391, 43_392, primes.len()] {
                let expected = primes.iter().skip(place - 1).copied();
                assert!(counts.primes_from(place as u64).eq(expected), "{place}");
            }
            assert_eq!(counts.primes_from(primes.len() as u64 + 1).next(), None);
        }
    }
}
