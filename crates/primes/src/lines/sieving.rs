//! The table of sieving primes: every prime up to the root of a limit, as sieved lines, in memory
//! of the caller.
//!
//! Stands beside `huge.rs`, which reads it, because the table is worth sharing: 123 MB near 2^64,
//! the same bits for every rank of a node. So the limit alone decides the layout ([`Layout`]). Any
//! rank can fill its *sheets* in any order ([`Layout::fill`]), and [`Primes`] reads borrowed words.
//! This file knows neither ranks nor MPI.
//!
//! A sheet is a stretch of numbers, as 48 lines (one a residue coprime to 210, rising): bit k of a
//! line stands for sheet + residue + 210 k. 6 bytes for 210 numbers: 1.5 MB up to 5.5e7, 123 MB up
//! to 2^32, against 813 MB as a list.
//!
//! Run time: 0.07 ns a number to fill, 0.3 s for all of 2^32; 0.25 ns a prime to read with AVX-512,
//! 1 ns else (AMD Zen 4).

use super::LineSieve;
use super::rough::bitmap::{ROOM, STRIDE, extract};
use super::rough::{LINES, MODULUS};
use super::shape::{self, Shape};
use crate::YieldNow;
use montesieve_kernel::isa::{Isa, Supported};
use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

/// Longest line of a sheet, in bits: 2^20. 20 sheets near 2^64, each 15 ms of work and 6.4 MB, are
/// enough to share out; shorter lines than 128 KiB would be slow to sieve by primes of 65,000 (AMD
/// Zen 5).
const LONGEST: u64 = 1 << 20;

/// Numbers above the limit for which there are primes enough, too: tuplets and whole words look a
/// little beyond.
const BEYOND: u128 = 1024;

/// No table goes further: larger primes are made anew for each window ([`further`]).
const LARGEST: u128 = u32::MAX as u128;

/// Numbers that a word stands for.
const WORD: u64 = 64 * MODULUS;

/// Where each prime stands in a table: a function of the limit alone, so that all ranks have the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The largest number in it.
    root: u64,
    sheets: usize,
    /// Words of a line.
    line: usize,
}

impl Layout {
    /// For numbers below `limit`: the primes up to its root, or up to 2^32.
    pub(crate) fn new(limit: u128) -> Layout {
        let root = (limit + BEYOND).isqrt().min(LARGEST) as u64;
        let bits = root / MODULUS + 1;
        let sheets = bits.div_ceil(LONGEST);
        Layout { root, sheets: sheets as usize, line: bits.div_ceil(sheets).div_ceil(64) as usize }
    }

    /// How many sheets there are.
    pub fn sheets(self) -> usize {
        self.sheets
    }

    /// Words of a sheet.
    pub fn sheet_words(self) -> usize {
        LINES * self.line
    }

    /// Numbers of a sheet.
    fn sheet_numbers(self) -> u64 {
        self.line as u64 * WORD
    }

    /// Sieves some of the sheets into `words`: every word of them is written, whatever was there.
    /// After a `Break` from `yield_now` some are not.
    ///
    /// # Panics
    /// When there are not these sheets, or `words` has another length.
    pub fn fill(
        self,
        sheets: Range<usize>,
        words: &mut [u64],
        isa: Isa,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<()> {
        assert!(sheets.end <= self.sheets && words.len() == sheets.len() * self.sheet_words());
        let mut sieve = LineSieve::new(self.root + 1, isa.into());
        let shape = Shape { modulus: MODULUS as u32, bits: 64 * self.line as u64, ends: shape::ENDS };
        for (sheet, words) in sheets.zip(words.chunks_exact_mut(self.sheet_words())) {
            let low = sheet as u64 * self.sheet_numbers();
            let high = (low + self.sheet_numbers()).min(self.root + 1);
            let mut lines = words.chunks_exact_mut(self.line);
            sieve.sheets(shape, low, high, yield_now, &mut |_, _, line, _, bits| {
                copy(line, bits as usize, lines.next().expect("a sheet has 48 lines"));
                ControlFlow::Continue(())
            })?;
        }
        ControlFlow::Continue(())
    }
}

/// The first `bits` bits of `line`, and zeros.
fn copy(line: &[u8], bits: usize, words: &mut [u64]) {
    let (whole, rest) = (bits.div_ceil(64), bits % 64);
    let (used, unused) = words.split_at_mut(whole);
    for (word, &bytes) in used.iter_mut().zip(line.as_chunks().0) {
        *word = u64::from_le_bytes(bytes);
    }
    if let Some(last) = used.last_mut().filter(|_| rest > 0) {
        *last &= !(!0 << rest);
    }
    unused.fill(0);
}

/// The residues of the lines, rising.
fn residues() -> impl Iterator<Item = u64> {
    (1..MODULUS).filter(|r| r % 2 != 0 && r % 3 != 0 && r % 5 != 0 && r % 7 != 0)
}

/// A table that is filled: the primes from some number on.
#[derive(Clone, Debug)]
pub struct Primes<'t> {
    layout: Layout,
    words: Cow<'t, [u64]>,
    first: u64,
}

impl<'t> Primes<'t> {
    /// The table in `words`, all of whose sheets were filled ([`Layout::fill`]).
    ///
    /// # Panics
    /// When `words` has another length.
    pub fn new(layout: Layout, words: &'t [u64]) -> Primes<'t> {
        assert_eq!(words.len(), layout.sheets * layout.sheet_words());
        Primes { layout, words: Cow::Borrowed(words), first: 0 }
    }

    /// A table of one's own, for numbers below `limit`: at most 0.3 s.
    pub(crate) fn build(limit: u128, isa: Supported, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Primes<'static>> {
        let layout = Layout::new(limit);
        let mut words = vec![0; layout.sheets * layout.sheet_words()];
        layout.fill(0..layout.sheets, &mut words, isa.isa(), yield_now)?;
        ControlFlow::Continue(Primes { layout, words: Cow::Owned(words), first: 0 })
    }

    /// The same table without the primes below `first`.
    pub(super) fn starting_at(self, first: u64) -> Primes<'t> {
        Primes { first, ..self }
    }

    /// Whether it holds all sieving primes of numbers below `limit`, up to 2^32.
    pub(super) fn suffice(&self, limit: u128) -> bool {
        u128::from(self.layout.root) >= limit.saturating_sub(1).isqrt().min(LARGEST)
    }

    /// Hands all primes up to `last` to `each`, a few thousand at a time, in the order of the
    /// lines. `Break` ends it.
    pub(super) fn read<B>(
        &self,
        last: u64,
        isa: Supported,
        mut each: impl FnMut(&[u32]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut primes = vec![0; ROOM];
        let Layout { root, line, .. } = self.layout;
        let (first, last) = (self.first, last.min(root));
        if last < first {
            return ControlFlow::Continue(());
        }
        let sheets = (0..=last).step_by(self.layout.sheet_numbers() as usize);
        for (base, words) in sheets.zip(self.words.chunks_exact(self.layout.sheet_words())) {
            for (residue, words) in residues().zip(words.chunks_exact(line)) {
                let start = base + residue;
                // Only words that have numbers requested.
                let from = (first.saturating_sub(start) / WORD).min(line as u64);
                let end = ((last + WORD).saturating_sub(start) / WORD).clamp(from, line as u64);
                for (i, words) in words[from as usize..end as usize].chunks(STRIDE).enumerate() {
                    let number = start + (from + (i * STRIDE) as u64) * WORD;
                    let found = extract(isa, words, number as u32, &mut primes);
                    let found = &primes[..found];
                    let place = |n: u64| found.partition_point(|&p| u64::from(p) < n);
                    each(&found[place(first)..place(last + 1)])?;
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// The primes above 2^32, sieved when they are requested: 0.1 ns a number, where a table of those
/// to 1e11 would take 3 GB.
pub(super) struct Further {
    sieve: LineSieve,
    isa: Supported,
    words: Vec<u64>,
    primes: Vec<u32>,
}

impl Further {
    /// For primes up to `root`.
    pub(super) fn new(root: u64, isa: Supported) -> Further {
        Further { sieve: LineSieve::new(root + 1, isa.isa().into()), isa, words: Vec::new(), primes: vec![0; ROOM] }
    }

    /// Hands all primes above 2^32 and up to `last` to `each`, a few thousand at a time, each as
    /// what it adds to a common number. They come in the order of the lines.
    pub(super) fn read(
        &mut self,
        last: u64,
        yield_now: &mut YieldNow<'_>,
        each: &mut dyn FnMut(u64, &[u32]),
    ) -> ControlFlow<()> {
        let shape = Shape { modulus: MODULUS as u32, bits: FURTHER, ends: shape::ENDS };
        let Further { sieve, isa, words, primes } = self;
        sieve.sheets(shape, LARGEST as u64 + 1, last + 1, yield_now, &mut |base, residue, line, from, to| {
            words.resize(line.len() / 8, 0);
            copy(line, to as usize, words);
            let skipped = from as usize / 64;
            if let Some(first) = words.get_mut(skipped) {
                *first &= !0 << (from % 64);
            }
            for (i, words) in words[skipped..].chunks(STRIDE).enumerate() {
                let number = u64::from(residue) + (skipped + i * STRIDE) as u64 * WORD;
                let found = extract(*isa, words, number as u32, primes);
                each(base as u64, &primes[..found]);
            }
            ControlFlow::Continue(())
        })
    }
}

/// Bits of a line of [`Further`]: 9e8 numbers a sheet, which 32 bits have room for.
const FURTHER: u64 = 1 << 22;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ByteSieve;
    use crate::lines::LINES_ALONE;
    use crate::naive;
    use crate::range::Sieve;

    fn never() -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// The words of a table that `parts` fill one after the other, over words that are not zero.
    fn filled(layout: Layout, parts: usize, isa: Isa) -> Vec<u64> {
        let mut words = vec![0x0123_4567_89ab_cdef; layout.sheets() * layout.sheet_words()];
        let mut rest = &mut words[..];
        for part in 0..parts {
            let sheets = layout.sheets() * part / parts..layout.sheets() * (part + 1) / parts;
            let (mine, others) = rest.split_at_mut(sheets.len() * layout.sheet_words());
            assert!(layout.fill(sheets, mine, isa, &mut never).is_continue());
            rest = others;
        }
        words
    }

    fn read(primes: &Primes<'_>, last: u64, isa: Isa) -> Vec<u64> {
        let mut all: Vec<u64> = Vec::new();
        let end: ControlFlow<()> = primes.read(last, isa.require(), |primes| {
            all.extend(primes.iter().map(|&p| u64::from(p)));
            ControlFlow::Continue(())
        });
        assert!(end.is_continue());
        all.sort_unstable();
        all
    }

    fn listed(low: u64, high: u64) -> Vec<u64> {
        let mut primes = Vec::new();
        assert!(ByteSieve::new(high, Supported::widest()).append(low, high, &mut never, &mut primes).is_continue());
        primes
    }

    fn isas() -> impl Iterator<Item = Isa> {
        Isa::available()
    }

    #[test]
    fn parts_give_the_same_words_as_one() {
        // One sheet, two, and four.
        for root in [0, 40, 210, 5_000_011, 220_200_959, 221_000_000, 700_000_001_u64] {
            let layout = Layout::new(u128::from(root) * u128::from(root));
            let whole = filled(layout, 1, Isa::widest());
            for parts in [2, 3, 5, 8] {
                assert!(filled(layout, parts, Isa::widest()) == whole, "{parts} parts up to {root}");
            }
        }
    }

    #[test]
    fn the_primes_of_a_table_are_the_primes() {
        for limit in [0, 1, 209 * 209, 210 * 210, 211 * 211, 13_440 * 13_440, 13_441 * 13_441, 1 << 40] {
            let layout = Layout::new(limit);
            let words = filled(layout, 1, Isa::widest());
            let primes = Primes::new(layout, &words);
            assert!(primes.suffice(limit));
            let expected: Vec<u64> = naive::eratosthenes(layout.root + 1).into_iter().filter(|&p| p > 7).collect();
            for isa in isas() {
                assert!(read(&primes, u64::MAX, isa) == expected, "all below {limit} on {isa}");
                for (first, last) in
                    [(0, 0), (2, 12), (11, 11), (12, 12), (100, 14_000), (13_440, 13_441), (20_011, 900_000)]
                {
                    let some: Vec<u64> = expected.iter().copied().filter(|p| (first..=last).contains(p)).collect();
                    assert_eq!(
                        read(&primes.clone().starting_at(first), last, isa),
                        some,
                        "{first}..={last}, {limit}, {isa}"
                    );
                }
            }
        }
    }

    #[test]
    fn primes_around_the_borders_of_sheets() {
        let layout = Layout::new(500_000_000 * 500_000_000);
        assert_eq!(layout.sheets(), 3);
        let words = filled(layout, 2, Isa::widest());
        for border in [layout.sheet_numbers(), 2 * layout.sheet_numbers(), layout.root] {
            let (first, last) = (border - 1_000_000, border + 1_000_000);
            let expected = listed(first, last.min(layout.root) + 1);
            for isa in isas() {
                assert!(
                    read(&Primes::new(layout, &words).starting_at(first), last, isa) == expected,
                    "at {border} on {isa}"
                );
            }
        }
    }

    #[test]
    fn the_last_sheet_of_the_largest_table() {
        let layout = Layout::new(u64::MAX.into());
        assert_eq!(layout.root, u64::from(u32::MAX));
        let bytes = 8 * layout.sheets() * layout.sheet_words();
        assert!((122_000_000..123_000_000).contains(&bytes), "{bytes}");
        let mut words = vec![0; layout.sheets() * layout.sheet_words()];
        let last = layout.sheets() - 1;
        let part = &mut words[last * layout.sheet_words()..];
        assert!(layout.fill(last..layout.sheets(), part, Isa::widest(), &mut never).is_continue());
        let first = layout.root - 2_000_000;
        for isa in isas() {
            let primes = read(&Primes::new(layout, &words).starting_at(first), u64::MAX, isa);
            assert!(primes == listed(first, 1 << 32) && primes.last() == Some(&4_294_967_291), "{isa}");
        }
    }

    #[test]
    fn a_table_that_is_given_counts_like_one_of_its_own() {
        let limit = 1_u64 << 50;
        let layout = Layout::new(limit.into());
        for isa in isas() {
            let words = filled(layout, 3, isa);
            let mut given = Sieve::with_primes(limit.into(), isa, Primes::new(layout, &words));
            for (low, high) in [(limit - 90_000_000, limit), (LINES_ALONE - 1000, LINES_ALONE + 60_000_000)] {
                let expected = ByteSieve::new(limit, isa.require()).count(low, high, &mut never);
                assert_eq!(given.count(low.into(), high.into(), &mut never), expected, "[{low}, {high}) on {isa}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "ends before the root")]
    fn a_table_that_is_too_short_is_refused() {
        let layout = Layout::new(LINES_ALONE.into());
        let words = filled(layout, 1, Isa::Portable);
        let limit = 4 * LINES_ALONE;
        let mut sieve = Sieve::with_primes(limit.into(), Isa::Portable, Primes::new(layout, &words));
        let _ = sieve.count((limit - 1_000_000_000).into(), limit.into(), &mut never);
    }

    #[test]
    fn a_table_is_made_where_it_pays() {
        let high = 18_000_000_000_000_000_000_u64;
        assert_eq!(Layout::for_counting(0, LINES_ALONE.into()), None);
        assert_eq!(Layout::for_counting(high.into(), high.into()), None);
        assert_eq!(Layout::for_counting(high.into(), u128::from(high) + 1_000_000), None, "tests are faster");
        for (low, high) in [(0, 1 << 45), (LINES_ALONE, 1 << 45), (high, high + 1_000_000_000), (0, u64::MAX)] {
            assert_eq!(
                Layout::for_counting(low.into(), high.into()),
                Some(Layout::new(high.into())),
                "[{low}, {high})"
            );
        }
    }
}
