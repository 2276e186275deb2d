//! B = sum over primes q in (y, sqrt x] of pi(x / q): numbers with exactly two prime factors above
//! y, subtracted twice.
//!
//! The sieve by bytes over [sqrt x, x / y]; the q come in falling order, so that x / q rises with
//! the sieve. A span returns an affine tally, so it need not know pi of its start. Cost: 0.07 ns a
//! number of x / y at 1e16 (AMD Zen 4).

use montesieve_kernel::isa::Supported;
use std::ops::ControlFlow;

use super::affine::Affine;
use super::crossing::{UP_TO, WORD};
use super::tables::Tables;
use crate::YieldNow;
use crate::bytes::ByteSieve;

/// Numbers in which the q are found at once: 0.2 ms of work, and a list of 1 MB (AMD Zen 4).
const WINDOW: u64 = 1 << 21;

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
    let mut tally = Affine::default();
    let mut quotients = Quotients::new(tables, isa, low, high);
    ByteSieve::new(high, isa).pieces(low, high, yield_now, &mut |first, bytes| {
        let (begin, length) = (first * 30, bytes.len() as u64 * 30);
        let mut ones = Ones { bytes, before: 0, at: 0 };
        while let Some(n) = quotients.below((begin + length).min(high)) {
            tally.sum += i128::from(tally.primes + ones.up_to(n - begin));
            tally.weight += 1;
        }
        tally.primes += ones.up_to(length - 1);
        ControlFlow::Continue(())
    })?;
    ControlFlow::Continue(tally)
}

/// How many ones there are up to numbers that rise, 0 being the first number of the bytes.
struct Ones<'b> {
    bytes: &'b [u8],
    /// The ones of the words before this one.
    before: u64,
    at: usize,
}

impl Ones<'_> {
    fn up_to(&mut self, n: u64) -> u64 {
        let word = (n / WORD) as usize;
        let (words, rest) = self.bytes.as_chunks::<8>();
        self.before += words[self.at..word].iter().map(|&w| u64::from(u64::from_le_bytes(w).count_ones())).sum::<u64>();
        self.at = word;
        let here = words.get(word).copied().unwrap_or_else(|| {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            last
        });
        self.before + u64::from((u64::from_le_bytes(here) & UP_TO[(n % WORD) as usize]).count_ones())
    }
}

/// x / q for the primes q of a span, in rising order.
struct Quotients {
    x: u128,
    sieve: ByteSieve,
    /// Primes that wait, the largest last.
    waiting: Vec<u64>,
    /// Primes in (least, next] are still to be found.
    next: u64,
    least: u64,
}

impl Quotients {
    fn new(tables: &Tables<'_>, isa: Supported, low: u64, high: u64) -> Quotients {
        let params = tables.params;
        let over = |n: u64| (params.x / u128::from(n.max(1))).min(u128::from(params.root2)) as u64;
        let (next, least) = (over(low), over(high).max(params.y));
        Quotients { x: params.x, sieve: ByteSieve::new(next + 1, isa), waiting: Vec::new(), next, least }
    }

    /// The next one, if it is below `end`.
    fn below(&mut self, end: u64) -> Option<u64> {
        while self.waiting.is_empty() {
            if self.next <= self.least {
                return None;
            }
            let low = self.least.max(self.next.saturating_sub(WINDOW));
            // Too short to look at a yield meanwhile.
            let _ = self.sieve.runs(low + 1, self.next + 1, &mut || ControlFlow::Continue(()), &mut |run| {
                self.waiting.extend_from_slice(run);
                ControlFlow::Continue(())
            });
            self.next = low;
        }
        let n = (self.x / u128::from(*self.waiting.last()?)) as u64;
        (n < end).then(|| {
            self.waiting.pop();
            n
        })
    }
}
