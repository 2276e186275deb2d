//! phi(n, a): how many numbers from 1 to n have no factor among the first a primes. A sieve of hard
//! leaves that begins in the middle starts from this.
//!
//! Formula: phi(n, a) = phi(n, a - 1) - phi(n / p_a, a - 1); pi(n) - a + 1 when n < p_(a+1)^2.
//! Closed for a <= 8 by one table of the wheel 510510; a table of bits for n to 4e6 and a to 100.
//! Cost: 3 ms for all of a at 1e18, 50 ms at 1e22 (AMD Zen 5). Memory: 26 MB at most.

use std::ops::{ControlFlow, Range};

use super::counts::{CountEntry, PrimeCounts, count};
use super::crossing::{CrossingState, UP_TO, WORD, cross};
use super::listed::ListedPrimes;
use super::params::{K, sqrt};
use crate::YieldNow;

/// The product of the primes to 17, and how many numbers below it are coprime to it.
const WHEEL: u64 = 510_510;
const COPRIME: u64 = 92_160;

/// The largest a and n of the table of bits: 25 MB.
const MOST_A: usize = 100;
const MOST_N: u64 = 1 << 22;

/// How many numbers for each a the table of bits has, for those up to about `wanted`: whole words.
fn numbers(wanted: u64) -> u64 {
    wanted.clamp(4000, MOST_N).next_multiple_of(WORD)
}

/// How many pieces the table of bits has for numbers up to about `wanted`, one for each a from 9
/// on, and words of a piece.
pub(super) fn size(wanted: u64) -> (usize, usize) {
    (MOST_A - K, 2 * (numbers(wanted) / WORD) as usize)
}

/// Makes some of the pieces. A `Break` from `yield_now`, called once a prime, is returned at once.
pub(super) fn fill(
    primes: &ListedPrimes<'_>,
    pieces: Range<usize>,
    words: &mut [u64],
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<()> {
    if pieces.is_empty() {
        return ControlFlow::Continue(());
    }
    let length = words.len() / pieces.len();
    let mut bytes = vec![0xff; 4 * length];
    let mut parts = words.chunks_exact_mut(length);
    // 2, 3 and 5 have no bits.
    for a in 4..=K + pieces.end {
        yield_now()?;
        cross(&mut bytes, &mut CrossingState::new(primes.at(a) as u32, 0));
        if a > K + pieces.start
            && let Some(part) = parts.next()
        {
            running(&bytes, part.as_chunks_mut::<2>().0);
        }
    }
    ControlFlow::Continue(())
}

/// For each word of bytes the ones before it, and the word.
fn running(bytes: &[u8], entries: &mut [CountEntry]) {
    let words: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|&word| u64::from_le_bytes(word)).collect();
    count(0, &words, entries);
}

/// Tables of phi.
pub(super) struct Phi<'t> {
    /// Numbers of a turn of the wheel that are coprime to it.
    wheel: Vec<CountEntry>,
    /// For each a from 9.
    small: Vec<&'t [CountEntry]>,
    largest: u64,
}

impl<'t> Phi<'t> {
    /// From the words of all pieces.
    pub(super) fn new(words: &'t [u64]) -> Phi<'t> {
        let mut bytes = vec![0xff; WHEEL.div_ceil(WORD) as usize * 8];
        [7, 11, 13, 17].into_iter().for_each(|p| cross(&mut bytes, &mut CrossingState::new(p, 0)));
        let mut wheel = vec![[0, 0]; bytes.len() / 8];
        running(&bytes, &mut wheel);
        let entries = words.as_chunks::<2>().0;
        let length = entries.len() / (MOST_A - K);
        Phi { wheel, small: entries.chunks_exact(length).collect(), largest: length as u64 * WORD - 1 }
    }

    /// phi(n, 8).
    pub(super) fn to_19(&self, n: u128) -> u128 {
        self.to_17(n) - self.to_17(n / 19)
    }

    fn to_17(&self, n: u128) -> u128 {
        if let Ok(n) = u64::try_from(n) {
            return u128::from(n / WHEEL * COPRIME + in_entries(&self.wheel, n % WHEEL));
        }
        let wheel = u128::from(WHEEL);
        n / wheel * u128::from(COPRIME) + u128::from(in_entries(&self.wheel, (n % wheel) as u64))
    }

    fn tiny(&self, n: u64, a: usize) -> i64 {
        match a {
            0 => n as i64,
            7 => self.to_17(u128::from(n)) as i64,
            K => self.to_19(u128::from(n)) as i64,
            _ => self.tiny(n, a - 1) - self.tiny(n / [2, 3, 5, 7, 11, 13][a - 1], a - 1),
        }
    }

    fn in_table(&self, n: u64, a: usize) -> i64 {
        in_entries(self.small[a - K - 1], n) as i64
    }

    /// phi(n, a).
    pub(super) fn phi(&self, primes: &ListedPrimes<'_>, counts: &PrimeCounts<'_>, n: u64, a: usize) -> i64 {
        let p = |b: usize| primes.at(b);
        if a <= K {
            return self.tiny(n, a);
        }
        if n <= p(a) {
            return i64::from(n > 0);
        }
        if n <= counts.largest && n < p(a + 1) * p(a + 1) {
            return counts.pi(n) as i64 - a as i64 + 1;
        }
        let most = K + self.small.len();
        let (mut done, mut sum) = (K, 0);
        if n <= self.largest {
            done = most.min(a);
            sum += self.in_table(n, done);
            if done == a {
                return sum;
            }
        } else {
            sum += self.tiny(n, K);
        }
        let (root, mut b) = (sqrt(u128::from(n)), done + 1);
        while b <= a && p(b) <= root {
            let part = n / p(b);
            if part <= counts.largest && part < p(b) * p(b) {
                break;
            }
            sum -= self.phi(primes, counts, part, b - 1);
            b += 1;
        }
        while b <= a && p(b) <= root {
            sum -= counts.pi(n / p(b)) as i64 - b as i64 + 2;
            b += 1;
        }
        // Primes above the root remove themselves alone.
        sum - (a + 1 - b) as i64
    }

    /// At place b: phi(n, b - 1), for b from 1 to `most`.
    pub(super) fn all(&self, primes: &ListedPrimes<'_>, counts: &PrimeCounts<'_>, n: u64, most: usize) -> Vec<i64> {
        let root = sqrt(u128::from(n));
        let mut all = vec![n as i64; most + 2];
        all[0] = 0;
        for b in 2..=most {
            let p = primes.at(b - 1);
            let removed = match p {
                _ if p <= root => self.phi(primes, counts, n / p, b - 2),
                _ => i64::from(p <= n),
            };
            all[b] = all[b - 1] - removed;
        }
        all
    }
}

/// How many ones there are up to n.
#[inline(always)]
fn in_entries(entries: &[CountEntry], n: u64) -> u64 {
    let [before, word] = entries[(n / WORD) as usize];
    before + u64::from((word & UP_TO[(n % WORD) as usize]).count_ones())
}

#[cfg(test)]
mod tests {
    use super::super::listed::WINDOW;
    use super::super::tests::{small_words, whole};
    use super::*;

    #[test]
    fn equals_the_definition() {
        let words = small_words(3000);
        let counts = PrimeCounts::new(&words.counts);
        let primes = ListedPrimes::new(&words.primes, &counts, WINDOW);
        let (pieces, length) = size(5000);
        let mut apart = vec![0; pieces * length];
        let (front, back) = apart.split_at_mut(5 * length);
        whole(|yield_now| fill(&primes, 5..pieces, back, yield_now));
        whole(|yield_now| fill(&primes, 0..5, front, yield_now));
        let phi = Phi::new(&apart);
        for n in (0..30).chain([96, 97, 98, 2000, 4799, 4800, 20_000, 60_003]) {
            let mut left: Vec<u64> = (1..=n).collect();
            let all = phi.all(&primes, &counts, n, 300);
            for a in 0..150 {
                if a > 0 {
                    left.retain(|m| !m.is_multiple_of(primes.at(a)));
                }
                assert_eq!(phi.phi(&primes, &counts, n, a), left.len() as i64, "phi({n}, {a})");
                assert_eq!(all[a + 1], left.len() as i64, "all of {n} at {a}");
            }
        }
    }
}
