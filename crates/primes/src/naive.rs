//! The textbook forms: slow, short and obviously correct.
//!
//! They stay: as the oracles that the fast sieve is tested against, and for teaching (`--algorithm
//! trial|sqrt`): run them beside [`Sieve`](crate::range::Sieve) to measure each idea.
//! All count `[low, high)`.
//!
//! | form | divisions or crossings for all n below N | primes below 1e6 |
//! |---|---|---|
//! | [`Trial`] with [`Divisors::Below`]: every odd divisor below n | about N^2 / (4 ln N) | 31 s |
//! | [`Trial`] with [`Divisors::UpToRoot`]: odd divisors up to the root of n | about N^1.5 / (3 ln N) | 0.06 s |
//! | [`eratosthenes`]: cross out multiples | N ln ln N, and N bytes of memory | 0.003 s |
//! | [`count_in_windows`]: the same, a window at a time | N ln ln N, and root(N) bytes and primes | 0.003 s |
//!
//! Why the root is enough: of two factors a b = n one is at most the root. Reference: Euclid for
//! primes, Eratosthenes by way of Nicomachus, "Introduction to Arithmetic", book 1, chapter 13.

use crate::YieldNow;
use std::ops::ControlFlow;

/// All primes below `high`, by the sieve of Eratosthenes over one bool a number.
///
/// ```
/// assert_eq!(montesieve_primes::naive::eratosthenes(20), [2, 3, 5, 7, 11, 13, 17, 19]);
/// ```
pub fn eratosthenes(high: u64) -> Vec<u64> {
    let high = high as usize;
    let mut is_prime = vec![true; high];
    is_prime.iter_mut().take(2).for_each(|n| *n = false);
    for p in (2..).take_while(|p| p * p < high) {
        if is_prime[p] {
            is_prime[p * p..].iter_mut().step_by(p).for_each(|multiple| *multiple = false);
        }
    }
    (0..high as u64).filter(|&n| is_prime[n as usize]).collect()
}

/// Shortest window of [`count_in_windows`], in numbers: as many bytes as a level-2 cache has.
const SHORTEST_WINDOW: u64 = 1 << 20;

/// How many primes there are in `[low, high)`, by the sieve of Eratosthenes over one window of
/// bools after another.
///
/// The way to count far out, where [`eratosthenes`] would have no memory for all numbers below. A
/// window has as many numbers as the largest sieving prime, so that few primes miss it.
///
/// ```
/// assert_eq!(montesieve_primes::naive::count_in_windows(100, 200), 21);
/// ```
pub fn count_in_windows(low: u64, high: u64) -> u64 {
    let sieving = eratosthenes(high.saturating_sub(1).isqrt() + 1);
    let length = SHORTEST_WINDOW.max(high.isqrt());
    let mut count = 0;
    let mut begin = low.max(2);
    while begin < high {
        let end = begin.saturating_add(length).min(high);
        let mut is_prime = vec![true; (end - begin) as usize];
        for &p in sieving.iter().take_while(|&&p| p * p < end) {
            let first = (p * p).max(begin.next_multiple_of(p));
            if first < end {
                is_prime[(first - begin) as usize..].iter_mut().step_by(p as usize).for_each(|n| *n = false);
            }
        }
        count += is_prime.iter().filter(|&&n| n).count() as u64;
        begin = end;
    }
    count
}

/// Whether `n` is prime, by trial division up to the root.
///
/// ```
/// use montesieve_primes::naive::is_prime;
/// assert!(is_prime(97) && !is_prime(91) && !is_prime(1));
/// ```
pub fn is_prime(n: u64) -> bool {
    let mut never = || ControlFlow::Continue(());
    Trial::new(Divisors::UpToRoot).is_prime(n, &mut never) == ControlFlow::Continue(true)
}

/// Which divisors trial division tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisors {
    /// 2 and every odd number below n: the first idea (`--algorithm trial`).
    Below,
    /// 2 and every odd number up to the square root of n (`--algorithm sqrt`).
    UpToRoot,
}

/// Divisions between two yields: about 2 ms at 6 to 7 cycles each (AMD Zen 5), 20 ms where a
/// division takes 80 cycles.
const DIVISIONS_PER_PULSE: u64 = 1 << 20;

/// Counts primes by trial division, with the interface of [`Sieve`](crate::range::Sieve).
pub struct Trial {
    divisors: Divisors,
    /// Divisions since the last yield.
    divisions: u64,
}

impl Trial {
    /// A workspace; it needs no table.
    pub fn new(divisors: Divisors) -> Trial {
        Trial { divisors, divisions: 0 }
    }

    /// How many primes there are in `[low, high)`. A `Break` from `yield_now` is returned at once.
    pub fn count(&mut self, low: u64, high: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), u64> {
        let mut count = 0;
        for n in low..high {
            count += u64::from(self.is_prime(n, yield_now)?);
        }
        ControlFlow::Continue(count)
    }

    /// Whether `n` is prime.
    fn is_prime(&mut self, n: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), bool> {
        if n < 4 || n.is_multiple_of(2) {
            return ControlFlow::Continue(n == 2 || n == 3);
        }
        let last = match self.divisors {
            Divisors::Below => n - 1,
            Divisors::UpToRoot => n.isqrt(),
        };
        let mut divisor = 3;
        while divisor <= last {
            // Up to the next yield without looking at the clock.
            let stop = last.min(divisor + 2 * (DIVISIONS_PER_PULSE - self.divisions));
            let begin = divisor;
            while divisor <= stop {
                if n.is_multiple_of(divisor) {
                    self.divisions += (divisor - begin) / 2;
                    return ControlFlow::Continue(false);
                }
                divisor += 2;
            }
            self.divisions += (divisor - begin) / 2;
            if self.divisions >= DIVISIONS_PER_PULSE {
                self.divisions = 0;
                yield_now()?;
            }
        }
        ControlFlow::Continue(true)
    }
}

/// How many numbers a block of a job by trial division has: about 10 ms of divisions, and at least
/// one number.
///
/// A prime near n takes n / 2 or sqrt(n) / 2 divisions, and one number in ln n is prime; composites
/// add as much again at most. A function of the numbers' size alone, as [`crate::range::block_len`]
/// is.
pub fn block_len(divisors: Divisors, limit: u64) -> u64 {
    /// 10 ms at 1.7 ns each (AMD Zen 5).
    const DIVISIONS: u64 = 6_000_000;
    let a_prime = match divisors {
        Divisors::Below => limit / 2,
        Divisors::UpToRoot => limit.isqrt() / 2,
    };
    // Integers only: 0.7 * floor(log2) is ln, near enough, and the same on every machine.
    let ln = u64::from(limit.max(4).ilog2()) * 7 / 10;
    (DIVISIONS / (2 * a_prime / ln).max(1)).clamp(1, 1 << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(divisors: Divisors, low: u64, high: u64) -> u64 {
        let mut never = || ControlFlow::Continue(());
        match Trial::new(divisors).count(low, high, &mut never) {
            ControlFlow::Continue(count) => count,
            ControlFlow::Break(()) => unreachable!(),
        }
    }

    #[test]
    fn all_forms_agree_at_the_beginning() {
        let primes = eratosthenes(2000);
        assert_eq!(primes.len(), 303);
        for low in 0..50 {
            for high in 0..150 {
                let expected = primes.iter().filter(|&&p| (low..high).contains(&p)).count() as u64;
                assert_eq!(count(Divisors::Below, low, high), expected);
                assert_eq!(count(Divisors::UpToRoot, low, high), expected);
            }
        }
        assert_eq!(count(Divisors::UpToRoot, 0, 2000), 303);
        assert_eq!(count(Divisors::Below, 0, 2000), 303);
        for high in 0..4 {
            assert_eq!(eratosthenes(high), (2..high).collect::<Vec<_>>());
        }
    }

    #[test]
    fn windows_are_parts_of_the_whole() {
        let primes = eratosthenes(3 << 20);
        let expected = |low: u64, high: u64| primes.iter().filter(|&&p| (low..high).contains(&p)).count() as u64;
        for (low, high) in
            [(0, 0), (0, 2), (0, 3), (2, 3), (4, 5), (9, 2), (0, 1 << 20), (7, 3 << 20), (1 << 20, 2_300_000)]
        {
            assert_eq!(count_in_windows(low, high), expected(low, high), "{low} to {high}");
        }
        assert_eq!(count_in_windows(65_536 * 65_536, 65_537 * 65_537), 5_862);
    }

    #[test]
    fn roots_are_tried_too() {
        for p in [3, 5, 7, 1009, 65521] {
            assert!(!is_prime(p * p));
            assert_eq!(
                is_prime(p * p + 2),
                Trial::new(Divisors::Below).is_prime(p * p + 2, &mut || ControlFlow::Continue(()))
                    == ControlFlow::Continue(true)
            );
        }
    }

    #[test]
    fn the_pulse_comes_in_the_middle_of_a_number() {
        let mut yields = 0;
        let mut third = || {
            yields += 1;
            if yields == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        // 2^31 - 1 is prime: 2^30 divisions, were it not for the Break.
        let p = (1 << 31) - 1;
        assert_eq!(Trial::new(Divisors::Below).count(p, p + 1, &mut third), ControlFlow::Break(()));
        assert_eq!(yields, 3);
        assert!(is_prime(p));
    }

    #[test]
    fn blocks_have_at_least_one_number() {
        for limit in [0, 1, 2, 1000, 1_000_000, u64::MAX] {
            for divisors in [Divisors::Below, Divisors::UpToRoot] {
                assert!((1..=1 << 16).contains(&block_len(divisors, limit)));
            }
        }
        assert_eq!(block_len(Divisors::Below, 100_000_000_000), 1);
    }
}
