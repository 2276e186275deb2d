//! From accepted pairs to Gaussian deviates, eight at a time: the one definition that every kernel
//! compiles for its registers.
//!
//! For a pair (x, y) inside the unit circle, t = x^2 + y^2, the deviates are X = x f, Y = y f, f =
//! sqrt(-2 ln t / t) (Marsaglia's polar method). Stands beside the kernels, which draw and gather
//! pairs with intrinsics, because here compilers do as well: plain loops over eight lanes of IEEE
//! operations, none fused, so that the bits are the same everywhere.
//!
//! - Pairs come halved, (x/2, y/2): that saves doublings. With q = t/4, the factor 2f = sqrt(-2 ln
//!   t / q).
//! - Logarithm: t = 2^k m, m in [sqrt(1/2), sqrt(2)); with s = (m - 1) / (m + 1), -2 ln t = -2k ln
//!   2 - 4 artanh(s), a polynomial in s^2. No table, and no second division: r = 1 / ((m + 1) q)
//!   gives s = (m - 1) q r and 1/q = (m + 1) r.
//! - Annuli: 1, 1.5, 2, 3, 4, 6 and 8 are where the exponent and the first digit of a double
//!   change. Those four bits say where in a word of eight counters of 8 bits the pair is counted.
//!   Only 1 pair in 8000 reaches 4, and is examined again.
//!
//! The pair accepted as number n of the block is added in lane n mod 8.
//!
//! Run time: one division, one square root and about 50 operations for each register. Memory: 18
//! KiB.
//! Reference: G. Marsaglia, T. A. Bray, SIAM Review 6 (1964) 260; coefficients as in FDLIBM's
//! `e_log.c` (Sun Microsystems, 1993).

use super::sums::{ANNULI, Sums};

/// Pairs at a time. Part of the definition: it says which deviates are added up in which order.
pub(super) const ROW: usize = 8;

/// A number of each pair.
pub(super) type DeviateRow = [f64; ROW];

/// Rows that are added together, at most: a chunk and what was left of the one before. With
/// AVX-512 on a quiet Zen 5, 34 and 130 rows were 4 % slower.
pub(super) const ROWS: usize = 66;

/// Rows that a step begins ahead of the one that it ends, see [`Deviates::add`]: that many must be
/// readable behind the last.
pub(super) const AHEAD: usize = 2;

/// Annuli that are counted in lanes, the innermost apart.
const NEAR: usize = 3;

/// The bits of sqrt(1/2), cut off.
const ROOT_HALF: u64 = 0x3FE6_A09E_0000_0000;
/// The bits of 1.0.
const ONE: u64 = 0x3FF0_0000_0000_0000;
/// The bits of 2^52: an integer below 2^52 or-ed in becomes 2^52 and that integer.
const TWO_52: u64 = 0x4330_0000_0000_0000;
/// What to take away from 2^52 and the exponent field of t/4, to be left with the exponent of t.
const BIAS: f64 = 4_503_599_627_370_496.0 + 1023.0 - 2.0;

/// 2 artanh(s) = 2s + s (c0 s^2 + c1 s^4 + ...), within 2^-58 for |s| <= 0.172.
const C: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

/// 1 / ((m + 1) q), where t = 4q = 2^k m.
#[inline(always)]
fn reciprocal(q: f64) -> f64 {
    1.0 / ((exponent_and_mantissa(q).1 + 1.0) * q)
}

/// k and m of t = 4q = 2^k m.
#[inline(always)]
fn exponent_and_mantissa(q: f64) -> (f64, f64) {
    // Shifted so that the exponent field steps at sqrt(1/2), not at 1.
    let bits = q.to_bits().wrapping_add(ONE - ROOT_HALF);
    let k = f64::from_bits(bits >> 52 | TWO_52) - BIAS;
    let m = f64::from_bits((bits & ((1 << 52) - 1)) + ROOT_HALF);
    (k, m)
}

/// -2 ln(4q) and 1/q, for 2^-93 < q <= 1/4 and its [`reciprocal`].
#[inline(always)]
fn logarithm(q: f64, r: f64) -> (f64, f64) {
    let (k, m) = exponent_and_mantissa(q);
    let (below, above) = (m - 1.0, m + 1.0);
    let s = below * q * r;
    let z = s * s;
    let w = z * z;
    let even = C[0] + w * (C[2] + w * (C[4] + w * C[6]));
    let odd = C[1] + w * (C[3] + w * C[5]);
    let series = z * (even + z * odd);
    (k * (-2.0 * std::f64::consts::LN_2) - (s * 4.0 + s * (2.0 * series)), above * r)
}

/// Sums in lanes: of the deviates, and of pairs by annulus. Small and passed by value, so that
/// compilers keep them in registers.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
struct LaneTotals {
    sx: DeviateRow,
    sy: DeviateRow,
    /// Counters of 8 bits, see [`counter`]; of one chunk, so that none overflows.
    counters: [u64; ROW],
}

/// Which bit of the word of counters stands for a pair whose maximum is `most`, in 0.75 to below
/// 12: one counter each for what lies below 1, 1.5, 2, 3, 4, 6, 8 and 12.
#[inline(always)]
fn counter(most: f64) -> u64 {
    most.to_bits() >> 48 & 0b11_1000
}

/// The counter of the pairs between `from` and the next boundary.
const fn counted(counters: u64, from: f64) -> u64 {
    counters >> (from.to_bits() >> 48 & 0b11_1000) & 0xFF
}
const _: () = assert!(ROWS <= 0xFF);

/// The sums of a block so far.
#[derive(Clone, Debug)]
pub(super) struct Deviates {
    lanes: LaneTotals,
    way: DeviatePipeline,
    /// max(|X|, |Y|) of the rows added last. Kept here, since clearing it for each chunk would cost
    /// as much as a few rows.
    most: [DeviateRow; ROWS],
    /// Pairs in annuli 1, 2 and 3.
    near: [[u64; ROW]; NEAR],
    /// Pairs in those further out, all lanes in one.
    far: [u64; ANNULI],
}

/// The step between drawing and adding, for the rows that are under way.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct DeviatePipeline {
    /// t/4.
    q: [DeviateRow; ROWS + AHEAD],
    /// Its reciprocal.
    r: [DeviateRow; ROWS + AHEAD],
    /// -2 ln t / q.
    square: [DeviateRow; ROWS + AHEAD],
}

impl DeviatePipeline {
    /// First step of a row, up to the division.
    #[inline(always)]
    fn divide(&mut self, row: usize, x: &DeviateRow, y: &DeviateRow) {
        for lane in 0..ROW {
            let q = x[lane] * x[lane] + y[lane] * y[lane];
            self.q[row][lane] = q;
            self.r[row][lane] = reciprocal(q);
        }
    }

    /// Second step, up to the square root.
    #[inline(always)]
    fn take_logarithm(&mut self, row: usize) {
        for lane in 0..ROW {
            let (minus_2_ln, inverse) = logarithm(self.q[row][lane], self.r[row][lane]);
            self.square[row][lane] = minus_2_ln * inverse;
        }
    }
}

impl LaneTotals {
    /// Third and last step: adds eight pairs, which come halved, with the square of their factor;
    /// returns max(|X|, |Y|) of each.
    #[inline(always)]
    fn add(&mut self, x: &DeviateRow, y: &DeviateRow, square: &DeviateRow) -> DeviateRow {
        let mut most = [0.0; ROW];
        for lane in 0..ROW {
            let factor = square[lane].sqrt();
            let (x, y) = (x[lane] * factor, y[lane] * factor);
            self.sx[lane] += x;
            self.sy[lane] += y;
            // Not `f64::max`, whose care for NaN costs three more instructions.
            most[lane] = if x.abs() > y.abs() { x.abs() } else { y.abs() };
        }
        for (sum, &most) in self.counters.iter_mut().zip(&most) {
            // No pair of the generator reaches 12: the smallest t is 2^-91.
            *sum += 1 << counter(if most > 0.75 { most } else { 0.75 });
        }
        most
    }
}

impl Deviates {
    /// Nothing added yet.
    pub fn new() -> Deviates {
        let zero = [[0.0; ROW]; ROWS + AHEAD];
        let way = DeviatePipeline { q: zero, r: zero, square: zero };
        Deviates {
            lanes: LaneTotals::default(),
            way,
            most: [[0.0; ROW]; ROWS],
            near: [[0; ROW]; NEAR],
            far: [0; ANNULI],
        }
    }

    /// Adds the first `rows` rows (at most [`ROWS`]) of eight pairs, which come halved. [`AHEAD`]
    /// more are read, whatever they hold.
    ///
    /// From pair to deviate some 25 operations follow one on another, a division and a square root
    /// among them: 140 cycles, and a processor that looks 200 vector operations ahead sees three
    /// rows at a time, which is not enough to keep it busy. So a pass of the loop ends one row, and
    /// takes two others a third of the way each.
    ///
    /// The far annuli are looked for after the loop: a call inside would take all registers from
    /// it.
    #[inline(always)]
    pub fn add(&mut self, x: &[DeviateRow], y: &[DeviateRow], rows: usize) {
        assert!(rows <= ROWS && x.len() >= rows + AHEAD && y.len() >= rows + AHEAD);
        let mut lanes = self.lanes;
        let way = &mut self.way;
        way.divide(0, &x[0], &y[0]);
        way.divide(1, &x[1], &y[1]);
        way.take_logarithm(0);
        for row in 0..rows {
            way.divide(row + 2, &x[row + 2], &y[row + 2]);
            way.take_logarithm(row + 1);
            self.most[row] = lanes.add(&x[row], &y[row], &way.square[row]);
        }
        let counters = std::mem::take(&mut lanes.counters);
        self.lanes = lanes;
        let [one, two, three] = &mut self.near;
        let mut far = 0;
        for lane in 0..ROW {
            one[lane] += counted(counters[lane], 1.0) + counted(counters[lane], 1.5);
            two[lane] += counted(counters[lane], 2.0);
            three[lane] += counted(counters[lane], 3.0);
            far |= counters[lane];
        }
        if counted(far, 4.0) | counted(far, 6.0) | counted(far, 8.0) != 0 {
            self.add_far(rows);
        }
    }

    /// Counts the pairs of 4 and more in the last `rows` rows.
    #[cold]
    #[inline(never)]
    fn add_far(&mut self, rows: usize) {
        for &most in self.most[..rows].as_flattened() {
            if most >= (NEAR + 1) as f64 {
                self.far[(most as usize).min(ANNULI - 1)] += 1;
            }
        }
    }

    /// The sums of `pairs` pairs. Whatever else was added to fill the last row lay in the innermost
    /// annulus, and added 0.
    pub fn sums(&self, pairs: u64) -> Sums {
        let mut sums = Sums::default();
        self.lanes.sx.iter().for_each(|&sum| sums.sx.add(sum));
        self.lanes.sy.iter().for_each(|&sum| sums.sy.add(sum));
        sums.counts = self.far;
        for (count, lanes) in sums.counts[1..].iter_mut().zip(&self.near) {
            *count = lanes.iter().sum();
        }
        sums.counts[0] = pairs - sums.counts.iter().sum::<u64>();
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_within_4_ulp() {
        // 1 down to 2^-91, in steps that meet all exponents and mantissas; and the neighbourhood of
        // 1 bit by bit.
        let wide = (0..200_000).map(|i| (-f64::from(i) / 3200.0).exp());
        let close = (0..100_000u64).map(|i| f64::from_bits(ONE - i));
        let mut worst = 0.0f64;
        for t in wide.chain(close).filter(|&t| t < 1.0) {
            let (log, inverse) = logarithm(t / 4.0, reciprocal(t / 4.0));
            let exact = -2.0 * t.ln();
            let ulp = f64::from_bits(exact.to_bits() + 1) - exact;
            worst = worst.max((log - exact).abs() / ulp);
            assert!((inverse * (t / 4.0) - 1.0).abs() < 1e-15, "{t}");
        }
        assert!(worst <= 4.0, "{worst} ulp");
        assert_eq!(logarithm(0.25, reciprocal(0.25)), (0.0, 4.0));
    }

    #[test]
    fn pairs_are_told_apart_by_annulus() {
        // f is large for small pairs, so the pair (x, 0) has the deviate sqrt(-2 ln(x^2)).
        let mut deviates = Deviates::new();
        let x: DeviateRow =
            [0.1, 0.5, 1.0, 1.9, 2.5, 3.5, 4.5, 8.5].map(|deviate: f64| (-deviate * deviate / 4.0).exp());
        deviates.add(&[x.map(|x| -x / 2.0); 1 + AHEAD], &[[0.0; ROW]; 1 + AHEAD], 1);
        let sums = deviates.sums(ROW as u64);
        assert_eq!(sums.counts.iter().sum::<u64>(), 8);
        assert_eq!((sums.counts[0], sums.counts[1] + sums.counts[0]), (sums.counts[0], 4));
        assert_eq!(sums.counts[2..], [1, 1, 1, 0, 0, 0, 1, 0]);
        assert!((sums.sx.value() + 22.5).abs() < 1e-12 && sums.sy.value() == 0.0);
    }
}
