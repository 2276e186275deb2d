//! The face of the room: one workspace, and the fastest way to each answer.
//!
//! Counting needs no order, so it goes the way that `plan.rs` picks; listing does, so it goes to the sieve by bytes. Each
//! way's tables are built on first use and kept, so that going on where the last call stopped is nearly free.

use super::Pulse;
use super::line::sieving::Primes;
use super::line::{Huge, KINDS, Kinds, LINES_ALONE, LineSieve, SPANS, count_listed};
use super::plan::{Way, way};
use super::sieve::{Run, Sieve as Pieces};
use super::strong;
use super::tiny::Tiny;
use crate::isa::Isa;
use std::ops::ControlFlow;

/// Tuplets that begin in a range reach so far beyond it at most.
const REACH: u64 = SPANS[KINDS - 1];

/// So few numbers are tested one by one for tuplets: 10 us, where a table of sieving primes would take up to a second.
const FEW: u64 = 64;

/// Sieves ranges `[low, high)`: a rank's workspace. It keeps its sieving primes and buffers.
///
/// ```
/// use montesieve::{isa::Isa, primes::Sieve};
/// use std::ops::ControlFlow;
///
/// let mut sieve = Sieve::new(1_000_000, Isa::widest());
/// let mut pulse = || ControlFlow::Continue(());
/// assert_eq!(sieve.count(0, 1_000_000, &mut pulse), ControlFlow::Continue(78_498));
/// ```
pub struct Sieve<'t> {
    limit: u64,
    isa: Isa,
    lines: LineSieve,
    /// A table of sieving primes that was given.
    primes: Option<Primes<'t>>,
    huge: Option<Box<Huge<'t>>>,
    tiny: Option<Tiny>,
    pieces: Option<Pieces>,
}

impl<'t> Sieve<'t> {
    /// A workspace for ranges with `high` up to `limit`. Tables are built when they are needed.
    ///
    /// An inclusive STOP of 2^64 - 1 is the limit `stop.saturating_add(1)`: 2^64 - 1 is composite, so nothing is lost.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set `isa`.
    pub fn new(limit: u64, isa: Isa) -> Sieve<'t> {
        let lines = LineSieve::new(limit, isa);
        Sieve { limit, isa, lines, primes: None, huge: None, tiny: None, pieces: None }
    }

    /// The same, counting with this table of sieving primes where it is of use.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set `isa`; later, when the table was made for a lower limit.
    pub fn with_primes(limit: u64, isa: Isa, primes: Primes<'t>) -> Sieve<'t> {
        Sieve { primes: Some(primes), ..Sieve::new(limit, isa) }
    }

    /// How many primes there are in `[low, high)`; 0 when that is empty.
    ///
    /// A `Break` from `pulse` comes back at once; the workspace stays good.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn count(&mut self, low: u64, high: u64, pulse: &mut Pulse<'_>) -> ControlFlow<(), u64> {
        self.check(high);
        if low < LINES_ALONE && high > LINES_ALONE {
            let below = self.count(low, LINES_ALONE, pulse)?;
            return self.count(LINES_ALONE, high, pulse).map_continue(|above| below + above);
        }
        match way(low, high, self.isa, self.huge.is_some() || self.primes.is_some()) {
            Way::Bytes => self.pieces().count(low, high, pulse),
            Way::Lines => self.lines.count(low, high, pulse),
            Way::Huge => self.huge(pulse)?.count(low, high, pulse),
            Way::Tiny => {
                let tiny = self.tiny.get_or_insert_with(|| Tiny::new(self.limit, self.isa));
                tiny.count(low, high, pulse)
            }
        }
    }

    /// How many prime k-tuplets there are whose *first* member is in `[low, high)`, for each k from 1 (primes) to 6
    /// that `kinds` asks for, at place k - 1.
    ///
    /// The kinds are primesieve's: twins; triplets (0, 2, 6) and (0, 4, 6); quadruplets (0, 2, 6, 8); quintuplets
    /// (0, 2, 6, 8, 12) and (0, 4, 6, 10, 12); sextuplets (0, 4, 6, 10, 12, 16). Counts of adjacent ranges add up.
    /// primesieve counts a tuplet when all of it is in START..=STOP: ask for `[START, STOP + 1 - tuplet_span(k))`.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn count_tuplets(
        &mut self,
        low: u64,
        high: u64,
        kinds: Kinds,
        pulse: &mut Pulse<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        self.check(high);
        // Members may be above `high`.
        const BORDER: u64 = LINES_ALONE - REACH;
        if low < BORDER && high > BORDER {
            let below = self.count_tuplets(low, BORDER, kinds, pulse)?;
            let above = self.count_tuplets(BORDER, high, kinds, pulse)?;
            return ControlFlow::Continue(std::array::from_fn(|k| below[k] + above[k]));
        }
        if high - low.min(high) <= FEW {
            return tuplets_by_list(low, high, kinds, |low, high, each| {
                each(&(low..high).filter(|&n| strong::is_prime(n)).collect::<Vec<_>>())
            });
        }
        match way(low, high, self.isa, self.huge.is_some() || self.primes.is_some()) {
            Way::Lines => self.lines.tuplets(low, high, kinds, pulse),
            Way::Huge => self.huge(pulse)?.tuplets(low, high, kinds, pulse),
            Way::Bytes | Way::Tiny => {
                tuplets_by_list(low, high, kinds, |low, high, each| self.pieces().runs(low, high, pulse, each))
            }
        }
    }

    /// Hands the primes of `[low, high)` to `each`, in rising order, in runs of a few thousand.
    ///
    /// A `Break` from `pulse` or from `each` comes back at once; the runs handed out until then are right.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn runs(&mut self, low: u64, high: u64, pulse: &mut Pulse<'_>, each: &mut Run<'_>) -> ControlFlow<()> {
        self.check(high);
        self.pieces().runs(low, high, pulse, each)
    }

    /// Appends the primes of `[low, high)` to `primes`, in rising order. After a `Break` from `pulse`, `primes` is as
    /// before.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn append(&mut self, low: u64, high: u64, pulse: &mut Pulse<'_>, primes: &mut Vec<u64>) -> ControlFlow<()> {
        self.check(high);
        self.pieces().append(low, high, pulse, primes)
    }

    fn check(&self, high: u64) {
        assert!(high <= self.limit, "a sieve for numbers below {} was asked for {high}", self.limit);
    }

    fn huge(&mut self, pulse: &mut Pulse<'_>) -> ControlFlow<(), &mut Huge<'t>> {
        if self.huge.is_none() {
            let limit = self.limit.saturating_add(REACH);
            self.huge = Some(Box::new(Huge::new(limit, self.isa, self.primes.clone(), pulse)?));
        }
        ControlFlow::Continue(self.huge.as_mut().expect("built just now"))
    }

    fn pieces(&mut self) -> &mut Pieces {
        let limit = self.limit.saturating_add(REACH);
        self.pieces.get_or_insert_with(|| Pieces::new(limit, self.isa))
    }
}

/// Tuplets from the list of primes, a few at a time: `runs` hands out the primes of a range in runs.
pub(super) fn tuplets_by_list(
    low: u64,
    high: u64,
    kinds: Kinds,
    runs: impl FnOnce(u64, u64, &mut Run<'_>) -> ControlFlow<()>,
) -> ControlFlow<(), [u64; KINDS]> {
    let mut counts = [0; KINDS];
    if low >= high {
        return ControlFlow::Continue(counts);
    }
    let mut window = Vec::new();
    runs(low, high.saturating_add(REACH), &mut |run| {
        window.extend_from_slice(run);
        let sure = window.len().saturating_sub(KINDS - 1);
        count_listed(&window, sure, high, kinds, &mut counts);
        window.drain(..sure);
        ControlFlow::Continue(())
    })?;
    count_listed(&window, window.len(), high, kinds, &mut counts);
    ControlFlow::Continue(counts)
}

/// From the first member of a k-tuplet to its last, for k from 1 to 6.
///
/// # Panics
/// For any other k.
pub const fn tuplet_span(k: usize) -> u64 {
    SPANS[k - 1]
}
