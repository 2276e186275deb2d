//! The Lucas half of a Baillie-PSW test: which sequence tests n.
//!
//! Stands beside the strong test to base 2 (`narrow.rs`, `ifma/strong.rs`), which is the other
//! half; `ifma/lucas.rs` is this test on 32 numbers at once. It costs about two strong tests and
//! replaces the six more of a proven set of bases.
//!
//! Formula ("almost extra strong", Q = 1): P is the least number from 3 on with Jacobi's symbol
//! (P^2 - 4 | n) = -1; V_0 = 2, V_1 = P, V_2k = V_k^2 - 2, V_(2k+1) = V_k V_(k+1) - P. With n + 1 =
//! 2^s d and d odd, n passes if V_d = 2 or -2, or V_(d 2^r) = 0 for an r below s - 1. Every odd
//! prime passes: its V_(n+1)/2 is 2 or -2, and each V before it a square root.
//!
//! Why no composite below 2^64 passes this and base 2: none of the 31,894,014 strong pseudoprimes
//! to base 2 below 2^64, all known by J. Feitsma's and W. Galway's work (2013), passes any of the
//! standard, strong, extra strong and almost extra strong Lucas tests: found by D. Jacobsen, whose
//! Math::Prime::Util decides numbers of 64 bits by this pair. Squares have no P; a square passes
//! base 2 only if its root is a Wieferich prime (1093 or 3511 below 2^32), yet they are tested for.
//!
//! Reference: R. Baillie, S. S. Wagstaff, "Lucas pseudoprimes", Math. Comp. 35 (1980); J. Grantham,
//! "Frobenius pseudoprimes", Math. Comp. 70 (2001); D. Jacobsen, "Pseudoprime statistics, tables,
//! and data", ntheory.org/pseudoprimes.html.

use crate::modulo::modulo;

/// Where a number that still has no P is suspected to be a square. One number in 2^20 gets this
/// far.
const SUSPECT: u64 = 30;

/// P for the odd number `n`, which 3 and 5 do not divide; `None` for a square.
pub(crate) fn parameter(n: u128) -> Option<u64> {
    // (5 | n) and (12 | n) = (3 | n) decide three numbers of four.
    let residue = modulo(n, 60);
    if matches!(residue % 5, 2 | 3) {
        return Some(3);
    }
    if matches!(residue % 12, 5 | 7) {
        return Some(4);
    }
    let mut p = 5;
    while jacobi(p * p - 4, n) != -1 {
        if p == SUSPECT && n.isqrt().pow(2) == n {
            return None;
        }
        p += 1;
    }
    Some(p)
}

/// Jacobi's symbol (a | n) for an odd n.
fn jacobi(a: u64, n: u128) -> i32 {
    let mut sign = 1;
    let mut step = |a: u64, n: u64| {
        let twos = a.trailing_zeros();
        if twos % 2 == 1 && matches!(n % 8, 3 | 5) {
            sign = -sign;
        }
        if (a >> twos) % 4 == 3 && n % 4 == 3 {
            sign = -sign;
        }
        a >> twos
    };
    if a == 0 {
        return i32::from(n == 1);
    }
    // Turned round once, all is small.
    let odd = step(a, n as u64);
    let (mut top, mut bottom) = (modulo(n, odd), odd);
    while top != 0 {
        let odd = step(top, bottom);
        (top, bottom) = (bottom % odd, odd);
    }
    if bottom == 1 { sign } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jacobi_is_legendre_for_primes_and_multiplicative() {
        for p in [3u64, 5, 7, 11, 13, 101] {
            for a in 0..p {
                let power = (0..p / 2).fold(1, |power, _| power * a % p);
                let expected = if power == p - 1 { -1 } else { power as i32 };
                assert_eq!(jacobi(a, p.into()), expected, "({a} | {p})");
            }
        }
        for a in 0..77 {
            assert_eq!(jacobi(a, 77), jacobi(a % 7, 7) * jacobi(a % 11, 11));
            assert_eq!(jacobi(a, 4_294_967_291 * 3), jacobi(a, 4_294_967_291) * jacobi(a % 3, 3));
        }
    }

    #[test]
    fn the_least_p_or_none_for_squares() {
        for n in (4_294_967_311u128..4_294_977_311)
            .step_by(2)
            .chain((0..2000).map(|i| 10_u128.pow(26) - 1 - 2 * i))
            .chain((0..5000).map(|i| u128::from(u64::MAX) - 2 * i))
        {
            let slow = (3..1000).find(|p| jacobi(p * p - 4, n) == -1);
            // With a small divisor the symbol may be 0, which the quick cases do not look for; such
            // numbers never come here.
            if n % 3 != 0 && n % 5 != 0 {
                assert_eq!(parameter(n), slow, "{n}");
            }
        }
        for root in [65_537, 4_294_967_291, 3_000_000_019u128, 9_999_999_999_971] {
            assert_eq!(parameter(root * root), None);
        }
    }
}
