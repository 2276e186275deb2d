//! B = sum over primes q in (y, sqrt x] of pi(x / q): numbers with exactly two prime factors above
//! y, subtracted twice.
//!
//! The sieve by bytes over [sqrt x, x / y], with running counts as in A + C; the q come in falling
//! order, so that x / q rises with the sieve. A span returns an affine tally, so it need not know
//! pi of its start.

use montesieve_kernel::isa::Supported;
use std::ops::ControlFlow;

use super::affine::Affine;
use super::crossing::WORD;
use super::kernels::{self, Dividend};
use super::tables::Tables;
use crate::YieldNow;
use crate::bytes::ByteSieve;

/// Numbers in which the q are found at once: 0.2 ms of work, and a list of 0.5 MB (AMD Zen 4).
const WINDOW: u64 = 1 << 21;
/// Bytes whose entries are made at once: 32 KiB of these.
const SEGMENT: usize = 16 << 10;

/// Where the sieve of B begins.
pub(super) fn begin(root: u64) -> u64 {
    root / WORD * WORD
}

/// The tally of [low, high); `low` is divisible by 240.
pub(super) fn span(
    tables: &Tables<'_>,
    isa: Supported,
    (low, high): (u64, u64),
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), Affine> {
    let x = Dividend::new(tables.params.x);
    let (mut tally, mut entries) = (Affine::default(), Vec::new());
    let mut divisors = Divisors::new(tables, isa, low, high);
    ByteSieve::new(high, isa).pieces(low, high, yield_now, &mut |first, bytes| {
        for (first, bytes) in (first..).step_by(SEGMENT).zip(bytes.chunks(SEGMENT)) {
            let (begin, end) = (30 * first, high.min(30 * (first + bytes.len() as u64)));
            let (mut primes, mut sum, mut weight) = (0, 0, 0);
            entries.clear();
            kernels::append_entries(bytes, &mut primes, &mut entries);
            // x / q < end
            divisors.take((tables.params.x / u128::from(end)) as u64, |base, q| {
                sum += kernels::sum_counts(isa, x, base, q, begin, &entries);
                weight += q.len() as u64;
            });
            tally.sum += i128::from(sum) + i128::from(weight) * i128::from(tally.primes);
            tally.weight += i128::from(weight);
            tally.primes += primes;
        }
        ControlFlow::Continue(())
    })?;
    ControlFlow::Continue(tally)
}

/// The primes q of a span, in falling order.
struct Divisors {
    sieve: ByteSieve,
    /// Primes that wait, in rising order: what they are above `next`.
    waiting: Vec<u32>,
    /// Primes in (least, next] are still to be found.
    next: u64,
    least: u64,
}

impl Divisors {
    fn new(tables: &Tables<'_>, isa: Supported, low: u64, high: u64) -> Divisors {
        let params = tables.params;
        let over = |n: u64| (params.x / u128::from(n.max(1))).min(u128::from(params.root2)) as u64;
        let (next, least) = (over(low), over(high).max(params.y));
        Divisors { sieve: ByteSieve::new(next + 1, isa), waiting: Vec::new(), next, least }
    }

    /// Hands out those above `bound` that were not handed out before: a number, and what they are
    /// above it.
    fn take(&mut self, bound: u64, mut each: impl FnMut(u64, &[u32])) {
        loop {
            let next = self.next;
            let from = self.waiting.partition_point(|&q| next + u64::from(q) <= bound);
            each(next, &self.waiting[from..]);
            self.waiting.truncate(from);
            if from > 0 || next <= self.least.max(bound) {
                return;
            }
            let low = self.least.max(next.saturating_sub(WINDOW));
            // Too short to look at a yield meanwhile.
            let _ = self.sieve.runs(low + 1, next + 1, &mut || ControlFlow::Continue(()), &mut |run| {
                self.waiting.extend(run.iter().map(|&q| (q - low) as u32));
                ControlFlow::Continue(())
            });
            self.next = low;
        }
    }
}
