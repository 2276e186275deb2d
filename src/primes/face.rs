//! The face of the room: one workspace, and the fastest way to each answer.
//!
//! Counting needs no order, so it goes the way that `plan.rs` picks; listing does, so it goes to the sieve by bytes, or to lines that
//! are put in order. Each way's tables are built on first use and kept, so that going on where the last call stopped is nearly free.

use super::Pulse;
use super::bits::Reader;
use super::line::sieving::Primes;
use super::line::{Huge, KINDS, Kinds, LINES_ALONE, LineSieve, SPANS, count_listed};
use super::marks::Marks;
use super::plan::{Way, is_listed_by_lines, way};
use super::run::{PrimeRun, Take};
use super::sieve::{Piece, Sieve as Pieces, outside, runs};
use super::tiny::Tiny;
use super::{beyond, strong};
use crate::isa::Isa;
use std::ops::ControlFlow;

/// The first number above those of 64 bits.
const BORDER: u128 = 1 << 64;

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
    limit: u128,
    /// The limit of what goes by 64 bits.
    limit64: u64,
    isa: Isa,
    lines: LineSieve,
    /// A table of sieving primes that was given.
    primes: Option<Primes<'t>>,
    huge: Option<Box<Huge<'t>>>,
    tiny: Option<Tiny>,
    pieces: Option<Pieces>,
    reader: Option<Reader>,
}

impl<'t> Sieve<'t> {
    /// A workspace for ranges with `high` up to `limit`, which is at most [`HIGHEST`](super::HIGHEST). Tables are built when they are
    /// needed.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set `isa`.
    pub fn new(limit: u128, isa: Isa) -> Sieve<'t> {
        let limit64 = u64::try_from(limit).unwrap_or(u64::MAX);
        let lines = LineSieve::new(limit64, isa);
        Sieve { limit, limit64, isa, lines, primes: None, huge: None, tiny: None, pieces: None, reader: None }
    }

    /// The same, counting with this table of sieving primes where it is of use.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set `isa`; later, when the table was made for a lower limit.
    pub fn with_primes(limit: u128, isa: Isa, primes: Primes<'t>) -> Sieve<'t> {
        Sieve { primes: Some(primes), ..Sieve::new(limit, isa) }
    }

    /// How many primes there are in `[low, high)`; 0 when that is empty.
    ///
    /// A `Break` from `pulse` comes back at once; the workspace stays good.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn count(&mut self, low: u128, high: u128, pulse: &mut Pulse<'_>) -> ControlFlow<(), u64> {
        self.check(high);
        let (below, above) = at_border(low, high);
        let count = self.count_below(below[0], below[1], pulse)?;
        beyond::count(above[0], above[1], pulse).map_continue(|above| count + above)
    }

    fn count_below(&mut self, low: u64, high: u64, pulse: &mut Pulse<'_>) -> ControlFlow<(), u64> {
        if low < LINES_ALONE && high > LINES_ALONE {
            let below = self.count_below(low, LINES_ALONE, pulse)?;
            return self.count_below(LINES_ALONE, high, pulse).map_continue(|above| below + above);
        }
        match way(low, high, self.isa, self.huge.is_some() || self.primes.is_some()) {
            Way::Bytes => self.pieces().count(low, high, pulse),
            Way::Lines => self.lines.count(low, high, pulse),
            Way::Huge => self.huge(pulse)?.count(low, high, pulse),
            Way::Tiny => {
                let tiny = self.tiny.get_or_insert_with(|| Tiny::new(self.limit64, self.isa));
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
        low: u128,
        high: u128,
        kinds: Kinds,
        pulse: &mut Pulse<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        self.check(high);
        // From the last prime below the border to the first one above are 72 numbers: no tuplet goes across.
        let (below, above) = at_border(low, high);
        let mut counts = self.tuplets_below(below[0], below[1], kinds, pulse)?;
        if above[0] < above[1] {
            let more =
                tuplets_by_list(above[0], above[1], kinds, |low, high, each| beyond::runs(low, high, pulse, each))?;
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        ControlFlow::Continue(counts)
    }

    fn tuplets_below(
        &mut self,
        low: u64,
        high: u64,
        kinds: Kinds,
        pulse: &mut Pulse<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        // Members may be above `high`.
        const BORDER: u64 = LINES_ALONE - REACH;
        if low < BORDER && high > BORDER {
            let below = self.tuplets_below(low, BORDER, kinds, pulse)?;
            let above = self.tuplets_below(BORDER, high, kinds, pulse)?;
            return ControlFlow::Continue(std::array::from_fn(|k| below[k] + above[k]));
        }
        if high - low.min(high) <= FEW {
            return tuplets_by_list(low.into(), high.into(), kinds, |low, high, each| {
                let (low, high) = (low as u64, u64::try_from(high).unwrap_or(u64::MAX));
                each(PrimeRun::small(&(low..high).filter(|&n| strong::is_prime(n)).collect::<Vec<_>>()))
            });
        }
        match way(low, high, self.isa, self.huge.is_some() || self.primes.is_some()) {
            Way::Lines => self.lines.tuplets(low, high, kinds, pulse),
            Way::Huge => self.huge(pulse)?.tuplets(low, high, kinds, pulse),
            Way::Bytes | Way::Tiny => tuplets_by_list(low.into(), high.into(), kinds, |low, high, each| {
                let high = u64::try_from(high).unwrap_or(u64::MAX);
                self.pieces().runs(low as u64, high, pulse, &mut |run| each(PrimeRun::small(run)))
            }),
        }
    }

    /// Hands the primes of `[low, high)` to `each`, in rising order, in runs of a few thousand.
    ///
    /// A `Break` from `pulse` or from `each` comes back at once; the runs handed out until then are right.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn runs(&mut self, low: u128, high: u128, pulse: &mut Pulse<'_>, each: &mut Take<'_>) -> ControlFlow<()> {
        self.check(high);
        let ([low, high], above) = at_border(low, high);
        let outside: Vec<u64> = outside(low, high).collect();
        if !outside.is_empty() {
            each(PrimeRun::small(&outside))?;
        }
        let (mut reader, mut run) = (self.reader.take().unwrap_or_else(|| Reader::new(self.isa)), Vec::new());
        let ended = self.bytes(low, high, pulse, &mut |first, bytes| {
            runs(&mut reader, first, bytes, &mut run, &mut |run| each(PrimeRun::small(run)))
        });
        self.reader = Some(reader);
        ended?;
        beyond::runs(above[0], above[1], pulse, each)
    }

    /// Marks the primes of `[low, high)`.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub(super) fn mark(&mut self, low: u128, high: u128, marks: &mut Marks, pulse: &mut Pulse<'_>) -> ControlFlow<()> {
        self.check(high);
        let ([low, high], above) = at_border(low, high);
        outside(low, high).for_each(|p| marks.mark(p.into()));
        self.bytes(low, high, pulse, &mut |first, bytes| {
            marks.extend(first.into(), bytes);
            ControlFlow::Continue(())
        })?;
        beyond::runs(above[0], above[1], pulse, &mut |run| {
            run.iter().for_each(|p| marks.mark(p));
            ControlFlow::Continue(())
        })
    }

    /// Hands the numbers of `[low, high)` to `each` as bytes of 30 numbers with a bit for each prime, in rising order: number n is in byte
    /// n / 30, and the first byte's number comes with the bytes. 2, 3 and 5 are not in them.
    fn bytes(&mut self, low: u64, high: u64, pulse: &mut Pulse<'_>, each: &mut Piece<'_>) -> ControlFlow<()> {
        // No byte is in both.
        let border = LINES_ALONE.next_multiple_of(30).clamp(low, high.max(low));
        if low < border {
            self.pieces().pieces(low, border, pulse, each)?;
        }
        if border >= high {
            return ControlFlow::Continue(());
        }
        if is_listed_by_lines(border, high, self.huge.is_some() || self.primes.is_some()) {
            self.huge(pulse)?.pieces(border, high, pulse, each)
        } else {
            self.pieces().pieces(border, high, pulse, each)
        }
    }

    fn check(&self, high: u128) {
        assert!(high <= self.limit, "a sieve for numbers below {} was asked for {high}", self.limit);
    }

    fn huge(&mut self, pulse: &mut Pulse<'_>) -> ControlFlow<(), &mut Huge<'t>> {
        if self.huge.is_none() {
            let limit = self.limit64.saturating_add(REACH);
            self.huge = Some(Box::new(Huge::new(limit, self.isa, self.primes.clone(), pulse)?));
        }
        ControlFlow::Continue(self.huge.as_mut().expect("built just now"))
    }

    fn pieces(&mut self) -> &mut Pieces {
        let limit = self.limit64.saturating_add(REACH);
        self.pieces.get_or_insert_with(|| Pieces::new(limit, self.isa))
    }
}

/// The parts of `[low, high)` below and above 2^64. The last number below, 2^64 - 1, is composite: no end of 64 bits is needed for it.
fn at_border(low: u128, high: u128) -> ([u64; 2], [u128; 2]) {
    let small = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
    ([small(low), small(high)], [low.max(BORDER), high.max(BORDER)])
}

/// Tuplets from the list of primes, a few at a time: `runs` hands out the primes of a range in runs.
pub(super) fn tuplets_by_list(
    low: u128,
    high: u128,
    kinds: Kinds,
    runs: impl FnOnce(u128, u128, &mut Take<'_>) -> ControlFlow<()>,
) -> ControlFlow<(), [u64; KINDS]> {
    let mut counts = [0; KINDS];
    if low >= high {
        return ControlFlow::Continue(counts);
    }
    // Relative to `low`, so that 64 bits are enough.
    let mut window: Vec<u64> = Vec::new();
    let end = (high - low) as u64;
    runs(low, high + u128::from(REACH), &mut |run| {
        window.extend(run.iter().map(|p| (p - low) as u64));
        let sure = window.len().saturating_sub(KINDS - 1);
        count_listed(&window, sure, end, kinds, &mut counts);
        window.drain(..sure);
        ControlFlow::Continue(())
    })?;
    count_listed(&window, window.len(), end, kinds, &mut counts);
    ControlFlow::Continue(counts)
}

/// From the first member of a k-tuplet to its last, for k from 1 to 6.
///
/// # Panics
/// For any other k.
pub const fn tuplet_span(k: usize) -> u64 {
    SPANS[k - 1]
}
