//! Whether one number below 2^64 is prime: strong tests in Montgomery's form with R = 2^64.
//!
//! Stands beside [`wide`](super::wide) (128 bits) and [`any`](super::any) (any size), and beside
//! `ifma.rs`, which tests 32 numbers at once. This form runs on any CPU.
//!
//! Formula: n - 1 = 2^s d with d odd; n passes base b if b^d = 1 or b^(d 2^i) = -1 modulo n for an
//! i below s. A prime passes every base; no composite below 2^64 passes all of `BASES`.
//!
//! Run time: 0.3 us a base near 2^64 (AMD Zen 5). Memory: none.
//! Reference: G. L. Miller (1976), M. O. Rabin (1980); P. L. Montgomery, "Modular multiplication
//! without trial division", Math. Comp. 44 (1985). The bases are J. Sinclair's (2011), checked
//! against all strong pseudoprimes to base 2 below 2^64 by J. Feitsma and W. Galway (see
//! miller-rabin.appspot.com).

/// Prime divisors tried before any power is computed.
const SMALL: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// Bases for a strong test that no composite below 2^64 passes for all.
const BASES: [u64; 7] = [2, 325, 9375, 28178, 450_775, 9_780_504, 1_795_265_022];

/// An odd number n above 1 and what Montgomery's form needs.
struct Montgomery64 {
    n: u64,
    /// -1/n modulo 2^64.
    inverse: u64,
    /// R modulo n: the form of 1.
    one: u64,
    /// R^2 modulo n.
    square: u64,
}

/// Whether `n` is prime.
///
/// ```
/// use montesieve_primes::narrow::is_prime;
/// assert!(is_prime(18_446_744_073_709_551_557) && !is_prime(3_215_031_751));
/// ```
pub fn is_prime(n: u64) -> bool {
    if n < 2 || SMALL.iter().any(|&p| n.is_multiple_of(p)) {
        return SMALL.contains(&n);
    }
    is_prime_odd(n)
}

/// The first prime of `[low, high)`.
pub fn first(low: u64, high: u64) -> Option<u64> {
    (low..high).find(|&n| is_prime(n))
}

/// The last prime of `[low, high)`.
pub fn last(low: u64, high: u64) -> Option<u64> {
    (low..high).rev().find(|&n| is_prime(n))
}

/// Whether the odd number `n` above 2 is prime; a base that is a multiple of it says nothing.
pub(crate) fn is_prime_odd(n: u64) -> bool {
    let field = Montgomery64::new(n);
    BASES.iter().all(|&base| field.passes(base))
}

impl Montgomery64 {
    fn new(n: u64) -> Montgomery64 {
        // Each round doubles the bits that are right; n is right modulo 8.
        let inverse = (0..5).fold(n, |x, _| x.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(x))));
        let one = (u64::MAX % n + 1) % n;
        let square = (u128::from(one) * u128::from(one) % u128::from(n)) as u64;
        Montgomery64 { n, inverse: inverse.wrapping_neg(), one, square }
    }

    /// a b / R modulo n.
    fn times(&self, a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        let q = (product as u64).wrapping_mul(self.inverse);
        // The low halves cancel: their sum is 0 or 2^64.
        let carry = u128::from(product as u64 != 0);
        let high = (product >> 64) + ((u128::from(q) * u128::from(self.n)) >> 64) + carry;
        let n = u128::from(self.n);
        (if high >= n { high - n } else { high }) as u64
    }

    /// Whether n passes the strong test to `base`.
    fn passes(&self, base: u64) -> bool {
        let base = self.times(base % self.n, self.square);
        if base == 0 {
            return true;
        }
        let twos = (self.n - 1).trailing_zeros();
        let exponent = (self.n - 1) >> twos;
        let mut power = base;
        for bit in (0..63 - exponent.leading_zeros()).rev() {
            power = self.times(power, power);
            if exponent >> bit & 1 == 1 {
                power = self.times(power, base);
            }
        }
        let minus_one = self.n - self.one;
        if power == self.one || power == minus_one {
            return true;
        }
        (1..twos).any(|_| {
            power = self.times(power, power);
            power == minus_one
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive;

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
