//! A and C: which q belong to a prime p, and the parts that need no sieve.
//!
//! Both are sums of pi(x / (p q)) for primes p < q. With xp = x / p and s = sqrt(xp):
//! - p > x* (A): q in (p, s]; behind xp / y, where x / (p q) < y, each counts twice.
//! - p <= x* (C): q in (L, cut] with L = max(x / p^3, p, y / p), cut = min(max(s, L), y); the q in
//!   (cut, y] are reflected: instead of pi(xp / q) for each q, each prime r = xp / q in (xp / y',
//!   xp / (cut + 1)] counts once (y' is the last prime up to y).
//!
//! Closed part for C ([`closed`]): pi(xp / y') pi(y) - pi(xp / (cut + 1)) pi(cut) where something
//! is reflected; always -(b - 2)(pi(y) - pi(L)). For p <= sqrt(y) also the composites m = q r with
//! p < q < r and max(x / p^3, y / p) < m <= y, each -(pi(x / (p m)) - b + 2). Trap: a reflected
//! range may be empty (xp / (cut + 1) <= xp / y'); it must be (0, 0] then.

use std::ops::{ControlFlow, Range, RangeInclusive};

use super::kernels::Dividend;
use super::params::{K, cbrt, sqrt, sqrt_fast};
use super::tables::Tables;
use crate::YieldNow;

/// Primes p, or q of composites, between two calls of `yield_now`.
const LOOK: usize = 64;

/// The q of a prime p: two ranges without a common number, each from behind its first number to its
/// last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ranges {
    /// Weight 1.
    pub(super) plain: (u64, u64),
    pub(super) second: (u64, u64),
    /// Of each q of the second range.
    pub(super) weight: u64,
}

/// The places b of A and C.
pub(super) fn places(tables: &Tables<'_>) -> RangeInclusive<usize> {
    let params = tables.params;
    let least = cbrt(params.x / u128::from(params.y));
    K.max(tables.pi(least)) + 1..=tables.pi(params.root3)
}

/// The ranges of the prime at place b; xp = x / p.
pub(super) fn ranges(tables: &Tables<'_>, b: usize, xp: u128) -> Ranges {
    let (params, p) = (tables.params, tables.p(b));
    let root = sqrt_fast(xp);
    if p > params.star {
        let (last, twice) = (root.max(p), (xp / u128::from(params.y)).min(u128::from(root)) as u64);
        return Ranges { plain: (p, twice.max(p)), second: (twice.max(p), last), weight: 2 };
    }
    let least = lower(tables, b, xp);
    if least >= params.y {
        return Ranges { plain: (0, 0), second: (0, 0), weight: 1 };
    }
    let cut = root.max(least).min(params.y);
    let from = (xp / u128::from(tables.p(tables.pi_y))) as u64;
    let to = (xp / (u128::from(cut) + 1)) as u64;
    Ranges { plain: (least, cut), second: if to <= from { (0, 0) } else { (from, to) }, weight: 1 }
}

/// L.
fn lower(tables: &Tables<'_>, b: usize, xp: u128) -> u64 {
    let p = tables.p(b);
    ((xp / (u128::from(p) * u128::from(p))) as u64).max(p).max(tables.params.y / p)
}

/// The parts of C that need no sieve, for p in [low, high).
pub(super) fn closed(
    tables: &Tables<'_>,
    (low, high): (u64, u64),
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), i128> {
    let params = tables.params;
    let pi = |n: u64| tables.counts.pi(n) as i128;
    let last = tables.p(tables.pi_y);
    let mut sum = 0;
    let first = (tables.pi(low.max(1) - 1) + 1).max(*places(tables).start());
    for b in first..=tables.pi((high - 1).min(params.star)) {
        if b % LOOK == 0 {
            yield_now()?;
        }
        let p = tables.p(b);
        let xp = params.x / u128::from(p);
        let least = lower(tables, b, xp);
        if least >= params.y {
            continue;
        }
        let Ranges { plain: (_, cut), second, .. } = ranges(tables, b, xp);
        if cut < last {
            let (from, to) = ((xp / u128::from(last)) as u64, (xp / (u128::from(cut) + 1)) as u64);
            debug_assert!(second == (from, to) || to <= from);
            sum += pi(from) * tables.pi_y as i128 - pi(to) * pi(cut);
        }
        sum -= (b as i128 - 2) * (tables.pi_y as i128 - pi(least));
        if p <= sqrt(u128::from(params.y)) {
            sum -= composites(tables, b, xp, yield_now)?;
        }
    }
    ControlFlow::Continue(sum)
}

/// pi(xp / m) - b + 2 over the composites m = q r of the prime at place b.
fn composites(tables: &Tables<'_>, b: usize, xp: u128, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), i128> {
    let (params, p) = (tables.params, tables.p(b));
    let least = ((xp / (u128::from(p) * u128::from(p))) as u64).max(params.y / p);
    let (mut sum, mut leaves, mut place) = (0, 0, b + 1);
    while tables.p(place) * tables.p(place) < params.y {
        if place % LOOK == 0 {
            yield_now()?;
        }
        let q = tables.p(place);
        let (from, to) = (q.max(least / q), params.y / q);
        if from < to {
            let (from, to) = (tables.pi(from), tables.pi(to));
            sum += counted(tables, xp / u128::from(q), from + 1..to + 1);
            leaves += to - from;
        }
        place += 1;
    }
    ControlFlow::Continue(i128::from(sum) - leaves as i128 * (b as i128 - 2))
}

/// pi(n / r), added up over the primes r at these places.
fn counted(tables: &Tables<'_>, n: u128, places: Range<usize>) -> u64 {
    let over = Dividend::new(n);
    let pi = |r: u64| tables.counts.pi(over.over(r, u64::MAX));
    tables.primes.runs(places).map(|(above, run)| run.iter().map(|&r| pi(above + u64::from(r))).sum::<u64>()).sum()
}
