//! Which modulus and how long a line, by range.
//!
//! | numbers in the range | modulus | lines |
//! |---|---|---|
//! | any | 210 | 48 |
//! | 9e8, and 2310 roots | 2310 | 480 |
//!
//! Two effects compete: a larger modulus has fewer numbers to cross, and its lines are shorter for
//! the same range, so that they stay in a cache; but every sieving prime costs 0.3 cycles a line to
//! move and half a useless hit. 30030, measured: 8 % fewer crossings than 2310, offset by these
//! costs.

/// How a range is sieved by lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) modulus: u32,
    /// Longest line, in bits; a multiple of 64.
    pub(super) bits: u64,
    /// Where the tiers of small primes end.
    pub(super) ends: &'static [u32],
}

/// Shortest range for modulus 2310: lines of 390,000 bits (AMD Zen 5).
const LONG: u64 = 900_000_000;

/// The tiers of small primes: to 4096 a turn is short beside the L1 cache; from 65536 on, 7 hits
/// too many and a wrong guess at the end of a line cost more than the dearer hits of `steady.rs`
/// (AMD Zen 5).
pub(super) const ENDS: &[u32] = &[4096, 65536];

/// The shape for `[low, high)`, with lines of `longest` bytes at most.
pub(super) fn shape(low: u64, high: u64, longest: u32) -> Shape {
    let length = high.saturating_sub(low);
    let modulus = if length >= LONG && length / 2310 >= high.isqrt() { 2310 } else { 210 };
    Shape { modulus, bits: 8 * u64::from(longest), ends: ENDS }
}
