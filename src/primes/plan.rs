//! The plan: which way to count a range.
//!
//! | numbers | range | way |
//! |---|---|---|
//! | below 2.5e13 | short | bytes of 30 numbers (`sieve.rs`): next to no start-up |
//! | | longer | lines (`line/mod.rs`) |
//! | above | tiny | a little sieve, then a test of each number left (`tiny/mod.rs`) |
//! | | short, below 1e16 | bytes of 30 numbers |
//! | | longer | lines, and records of large primes (`line/huge.rs`) |
//!
//! The answer is the same by each way; only the time is not. So the plan may look at anything, even at what is built.

use super::line::LINES_ALONE;
use super::tiny::Tiny;
use crate::isa::Isa;

/// A way to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Bytes,
    Lines,
    Huge,
    Tiny,
}

/// Shortest range for lines: below it the start-up of 48 lines shows (AMD Zen 5).
const SHORTEST: u64 = 20_000_000;

/// Nanoseconds that a way takes: to begin, a sieving prime, and a number (AMD Zen 5, AVX-512; measured at 1e15, 1e17
/// and 1.8e19, ranges of 1e5 to 1e8).
struct Cost {
    start: f64,
    prime: f64,
    number: f64,
}

const BYTES: Cost = Cost { start: 15e6, prime: 6.0, number: 0.5 };
/// Of a prime on a busy Zen 4: 2.2 on the Zen 5.
const HUGE: Cost = Cost { start: 30e6, prime: 3.0, number: 0.25 };
/// With a workspace that has its sieving primes already.
const BUILT: Cost = Cost { prime: 0.7, ..HUGE };

impl Cost {
    fn of(&self, primes: f64, numbers: f64) -> f64 {
        self.start + self.prime * primes + self.number * numbers
    }
}

/// The way to count `[low, high)`, which is all below or all above [`LINES_ALONE`]; `is_built` says whether there is a
/// workspace for huge numbers already, or a table for one.
pub(super) fn way(low: u64, high: u64, isa: Isa, is_built: bool) -> Way {
    if high <= LINES_ALONE {
        return if high.saturating_sub(low) < SHORTEST { Way::Bytes } else { Way::Lines };
    }
    cheapest(low, high, Tiny::cost(isa), if is_built { BUILT } else { HUGE })
}

/// Whether the primes of `[low, high)`, all above [`LINES_ALONE`], are listed by lines and records, and not by bytes. Here all must be put in
/// order, too.
pub(super) fn is_listed_by_lines(low: u64, high: u64, is_built: bool) -> bool {
    let (primes, numbers) = (sieving_primes(high), high.saturating_sub(low) as f64);
    (if is_built { BUILT } else { HUGE }).of(primes, 1.2 * numbers) < BYTES.of(primes, numbers)
}

/// How many primes cross below `high`, about.
fn sieving_primes(high: u64) -> f64 {
    let root = (high as f64).sqrt();
    root / root.ln()
}

/// Whether `[low, high)`, all above [`LINES_ALONE`], goes by lines and records on every machine.
pub(super) fn is_huge_everywhere(low: u64, high: u64) -> bool {
    cheapest(low, high, Tiny::LEAST_COST, HUGE) == Way::Huge
}

/// The way for numbers above [`LINES_ALONE`], where tests cost `test` nanoseconds a number.
fn cheapest(low: u64, high: u64, test: f64, huge: Cost) -> Way {
    let primes = sieving_primes(high);
    let length = high.saturating_sub(low) as f64;
    let tiny = length * test;
    let bytes = BYTES.of(primes, length);
    let huge = huge.of(primes, length);
    if tiny < bytes.min(huge) {
        Way::Tiny
    } else if bytes < huge {
        Way::Bytes
    } else {
        Way::Huge
    }
}
