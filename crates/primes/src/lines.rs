//! The line sieve: the fast way to count, where the order of the numbers does not matter, and to
//! list large primes.
//!
//! Stands beside the sieve by bytes of 30 numbers (`bytes.rs`), which keeps neighbours together and
//! so can list them. Here the numbers coprime to a modulus M are sorted by residue: each residue r
//! has a *line*, whose bit k stands for base + M k + r. In a line the multiples of any prime p lie
//! p bits apart: no wheel, no table, no state. That buys larger moduli (fewer numbers to cross),
//! unrolled loops with nothing to guess, and k-tuplets as the AND of a few lines.
//!
//! - [`LineSieve`] is the way in; `shape.rs` chooses modulus and length of a line by range.
//! - `sheet.rs` sieves line after line: `presieve.rs` fills it, `small.rs` and `steady.rs` cross
//!   it. `places.rs` knows where each prime meets the line and moves on to the next; `modulus.rs`
//!   has the arithmetic of M.
//! - `huge.rs` adds records of large primes (`rough/`), which it reads from a table of sieving
//!   primes (`sieving.rs`).
//! - `ones.rs` counts ones, `tuplets.rs` finds the k-tuplets, `order.rs` sorts the numbers of all
//!   lines.
//!
//! Formula: there are (phi(M) / M) n (ln ln root - ln ln 163) crossings for n numbers up to root^2.
//! Reference: the idea of one array per residue class is old; see D. J. Bernstein's primegen (1999)
//! and B. Buhrow's ysieve. Each file says what is new here.

mod huge;

mod modulus;
pub(crate) mod ones;
pub(crate) mod order;
pub(crate) mod places;
pub(crate) mod presieve;
mod rough;
mod shape;
mod sheet;
pub mod sieving;
pub(crate) mod small;
pub(crate) mod steady;
mod tuplets;

use crate::YieldNow;
use crate::bytes::ByteSieve;
use crate::tuning::Tuning;
pub(crate) use huge::HugeSieve;
pub(crate) use huge::{HUGE_END, WINDOW_NUMBERS};
use montesieve_kernel::isa::Supported;
use ones::ones;
use shape::{Shape, shape};
use sheet::Sheet;
use std::ops::ControlFlow;
use tuplets::Tuplets;
pub use tuplets::{KINDS, Kinds};
pub(crate) use tuplets::{SPANS, count_listed};

/// The primes that are in no line of the largest modulus.
const OUTSIDE: [u64; 5] = [2, 3, 5, 7, 11];

/// The largest sieving prime of numbers that lines alone sieve.
const LARGEST: u64 = 5_000_000;

/// Below this number all sieving primes cross line by line: 2.5e13. Blocks depend on it, so it is
/// the same on every machine.
pub(crate) const LINES_ALONE: u64 = LARGEST * LARGEST;

/// Numbers of a piece, of which a few make the window for which records of large primes are made at
/// once.
pub(crate) const PIECE_NUMBERS: u64 = rough::MODULUS << rough::PIECE_BITS;

/// Takes a line: base of its sheet, residue, bits, and the range of bits that are requested.
type Each<'a> = dyn FnMut(u128, u32, &mut [u8], u64, u64) -> ControlFlow<()> + 'a;

/// Counts primes and k-tuplets by lines: a workspace that keeps tables and sieving primes.
pub(crate) struct LineSieve {
    limit: u64,
    tuning: Tuning,
    isa: Supported,
    /// What was built until now, by shape.
    sieves: Vec<(Shape, Sheet)>,
}

impl LineSieve {
    /// Builds nothing yet. Numbers up to `limit` may be requested.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set.
    pub(crate) fn new(limit: u64, tuning: Tuning) -> LineSieve {
        let tuning = tuning.bounded();
        LineSieve { limit, tuning, isa: tuning.isa.require(), sieves: Vec::new() }
    }

    /// How many primes there are in `[low, high)`, where `high` is at most [`LINES_ALONE`].
    pub(crate) fn count(&mut self, low: u64, high: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), u64> {
        self.count_by(shape(low, high, self.tuning.line_bytes), low, high, yield_now)
    }

    fn count_by(&mut self, shape: Shape, low: u64, high: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), u64> {
        let isa = self.isa;
        let mut count = 0;
        self.sheets(shape, low, high, yield_now, &mut |_, _, line, from, to| {
            count += ones(isa, &[line], from, to);
            ControlFlow::Continue(())
        })?;
        let outside =
            OUTSIDE.into_iter().filter(|p| (low..high).contains(p) && u64::from(shape.modulus).is_multiple_of(*p));
        ControlFlow::Continue(count + outside.count() as u64)
    }

    /// How many k-tuplets there are of each kind requested (place k - 1) whose first member is in
    /// `[low, high)`, where `high` is below [`LINES_ALONE`] by [`SPANS`] at least.
    pub(crate) fn tuplets(
        &mut self,
        low: u64,
        high: u64,
        kinds: [bool; KINDS],
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        self.tuplets_by(shape(low, high, self.tuning.line_bytes), low, high, kinds, yield_now)
    }

    fn tuplets_by(
        &mut self,
        shape: Shape,
        low: u64,
        high: u64,
        kinds: [bool; KINDS],
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        let mut tuplets = Tuplets::new(self.isa, shape.modulus, kinds);
        self.sheets(shape, low, high, yield_now, &mut |sheet, residue, line, from, to| {
            tuplets.take(sheet, residue, line, from, to);
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(tuplets.finish(low.into(), high.into()))
    }

    /// Sieves `[low, high)` sheet by sheet and hands out each line: base of the sheet, residue,
    /// bits, and the range of bits that are in `[low, high)`. There are 64 bits more behind.
    fn sheets(
        &mut self,
        shape: Shape,
        low: u64,
        high: u64,
        yield_now: &mut YieldNow<'_>,
        each: &mut Each<'_>,
    ) -> ControlFlow<()> {
        let limit = self.limit;
        let number = u64::from(shape.modulus);
        let lines = self.lines(shape, yield_now)?;
        let start = low / number * number;
        let all = (high - start).div_ceil(number);
        let bits = all.div_ceil(all.div_ceil(shape.bits)).next_multiple_of(64);
        for sheet in 0..all.div_ceil(bits) {
            let base = start + sheet * bits * number;
            let behind = base.saturating_add((bits + 64) * number).min(limit.saturating_add(16));
            lines.begin(base.into(), bits, (behind - 1).isqrt());
            yield_now()?;
            while let Some((residue, line)) = lines.next() {
                let bit = |n: u64| n.saturating_sub(base).saturating_sub(u64::from(residue)).div_ceil(number);
                each(base.into(), residue, line, bit(low), bit(high).min(bits))?;
                yield_now()?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The sieve for `shape`, built on first use.
    fn lines(&mut self, shape: Shape, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), &mut Sheet> {
        let at = match self.sieves.iter().position(|(built, _)| *built == shape) {
            Some(at) => at,
            None => {
                // Tuplets look 16 numbers beyond.
                let root = (self.limit.saturating_add(16) - 1).isqrt().min(LARGEST);
                let primes = self.primes(root, yield_now)?;
                self.sieves.push((shape, Sheet::new(shape.modulus, &primes, shape.ends, self.tuning)));
                self.sieves.len() - 1
            }
        };
        ControlFlow::Continue(&mut self.sieves[at].1)
    }

    /// The primes up to `largest`.
    fn primes(&self, largest: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Vec<u32>> {
        let mut primes = Vec::new();
        ByteSieve::new(largest + 1, self.isa).append(0, largest + 1, yield_now, &mut primes)?;
        ControlFlow::Continue(primes.into_iter().map(|p| p as u32).collect())
    }
}

#[cfg(test)]
mod tests;
