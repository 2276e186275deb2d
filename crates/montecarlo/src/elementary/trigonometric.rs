//! Sine and cosine: reduced to a quarter of a turn, two polynomials, of which each lane takes one.
//!
//! With n = round(2x / pi), r = x - n pi/2 lies in [-pi/4, pi/4]; pi/2 stands in three parts, of
//! which the first two times n are exact for n below 2^20 (Cody and Waite). n modulo 4 says which
//! of +-sin r, +-cos r is the answer.
//!
//! Coefficients as in FDLIBM's `k_sin.c` and `k_cos.c` (Sun Microsystems, 1993). 19 products and 20
//! additions for either.

use std::f64::consts::FRAC_2_PI;

use super::{ROUNDER, mend, polynomial};
use crate::uniform::Row;

/// pi/2 in three parts of 33, 33 and 53 bits.
const HALF_PI: [f64; 3] =
    [1.570_796_326_734_125_614_17, 6.077_100_506_303_965_976_60e-11, 2.022_266_248_795_950_631_54e-21];

/// (sin r - r) / r^3 in powers of r^2.
const SINE: [f64; 6] = [
    -1.666_666_666_666_663_243_48e-1,
    8.333_333_333_322_489_461_24e-3,
    -1.984_126_982_985_794_931_34e-4,
    2.755_731_370_707_006_767_89e-6,
    -2.505_076_025_340_686_341_95e-8,
    1.589_690_995_211_550_102_21e-10,
];

/// (cos r - 1 + r^2/2) / r^4 in powers of r^2.
const COSINE: [f64; 6] = [
    4.166_666_666_666_660_190_37e-2,
    -1.388_888_888_887_410_957_49e-3,
    2.480_158_728_947_672_941_78e-5,
    -2.755_731_435_139_066_330_35e-7,
    2.087_572_321_298_174_827_90e-9,
    -1.135_964_755_778_819_482_65e-11,
];

/// Up to here n stays below 2^20, and its products with the first two parts of pi/2 are exact.
const FAR: f64 = 524_288.0;

/// The sine of every lane. Beyond 2^19 (and for NaN) by `libm`.
#[inline(always)]
pub fn sin(x: &Row) -> Row {
    let mut values = x.map(|x| usual(x, 0));
    mend(x, &mut values, |x| x.abs() <= FAR, libm::sin);
    values
}

/// The cosine of every lane. Beyond 2^19 (and for NaN) by `libm`.
#[inline(always)]
pub fn cos(x: &Row) -> Row {
    let mut values = x.map(|x| usual(x, 1));
    mend(x, &mut values, |x| x.abs() <= FAR, libm::cos);
    values
}

/// The sine of x + `quarters` pi/2.
#[inline(always)]
fn usual(x: f64, quarters: u64) -> f64 {
    let shifted = x * FRAC_2_PI + ROUNDER;
    let n = shifted - ROUNDER;
    let r = ((x - n * HALF_PI[0]) - n * HALF_PI[1]) - n * HALF_PI[2];
    let z = r * r;
    let sine = r + r * z * polynomial(z, SINE);
    // 1 - z/2 is rounded; what it lost is put back.
    let half = 0.5 * z;
    let near = 1.0 - half;
    let cosine = near + (((1.0 - near) - half) + z * z * polynomial(z, COSINE));
    // n is in the lowest bits of `shifted`.
    let quarter = shifted.to_bits().wrapping_add(quarters);
    let value = if quarter & 1 == 0 { sine } else { cosine };
    f64::from_bits(value.to_bits() ^ (quarter & 2) << 62)
}
