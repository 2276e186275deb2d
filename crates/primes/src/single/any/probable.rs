//! The test of Baillie, Pomerance, Selfridge and Wagstaff for numbers of any size.
//!
//! Stands beside `wide/`, the same for numbers below 2^128, which is ten times as fast there. Its
//! page says how reliable the answer is.

use std::ops::ControlFlow::{self, Continue};

use dashu_int::UBig;
use dashu_int::ops::SquareRoot;

use super::ring::{Ring, Sequence};
use crate::YieldNow;

/// D tested before the search for a square.
const BEFORE_SQUARE: i64 = 8;

/// Whether an odd number without small factors passes both tests.
pub(super) fn is_probable(ring: &Ring, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), bool> {
    Continue(is_strong(ring, 2, yield_now)? && is_strong_lucas(ring, yield_now)?)
}

/// The strong test to a base.
pub(super) fn is_strong(ring: &Ring, base: i64, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), bool> {
    let below = &ring.n - UBig::ONE;
    let twos = below.trailing_zeros().unwrap_or(0);
    let (one, minus_one) = (ring.small(1), ring.small(-1));
    let mut power = ring.power(&ring.small(base), &(below >> twos), yield_now)?;
    if power == one || power == minus_one {
        return Continue(true);
    }
    for _ in 1..twos {
        power = power.sqr();
        if power == minus_one {
            return Continue(true);
        }
        yield_now()?;
    }
    Continue(false)
}

/// The strong Lucas test with Selfridge's parameters.
fn is_strong_lucas(ring: &Ring, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), bool> {
    let Some(d) = discriminant(&ring.n) else { return Continue(false) };
    let above = &ring.n + UBig::ONE;
    let twos = above.trailing_zeros().unwrap_or(0);
    let mut terms = ring.terms(Sequence { p: 1, q: (1 - d) / 4 }, &(above >> twos), yield_now)?;
    let zero = ring.small(0);
    if terms.u == zero || terms.v == zero {
        return Continue(true);
    }
    for _ in 1..twos {
        terms = terms.doubled();
        if terms.v == zero {
            return Continue(true);
        }
        yield_now()?;
    }
    Continue(false)
}

/// The first of 5, -7, 9, -11, ... with (D/n) = -1; `None` where n is a square or shares a factor
/// with a D, so composite.
pub(super) fn discriminant(n: &UBig) -> Option<i64> {
    for i in 0.. {
        if i == BEFORE_SQUARE && n.sqrt().sqr() == *n {
            return None;
        }
        let d = if i % 2 == 0 { 5 + 2 * i } else { -5 - 2 * i };
        match jacobi(d, n) {
            -1 => return Some(d),
            // |D| is smaller than n, which is large.
            0 => return None,
            _ => {}
        }
    }
    None
}

/// Jacobi's symbol (a/n) for odd a and n.
pub(super) fn jacobi(a: i64, n: &UBig) -> i32 {
    let size = a.unsigned_abs();
    let modulo = |m: u64| n % m;
    // (-1/n), then the law of reciprocity turns it round once; from here on all is small.
    let mut sign = if a < 0 && modulo(4) == 3 { -1 } else { 1 };
    if size % 4 == 3 && modulo(4) == 3 {
        sign = -sign;
    }
    let (mut top, mut bottom) = (modulo(size), size);
    while top != 0 {
        let twos = top.trailing_zeros();
        top >>= twos;
        if twos % 2 == 1 && matches!(bottom % 8, 3 | 5) {
            sign = -sign;
        }
        if top % 4 == 3 && bottom % 4 == 3 {
            sign = -sign;
        }
        (top, bottom) = (bottom % top, top);
    }
    if bottom == 1 { sign } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::super::wide;
    use super::*;
    use crate::tests::go;
    use proptest::prelude::*;

    fn passes(n: u128) -> bool {
        go(is_probable(&Ring::new(&UBig::from(n)), &mut || Continue(())))
    }

    #[test]
    fn equals_the_tests_of_128_bits() {
        for low in [211_u128 * 211, 1 << 64, u128::MAX - 4000] {
            for n in (low..low + 2000).filter(|n| n % 2 == 1 && wide::small_factor(*n).is_none()) {
                assert_eq!(passes(n), wide::is_prime(n), "{n}");
            }
        }
    }

    #[test]
    fn squares_and_strong_pseudoprimes_do_not_pass() {
        // Squares of primes (Wieferich's among them), strong pseudoprimes to base 2, to the first
        // 12 and 13 primes, a product of three primes p, 2p - 1, 3p - 2.
        let p = 1_000_000_000_039_u128;
        for n in [
            1093 * 1093,
            3511 * 3511,
            p * p,
            3_215_031_751,
            318_665_857_834_031_151_167_461,
            3_317_044_064_679_887_385_961_981,
        ] {
            assert!(!passes(n), "{n}");
        }
    }

    proptest! {
        #[test]
        fn random_numbers_as_the_tests_of_128_bits(n: u128, shift in 0_u32..100) {
            // The next one without a small factor: four of five have one, and proptest gives up
            // after 1024 refusals.
            let n = ((n >> shift) | 1).clamp(211 * 211 + 2, u128::MAX - 4000);
            let n = (n..).step_by(2).find(|&n| wide::small_factor(n).is_none()).expect("a prime within 4000");
            prop_assert_eq!(passes(n), wide::is_prime(n));
        }
    }
}
