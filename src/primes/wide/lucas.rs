//! The strong Lucas test with Selfridge's parameters.
//!
//! Stands beside the strong test to base 2, which it completes. D is the first of 5, -7, 9, -11, ... with (D/n) = -1, P = 1 and
//! Q = (1 - D)/4. With n + 1 = 2^s d, d odd, n passes when U_d = 0 or V_(d 2^i) = 0 modulo n for an i below s.
//!
//! Formulas: U_2k = U_k V_k, V_2k = V_k^2 - 2 Q^k; U_(k+1) = (U_k + V_k)/2, V_(k+1) = (D U_k + V_k)/2.
//! A square has no such D, so squares are looked for when the first few D have failed: other numbers need 2 on average.
//! Reference: R. Baillie and S. S. Wagstaff, "Lucas pseudoprimes", Math. Comp. 35 (1980), method A.

use super::field::Field;

/// After so many D without success a square is likely; 1 number in 2^8 that is none gets here.
const BEFORE_SQUARE: u64 = 8;

/// Whether n, which has no factor below 211, passes.
pub(super) fn passes(field: &Field) -> bool {
    let n = field.modulus();
    let Some((size, is_negative)) = discriminant(n) else { return false };
    let signed = |size: u64, is_negative: bool| {
        let form = field.small(size);
        if is_negative { field.subtract(0, form) } else { form }
    };
    let d = signed(size, is_negative);
    // (1 - D)/4: D = 5 gives -1, D = -7 gives 2, D = 9 gives -2.
    let q = if is_negative { signed((size + 1) / 4, false) } else { signed((size - 1) / 4, true) };
    // 2^128 - 1 is a multiple of 3.
    let twos = (n + 1).trailing_zeros();
    let exponent = (n + 1) >> twos;
    let (mut u, mut v, mut power) = (field.one(), field.one(), q);
    for bit in (0..127 - exponent.leading_zeros()).rev() {
        u = field.times(u, v);
        v = field.subtract(field.times(v, v), field.add(power, power));
        power = field.times(power, power);
        if exponent >> bit & 1 == 1 {
            (u, v) = (field.half(field.add(u, v)), field.half(field.add(field.times(d, u), v)));
            power = field.times(power, q);
        }
    }
    if u == 0 || v == 0 {
        return true;
    }
    (1..twos).any(|_| {
        v = field.subtract(field.times(v, v), field.add(power, power));
        power = field.times(power, power);
        v == 0
    })
}

/// D as its size and whether it is negative; `None` where n is a square or shares a factor with a D, so composite.
fn discriminant(n: u128) -> Option<(u64, bool)> {
    for i in 0.. {
        if i == BEFORE_SQUARE && n.isqrt().pow(2) == n {
            return None;
        }
        let (size, is_negative) = (5 + 2 * i, i % 2 == 1);
        // (-1/n) is -1 when n is 3 modulo 4.
        let sign = if is_negative && n % 4 == 3 { -1 } else { 1 };
        match sign * jacobi(size, n) {
            -1 => return Some((size, is_negative)),
            0 => return None,
            _ => {}
        }
    }
    None
}

/// Jacobi's symbol (a/n), for odd a and n.
fn jacobi(a: u64, n: u128) -> i32 {
    // The law of reciprocity turns it round once; from here on all is small.
    let mut sign = if a % 4 == 3 && n % 4 == 3 { -1 } else { 1 };
    let (mut top, mut bottom) = ((n % u128::from(a)) as u64, a);
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
    use super::*;
    use crate::primes::naive;

    #[test]
    fn passes_the_known_strong_lucas_pseudoprimes_and_no_other_composite() {
        // Those below 100000, OEIS A217255; numbers that share a factor with D do not pass, as there.
        const KNOWN: [u64; 12] = [5459, 5777, 10877, 16109, 18971, 22499, 24569, 25199, 40309, 58519, 75077, 97439];
        let primes = naive::eratosthenes(100_000);
        let wrong: Vec<u64> = (13..100_000)
            .step_by(2)
            .filter(|&n| passes(&Field::new(n.into())) != primes.binary_search(&n).is_ok())
            .collect();
        assert_eq!(wrong, KNOWN);
    }

    #[test]
    fn jacobi_of_a_prime_is_eulers_criterion() {
        for p in [211_u64, 65_537, 1_000_003] {
            for a in (1..200_u64).step_by(2) {
                let field = Field::new(p.into());
                let base = field.small(a);
                let power = (0..(p - 1) / 2).fold(field.one(), |power, _| field.times(power, base));
                let euler = if power == field.one() {
                    1
                } else if power == 0 {
                    0
                } else {
                    -1
                };
                assert_eq!(jacobi(a, p.into()), euler, "({a}/{p})");
            }
        }
    }
}
