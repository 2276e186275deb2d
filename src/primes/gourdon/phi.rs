//! phi(n, a): how many numbers from 1 to n have no factor among the first a primes. Where a sieve of hard leaves begins in the middle,
//! this says what came before.
//!
//! Formula: phi(n, a) = phi(n, a - 1) - phi(n / p_a, a - 1); pi(n) - a + 1 when n < p_(a+1)^2. Closed for a <= 8 by one table of the wheel
//! 510510; a table of bits for n to 4e6 and a to 100. Cost: 3 ms for all of a at 1e18, 50 ms at 1e22 (AMD Zen 5). Memory: 26 MB at most.

use std::ops::ControlFlow;

use super::counts::Counts;
use super::crossing::{Place, UP_TO, WORD, cross};
use super::frame::{K, sqrt};
use crate::primes::Pulse;

/// The product of the primes to 17, and how many numbers below it are coprime to it.
const WHEEL: u64 = 510_510;
const COPRIME: u64 = 92_160;

/// The largest a and n of the table of bits: 25 MB.
const MOST_A: usize = 100;
const MOST_N: u64 = 1 << 22;

/// Tables of phi.
pub(super) struct Phi {
    wheel: Vec<u32>,
    /// For each a from 9: numbers before a word, and the word.
    small: Vec<Vec<[u64; 2]>>,
    largest: u64,
}

impl Phi {
    /// Bytes of the tables for numbers up to about `wanted`.
    pub(super) fn bytes(wanted: u64) -> u64 {
        4 * WHEEL + 16 * (MOST_A - K) as u64 * wanted.clamp(4000, MOST_N).div_ceil(WORD)
    }

    /// Tables for numbers up to about `wanted`; `primes` from place 1 on. A `Break` from `pulse` comes back at once.
    pub(super) fn new(primes: &[u32], wanted: u64, pulse: &mut Pulse<'_>) -> ControlFlow<(), Phi> {
        let mut wheel = vec![0; WHEEL as usize];
        let mut count = 0;
        for (n, entry) in wheel.iter_mut().enumerate() {
            count += u32::from(![2, 3, 5, 7, 11, 13, 17].iter().any(|p| n % p == 0));
            *entry = count;
        }
        let words = wanted.clamp(4000, MOST_N).div_ceil(WORD);
        let mut bytes = vec![0xff; words as usize * 8];
        let mut small = vec![Vec::new(); K + 1];
        for (a, &p) in primes.iter().enumerate().take(MOST_A + 1).skip(4) {
            pulse()?;
            cross(&mut bytes, &mut Place::new(p, 0));
            if a > K {
                let mut before = 0;
                let entries = bytes.as_chunks::<8>().0.iter().map(|&word| {
                    let word = u64::from_le_bytes(word);
                    let entry = [before, word];
                    before += u64::from(word.count_ones());
                    entry
                });
                small.push(entries.collect());
            }
        }
        ControlFlow::Continue(Phi { wheel, small, largest: words * WORD - 1 })
    }

    /// phi(n, 8).
    pub(super) fn to_19(&self, n: u128) -> u128 {
        self.to_17(n) - self.to_17(n / 19)
    }

    fn to_17(&self, n: u128) -> u128 {
        if let Ok(n) = u64::try_from(n) {
            return u128::from(n / WHEEL * COPRIME + u64::from(self.wheel[(n % WHEEL) as usize]));
        }
        let wheel = u128::from(WHEEL);
        n / wheel * u128::from(COPRIME) + u128::from(self.wheel[(n % wheel) as usize])
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
        let [before, word] = self.small[a][(n / WORD) as usize];
        (before + u64::from((word & UP_TO[(n % WORD) as usize]).count_ones())) as i64
    }

    /// phi(n, a).
    pub(super) fn phi(&self, primes: &[u32], counts: &Counts, n: u64, a: usize) -> i64 {
        let p = |b: usize| u64::from(primes[b]);
        if a <= K {
            return self.tiny(n, a);
        }
        if n <= p(a) {
            return i64::from(n > 0);
        }
        if n <= counts.largest && n < p(a + 1) * p(a + 1) {
            return counts.pi(n) as i64 - a as i64 + 1;
        }
        let most = self.small.len() - 1;
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
    pub(super) fn all(&self, primes: &[u32], counts: &Counts, n: u64, most: usize) -> Vec<i64> {
        let root = sqrt(u128::from(n));
        let mut all = vec![n as i64; most + 2];
        all[0] = 0;
        for b in 2..=most {
            let p = u64::from(primes[b - 1]);
            let removed = match p {
                _ if p <= root => self.phi(primes, counts, n / p, b - 2),
                _ => i64::from(p <= n),
            };
            all[b] = all[b - 1] - removed;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::whole;
    use super::*;

    #[test]
    fn equals_the_definition() {
        let counts = whole(|pulse| Counts::new(3000, pulse));
        let primes = counts.primes();
        let phi = whole(|pulse| Phi::new(&primes, 5000, pulse));
        for n in (0..30).chain([96, 97, 98, 2000, 4799, 4800, 20_000, 60_003]) {
            let mut left: Vec<u64> = (1..=n).collect();
            let all = phi.all(&primes, &counts, n, 300);
            for a in 0..150 {
                if a > 0 {
                    left.retain(|m| !m.is_multiple_of(u64::from(primes[a])));
                }
                assert_eq!(phi.phi(&primes, &counts, n, a), left.len() as i64, "phi({n}, {a})");
                assert_eq!(all[a + 1], left.len() as i64, "all of {n} at {a}");
            }
        }
    }
}
