//! The kernels of the leaves: one plain form of each, and one for AVX2 and AVX-512 where it pays.
//!
//! Each loop takes a batch of up to [`BATCH`] leaves of one prime. Plain Rust is compiled once for
//! each instruction set; AVX2 and AVX-512 have their own forms where the compiler finds no vectors
//! (compressing by a mask, looking entries up). All give the same integers.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "x86_64")]
use super::crossing::BLOCK;
use super::crossing::{self, CrossingState, UP_TO};
use super::factors::COPRIME;
use montesieve_kernel::dispatch;

/// Leaves at once: two buffers of 16 KiB stay in the second-level cache.
pub(super) const BATCH: usize = 4096;
/// Beyond the leaves: a turn of the factor table, and a vector's end.
pub(super) const ROOM: usize = COPRIME + 64;

/// Numbers of a block.
#[cfg(target_arch = "x86_64")]
const NUMBERS: u64 = 30 * BLOCK as u64;
/// Bytes of a row of [`MASKS`].
#[cfg(target_arch = "x86_64")]
const ROW: usize = 2 * BLOCK;

/// For each number of bits from the last byte: bytes of ones, the last byte at 63, and zeros. A
/// mask of a block begins where its last byte gets to its place.
#[cfg(target_arch = "x86_64")]
static MASKS: [[u8; ROW]; 9] = {
    let (mut masks, mut i) = ([[0; ROW]; 9], 0);
    while i < 9 {
        let mut byte = 0;
        while byte < BLOCK - 1 {
            masks[i][byte] = 0xff;
            byte += 1;
        }
        masks[i][BLOCK - 1] = ((1_u16 << i) - 1) as u8;
        i += 1;
    }
    masks
};

/// A number to divide many times: floor(n / m) for m below 2^50, when that is below 2^50.
///
/// The quotient of doubles, n made smaller by 2^-51 of itself, is the right one or one too small;
/// the remainder mod 2^64 tells. Below 2^50 there is a shorter way: (n + 1/2) / m is 1 / (2 m) or
/// more away from every whole number, and its product by a double next to 1 / m is off by less than
/// 2^-52 of itself, which is less than that. So its whole part is right at once.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "plain code divides"))]
pub(super) struct Dividend {
    under: f64,
    low: u64,
    /// n as a double, and what is missing: both are whole numbers.
    high: f64,
    rest: f64,
    /// n + 1/2 for n below 2^50; 0 else.
    middle: f64,
}

impl Dividend {
    pub(super) fn new(n: u128) -> Dividend {
        let middle = if n < 1 << 50 { n as f64 + 0.5 } else { 0.0 };
        let high = n as f64;
        let rest = (n as i128 - high as i128) as f64;
        Dividend { under: high * (1.0 - 1.0 / (1_u64 << 51) as f64), low: n as u64, high, rest, middle }
    }

    /// Whether a product by a reciprocal is enough.
    pub(super) fn is_short(self) -> bool {
        self.middle > 0.0
    }

    /// floor(n / m), or `most` if that is less.
    #[inline(always)]
    pub(super) fn over(self, m: u64, most: u64) -> u64 {
        let quotient = self.under / m as f64;
        if quotient >= most as f64 { most } else { self.correct(quotient as i64 as u64, m) }
    }

    #[inline(always)]
    fn correct(self, quotient: u64, m: u64) -> u64 {
        let rest = self.low.wrapping_sub(quotient.wrapping_mul(m));
        quotient + u64::from(rest >= m)
    }
}

/// Divisors m of leaves: what they are above a number that all of them have in common.
pub(super) struct LeafBatch {
    pub(super) m: Vec<u32>,
    pub(super) length: usize,
}

impl LeafBatch {
    pub(super) fn new() -> LeafBatch {
        LeafBatch { m: vec![1; BATCH + ROOM], length: 0 }
    }

    /// Whether another turn of the factor table may not fit.
    pub(super) fn is_full(&self) -> bool {
        self.length > BATCH - COPRIME
    }
}

/// Part of a turn of the factor table: entries `from..to`, numbers from `base` on (above what is
/// common to a batch).
#[derive(Clone, Copy)]
pub(super) struct Turn<'t> {
    pub(super) codes: &'t [u16; COPRIME],
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) base: u32,
}

/// Numbers of an entry: the ones before it << 32, and 32 bits of the numbers coprime to 30.
pub(super) const ENTRY: u64 = 120;

/// The ones up to n, 0 being the first number of the first entry.
#[inline(always)]
pub(super) fn up_to(entries: &[u64], n: u64) -> u64 {
    let entry = entries[(n / ENTRY) as usize];
    (entry >> 32) + u64::from((entry & UP_TO[(n % ENTRY) as usize]).count_ones())
}

/// Appends the entries of sieved bytes, and adds their ones to `before`.
pub(super) fn append_entries(bytes: &[u8], before: &mut u64, entries: &mut Vec<u64>) {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    for &word in words.iter().chain((!rest.is_empty()).then_some(&last)) {
        let word = u32::from_le_bytes(word);
        entries.push(*before << 32 | u64::from(word));
        *before += u64::from(word.count_ones());
    }
}

/// Blocks of a group: 16 bits are enough for its ones.
pub(super) const GROUP: usize = 16;

/// The sieved segment of hard leaves: 30 numbers a byte from `low` on; for each block of 64 bytes
/// the ones before it in its group, for each group the ones before it.
pub(super) struct Sieved<'s> {
    pub(super) bytes: &'s [u8],
    pub(super) before: &'s [u16],
    pub(super) groups: &'s [u32],
    pub(super) low: u64,
}

#[cfg(target_arch = "x86_64")]
impl Sieved<'_> {
    /// How many blocks have all of these.
    fn blocks(&self) -> usize {
        (self.bytes.len() / BLOCK).min(self.before.len()).min(self.groups.len() * GROUP)
    }
}

dispatch! {
    /// How many bits are ones up to each leaf x / (p (base + m)), added up.
    #[inline]
    pub(super) fn count_leaves(isa: Supported, xp: Dividend, base: u64, m: &[u32], places: &mut [u64], sieved: &Sieved<'_>) -> u64 {
        portable => { let _ = places; portable::count_leaves(xp, base, m, sieved) },
        avx2 => avx2::count_leaves(xp, base, m, places, sieved),
        avx512 => avx512::count_leaves(xp, base, m, places, sieved),
    }
}

dispatch! {
    /// Sets the counters of all 64-byte blocks.
    #[inline]
    pub(super) fn recount(isa: Supported, bytes: &[u8], counters: &mut [u16]) {
        avx512 => avx512::recount(bytes, counters),
        else => portable::recount(bytes, counters),
    }
}

dispatch! {
    /// For each counter the sum of those before it in its group, and for each group the sum of
    /// those before it. Counters are pairs of whole groups. Returns the sum of all.
    #[inline]
    pub(super) fn running(isa: Supported, counters: &[u16], before: &mut [u16], groups: &mut [u32]) -> u32 {
        portable => portable::running(counters, before, groups),
        avx2 => avx2::running(counters, before, groups),
        avx512 => avx512::running(counters, before, groups),
    }
}

dispatch! {
    /// Takes the numbers with a code above `threshold` out of a turn: mu = 1 to
    /// the first batch, -1 to the second.
    #[inline]
    pub(super) fn select(isa: Supported, turn: Turn<'_>, threshold: u16, even: &mut LeafBatch, odd: &mut LeafBatch) {
        portable => portable::select(turn, threshold, even, odd),
        avx2 => avx2::select(turn, threshold, even, odd),
        avx512 => avx512::select(turn, threshold, even, odd),
    }
}

dispatch! {
    /// The ones of `entries`, which begin at `low`, up to x / (p (base + q)), added up over the q.
    #[inline]
    pub(super) fn sum_counts(isa: Supported, xp: Dividend, base: u64, q: &[u32], low: u64, entries: &[u64]) -> u64 {
        portable => portable::sum_counts(xp, base, q, low, entries),
        avx2 => avx2::sum_counts(xp, base, q, low, entries),
        avx512 => avx512::sum_counts(xp, base, q, low, entries),
    }
}

dispatch! {
    /// The same from the reciprocals of the q. Only for an xp with [`Dividend::is_short`].
    #[inline]
    pub(super) fn sum_counts_over(isa: Supported, xp: Dividend, over: &[f64], low: u64, entries: &[u64]) -> u64 {
        portable => portable::sum_counts_over(xp, over, low, entries),
        avx2 => avx2::sum_counts_over(xp, over, low, entries),
        avx512 => avx512::sum_counts_over(xp, over, low, entries),
    }
}

dispatch! {
    /// Crosses a segment and moves the state to the next one.
    #[inline]
    pub(super) fn cross(isa: Supported, segment: &mut [u8], place: &mut CrossingState) = crossing::cross(segment, place);
}

dispatch! {
    /// The same, and updates the counters.
    #[inline]
    pub(super) fn cross_counted(isa: Supported, segment: &mut [u8], place: &mut CrossingState, counters: &mut [u16])
        = crossing::cross_counted(segment, place, counters);
}
