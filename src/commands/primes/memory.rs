//! The memory for the formula and the sieve, checked before any allocation
//! ([`memory_check`](crate::commands::memory_check)).

use super::cut::end_of;
use super::range::Range;
use super::shared_tables::SHARED_FROM;
use crate::cluster::Cluster;
use crate::commands::memory_check::{Need, check};
use crate::error::Result;
use crate::primes::costs::Asked;
use crate::primes::source::Algorithm;

/// Memory of a rank besides tables: buffers, and the allocator's reserve.
const OWN: u64 = 8 << 20;
/// Additional memory for a list: text of blocks that wait for their turn.
const TEXT: u64 = 64 << 20;
/// Windows of large primes' records are full from this many numbers on.
const FULL: u64 = 3_000_000_000;

/// Checks whether each host has enough memory for the formula's tables, `bytes` in all, and each
/// rank for `more` bytes. Every rank must call it.
///
/// # Errors
/// As [`check`].
pub(super) fn check_formula(cluster: &Cluster, bytes: u64, more: u64) -> Result<()> {
    check(cluster, of_formula(bytes, more))
}

/// What the formula needs.
pub(super) fn of_formula(bytes: u64, more: u64) -> Need {
    if bytes < SHARED_FROM {
        Need { what: "the tables", own: OWN + more + bytes, shared: 0 }
    } else {
        Need { what: "the tables", own: OWN + more, shared: bytes }
    }
}

/// The same for visiting the numbers of a range. Every rank must call it.
///
/// # Errors
/// As [`check`].
pub(super) fn check_sieve(
    cluster: &Cluster,
    range: Range<u128>,
    algorithm: Algorithm,
    asked: Asked,
    is_list: bool,
) -> Result<()> {
    check(cluster, of_sieve(range, algorithm, asked, is_list))
}

/// What visiting the numbers of a range needs.
pub(super) fn of_sieve(range: Range<u128>, algorithm: Algorithm, asked: Asked, is_list: bool) -> Need {
    let own = OWN + if is_list { TEXT } else { 0 };
    // Neither tests nor trial division need a table.
    let is_sieved = !algorithm.is_one_by_one(range.start, end_of(range), asked);
    let own = own + if is_sieved { sieve(range, is_list) } else { 0 };
    Need { what: "the tables and windows of the sieve", own, shared: 0 }
}

/// Approximate bytes for sieving a range on one rank, besides [`OWN`]. They are the table of
/// sieving primes (a bit for each number coprime to 30 up to the root, at most 2^32, since larger
/// ones are not kept) and the records of large primes in a window. Fitted to measured peaks from
/// 1e14 to 1e20 with 1e9 and 3e9 numbers (55 to 481 MB), up to 65 % above them. A shared table is
/// counted for each rank.
fn sieve(range: Range<u128>, is_list: bool) -> u64 {
    let digits = (range.stop.max(1) as f64).log10();
    let numbers = (range.stop - range.start).min(FULL.into()) as f64;
    let billion = numbers.min(1e9);
    // Below 1e13 all sieving primes are small.
    let records = (0.19 * billion + 0.085 * (numbers - billion)) * ((digits - 13.0) / 6.0).clamp(0.0, 1.0);
    let records = if is_list { 1.3 * records } else { records };
    range.stop.isqrt().min(1 << 32) as u64 / 30 + records as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sieve_takes_is_not_underestimated() {
        // Start, numbers, and the measured peaks of a rank in MB for a count and a list; 9 MB are
        // the program itself.
        let measured: [(f64, f64, u64, u64); 8] = [
            (1e12, 3e9, 13, 14),
            (1e14, 3e9, 56, 137),
            (1e16, 1e9, 94, 153),
            (1e16, 3e9, 121, 201),
            (1e18, 1e9, 199, 235),
            (1e18, 3e9, 288, 366),
            (1.84e19, 1e9, 302, 361),
            (1.84e19, 3e9, 471, 493),
        ];
        for (start, numbers, count, list) in measured {
            let range = Range { start: start as u128, stop: start as u128 + numbers as u128 };
            for (is_list, peak) in [(false, count), (true, list)] {
                let estimate = (sieve(range, is_list) + OWN + if is_list { TEXT } else { 0 }) >> 20;
                let peak = peak - 9;
                assert!(
                    estimate + 10 >= peak && estimate <= 2 * peak + 80,
                    "{start:e} {numbers:e}: {estimate} for {peak}"
                );
            }
        }
        // Above 2^64 only counts, with 1e9 numbers: a table up to 2^32.
        for (start, peak) in [(1_u128 << 64, 304), (10_u128.pow(20), 324)] {
            let estimate = (sieve(Range { start, stop: start + 1_000_000_000 }, false) + OWN) >> 20;
            assert!((peak - 19..2 * peak).contains(&estimate), "{start}: {estimate} for {peak}");
        }
    }
}
