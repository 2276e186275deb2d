//! A + C: sums of pi(x / (p q)) over primes p < q, by segments of n = x / (p q) (the ranges of q:
//! [`super::ranges`]).
//!
//! [0, sqrt x] is sieved by bytes, with running counts; for each p the q of a segment are a run of
//! primes, each of which costs a product and a look-up. A span returns an affine tally.

use montesieve_kernel::isa::Supported;
use std::ops::{ControlFlow, Range};

use super::affine::Affine;
use super::kernels::{self, Dividend, ENTRY};
use super::params::sqrt_fast;
use super::ranges::{places, ranges};
use super::tables::Tables;
use crate::YieldNow;
use crate::bytes::ByteSieve;

/// Entries of a segment: 16 KiB.
const SEGMENT: usize = 2048;
/// Segments that are sieved at once.
const WINDOW: usize = 16;
/// Leaves between two calls of `yield_now`, 4 ms of them, and primes p (AMD Zen 4).
const LOOK: usize = 1 << 23;
/// A prime without a leaf costs as much as this number of leaves.
const IDLE: usize = 16;

/// A prime p at work: x / p, its ranges of q as places of primes, and the place up to which q are
/// still to come.
struct EasyPrime {
    xp: Dividend,
    plain: (usize, usize),
    second: (usize, usize),
    /// Of each q of the second range.
    weight: u64,
    /// The largest q, and the place of the largest one left.
    most: u64,
    left: usize,
}

/// The tally of [low, high); `low` is even.
pub(super) fn span(
    tables: &Tables<'_>,
    isa: Supported,
    (low, high): (u64, u64),
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), Affine> {
    let (x, y) = (tables.params.x, u128::from(tables.params.y));
    let all = places(tables);
    // p q n <= x and q >= p, so p <= sqrt(x / n); n >= x / (p y), so p >= x / (y n).
    let largest = |low: u64| tables.pi(sqrt_fast(x / u128::from(low.max(1))).min(tables.params.root3)).min(*all.end());
    let smallest =
        |high: u64| tables.pi((x / u128::from(high) / y).min(u128::from(tables.params.root3)) as u64).max(*all.start());
    let first = smallest(high);
    let mut lines: Vec<EasyPrime> = (first..=largest(low)).map(|b| line(tables, b, low)).collect();
    let (mut sieve, mut entries) = (ByteSieve::new(high, isa), Vec::new());
    let mut tally = Affine::default();
    let mut begin = low;
    while begin < high {
        // The bytes of a window begin here.
        let base = begin / 30 * 30;
        let end = (base + ENTRY * (SEGMENT * WINDOW) as u64).min(high);
        entries.clear();
        // 2, 3 and 5 are not in the bytes.
        let mut primes = if begin == 0 { 3 } else { 0 };
        sieve.pieces(begin, end, yield_now, &mut |_, bytes| {
            kernels::append_entries(bytes, &mut primes, &mut entries);
            ControlFlow::Continue(())
        })?;
        let (mut sum, mut weight, mut since) = (0, 0, 0);
        for (i, entries) in entries.chunks(SEGMENT).enumerate() {
            let base = base + ENTRY * (i * SEGMENT) as u64;
            let (from, end) = (base.max(begin), (base + ENTRY * entries.len() as u64).min(end));
            let over = Dividend::new(x / u128::from(end));
            for b in smallest(end)..=largest(from) {
                since += IDLE;
                if since > LOOK {
                    yield_now()?;
                    since = 0;
                }
                let line = &mut lines[b - first];
                let from = over.over(tables.p(b), line.most);
                if from >= line.most {
                    continue;
                }
                let window = (tables.pi(from), line.left);
                line.left = window.0;
                for (range, each) in [(line.plain, 1), (line.second, line.weight)] {
                    let (from, to) = (range.0.max(window.0), range.1.min(window.1));
                    if from >= to {
                        continue;
                    }
                    sum += each * leaves(tables, isa, line.xp, from + 1..to + 1, base, entries);
                    since += to - from;
                    weight += i128::from(each) * (to - from) as i128;
                }
            }
            yield_now()?;
        }
        tally.sum += i128::from(sum) + weight * i128::from(tally.primes);
        tally.weight += weight;
        tally.primes += primes;
        begin = end;
    }
    ControlFlow::Continue(tally)
}

/// The ones of `entries`, which begin at `base`, up to xp / q, for the primes q at these places.
fn leaves(tables: &Tables<'_>, isa: Supported, xp: Dividend, q: Range<usize>, base: u64, entries: &[u64]) -> u64 {
    let known = if xp.is_short() { q.end.min(tables.over.len()).max(q.start) } else { q.start };
    let over = tables.over.get(q.start..known).unwrap_or_default();
    let by_product = kernels::sum_counts_over(isa, xp, over, base, entries);
    let rest = tables.primes.runs(known..q.end);
    by_product + rest.map(|(above, q)| kernels::sum_counts(isa, xp, above, q, base, entries)).sum::<u64>()
}

fn line(tables: &Tables<'_>, b: usize, low: u64) -> EasyPrime {
    let xp = tables.params.x / u128::from(tables.p(b));
    let ranges = ranges(tables, b, xp);
    let most = ranges.plain.1.max(ranges.second.1);
    let place = |(from, to): (u64, u64)| if from >= to { (0, 0) } else { (tables.pi(from), tables.pi(to)) };
    let left = if low == 0 { most } else { (xp / u128::from(low)).min(u128::from(most)) as u64 };
    EasyPrime {
        xp: Dividend::new(xp),
        plain: place(ranges.plain),
        second: place(ranges.second),
        weight: ranges.weight,
        most,
        left: tables.pi(left),
    }
}
