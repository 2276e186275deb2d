//! Crossing by big primes, 2^21 to 2^32: the crossings of a whole window are prepared at once, by
//! piece.
//!
//! Stands beside `medium.rs` because a big prime misses most pieces, so visiting it for each piece
//! wastes time. The usual answer is a bucket per piece, where a prime waits until the sieve arrives
//! and then moves to a later bucket (Oliveira e Silva). That holds 8 bytes for every prime for
//! ever, 1.6 GB near 2^64, and reads and writes at random.
//!
//! Here one pass over the big primes prepares a *window* of up to [`WINDOW`] pieces. For each prime
//! one division finds the first multiple in the window (8 primes at a time, in floating point, see
//! [`starts`]). A second wheel skips cofactors with a factor 2, 3, 5 or 7. Every crossing becomes a
//! record of 4 bytes in the list of its piece. Nothing is kept between windows, so a jump costs
//! nothing extra, and memory follows the window.
//!
//! Formula: with A the window's first number, the first multiple of p behind it is m p with
//! m = floor(A / p) + 1.
//! Run time: about 3 ns for each big prime and window, 4 to 6 ns for each crossing (AMD Zen 5);
//! there are 0.229 n (ln ln root - ln ln 2^21) crossings.
//! Memory: 4 bytes a crossing: 207 MB for a whole window near 2^64.
//! Reference, for the buckets: T. Oliveira e Silva, "Fast implementation of the segmented sieve of
//! Eratosthenes" (2002).

use super::bits::{values, words};
use super::sieving_primes::Bitmap;
use super::wheel::{BIT, COFACTORS, ENTRY, GAP};
use super::{PIECE, WINDOW};
use crate::YieldNow;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;
use std::ops::{ControlFlow, Range};

/// Big primes begin here. At twice the piece's length a medium prime makes 8 hits a piece of which
/// 2 count; here it pays to prepare them. A multiple of 240, so that it is at the border of a word
/// of the bitmap.
pub(crate) const BIG: u32 = (1 << 21) / 240 * 240;

/// Bytes of the bitmap read between two yields: 13,000 primes or fewer. Near 2^21 they have 700,000
/// crossings in a whole window, which is 2 ms; near 2^32 most have none.
const STRIDE: usize = 6 << 10;

/// Primes whose starts are computed together. Their arrays (20 bytes a prime) stay in L1.
pub(crate) const BATCH: usize = 512;

/// The big primes and the crossings of one window.
pub(crate) struct Big {
    limit: u64,
    primes: Bitmap,
    isa: Supported,
    /// Number of the window's first byte, and of the one behind it. Empty when there is no valid
    /// window.
    bytes: Range<u64>,
    /// For each piece of the window: place in the piece * 8 + bit, in order of primes.
    records: Vec<Vec<u32>>,
}

/// One batch of primes with their first multiples in the window, as [`starts`] leaves them.
pub(crate) struct FirstMultiples {
    pub(crate) primes: [u32; BATCH],
    /// First multiple behind the window's start, relative to it: 1 to p.
    pub(crate) offsets: [u64; BATCH],
    /// Its cofactor, modulo 210.
    pub(crate) cofactors: [u32; BATCH],
}

impl Big {
    /// No window yet; all numbers that will ever be sieved are below `limit`.
    pub(crate) fn new(limit: u64, isa: Supported) -> Big {
        let primes = Bitmap::new(limit.saturating_sub(1).isqrt(), isa);
        Big { limit, primes, isa, bytes: 0..0, records: Vec::new() }
    }

    /// Makes sure that the crossings are prepared for the piece of the bytes `piece`, for work that
    /// continues to byte `end`.
    pub(crate) fn prepare(&mut self, piece: Range<u64>, end: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
        let Range { start: first, end: behind } = piece;
        let is_cut_alike = first.wrapping_sub(self.bytes.start).is_multiple_of(PIECE as u64);
        if self.bytes.contains(&first) && is_cut_alike && (behind..=end).contains(&self.bytes.end) {
            return ControlFlow::Continue(());
        }
        let window = first..end.min(first + (WINDOW * PIECE) as u64);
        self.bytes = 0..0;
        self.fill(&window, yield_now)?;
        self.bytes = window;
        ControlFlow::Continue(())
    }

    /// Crosses the multiples of all big primes off the piece whose first byte has number `first`.
    pub(crate) fn cross(&mut self, piece: &mut [u8], first: u64) {
        let list = &self.records[((first - self.bytes.start) / PIECE as u64) as usize];
        for record in list {
            piece[(record >> 3) as usize] &= !(1 << (record & 7));
        }
    }

    fn fill(&mut self, window: &Range<u64>, yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
        let root = (window.end.saturating_mul(30).min(self.limit) - 1).isqrt();
        let bytes = &self.primes.up_to(root, yield_now)?[BIG as usize / 30..];
        self.records.iter_mut().for_each(Vec::clear);
        let pieces = (window.end - window.start).div_ceil(PIECE as u64) as usize;
        let crossings = crossings_a_piece(root);
        while self.records.len() < pieces {
            self.records.push(Vec::new());
        }
        // Whole pieces only: a short last piece is not worth a formula.
        self.records[..pieces].iter_mut().for_each(|list| list.reserve_exact(crossings));
        let base = 30 * window.start;
        let span = 30 * (window.end - window.start);
        let mut batch = FirstMultiples::new();
        let mut filled = 0;
        for (stride, bytes) in bytes.chunks(STRIDE).enumerate() {
            yield_now()?;
            let mut number = BIG + (stride * STRIDE * 30) as u32;
            for word in words(bytes) {
                for value in values(word) {
                    batch.primes[filled] = number + u32::from(value);
                    filled += 1;
                    if filled == BATCH {
                        starts(self.isa, base.into(), 0, &mut batch);
                        batch.push(BATCH, span, &mut self.records);
                        filled = 0;
                    }
                }
                number = number.wrapping_add(240);
            }
        }
        starts(self.isa, base.into(), 0, &mut batch);
        batch.push(filled, span, &mut self.records);
        ControlFlow::Continue(())
    }
}

/// Upper bound of the crossings by big primes up to `root` in one piece, with a margin for luck;
/// for sizing lists only.
fn crossings_a_piece(root: u64) -> usize {
    let density = ((root.max(u64::from(BIG) + 1) as f64).ln() / f64::from(BIG).ln()).ln() * 48.0 / 210.0;
    ((30 * PIECE) as f64 * density * 1.01) as usize + 4096
}

impl FirstMultiples {
    pub(crate) fn new() -> FirstMultiples {
        FirstMultiples { primes: [BIG; BATCH], offsets: [0; BATCH], cofactors: [0; BATCH] }
    }

    /// Turns the first `filled` primes of the batch into records: every multiple below `span` by a
    /// cofactor of the wheel.
    #[inline(always)]
    fn push(&self, filled: usize, span: u64, records: &mut [Vec<u32>]) {
        for i in 0..filled {
            let p = u64::from(self.primes[i]);
            let (distance, number) = ENTRY[self.cofactors[i] as usize];
            let mut offset = self.offsets[i] + u64::from(distance) * p;
            let mut number = usize::from(number);
            while offset < span {
                let byte = offset / 30;
                let bit = BIT[(offset % 30) as usize];
                let piece = byte as usize / PIECE;
                records[piece].push((byte as u32 % PIECE as u32) << 3 | u32::from(bit));
                offset += u64::from(GAP[number]) * p;
                number = if number + 1 == COFACTORS { 0 } else { number + 1 };
            }
        }
    }
}

dispatch! {
    /// First multiple behind `base` of every prime of the batch, each with `above` added to it, and
    /// its cofactor modulo 210.
    ///
    /// In floating point, so that any vector unit can do it. `base / p` is below 2^51, so the
    /// rounded quotient q is wrong by 1/2 at most before it is rounded to a whole number, and
    /// `base - q p` (exact, modulo 2^64) lies in (-p, p): a negative one says that q is already
    /// the cofactor wanted, otherwise it is q + 1. A cofactor modulo 210 is exact likewise.
    pub(crate) fn starts(isa: Supported, base: u128, above: u64, batch: &mut FirstMultiples)
        = starts_kernel(base, above, batch);
}

#[inline(always)]
fn starts_kernel(base: u128, above: u64, batch: &mut FirstMultiples) {
    /// Adding it rounds a number below 2^51 to a whole one, and leaves that in the low bits.
    const WHOLE: f64 = (1_u64 << 52) as f64;
    let (whole_base, base, wide_above) = (base as f64, base as u64, above as f64);
    for i in 0..BATCH {
        let p = above + u64::from(batch.primes[i]);
        let rounded = whole_base / (wide_above + f64::from(batch.primes[i])) + WHOLE;
        let quotient = rounded.to_bits() - WHOLE.to_bits();
        let rest = base.wrapping_sub(quotient.wrapping_mul(p)) as i64;
        let (offset, one) = if rest < 0 { (-rest, 0.0) } else { (p as i64 - rest, 1.0) };
        batch.offsets[i] = offset as u64;
        let cofactor = rounded - WHOLE + one;
        let nearest = cofactor - 210.0 * ((cofactor * (1.0 / 210.0) + WHOLE) - WHOLE);
        let residue = if nearest < 0.0 { nearest + 210.0 } else { nearest };
        batch.cofactors[i] = ((residue + WHOLE).to_bits() & 0xff) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_exact_on_every_instruction_set() {
        let bases = [0, 30, 2_097_150, 1 << 45, (1 << 53) + 2, 10_u64.pow(18), (1 << 63) - 8, u64::MAX / 30 * 30];
        let primes = [BIG, 2_097_169, 2_147_483_647, 4_294_967_291, 15_485_863, 999_999_937];
        for isa in Supported::all() {
            for base in bases {
                for near in [0, u64::from(primes[3]), u64::from(primes[4])] {
                    // Also bases that are just at, before and behind a multiple of one of the
                    // primes.
                    for base in [
                        base,
                        base - base % near.max(1),
                        (base - base % near.max(1)).saturating_sub(1),
                        (base - base % near.max(1)).saturating_add(1),
                    ] {
                        let mut batch = FirstMultiples::new();
                        for (i, p) in batch.primes.iter_mut().enumerate() {
                            *p = primes[i % primes.len()];
                        }
                        starts(isa, base.into(), 0, &mut batch);
                        for i in 0..BATCH {
                            let p = u64::from(batch.primes[i]);
                            assert_eq!(batch.offsets[i], p - base % p, "{base} {p} {isa}");
                            assert_eq!(u64::from(batch.cofactors[i]), (base / p + 1) % 210, "{base} {p} {isa}");
                        }
                    }
                }
            }
        }
    }
}
