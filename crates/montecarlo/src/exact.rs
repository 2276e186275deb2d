//! Exact sums of floating-point numbers: a superaccumulator, whose merge is associative to the last
//! bit.
//!
//! Adding `f64`s rounds at every step, so (a + b) + c and a + (b + c) differ, and a sum shared out
//! among ranks would depend on their number. Here nothing is rounded until
//! [`Superaccumulator::value`] is read: every finite `f64` is an integer multiple of 2^-1074 below
//! 2^1024, so a sum is one integer of 2098 bits and a few more for carries. Any order, any
//! grouping: the same integer, hence the same bits.
//!
//! Form: limbs of 64 bits that each hold 32 bits of the number and leave the rest to carries; a
//! mantissa is shifted into place and added to three of them. Carries are passed on once in 2^30
//! additions. Infinities and NaN stand beside the limbs as flags, so that they too come out the
//! same in any order.
//!
//! Two widths: [`Exact`] holds sums of any `f64`s; [`ExactSquares`] holds sums of the squares of
//! any, whose exponents have twice that range. A square itself is no `f64` then, so it is handed
//! over as an `f64` and a power of two.
//!
//! Stands beside [`tally`](super::tally), which keeps plain sums inside a block, in an order that
//! is fixed, and hands only those over: an addition here takes about 4 ns (Zen 5), a plain one a
//! fiftieth of that. Memory: 552 and 1080 bytes; written down, 4 bytes for every 32 bits between
//! the highest and the lowest one (usually 8 to 20).
//!
//! Why not the crate `xsum`: it is the same method, but its state can be neither written down nor
//! sent to another rank.
//!
//! Reference: R. M. Neal, "Fast exact summation using small and large superaccumulators",
//! arXiv:1505.05571 (2015); U. Kulisch, V. Snyder, "The exact dot product as basic tool for long
//! interval arithmetic", Computing 91 (2011).

use serde::{Deserialize, Serialize};

/// Bits of the number in a limb; the other half of its 64 bits takes carries.
const DIGIT: usize = 32;

/// The bits of a limb that belong to the number.
const DIGIT_MASK: i64 = (1 << DIGIT) - 1;

/// Limbs for any finite `f64`: 2098 bits, and 64 more for the carries of 2^64 additions.
const LIMBS: usize = (2098 + 64usize).div_ceil(DIGIT);

/// Limbs for the square of any, and of the difference of any two: 2 * 2098 + 2 bits, and the same
/// for carries.
const SQUARE_LIMBS: usize = (2 * 2098 + 2 + 64usize).div_ceil(DIGIT);

/// The lowest bit stands for 2^-1074, the smallest `f64` above 0; of squares, for the square of
/// that.
const LOWEST: i32 = -1074;

/// Additions until carries must be passed on. Each changes a limb by less than 2^32, so 2^31 - 2
/// would just fit.
const CARRY_AFTER: u32 = 1 << 30;

/// The exact sum of the `f64`s added to it.
///
/// ```
/// use montesieve_montecarlo::exact::Exact;
/// let mut sum = Exact::default();
/// for x in [1e300, 0.1, 0.2, -1e300, 1e-300] {
///     sum.add(x);
/// }
/// assert_eq!(sum.value(), 0.1 + 0.2);
/// ```
pub type Exact = Superaccumulator<LIMBS, LOWEST>;

/// The exact sum of numbers of the size of squares of `f64`s: from 2^-2148 up to 2^2050, and 2^64
/// of them.
///
/// ```
/// use montesieve_montecarlo::exact::ExactSquares;
/// let mut sum = ExactSquares::default();
/// // (3 * 2^900)^2 + (4 * 2^900)^2
/// [9.0, 16.0].map(|square| sum.add_scaled(square, 1800));
/// assert_eq!(sum.value_scaled(-1800), 25.0);
/// assert_eq!(sum.value(), f64::INFINITY);
/// ```
pub type ExactSquares = Superaccumulator<SQUARE_LIMBS, { 2 * LOWEST }>;

/// A sum in `N` digits of 32 bits, of which the lowest bit stands for 2^`LOW`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Superaccumulator<const N: usize, const LOW: i32> {
    /// The sum is the sum over i of `limbs[i] * 2^(32 i + LOW)`.
    limbs: [i64; N],
    /// Additions since carries were passed on, at most.
    pending: u32,
    /// What else was added.
    special: Special,
}

/// What has no place on the number line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Special {
    nan: bool,
    plus_infinity: bool,
    minus_infinity: bool,
}

/// The one form in which equal sums are equal: sign and magnitude, without zeros at either end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    special: Special,
    negative: bool,
    /// Place of the lowest digit that is not 0.
    first: u8,
    /// From there up to the highest digit that is not 0.
    digits: Vec<u32>,
}

impl<const N: usize, const LOW: i32> Default for Superaccumulator<N, LOW> {
    fn default() -> Self {
        Superaccumulator { limbs: [0; N], pending: 0, special: Special::default() }
    }
}

impl<const N: usize, const LOW: i32> Superaccumulator<N, LOW> {
    /// Adds one number.
    #[inline]
    pub fn add(&mut self, x: f64) {
        self.add_scaled(x, 0);
    }

    /// Adds `x * 2^exponent`; bits below the sum's lowest one are cut off.
    ///
    /// # Panics
    /// If that lies above the range of the sum.
    #[inline]
    pub fn add_scaled(&mut self, x: f64, exponent: i32) {
        let bits = x.to_bits();
        let field = (bits >> 52 & 0x7FF) as i32;
        if field == 0x7FF {
            return self.add_special(x);
        }
        // Subnormals have the unit of the smallest normal numbers, and no hidden one in front.
        let mantissa = (bits & ((1 << 52) - 1)) | u64::from(field != 0) << 52;
        if mantissa == 0 {
            return;
        }
        // The unit of `x` in units of the sum, where it is no smaller than those.
        let place = (field - 1).max(0) + exponent + (LOWEST - LOW);
        let below = place.min(0).unsigned_abs();
        if below >= u64::BITS {
            return;
        }
        let place = place.max(0) as usize;
        let shifted = u128::from(mantissa >> below) << (place % DIGIT);
        // 0 or -1: with it, (part ^ sign) - sign is the part or its negative.
        let sign = bits as i64 >> 63;
        let limbs = &mut self.limbs[place / DIGIT..][..3];
        for (i, limb) in limbs.iter_mut().enumerate() {
            let part = i64::from((shifted >> (DIGIT * i)) as u32);
            *limb += (part ^ sign) - sign;
        }
        self.pending += 1;
        if self.pending >= CARRY_AFTER {
            self.carry();
        }
    }

    #[cold]
    fn add_special(&mut self, x: f64) {
        self.special.nan |= x.is_nan();
        self.special.plus_infinity |= x == f64::INFINITY;
        self.special.minus_infinity |= x == f64::NEG_INFINITY;
    }

    /// Adds all that was added to `other`.
    pub fn merge(&mut self, other: &Self) {
        // Limbs that were carried already are below 2^32 each: that counts as one addition.
        let pending = u64::from(self.pending) + u64::from(other.pending) + 1;
        if pending >= u64::from(CARRY_AFTER) {
            self.carry();
            let mut other = other.clone();
            other.carry();
            self.add_limbs(&other, 1);
        } else {
            self.add_limbs(other, pending as u32);
        }
    }

    fn add_limbs(&mut self, other: &Self, pending: u32) {
        for (limb, more) in self.limbs.iter_mut().zip(&other.limbs) {
            *limb += more;
        }
        self.pending = pending;
        self.special.nan |= other.special.nan;
        self.special.plus_infinity |= other.special.plus_infinity;
        self.special.minus_infinity |= other.special.minus_infinity;
    }

    /// Passes carries on: every limb but the highest is then a digit, 0 to 2^32 - 1.
    fn carry(&mut self) {
        let mut carry = 0;
        for limb in &mut self.limbs[..N - 1] {
            let total = *limb + carry;
            *limb = total & DIGIT_MASK;
            carry = total >> DIGIT;
        }
        self.limbs[N - 1] += carry;
        self.pending = 0;
    }

    /// Whether the sum is negative, and the digits of its magnitude, lowest first.
    fn magnitude(&self) -> (bool, [u32; N]) {
        let mut sum = self.clone();
        sum.carry();
        let negative = sum.limbs[N - 1] < 0;
        if negative {
            sum.limbs.iter_mut().for_each(|limb| *limb = -*limb);
            sum.carry();
        }
        (negative, sum.limbs.map(|limb| limb as u32))
    }

    /// The sum, rounded once, to the nearest `f64` (ties to even). Beyond the largest `f64` it is
    /// an infinity, but only if the sum as a whole lies there. A sum of 0 is +0. NaN if a NaN was
    /// added, or both infinities.
    pub fn value(&self) -> f64 {
        self.value_scaled(0)
    }

    /// The sum times 2^`exponent`, rounded as [`value`](Self::value) is (twice, where it is
    /// subnormal).
    pub fn value_scaled(&self, exponent: i32) -> f64 {
        let Special { nan, plus_infinity, minus_infinity } = self.special;
        match (nan, plus_infinity, minus_infinity) {
            (true, _, _) | (_, true, true) => return f64::NAN,
            (_, true, _) => return f64::INFINITY,
            (_, _, true) => return f64::NEG_INFINITY,
            _ => {}
        }
        let (negative, digits) = self.magnitude();
        let magnitude = rounded(&digits, LOW + exponent);
        if negative { -magnitude } else { magnitude }
    }
}

/// The number with these digits of 32 bits, the lowest bit standing for 2^`lowest`, rounded to the
/// nearest `f64`.
fn rounded(digits: &[u32], lowest: i32) -> f64 {
    let Some(top) = digits.iter().rposition(|&digit| digit != 0) else { return 0.0 };
    // The leading 65 to 96 bits, of which 64 are kept; whether any bit below them is set goes into
    // the last one kept, which is far below the 53 bits of the result: the conversion then rounds
    // as if it saw them all.
    let digit = |below: usize| top.checked_sub(below).map_or(0, |i| u128::from(digits[i]));
    let window = digit(0) << 64 | digit(1) << 32 | digit(2);
    let dropped = 64 - window.leading_zeros();
    let below = window << (128 - dropped) != 0 || digits[..top.saturating_sub(2)].iter().any(|&digit| digit != 0);
    let leading = (window >> dropped) as u64 | u64::from(below);
    // Exact, but for the overflow to infinity and for subnormal numbers. A sum of `f64`s below
    // 2^-1021 has all its bits above 2^-1074 and was not rounded before.
    libm::scalbn(leading as f64, DIGIT as i32 * (top as i32 - 2) + dropped as i32 + lowest)
}

/// 2^exponent, for exponents of normal numbers.
#[cfg(test)]
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

impl<const N: usize, const LOW: i32> PartialEq for Superaccumulator<N, LOW> {
    /// Whether the sums are the same number (however it came about).
    fn eq(&self, other: &Self) -> bool {
        self.special == other.special && self.magnitude() == other.magnitude()
    }
}

impl<const N: usize, const LOW: i32> Eq for Superaccumulator<N, LOW> {}

impl<const N: usize, const LOW: i32> From<Superaccumulator<N, LOW>> for Written {
    fn from(sum: Superaccumulator<N, LOW>) -> Written {
        let (negative, digits) = sum.magnitude();
        let first = digits.iter().position(|&digit| digit != 0).unwrap_or(0);
        let end = digits.iter().rposition(|&digit| digit != 0).map_or(first, |last| last + 1);
        Written { special: sum.special, negative, first: first as u8, digits: digits[first..end].to_vec() }
    }
}

impl<const N: usize, const LOW: i32> TryFrom<Written> for Superaccumulator<N, LOW> {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let mut sum = Superaccumulator { special: written.special, ..Self::default() };
        let first = usize::from(written.first);
        let places = sum.limbs.get_mut(first..first + written.digits.len());
        let places = places.ok_or_else(|| format!("an exact sum has at most {N} digits"))?;
        for (limb, digit) in places.iter_mut().zip(written.digits) {
            *limb = if written.negative { -i64::from(digit) } else { i64::from(digit) };
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests;
