//! D, the hard leaves: -mu(m) phi(x / (p m), b - 1) over p = p_b in (p_k, x*], m <= min(y, x /
//! p^3), p m > y, m squarefree with its least prime factor above p. For p > sqrt(y) such an m is a
//! prime and its mu is -1.
//!
//! A segment [low, high) of n = x / (p m) is sieved by one prime after the other. Before p_b is
//! crossed off, the numbers left are those without a factor among the first b - 1 primes: phi(n,
//! b - 1) = phi(low, b - 1) + the ones up to n. Counters of 64-byte blocks, summed within groups and
//! before each group once a prime, make that sum short.
//! phi(low, b - 1) is computed where a span begins ([`super::phi`]), so any span can be done from
//! scratch.
//! A segment has [`Tuning::leaf_bytes`], a part of the second-level cache: each prime p is visited
//! once a segment, and most have few leaves in one. With 192 KiB, 1e16 and 1e17 are 6 % faster than
//! with 32 and 48 KiB, 2 % than with 96 (AMD Zen 4 with 32 KiB and 1 MiB).
//! Cost: two thirds of the whole at 1e16 (Intel Emerald Rapids, AVX-512).

use montesieve_kernel::isa::Supported;
use std::ops::ControlFlow;

use super::crossing::{BLOCK, CrossingState, Patterns, WORD};
use super::factors::{COPRIME, WHEEL, rank, threshold};
use super::kernels::{self, BATCH, Dividend, GROUP, LeafBatch, Sieved, Turn};
use super::params::{K, sqrt, sqrt_fast};
use super::tables::Tables;
use crate::YieldNow;
use crate::tuning::Tuning;

/// Primes between two calls of `yield_now`. Segments with a small n have most leaves: the first
/// takes 0.1 s at 1e17, and when the root does not look for that long, the others wait.
const LOOK: usize = 16;
/// Below this prime counting all blocks anew is cheaper than counting while crossing off (AMD Zen
/// 5).
const RECOUNT: u64 = 256;

/// A prime at work: x / p, the lower end of m, and the m up to which leaves are still to come.
#[derive(Clone, Copy, Default)]
struct HardPrime {
    xp: Dividend,
    least: u64,
    left: u64,
}

/// One span under way.
struct Hard<'t> {
    tables: &'t Tables<'t>,
    isa: Supported,
    /// Places of the primes whose multiples have leaves, and phi(low, b - 1) of each.
    first: usize,
    last: usize,
    /// The last place with p <= sqrt(y).
    composite: usize,
    phi: Vec<i64>,
    places: Vec<CrossingState>,
    lines: Vec<HardPrime>,
    bytes: Vec<u8>,
    counters: Vec<u16>,
    /// The ones before each block in its group, and before each group, while leaves are counted.
    before: Vec<u16>,
    groups: Vec<u32>,
    even: LeafBatch,
    odd: LeafBatch,
    scratch: Vec<u64>,
}

/// The leaves with n in [low, high); `low` is divisible by 240.
pub(super) fn span(
    tables: &Tables<'_>,
    patterns: &Patterns,
    tuning: Tuning,
    (low, high): (u64, u64),
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), i128> {
    debug_assert!(low.is_multiple_of(WORD));
    let numbers = 30 * u64::from(tuning.leaf_bytes);
    let Some(mut hard) = Hard::new(tables, tuning.isa.require(), numbers, low, high) else {
        return ControlFlow::Continue(0);
    };
    let mut sum = 0;
    for begin in (low..high).step_by(numbers as usize) {
        sum += hard.segment(patterns, begin, (begin + numbers).min(high), yield_now)?;
    }
    ControlFlow::Continue(sum)
}

impl<'t> Hard<'t> {
    /// For segments of `segment` numbers; `None` when no prime has leaves there.
    fn new(tables: &'t Tables<'t>, isa: Supported, segment: u64, low: u64, high: u64) -> Option<Hard<'t>> {
        let params = tables.params;
        let (x, from) = (params.x, u128::from(low.max(1)));
        let last = tables.pi(sqrt_fast(x / from).min(sqrt(u128::from(high))).min(params.star));
        let first = K.max(tables.pi((params.far / high).min(params.star))) + 1;
        if first > last {
            return None;
        }
        let composite = tables.pi(sqrt(u128::from(params.y)));
        // Spans of few numbers with many leaves are shorter than a segment.
        let length = ((high - low).min(segment).div_ceil(30) as usize).next_multiple_of(BLOCK);
        // Pairs of them.
        let groups = length.div_ceil(2 * GROUP * BLOCK);
        let line = |b: usize| {
            let p = tables.p(b);
            let xp = x / u128::from(p);
            let least = if b <= composite { params.y / p } else { p };
            let left = (xp / (u128::from(p) * u128::from(p))).min(u128::from(params.y)).min(xp / from) as u64;
            HardPrime { xp: Dividend::new(xp), least, left }
        };
        Some(Hard {
            tables,
            isa,
            first,
            last,
            composite,
            phi: tables.phi.all(&tables.primes, &tables.counts, low, last),
            places: (K + 1..=last).map(|b| CrossingState::new(tables.p(b) as u32, low)).collect(),
            lines: (first..=last).map(line).collect(),
            bytes: vec![0; length],
            counters: vec![0; 2 * GROUP * groups],
            before: vec![0; 2 * GROUP * groups],
            groups: vec![0; 2 * groups],
            even: LeafBatch::new(),
            odd: LeafBatch::new(),
            scratch: vec![0; BATCH + kernels::ROOM],
        })
    }

    fn segment(
        &mut self,
        patterns: &Patterns,
        low: u64,
        high: u64,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), i128> {
        yield_now()?;
        patterns.fill(&mut self.bytes, low);
        for place in &mut self.places[..self.first - K - 1] {
            kernels::cross(self.isa, &mut self.bytes, place);
        }
        kernels::recount(self.isa, &self.bytes, &mut self.counters);
        let over = Dividend::new(self.tables.params.x / u128::from(high));
        let mut sum = 0;
        for b in self.first..=self.last {
            let (p, line) = (self.tables.p(b), self.lines[b - self.first]);
            if p >= line.left {
                // Nor has any larger prime leaves from here on.
                break;
            }
            if b.is_multiple_of(LOOK) {
                yield_now()?;
            }
            let ones = kernels::running(self.isa, &self.counters, &mut self.before, &mut self.groups);
            let next = over.over(p, line.left);
            self.lines[b - self.first].left = next;
            let least = next.max(line.least);
            if least < line.left {
                let (inside, signs) = match b <= self.composite {
                    true => self.composites(b, line.xp, (least, line.left), low),
                    false => self.primes(line.xp, (least, line.left), low),
                };
                sum += i128::from(inside) + i128::from(signs) * i128::from(self.phi[b]);
            }
            self.phi[b] += i64::from(ones);
            let place = &mut self.places[b - K - 1];
            if p < RECOUNT {
                kernels::cross(self.isa, &mut self.bytes, place);
                kernels::recount(self.isa, &self.bytes, &mut self.counters);
            } else {
                kernels::cross_counted(self.isa, &mut self.bytes, place, &mut self.counters);
            }
        }
        ControlFlow::Continue(sum)
    }

    /// Leaves of m in (from, to] by the table of factors: the ones up to them, signed, and the sum
    /// of their signs.
    fn composites(&mut self, b: usize, xp: Dividend, (from, to): (u64, u64), low: u64) -> (i64, i64) {
        let (from, to) = (rank(from) as usize, rank(to) as usize);
        let (mut total, turns) = ((0, 0), self.tables.turns);
        let mut window = from / COPRIME / turns;
        for turn in from / COPRIME..=to / COPRIME {
            let begin = turn * COPRIME;
            if turn / turns != window {
                self.flush(xp, (window * turns) as u64 * WHEEL, low, &mut total);
                window = turn / turns;
            }
            let part = Turn {
                codes: &self.tables.factors[turn],
                from: from.saturating_sub(begin),
                to: (to - begin).min(COPRIME),
                base: (turn % turns) as u32 * WHEEL as u32,
            };
            kernels::select(self.isa, part, threshold(b), &mut self.even, &mut self.odd);
            if self.odd.is_full() || self.even.is_full() {
                self.flush(xp, (window * turns) as u64 * WHEEL, low, &mut total);
            }
        }
        self.flush(xp, (window * turns) as u64 * WHEEL, low, &mut total);
        total
    }

    /// mu = -1 adds, mu = 1 takes off. The batches have numbers above `base`.
    fn flush(&mut self, xp: Dividend, base: u64, low: u64, total: &mut (i64, i64)) {
        let sieved = Sieved { bytes: &self.bytes, before: &self.before, groups: &self.groups, low };
        for (batch, sign) in [(&mut self.odd, 1), (&mut self.even, -1)] {
            if batch.length > 0 {
                let ones =
                    kernels::count_leaves(self.isa, xp, base, &batch.m[..batch.length], &mut self.scratch, &sieved);
                *total = (total.0 + sign * ones as i64, total.1 + sign * batch.length as i64);
                batch.length = 0;
            }
        }
    }

    /// Leaves of the primes m in (from, to].
    fn primes(&mut self, xp: Dividend, (from, to): (u64, u64), low: u64) -> (i64, i64) {
        let places = self.tables.pi(from) + 1..self.tables.pi(to) + 1;
        let sieved = Sieved { bytes: &self.bytes, before: &self.before, groups: &self.groups, low };
        let mut ones = 0;
        for (base, run) in self.tables.primes.runs(places.clone()) {
            for chunk in run.chunks(BATCH) {
                ones += kernels::count_leaves(self.isa, xp, base, chunk, &mut self.scratch, &sieved) as i64;
            }
        }
        (ones, places.len() as i64)
    }
}
