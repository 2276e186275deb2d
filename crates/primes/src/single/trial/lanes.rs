//! Many divisors at once: quotient and remainder of each follow from those of the divisor before
//! it.
//!
//! With n = q d + r and the next divisor d' = d + g, n - q d' = r - q g =: t, a number known
//! exactly. With k = t / d' to the nearest, the next quotient is q + k and the next remainder t - k
//! d'. So n itself is never divided again, and may have any number of bits as long as the quotients
//! fit. d divides n if and only if r = 0.
//!
//! All numbers are whole and below 2^53, so they are exact as f64, which every vector unit
//! multiplies fastest; the one inexact step is k, from an approximate 1/d'. k need not be the
//! nearest: with |r| below d', what follows is exact all the same, and where d' divides n, t is a
//! multiple of d' and any error below one half is rounded away. So whether products are fused with
//! sums (FMA) or not, and how 1/d' is rounded, does not change the result.
//!
//! One loop in plain Rust, compiled for each instruction set. Run time a divisor: 0.18 ns with
//! AVX-512, 0.34 ns with AVX2, 0.7 ns else; fresh reciprocals take twice as long (AMD Zen 4).

use super::{DIVISORS, RESIDUES, TURN};
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::PLAIN_IS_FUSED;

/// Divisors in flight.
pub(super) const LANES: usize = 32;

/// The largest gap between two divisors.
const LARGEST_GAP: u64 = 10;

/// Adding and subtracting it rounds a number below 2^51 to the nearest whole one.
const WHOLE: f64 = (3_u64 << 51) as f64;

/// Remainders whose product is tested at once. Each is below 2^53, so their product is below 2^212.
const TOGETHER: usize = 4;

/// From each divisor of a turn to the next; the last one leads into the next turn.
const GAPS: [f64; DIVISORS as usize] = gaps();

const fn gaps() -> [f64; DIVISORS as usize] {
    let (mut gaps, mut i) = ([0.0; DIVISORS as usize], 0);
    while i < gaps.len() {
        let next = if i + 1 < gaps.len() { RESIDUES[i + 1] } else { RESIDUES[0] + TURN };
        gaps[i] = (next - RESIDUES[i]) as f64;
        i += 1;
    }
    gaps
}

/// Where 1/d comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reciprocal {
    /// From the beginning of the turn.
    Steady,
    /// Divided anew for each divisor.
    Fresh,
}

impl Reciprocal {
    /// What the divisors from `first` to `last` take; `None` when their numbers do not fit.
    pub(super) fn wanted(n: u128, first: u128, last: u128) -> Option<Reciprocal> {
        let q = n / first;
        // |t| is below g q + d; k d' is below |t| + d'.
        let largest = q.checked_mul(u128::from(LARGEST_GAP))?.checked_add(2 * last)?;
        if largest > 1 << 53 {
            return None;
        }
        // An old reciprocal is wrong by 210 parts in d, k by as much: below a quarter when 4 *
        // 210 * |t| / d < d.
        let reach = 4 * u128::from(TURN) * (u128::from(LARGEST_GAP) * q + first);
        Some(if reach <= first * first { Reciprocal::Steady } else { Reciprocal::Fresh })
    }
}

/// The divisors that are next in each lane, with their quotients and remainders.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct DivisorLanes {
    d: [f64; LANES],
    q: [f64; LANES],
    r: [f64; LANES],
}

impl DivisorLanes {
    /// Every lane at the first divisor of a turn.
    pub(super) fn new(n: u128, start: impl Fn(usize) -> u64) -> DivisorLanes {
        let mut lanes = DivisorLanes { d: [0.0; LANES], q: [0.0; LANES], r: [0.0; LANES] };
        for lane in 0..LANES {
            let d = u128::from(start(lane));
            lanes.d[lane] = d as f64;
            lanes.q[lane] = (n / d) as f64;
            lanes.r[lane] = (n % d) as f64;
        }
        lanes
    }
}

dispatch! {
    /// Advances by `turns`; returns whether a divisor of each lane divided the number.
    pub(super) fn advance(isa: Supported, lanes: &mut DivisorLanes, turns: u64, reciprocal: Reciprocal) -> [bool; LANES] {
        portable => advance_kernel::<PLAIN_IS_FUSED>(lanes, turns, reciprocal),
        avx2 => advance_kernel::<true>(lanes, turns, reciprocal),
        avx512 => advance_kernel::<true>(lanes, turns, reciprocal),
    }
}

#[inline(always)]
fn advance_kernel<const FUSED: bool>(lanes: &mut DivisorLanes, turns: u64, reciprocal: Reciprocal) -> [bool; LANES] {
    match reciprocal {
        Reciprocal::Steady => turn::<FUSED, false>(lanes, turns),
        Reciprocal::Fresh => turn::<FUSED, true>(lanes, turns),
    }
}

/// The remainder at the end of each step is that of the divisor to come, so the first divisor's is
/// tested here, and the last step's is the first of the turns after these.
#[inline(always)]
fn turn<const FUSED: bool, const FRESH: bool>(lanes: &mut DivisorLanes, turns: u64) -> [bool; LANES] {
    let mut hits = [false; LANES];
    for _ in 0..turns {
        let mut inverse = [0.0; LANES];
        for (inverse, d) in inverse.iter_mut().zip(&lanes.d) {
            *inverse = 1.0 / d;
        }
        for gaps in GAPS.as_chunks::<TOGETHER>().0 {
            let mut product = [1.0; LANES];
            for &gap in gaps {
                for lane in 0..LANES {
                    product[lane] *= lanes.r[lane];
                    let t = fused::<FUSED>(-lanes.q[lane], gap, lanes.r[lane]);
                    lanes.d[lane] += gap;
                    let inverse = if FRESH { 1.0 / lanes.d[lane] } else { inverse[lane] };
                    let k = fused::<FUSED>(t, inverse, WHOLE) - WHOLE;
                    lanes.q[lane] += k;
                    lanes.r[lane] = fused::<FUSED>(-k, lanes.d[lane], t);
                }
            }
            for lane in 0..LANES {
                hits[lane] |= product[lane] == 0.0;
            }
        }
    }
    hits
}

/// a b + c, rounded once where the machine does that in one instruction.
#[inline(always)]
fn fused<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}
