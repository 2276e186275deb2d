//! [`Sieve`]: one workspace for any range, which picks the fastest algorithm for each answer.
//!
//! Counting needs no order, so `strategy.rs` is free to choose. Listing does, so it goes to the
//! sieve by bytes, or to lines that are sorted. Each algorithm's tables are built on first use and
//! kept: resuming where the last call stopped is nearly free.

use super::strategy::{Strategy, choose};
use crate::YieldNow;
use crate::bytes::bits::Reader;
use crate::bytes::{ByteSieve, outside, runs};
use crate::lines::sieving::Primes;
use crate::lines::{HUGE_END, HugeSieve, KINDS, Kinds, LINES_ALONE, LineSieve, SPANS, count_listed};
use crate::list::marks::Marks;
use crate::list::{PrimeRun, Take};
use crate::single::wide;
use crate::task::{Asked, Task};
use crate::tuning::Tuning;
use crate::windows::WindowSieve;
use montesieve_kernel::isa::Supported;
use std::ops::ControlFlow;

/// The first number above those of 64 bits.
const BORDER: u128 = 1 << 64;

/// On both sides of these numbers the strategies differ.
pub(crate) const BORDERS: [u128; 2] = [LINES_ALONE as u128, BORDER];

/// The same for lists, where no byte of 30 numbers may lie on both sides.
const LIST_BORDERS: [u128; 2] = [(LINES_ALONE as u128).next_multiple_of(30), BORDER / 30 * 30];

/// Tuplets that begin in a range reach so far beyond it at most.
const REACH: u64 = SPANS[KINDS - 1];

/// So few numbers are tested one by one for tuplets: 10 us, where a table of sieving primes would
/// take up to a second.
const FEW: u128 = 64;

/// Sieves ranges `[low, high)`: a rank's workspace. It keeps its sieving primes and buffers.
///
/// ```
/// use montesieve_kernel::isa::Isa;
/// use montesieve_primes::Sieve;
/// use std::ops::ControlFlow;
///
/// let mut sieve = Sieve::new(1_000_000, Isa::widest());
/// let mut yield_now = || ControlFlow::Continue(());
/// assert_eq!(sieve.count(0, 1_000_000, &mut yield_now), ControlFlow::Continue(78_498));
/// ```
pub struct Sieve<'t> {
    limit: u128,
    /// The limit of numbers that the 64-bit sieve handles.
    limit64: u64,
    tuning: Tuning,
    isa: Supported,
    lines: LineSieve,
    /// A table of sieving primes that was given.
    primes: Option<Primes<'t>>,
    huge: Option<Box<HugeSieve<'t>>>,
    windows: Option<WindowSieve>,
    bytes: Option<ByteSieve>,
    reader: Option<Reader>,
}

impl<'t> Sieve<'t> {
    /// A workspace for ranges with `high` up to `limit`, which is at most
    /// [`HIGHEST`](super::HIGHEST). Tables are built when they are needed.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set.
    pub fn new(limit: u128, tuning: impl Into<Tuning>) -> Sieve<'t> {
        let tuning = tuning.into().bounded();
        let limit64 = u64::try_from(limit).unwrap_or(u64::MAX);
        let lines = LineSieve::new(limit64, tuning);
        Sieve {
            limit,
            limit64,
            tuning,
            isa: tuning.isa.require(),
            lines,
            primes: None,
            huge: None,
            windows: None,
            bytes: None,
            reader: None,
        }
    }

    /// The same, counting with this table of sieving primes where it is of use.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set; later, when the table was made for a
    /// lower limit.
    pub fn with_primes(limit: u128, tuning: impl Into<Tuning>, primes: Primes<'t>) -> Sieve<'t> {
        Sieve { primes: Some(primes), ..Sieve::new(limit, tuning) }
    }

    /// How many primes there are in `[low, high)`; 0 when that is empty.
    ///
    /// A `Break` from `yield_now` is returned at once; the workspace stays valid.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn count(&mut self, low: u128, high: u128, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), u64> {
        self.check(high);
        let mut count = 0;
        for part in parts(low, high, BORDERS) {
            count += self.count_part(part, self.strategy(part, Asked::Count), yield_now)?;
        }
        ControlFlow::Continue(count)
    }

    /// The same for a range that lies on one side of each border, by this strategy.
    fn count_part(
        &mut self,
        [low, high]: [u128; 2],
        strategy: Strategy,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), u64> {
        match strategy {
            Strategy::Bytes => self.byte_sieve().count(small(low), small(high), yield_now),
            Strategy::Lines => self.lines.count(small(low), small(high), yield_now),
            Strategy::Huge => self.huge(yield_now)?.count(low, high, yield_now),
            Strategy::Windows => self.windows().count(low, high, yield_now),
        }
    }

    /// How many prime k-tuplets there are whose *first* member is in `[low, high)`, for each k from
    /// 1 (primes) to 6 that `kinds` asks for, at place k - 1.
    ///
    /// The kinds are primesieve's: twins; triplets (0, 2, 6) and (0, 4, 6); quadruplets (0, 2, 6,
    /// 8); quintuplets (0, 2, 6, 8, 12) and (0, 4, 6, 10, 12); sextuplets (0, 4, 6, 10, 12, 16).
    /// Counts of adjacent ranges add up. primesieve counts a tuplet when all of it is in
    /// START..=STOP: ask for `[START, STOP + 1 - tuplet_span(k))`.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn count_tuplets(
        &mut self,
        low: u128,
        high: u128,
        kinds: Kinds,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        self.check(high);
        let mut counts = [0; KINDS];
        // From the last prime below 2^64 to the first one above are 72 numbers: no tuplet goes
        // across.
        for part in parts(low, high, [(LINES_ALONE - REACH).into(), BORDER]) {
            let more = self.tuplets_part(part, self.strategy(part, Asked::Tuplets), kinds, yield_now)?;
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        ControlFlow::Continue(counts)
    }

    /// The same for a range that lies on one side of each border, by this strategy.
    fn tuplets_part(
        &mut self,
        [low, high]: [u128; 2],
        strategy: Strategy,
        kinds: Kinds,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        if high - low <= FEW {
            return tuplets_by_list(low, high, kinds, |low, high, each| {
                let primes: Vec<u64> = (low..high).filter(|&n| wide::is_prime(n)).map(|n| (n - low) as u64).collect();
                each(PrimeRun { base: low, offsets: &primes })
            });
        }
        match strategy {
            Strategy::Lines => self.lines.tuplets(small(low), small(high), kinds, yield_now),
            Strategy::Huge => self.huge(yield_now)?.tuplets(low, high, kinds, yield_now),
            Strategy::Bytes | Strategy::Windows => {
                tuplets_by_list(low, high, kinds, |low, high, each| self.runs_beyond(low, high, yield_now, each))
            }
        }
    }

    /// Hands the primes of `[low, high)` to `each`, in rising order, in runs of a few thousand.
    ///
    /// A `Break` from `yield_now` or from `each` is returned at once; the runs handed out until
    /// then are right.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn runs(
        &mut self,
        low: u128,
        high: u128,
        yield_now: &mut YieldNow<'_>,
        each: &mut Take<'_>,
    ) -> ControlFlow<()> {
        self.check(high);
        self.runs_beyond(low, high, yield_now, each)
    }

    /// The same, also a bit beyond the limit, as tuplets need it.
    fn runs_beyond(
        &mut self,
        low: u128,
        high: u128,
        yield_now: &mut YieldNow<'_>,
        each: &mut Take<'_>,
    ) -> ControlFlow<()> {
        let outside: Vec<u64> = outside(small(low), small(high)).collect();
        if !outside.is_empty() {
            each(PrimeRun::small(&outside))?;
        }
        for part in parts(low, high, LIST_BORDERS) {
            self.runs_part(part, self.strategy(part, Asked::List), yield_now, each)?;
        }
        ControlFlow::Continue(())
    }

    /// The same for a range that lies on one side of each border, by this strategy and without 2, 3
    /// and 5.
    fn runs_part(
        &mut self,
        [low, high]: [u128; 2],
        strategy: Strategy,
        yield_now: &mut YieldNow<'_>,
        each: &mut Take<'_>,
    ) -> ControlFlow<()> {
        if strategy == Strategy::Windows {
            return self.windows().runs(low, high, yield_now, each);
        }
        let (mut reader, mut run) = (self.reader.take().unwrap_or_else(|| Reader::new(self.isa)), Vec::new());
        // Numbers of 64 bits stay as they are; others are counted from the first byte.
        let base = if high <= BORDER { 0 } else { low / 30 * 30 };
        let ended = self.bytes(strategy, [low, high], yield_now, &mut |first, bytes| {
            let first = (first - base / 30) as u64;
            runs(&mut reader, first, bytes, &mut run, &mut |run| each(PrimeRun { base, offsets: run }))
        });
        self.reader = Some(reader);
        ended
    }

    /// The one place where a question about primes meets the choice of how to find them.
    fn strategy(&self, [low, high]: [u128; 2], asked: Asked) -> Strategy {
        let (is_built, has_bytes) = (self.huge.is_some() || self.primes.is_some(), self.bytes.is_some());
        choose(low, high, Task { asked, isa: self.isa.isa(), is_built, has_bytes })
    }

    /// Marks the primes of `[low, high)`.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub(crate) fn mark(
        &mut self,
        low: u128,
        high: u128,
        marks: &mut Marks,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<()> {
        self.check(high);
        outside(small(low), small(high)).for_each(|p| marks.mark(p.into()));
        for part in parts(low, high, LIST_BORDERS) {
            self.mark_part(part, self.strategy(part, Asked::List), marks, yield_now)?;
        }
        ControlFlow::Continue(())
    }

    /// The same for a range that lies on one side of each border, by this strategy and without 2, 3
    /// and 5.
    fn mark_part(
        &mut self,
        [low, high]: [u128; 2],
        strategy: Strategy,
        marks: &mut Marks,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<()> {
        match strategy {
            Strategy::Windows => self.windows().runs(low, high, yield_now, &mut |run| {
                run.iter().for_each(|p| marks.mark(p));
                ControlFlow::Continue(())
            }),
            _ => self.bytes(strategy, [low, high], yield_now, &mut |first, bytes| {
                marks.extend(first, bytes);
                ControlFlow::Continue(())
            }),
        }
    }

    /// Hands the numbers of `[low, high)` to `each` as bytes of 30 numbers with a bit for each
    /// prime, in rising order: number n is in byte n / 30, and the first byte's number comes with
    /// the bytes. 2, 3 and 5 are not in them.
    fn bytes(
        &mut self,
        strategy: Strategy,
        [low, high]: [u128; 2],
        yield_now: &mut YieldNow<'_>,
        each: &mut dyn FnMut(u128, &[u8]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match strategy {
            Strategy::Huge => {
                let origin = low / 30;
                let each = &mut |first: u64, bytes: &[u8]| each(origin + u128::from(first), bytes);
                self.huge(yield_now)?.pieces(low, high, yield_now, each)
            }
            _ => self
                .byte_sieve()
                .pieces(small(low), small(high), yield_now, &mut |first, bytes| each(first.into(), bytes)),
        }
    }

    fn check(&self, high: u128) {
        assert!(high <= self.limit, "a sieve for numbers below {} was asked for {high}", self.limit);
    }

    fn huge(&mut self, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), &mut HugeSieve<'t>> {
        if self.huge.is_none() {
            let limit = (self.limit + u128::from(REACH)).min(HUGE_END);
            self.huge = Some(Box::new(HugeSieve::new(limit, self.tuning, self.primes.clone(), yield_now)?));
        }
        ControlFlow::Continue(self.huge.as_mut().expect("built just now"))
    }

    fn windows(&mut self) -> &mut WindowSieve {
        self.windows.get_or_insert_with(|| WindowSieve::new(self.isa))
    }

    fn byte_sieve(&mut self) -> &mut ByteSieve {
        let limit = self.limit64.saturating_add(REACH);
        self.bytes.get_or_insert_with(|| ByteSieve::new(limit, self.isa))
    }
}

/// The parts of `[low, high)` between these borders that are not empty, rising.
pub(crate) fn parts(low: u128, high: u128, [first, second]: [u128; 2]) -> impl Iterator<Item = [u128; 2]> {
    let cuts = [low, low.max(first).min(high), low.max(second).min(high), high];
    [[cuts[0], cuts[1]], [cuts[1], cuts[2]], [cuts[2], cuts[3]]].into_iter().filter(|[low, high]| low < high)
}

/// A number of 64 bits; 2^64 itself, which only ends ranges, is as good as 2^64 - 1, which is
/// composite.
fn small(n: u128) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Tuplets from the list of primes, a few at a time: `runs` hands out the primes of a range in
/// runs.
pub(crate) fn tuplets_by_list(
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

#[cfg(test)]
mod tests;
