//! The natural logarithm: the exponent, and a series for a mantissa near 1.
//!
//! x = 2^k m with m in [sqrt(1/2), sqrt(2)). With f = m - 1 and s = f / (2 + f), ln m = 2 artanh(s)
//! = 2s + 2s^3/3 + ...; a polynomial in s^2 takes the place of the series, and the sum is arranged
//! so that its largest term is exact: ln x = k ln2_high - ((f^2/2 - (s (f^2/2 + R(s^2)) + k
//! ln2_low)) - f).
//!
//! Method and coefficients as in FDLIBM's `e_log.c` (Sun Microsystems, 1993). One quotient, 12
//! products, 14 additions.

use super::{mend, polynomial};
use crate::uniform::Row;

/// ln 2 to 32 bits, so that its product with an exponent is exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
/// The rest of ln 2.
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The bits of sqrt(1/2), cut off.
const ROOT_HALF: u64 = 0x3FE6_A09E_0000_0000;
/// The bits of 1.0.
const ONE: u64 = 0x3FF0_0000_0000_0000;
/// The bits of 2^52: an integer below 2^52 or-ed in becomes 2^52 and that integer.
const TWO_52: u64 = 0x4330_0000_0000_0000;

/// R(z)/z, lowest power first; R approximates the series within 2^-58.45.
const COEFFICIENTS: [f64; 7] = [
    6.666_666_666_666_735_13e-1,
    3.999_999_999_940_941_908e-1,
    2.857_142_874_366_239_149e-1,
    2.222_219_843_214_978_396e-1,
    1.818_357_216_161_805_012e-1,
    1.531_383_769_920_937_332e-1,
    1.479_819_860_511_658_591e-1,
];

/// The natural logarithm of every lane. What is no normal number above 0 goes to `libm`.
#[inline(always)]
pub fn ln(x: &Row) -> Row {
    let mut values = x.map(usual);
    mend(x, &mut values, |x| (f64::MIN_POSITIVE..=f64::MAX).contains(&x), libm::log);
    values
}

#[inline(always)]
pub(super) fn usual(x: f64) -> f64 {
    // Shifted so that the exponent field steps at sqrt(1/2), not at 1.
    let bits = x.to_bits().wrapping_add(ONE - ROOT_HALF);
    let k = f64::from_bits(bits >> 52 | TWO_52) - (f64::from_bits(TWO_52) + 1023.0);
    let f = f64::from_bits((bits & ((1 << 52) - 1)) + ROOT_HALF) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z * polynomial(z, COEFFICIENTS);
    let half_square = 0.5 * f * f;
    k * LN_2_HIGH - ((half_square - (s * (half_square + series) + k * LN_2_LOW)) - f)
}
