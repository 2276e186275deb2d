//! e^x: reduced to |r| <= ln(2)/2, a polynomial, and an exponent put together from bits.
//!
//! With n = round(x / ln 2) and r = x - n ln 2 (ln 2 in two parts, of which the first times n is
//! exact), e^x = 2^n e^r and e^r = 1 + (r + r^2 q(r)). The coefficients interpolate (e^r - 1 - r) /
//! r^2 at the ten Chebyshev nodes of the interval: 1.6e-17 off relative to e^r, where Taylor's
//! polynomial would need two more terms.
//!
//! 15 products and 14 additions. Reference: W. J. Cody, W. Waite, "Software manual for the
//! elementary functions" (1980).

use super::{ROUNDER, mend, polynomial};
use crate::uniform::Row;

/// ln 2 to 32 bits, so that its product with an integer below 2^21 is exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
/// The rest of ln 2.
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The even coefficients of q(r), lowest power first.
const EVEN: [f64; 5] =
    [0.5000000000000001, 0.041666666666624164, 0.0013888888917196719, 2.4801521322368692e-5, 2.7620075879983367e-7];
/// The odd ones.
const ODD: [f64; 5] =
    [0.16666666666666669, 0.008333333333330065, 0.00019841269863040545, 2.7557268480310024e-6, 2.5100375832561234e-8];

/// e^x of every lane. Beyond the range of normal numbers (and for NaN) by `libm`.
#[inline(always)]
pub fn exp(x: &Row) -> Row {
    let mut values = x.map(usual);
    // 708 is a little less than 1022 ln 2: the result is a normal number.
    mend(x, &mut values, |x| x.abs() <= 708.0, libm::exp);
    values
}

#[inline(always)]
fn usual(x: f64) -> f64 {
    let shifted = x * std::f64::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    // Even and odd powers apart: half as long a chain of dependent operations, for one product
    // more.
    let z = r * r;
    let q = polynomial(z, EVEN) + r * polynomial(z, ODD);
    let mantissa = 1.0 + (r + z * q);
    // n is in the lowest bits of `shifted`; what stands above them is shifted out.
    f64::from_bits(mantissa.to_bits().wrapping_add(shifted.to_bits() << 52))
}
