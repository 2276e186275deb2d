//! From accepted pairs to Gaussian deviates, eight at a time: the one definition that every walk compiles for its own registers.
//!
//! For a pair (x, y) inside the unit circle, t = x^2 + y^2, the deviates are X = x f, Y = y f, f = sqrt(-2 ln t / t) (Marsaglia's polar
//! method). Stands beside the walks, which draw and gather pairs by hand, because here compilers do as well: plain
//! loops over eight lanes of IEEE operations, none fused, so that the bits are the same everywhere.
//!
//! - Pairs come halved, (x/2, y/2): that saves doublings. With q = t/4, the factor 2f = sqrt(-2 ln t / q).
//! - Logarithm: t = 2^k m, m in [sqrt(1/2), sqrt(2)); with s = (m - 1) / (m + 1), -2 ln t = -2k ln 2 - 4 artanh(s), a
//!   polynomial in s^2. No table, and
//!   no second division: r = 1 / ((m + 1) q) gives s = (m - 1) q r and 1/q = (m + 1) r.
//! - Annuli: comparisons of max(|X|, |Y|) with 1, 2 and 3 are counted in lanes; only 1 pair in 8000 comes to 4.
//!
//! The pair accepted as number n of the block is added in lane n mod 8.
//!
//! Run time: bound by one division and one square root for each register. Memory: 2.5 KiB.
//! Reference: G. Marsaglia, T. A. Bray, SIAM Review 6 (1964) 260; coefficients as in FDLIBM's `e_log.c` (Sun Microsystems, 1993).

use super::sums::{ANNULI, Sums};

/// Pairs at a time. Part of the definition: it says which deviates are added up in which order.
pub(super) const ROW: usize = 8;

/// A number of each pair.
pub(super) type Row = [f64; ROW];

/// Rows that are added in one go, at most: a chunk and what was left of the one before. Roughly, from single runs with
/// AVX-512 on a busy Zen 4:
/// 10 and 18 rows were 11 and 7 % slower, 66 no faster.
pub(super) const ROWS: usize = 34;

/// Annuli that are told apart in lanes.
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

/// -2 ln(4q) and 1/q, for 2^-93 < q <= 1/4.
#[inline(always)]
pub(super) fn logarithm(q: f64) -> (f64, f64) {
    // Shifted so that the exponent field steps at sqrt(1/2), not at 1.
    let bits = q.to_bits().wrapping_add(ONE - ROOT_HALF);
    let k = f64::from_bits(bits >> 52 | TWO_52) - BIAS;
    let m = f64::from_bits((bits & ((1 << 52) - 1)) + ROOT_HALF);
    let (below, above) = (m - 1.0, m + 1.0);
    let r = 1.0 / (above * q);
    let s = below * q * r;
    let z = s * s;
    let w = z * z;
    let even = C[0] + w * (C[2] + w * (C[4] + w * C[6]));
    let odd = C[1] + w * (C[3] + w * C[5]);
    let series = z * (even + z * odd);
    (k * (-2.0 * std::f64::consts::LN_2) - (s * 4.0 + s * (2.0 * series)), above * r)
}

/// Sums in lanes: of the deviates, and of pairs that come to 1, 2 and 3. Small and passed by value, so that compilers
/// keep them in registers.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
struct Lanes {
    sx: Row,
    sy: Row,
    reach: [[u64; ROW]; NEAR],
}

/// The sums of a block so far.
#[derive(Clone, Debug)]
pub(super) struct Deviates {
    lanes: Lanes,
    /// max(|X|, |Y|) of the rows added last. Kept here, since clearing it for each chunk would cost as much as a few rows.
    most: [Row; ROWS],
    /// Pairs that come to 4 and more, all lanes in one.
    far: [u64; ANNULI],
}

impl Lanes {
    /// Adds eight pairs, which come halved; gives max(|X|, |Y|) of each.
    #[inline(always)]
    fn add(&mut self, x: &Row, y: &Row) -> Row {
        let mut most = [0.0; ROW];
        for lane in 0..ROW {
            let (x, y) = (x[lane], y[lane]);
            let (minus_2_ln, inverse) = logarithm(x * x + y * y);
            let factor = (minus_2_ln * inverse).sqrt();
            let (x, y) = (x * factor, y * factor);
            self.sx[lane] += x;
            self.sy[lane] += y;
            // Not `f64::max`, whose care for NaN costs three more instructions.
            most[lane] = if x.abs() > y.abs() { x.abs() } else { y.abs() };
        }
        for (annulus, reach) in self.reach.iter_mut().enumerate() {
            for lane in 0..ROW {
                reach[lane] += u64::from(most[lane] >= (annulus + 1) as f64);
            }
        }
        most
    }
}

impl Deviates {
    /// Nothing added yet.
    pub fn new() -> Deviates {
        Deviates { lanes: Lanes::default(), most: [[0.0; ROW]; ROWS], far: [0; ANNULI] }
    }

    /// Adds rows of eight pairs, which come halved; at most [`ROWS`].
    ///
    /// The far annuli are looked for after the loop, by the peak of each lane: a call inside would take all registers from it.
    #[inline(always)]
    pub fn add(&mut self, x: &[Row], y: &[Row]) {
        let mut lanes = self.lanes;
        let mut peak = [0.0; ROW];
        for ((x, y), kept) in x.iter().zip(y).zip(&mut self.most) {
            let most = lanes.add(x, y);
            for lane in 0..ROW {
                peak[lane] = if most[lane] > peak[lane] { most[lane] } else { peak[lane] };
            }
            *kept = most;
        }
        self.lanes = lanes;
        if peak.iter().any(|&peak| peak >= (NEAR + 1) as f64) {
            self.add_far(x.len());
        }
    }

    /// Counts those of the last `rows` rows that come to 4 and more.
    #[cold]
    #[inline(never)]
    fn add_far(&mut self, rows: usize) {
        let most = self.most[..rows].as_flattened();
        for (annulus, far) in self.far.iter_mut().enumerate().skip(NEAR + 1) {
            *far += most.iter().filter(|&&most| most >= annulus as f64).count() as u64;
        }
    }

    /// The sums of `pairs` pairs. Whatever else was added to fill the last row lay in the innermost annulus, and added 0.
    pub fn sums(&self, pairs: u64) -> Sums {
        let mut reach = self.far;
        reach[0] = pairs;
        for (annulus, lanes) in self.lanes.reach.iter().enumerate() {
            reach[annulus + 1] = lanes.iter().sum();
        }
        let mut sums = Sums::default();
        self.lanes.sx.iter().for_each(|&sum| sums.sx.add(sum));
        self.lanes.sy.iter().for_each(|&sum| sums.sy.add(sum));
        sums.counts = std::array::from_fn(|annulus| reach[annulus] - reach.get(annulus + 1).unwrap_or(&0));
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_within_4_ulp() {
        // 1 down to 2^-91, in steps that meet all exponents and mantissas; and the neighbourhood of 1 bit by bit.
        let wide = (0..200_000).map(|i| (-f64::from(i) / 3200.0).exp());
        let close = (0..100_000u64).map(|i| f64::from_bits(ONE - i));
        let mut worst = 0.0f64;
        for t in wide.chain(close).filter(|&t| t < 1.0) {
            let (log, inverse) = logarithm(t / 4.0);
            let exact = -2.0 * t.ln();
            let ulp = f64::from_bits(exact.to_bits() + 1) - exact;
            worst = worst.max((log - exact).abs() / ulp);
            assert!((inverse * (t / 4.0) - 1.0).abs() < 1e-15, "{t}");
        }
        assert!(worst <= 4.0, "{worst} ulp");
        assert_eq!(logarithm(0.25), (0.0, 4.0));
    }

    #[test]
    fn pairs_are_told_apart_by_annulus() {
        // f is large for small pairs, so the pair (x, 0) has the deviate sqrt(-2 ln(x^2)).
        let mut deviates = Deviates::new();
        let x: Row = [0.1, 0.5, 1.0, 1.9, 2.5, 3.5, 4.5, 8.5].map(|deviate: f64| (-deviate * deviate / 4.0).exp());
        deviates.add(&[x.map(|x| -x / 2.0)], &[[0.0; ROW]]);
        let sums = deviates.sums(ROW as u64);
        assert_eq!(sums.counts.iter().sum::<u64>(), 8);
        assert_eq!((sums.counts[0], sums.counts[1] + sums.counts[0]), (sums.counts[0], 4));
        assert_eq!(sums.counts[2..], [1, 1, 1, 0, 0, 0, 1, 0]);
        assert!((sums.sx.value() + 22.5).abs() < 1e-12 && sums.sy.value() == 0.0);
    }
}
