//! Whole numbers modulo a prime, one at a time: for tables.

/// a b modulo p.
pub(super) fn times(a: u64, b: u64, p: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(p)) as u64
}

/// The power of `base`.
pub(super) fn power(base: u64, exponent: u64, p: u64) -> u64 {
    (0..u64::BITS - exponent.leading_zeros()).rev().fold(1, |power, bit| {
        let square = times(power, power, p);
        if exponent >> bit & 1 == 1 { times(square, base, p) } else { square }
    })
}

/// 1/a.
pub(super) fn inverse(a: u64, p: u64) -> u64 {
    power(a % p, p - 2, p)
}

/// The number from -p/2 to p/2.
pub(super) fn centred(a: u64, p: u64) -> f64 {
    if a > p / 2 { -((p - a) as f64) } else { a as f64 }
}
