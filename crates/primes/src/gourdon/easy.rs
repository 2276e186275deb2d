//! A + C: sums of pi(x / (p q)) over primes p < q, by segments of n = x / (p q) (the ranges of q:
//! [`super::ranges`]).
//!
//! A segment of [0, sqrt x] is sieved, odd numbers alone, with running counts; for each p the q of
//! the segment are a run of primes, each of which costs a division and a look-up: 0.85 ns (AMD Zen
//! 5, AVX-512). A span returns an affine tally.

use montesieve_kernel::isa::Supported;
use std::ops::ControlFlow;

use super::affine::Affine;
use super::counts::{CountEntry, count, first_odd, up_to};
use super::kernels::{self, Dividend};
use super::params::{sqrt, sqrt_fast};
use super::ranges::{places, ranges};
use super::tables::Tables;
use crate::YieldNow;

/// Numbers of a segment: 2^18, whose entries are 32 KiB.
const SEGMENT: u64 = 1 << 18;
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
    let mut sieve = OddSieve::new(tables, low, high);
    let mut tally = Affine::default();
    for begin in (low..high).step_by(SEGMENT as usize) {
        let end = (begin + SEGMENT).min(high);
        sieve.next();
        let over = Dividend::new(x / u128::from(end));
        let (mut sum, mut weight, mut since) = (0, 0, 0);
        for b in smallest(end)..=largest(begin) {
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
                for (above, q) in tables.primes.runs(from + 1..to + 1) {
                    sum += each * kernels::sum_counts(isa, line.xp, above, q, begin, &sieve.entries);
                }
                since += to - from;
                weight += i128::from(each) * (to - from) as i128;
            }
        }
        yield_now()?;
        tally.sum += i128::from(sum) + weight * i128::from(tally.primes);
        tally.weight += weight;
        tally.primes += up_to(&sieve.entries, end - 1 - begin);
    }
    ControlFlow::Continue(tally)
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

/// Odd numbers, a segment after the other, with running counts.
struct OddSieve {
    /// The odd primes up to the root of the end.
    primes: Vec<u32>,
    entries: Vec<CountEntry>,
    words: Vec<u64>,
    /// Place of each prime's next odd multiple in the next segment.
    next: Vec<u64>,
}

impl OddSieve {
    fn new(tables: &Tables<'_>, low: u64, high: u64) -> OddSieve {
        let last = tables.pi(sqrt(u128::from(high)) + 1).max(1);
        let primes: Vec<u32> = (2..=last).map(|b| tables.p(b) as u32).collect();
        let next = primes.iter().map(|&p| (first_odd(u64::from(p), low) - low) / 2).collect();
        let words = (SEGMENT / 128) as usize;
        OddSieve { primes, entries: vec![[0, 0]; words], words: vec![0; words], next }
    }

    fn next(&mut self) {
        const BITS: u64 = SEGMENT / 2;
        self.words.fill(!0);
        for (place, &p) in self.next.iter_mut().zip(&self.primes) {
            let mut at = *place;
            while at < BITS {
                self.words[(at / 64) as usize] &= !(1 << (at % 64));
                at += u64::from(p);
            }
            *place = at - BITS;
        }
        count(0, &self.words, &mut self.entries);
    }
}
