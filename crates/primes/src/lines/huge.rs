//! Ranges with sieving primes longer than a line: lines for the small primes, records for the
//! others.
//!
//! Stands beside `lines.rs`, where all primes cross line by line. Here, of numbers above 2.5e13,
//! three tiers cross:
//! - primes to 2.5e6 or 5e6 ([`Tuning::line_end`]) line by line (modulus 210, lines of 2^22 bits: a
//!   *piece* of 8.8e8 numbers);
//! - *middle* primes to about 5e7 ([`Tuning::middle_end`]) by records made piece by piece, in lists
//!   of 2^20 bits, small enough to be written and read in a cache;
//! - *big* primes to the root by records made for a *window* of a few pieces, so that the pass over
//!   all of them (203 million below 2^32) pays, and the window bounds the memory.
//!
//! Run time: 0.18 ns a number at 1e15, 0.26 at 1e18, 0.4 near 2^64; a window costs about 1.5 ns a
//! big prime of that.
//! Memory: 3 bytes a record, at most [`BIG_BYTES`] in a window and 71 MB in a piece; 11 MB of
//! middle primes; and the table of sieving primes (`sieving.rs`), 123 MB near 2^64, which may be
//! shared.

use super::ones::ones;
use super::order::Order;
use super::rough::{LINES, MODULUS, PIECE_BITS, PIECES, Rough};
use super::sheet::Sheet;
use super::sieving::{Further, Primes};
use super::tuplets::{KINDS, Kinds, Tuplets};
use super::{Each, LineSieve, PIECE_NUMBERS, shape};
use crate::YieldNow;
use crate::bytes::{Piece, cut};
use crate::single::wide;
use crate::tuning::Tuning;
use montesieve_kernel::isa::{Isa, Supported};
use std::ops::ControlFlow;

/// Bytes of records in a window at most, about: with the primes and the rest it stays below 512 MiB
/// a rank.
const BIG_BYTES: usize = 300 << 20;

/// Filters of cofactors by primes to 53 and to 37: more of them pay where masks are full.
const FILTERS: [usize; 2] = [15, 11];

/// The sieve ends here: see [`largest_quotient`].
pub(crate) const HUGE_END: u128 = 10_000_000_000_000_000_000_000;

/// The largest quotient of a number and a prime with records: what is computed in floating point
/// must be below 2^51, to be exact to one. That is half the quotient in vectors, and all of it in
/// plain code (`bytes/big.rs`).
fn largest_quotient(isa: Isa) -> u128 {
    if isa == Isa::Portable { 1 << 51 } else { HUGE_END / 2_500_000 }
}

/// About how many numbers a window has where records of big primes are most.
pub(crate) const WINDOW_NUMBERS: u64 = 3 * PIECE_NUMBERS;

/// By so much the root may grow when the last sheet goes a bit beyond the limit.
const ROUNDING: u64 = 1 << 10;

/// Primes taken between two yields: less than 3 ms.
const STRIDE: usize = 8192;

/// A workspace for huge numbers: sieving primes, and room for records.
pub(crate) struct HugeSieve<'t> {
    limit: u128,
    isa: Supported,
    /// Where the tiers of [`Tuning`] end.
    line_end: u64,
    middle_end: u64,
    lines: Sheet,
    middle_primes: Vec<u32>,
    big_primes: Primes<'t>,
    /// Those above 2^32.
    further: Option<Further>,
    middle: Rough,
    big: Rough,
    /// What a list needs besides.
    order: Option<Order>,
}

impl<'t> HugeSieve<'t> {
    /// For numbers below `limit`, with the given table of sieving primes, or one built here: at
    /// most 0.3 s.
    ///
    /// # Panics
    /// When the table ends too early.
    pub(crate) fn new(
        limit: u128,
        tuning: Tuning,
        table: Option<Primes<'t>>,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), HugeSieve<'t>> {
        let tuning = tuning.bounded();
        let (isa, least) = (tuning.isa.require(), limit.div_ceil(largest_quotient(tuning.isa)) as u64);
        let line_end = u64::from(tuning.line_end).max(least);
        let middle_end = u64::from(tuning.middle_end).max(line_end);
        let primes = match table {
            Some(primes) => primes,
            None => Primes::build(limit, isa, yield_now)?,
        };
        assert!(primes.suffice(limit), "the table of sieving primes ends before the root of {limit}");
        let mut middle_primes = Vec::new();
        let primes = primes.starting_at(line_end);
        primes.read(middle_end, isa, |primes| {
            middle_primes.extend_from_slice(primes);
            yield_now()
        })?;
        let small = LineSieve::new(line_end, tuning).primes(line_end, yield_now)?;
        let lines = Sheet::new(MODULUS as u32, &small, shape::ENDS, tuning);
        let residues = &lines.modulus().residues;
        let middle = Rough::new(residues, 20, FILTERS[0], isa);
        let big = Rough::new(residues, PIECE_BITS, FILTERS[1], isa);
        let big_primes = primes.starting_at(middle_end);
        let further = Some((limit - 1).isqrt() as u64).filter(|&root| root > u32::MAX.into());
        let further = further.map(|root| Further::new(root + ROUNDING, isa));
        let order = None;
        ControlFlow::Continue(HugeSieve {
            limit,
            isa,
            line_end,
            middle_end,
            lines,
            middle_primes,
            big_primes,
            further,
            middle,
            big,
            order,
        })
    }

    /// How many primes there are in `[low, high)`, whose first number is above 2^32.
    pub(crate) fn count(&mut self, low: u128, high: u128, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), u64> {
        let isa = self.isa;
        let mut count = 0;
        self.sheets(low, high, yield_now, &mut |_, _, line, from, to| {
            count += ones(isa, &[line], from, to);
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(count)
    }

    /// How many k-tuplets there are of each kind requested (place k - 1) whose first member is in
    /// `[low, high)`, which is above 2^32. The limit must be above `high` by
    /// [`SPANS`](super::SPANS) at least, or the end of all numbers.
    pub(crate) fn tuplets(
        &mut self,
        low: u128,
        high: u128,
        kinds: Kinds,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        let mut tuplets = Tuplets::new(self.isa, MODULUS as u32, kinds);
        self.sheets(low, high, yield_now, &mut |base, residue, line, from, to| {
            tuplets.take(base, residue, line, from, to);
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(tuplets.finish(low, high))
    }

    /// Hands out the numbers of `[low, high)`, whose first number is above 2^32, as bytes of 30
    /// numbers in rising order: the number of the first byte, counted from that of `low`, and the
    /// bytes; bits outside the range are zero.
    pub(crate) fn pieces(
        &mut self,
        low: u128,
        high: u128,
        yield_now: &mut YieldNow<'_>,
        each: &mut Piece<'_>,
    ) -> ControlFlow<()> {
        let mut order = self.order.take().unwrap_or_else(|| Order::new(self.isa));
        let origin = low / 30;
        // The first sheet may begin a few bytes before `low`.
        let first = |base: u128| (base / 30) as i128 - origin as i128;
        let (rest, end) = ((low % 30) as u64, (high - low.min(high)) as u64 + (low % 30) as u64);
        let ended = self.sheets(low, high, yield_now, &mut |base, residue, line, _, _| {
            let begin = first(base);
            if residue == 1 {
                let bytes = (i128::from(end.div_ceil(30)) - begin).max(0) as u64;
                order.begin(bytes.div_ceil(MODULUS / 30).min(1 << PIECE_BITS));
            }
            if !order.take(line) {
                return ControlFlow::Continue(());
            }
            order.each(|place, bytes| {
                let place = begin + i128::from(place);
                let edge = |n: u64| (i128::from(n) - place).clamp(0, bytes.len() as i128) as usize;
                let (from, to) = (edge(0), edge(end.div_ceil(30)));
                if from == to {
                    return ControlFlow::Continue(());
                }
                let (place, bytes) = ((place + from as i128) as u64, &mut bytes[from..to]);
                cut(place, bytes, rest, end);
                each(place, bytes)
            })
        });
        self.order = Some(order);
        ended
    }

    /// Sieves `[low, high)` piece by piece, each a sheet of lines, and hands out each line: base of
    /// the sheet, residue, bits, and the range of bits that are in `[low, high)`. All numbers of
    /// the sheet are sieved, and so is the one behind it that a tuplet may reach: see
    /// [`piece`](HugeSieve::piece).
    fn sheets(&mut self, low: u128, high: u128, yield_now: &mut YieldNow<'_>, each: &mut Each<'_>) -> ControlFlow<()> {
        debug_assert!(high <= self.limit && low > 1 << 32 && high <= HUGE_END);
        if low >= high {
            return ControlFlow::Continue(());
        }
        let start = low / u128::from(MODULUS) * u128::from(MODULUS);
        let bits = (high - start).div_ceil(MODULUS.into()) as u64;
        let pieces = bits.div_ceil(1 << PIECE_BITS);
        let root_of_all = root(start, bits) as f64;
        let records = |pieces: u64| self.big.records(self.middle_end as f64, root_of_all, pieces * PIECE_NUMBERS);
        let fits = |&pieces: &u64| pieces as usize * self.big.bytes(records(pieces)) <= BIG_BYTES;
        let most = (1..=PIECES).rev().find(fits).unwrap_or(1);
        let window = pieces.div_ceil(pieces.div_ceil(most));
        let (window, records) = (window << PIECE_BITS, records(window));
        for first in (0..bits).step_by(window as usize) {
            let base = start + u128::from(first * MODULUS);
            let bits = window.min(bits - first);
            self.big.begin(base, bits, records);
            let (big, root) = (&mut self.big, root(base, bits));
            self.big_primes.read(root, self.isa, |primes| {
                big.cross(0, primes);
                yield_now()
            })?;
            if let Some(further) = self.further.as_mut().filter(|_| root > u32::MAX.into()) {
                further.read(root, yield_now, &mut |above, primes| big.cross(above, primes))?;
            }
            self.big.finish();
            for piece in 0..bits.div_ceil(1 << PIECE_BITS) {
                let skipped = piece << PIECE_BITS;
                let bits = (bits - skipped).min(1 << PIECE_BITS);
                self.piece(base + u128::from(skipped * MODULUS), bits, piece as usize, [low, high], yield_now, each)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Piece number `number` of the window, which has lines of `bits` bits from `base` on;
    /// requested is `[low, high)`.
    ///
    /// The only tuplet across a multiple of 30, so across the end of a piece, are twins around it:
    /// a larger one would need a multiple of 3 or 5. So one number behind the piece is tested, and
    /// the next piece need not be known.
    fn piece(
        &mut self,
        base: u128,
        bits: u64,
        number: usize,
        [low, high]: [u128; 2],
        yield_now: &mut YieldNow<'_>,
        each: &mut Each<'_>,
    ) -> ControlFlow<()> {
        let root = root(base, bits);
        let records = self.middle.records(self.line_end as f64, root.min(self.middle_end) as f64, bits * MODULUS);
        self.middle.begin(base, bits, records);
        for primes in self.middle_primes.chunks(STRIDE) {
            self.middle.cross(0, primes);
            yield_now()?;
        }
        self.middle.finish();
        self.lines.begin(base, bits, root.min(self.line_end));
        for line in 0..LINES {
            let Some((residue, words)) = self.lines.next() else { unreachable!("there are {LINES} lines") };
            self.middle.apply(line, 0, words);
            self.big.apply(line, number, words);
            if residue == 1 {
                let is_prime = wide::is_prime(base + u128::from(bits * MODULUS + 1));
                let (byte, bit) = (bits as usize / 8, bits % 8);
                words[byte] = words[byte] & !(1 << bit) | u8::from(is_prime) << bit;
            }
            let bit = |n: u128| {
                let bit = n.saturating_sub(base).saturating_sub(residue.into()).div_ceil(MODULUS.into());
                bit.min(bits.into()) as u64
            };
            each(base, residue, words, bit(low), bit(high))?;
            yield_now()?;
        }
        ControlFlow::Continue(())
    }
}

/// The largest number whose square is in lines of `bits` bits from `base` on.
fn root(base: u128, bits: u64) -> u64 {
    (base + u128::from(bits * MODULUS) - 1).isqrt() as u64
}
