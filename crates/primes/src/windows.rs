//! Short windows of huge numbers: sieve a little, then test each number that is left.
//!
//! Stands beside the sieves because a complete sieve takes every prime up to the root, 203 million
//! of them near 2^64 and 400 billion near 1e26, however few the numbers are. Here only some primes
//! cross (see [`cap`]). One number in 20 or 30 is left, and each is tested (`single/many.rs`): a
//! strong test to base 2 first, which nearly no composite passes, and then
//! - with AVX-512, and above 2^64, a Lucas test: together the test of Baillie, Pomerance, Selfridge
//!   and Wagstaff;
//! - else (`narrow.rs`) strong tests to the other bases of a set that no composite below 2^64
//!   passes.
//!
//! Below 2^64 both are proofs. Above it a prime is a probable one: no composite is known that
//! passes.
//!
//! Run time: 7 ns a number near 2^64 with AVX-512 (AMD Zen 4), 80 ns else (AMD Zen 5). Memory: 1
//! MB.

use crate::YieldNow;
use crate::bytes::bits::{values, words};
use crate::bytes::{ByteSieve, PIECE};
use crate::list::{PrimeRun, Take};
use crate::single::many::{BORDER, is_vectored, retain_primes, test_costs};
use crate::task::{Asked, TUPLETS, Task, primes};
use montesieve_kernel::isa::{Isa, Supported};
use std::ops::ControlFlow;

/// All numbers are above this one: the tests take numbers above 2^32, and no number below is worth
/// a test.
pub(crate) const LOWEST: u128 = 1 << 34;

/// The largest prime that ever crosses, about: a larger one would need records.
const LARGEST_CAP: f64 = 2_000_000.0;

/// Nanoseconds that a prime takes to cross: for its first place, and for the eight hits and more
/// that it has in a piece.
const PRIME: f64 = 20.0;

/// Nanoseconds before the first number: tables of the smallest primes.
const BEGIN: f64 = 150_000.0;

/// Numbers with the same base: any number of them that 64 bits have room for.
const STRETCH: u128 = 1 << 48;

/// Numbers that are tested between two yields: a few milliseconds, with AVX-512 and without.
const GROUP: [usize; 2] = [1 << 13, 1 << 11];

/// Finds primes in tiny windows: a workspace.
pub(crate) struct WindowSieve {
    isa: Supported,
    /// A sieve, and the largest prime it was built for.
    pieces: Option<(u64, ByteSieve)>,
    candidates: Vec<u64>,
}

impl WindowSieve {
    pub(crate) fn new(isa: Supported) -> WindowSieve {
        WindowSieve { isa, pieces: None, candidates: Vec::new() }
    }

    /// Estimated nanoseconds for `numbers` numbers from `low` on.
    pub(crate) fn nanoseconds(low: u128, numbers: f64, task: Task) -> f64 {
        let isa = task.isa;
        let (cap, log) = (cap(numbers, low, isa) as f64, (low as f64).ln());
        let pieces = (numbers / (30.0 * PIECE as f64)).ceil();
        let [base_2, others] = test_costs(low, isa);
        let tuplets = if task.asked == Asked::Tuplets { TUPLETS } else { 0.0 };
        let tests = base_2 * 0.5615 / cap.ln() + (others + tuplets) / log;
        BEGIN + cap * 1.5 + PRIME * primes(cap) * pieces + numbers * (0.3 + tests)
    }

    /// How many primes there are in `[low, high)`, whose first number is above [`LOWEST`].
    pub(crate) fn count(&mut self, low: u128, high: u128, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), u64> {
        let mut count = 0;
        self.runs(low, high, yield_now, &mut |run| {
            count += run.offsets.len() as u64;
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(count)
    }

    /// Hands the primes of `[low, high)` to `each`, rising; likewise.
    pub(crate) fn runs(
        &mut self,
        low: u128,
        high: u128,
        yield_now: &mut YieldNow<'_>,
        each: &mut Take<'_>,
    ) -> ControlFlow<()> {
        debug_assert!(low >= high || low > LOWEST);
        if low >= high {
            return ControlFlow::Continue(());
        }
        let (isa, cap, candidates) = (self.isa, cap((high - low) as f64, low, self.isa.isa()), &mut self.candidates);
        let (_, pieces) = match self.pieces.take().filter(|(most, _)| cap <= *most) {
            Some(built) => self.pieces.insert(built),
            None => self.pieces.insert((cap, ByteSieve::rough(cap, isa))),
        };
        let mut at = low;
        while at < high {
            let end = high.min(at + STRETCH);
            let base = if end <= BORDER { 0 } else { at };
            pieces.left(at, end, cap, &mut |first, bytes| {
                candidates.clear();
                for (i, word) in words(bytes).enumerate() {
                    // The first byte may begin before the base.
                    let number = (first.wrapping_sub(base) as u64).wrapping_add(240 * i as u64);
                    candidates.extend(values(word).map(|value| number.wrapping_add(u64::from(value))));
                }
                for group in candidates.chunks_mut(GROUP[usize::from(!is_vectored(isa.isa()))]) {
                    each(PrimeRun { base, offsets: retain_primes(isa, base, group) })?;
                    yield_now()?;
                }
                ControlFlow::Continue(())
            })?;
            at = end;
        }
        ControlFlow::Continue(())
    }
}

/// The largest prime that crosses before the tests of `numbers` numbers from `low` on: it saves as
/// much time as it costs. None is above the root, where all that is left is prime.
///
/// Of N numbers, a prime p takes away N / p times the share that smaller primes have left, 0.56 /
/// ln p, and as many tests.
fn cap(numbers: f64, low: u128, isa: Isa) -> u64 {
    let numbers = numbers.min(30.0 * PIECE as f64);
    let most = LARGEST_CAP.min((low as f64).sqrt());
    (numbers * 0.045 * test_costs(low, isa)[0] / PRIME).clamp(200.0, most) as u64
}

#[cfg(test)]
mod tests;
