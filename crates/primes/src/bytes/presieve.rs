//! The multiples of the primes 7 to 163, all at once: the AND of 16 ready patterns.
//!
//! Stands beside `small.rs` because the smallest primes have the most multiples: sum 1/p over
//! 7..163 is 0.87, as much as over all primes from 167 to 238,703. The multiples of p repeat after
//! p bytes (30 p numbers), those of two primes after their product. So the 35 primes are split into
//! 16 groups, each with a table of one period, 5,957 to 9,797 bytes, and filling a piece is reading
//! 16 tables and writing their AND.
//!
//! Run time: 16 loads a vector, about 2 % of the sieve's time with 512-bit vectors. Memory: 143 KB
//! a process. Making the tables takes a fraction of a millisecond.
//! Reference: primesieve's `PreSieve.cpp` has the same groups as constants; here they are computed
//! at start.

use super::wheel::{BIT, RESIDUES};
use crate::modulo::modulo;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;
use std::sync::LazyLock;

/// The primes of each table. Products are near one another, so that no table is large: all fit in
/// L2 beside a piece.
const GROUPS: [&[usize]; 16] = [
    &[7, 23, 37],
    &[11, 19, 31],
    &[13, 17, 29],
    &[41, 163],
    &[43, 157],
    &[47, 151],
    &[53, 149],
    &[59, 139],
    &[61, 137],
    &[67, 131],
    &[71, 127],
    &[73, 113],
    &[79, 109],
    &[83, 107],
    &[89, 103],
    &[97, 101],
];

/// The largest prime whose multiples are in the tables.
pub(crate) const LARGEST: u32 = 163;

/// Bytes filled in one step. Tables are longer than their period by this, so that a step never
/// wraps: short enough to add little, long enough to make the 16 divisions before it not count.
pub(crate) const STEP: usize = 1024;

/// The tables: made on first use, the same for every workspace of a process.
static TABLES: LazyLock<[Pattern; 16]> = LazyLock::new(|| GROUPS.map(Pattern::new));

struct Pattern {
    period: usize,
    bytes: Vec<u8>,
}

/// The primes of all tables.
pub(crate) fn primes() -> impl Iterator<Item = u32> {
    GROUPS.into_iter().flatten().map(|&p| p as u32)
}

/// Overwrites `bytes`, of which the first is byte number `first`, with ones where no prime of
/// 7..163 divides. These primes themselves are crossed too: `Sieve` puts them back.
pub(crate) fn fill(isa: Supported, bytes: &mut [u8], first: u128) {
    let tables = &*TABLES;
    let mut at: [usize; 16] = std::array::from_fn(|i| modulo(first, tables[i].period as u64) as usize);
    for step in bytes.chunks_mut(STEP) {
        let sources: [&[u8; STEP]; 16] =
            std::array::from_fn(|i| tables[i].bytes[at[i]..].first_chunk().expect("a table is longer than its period"));
        if let Ok(whole) = step.try_into() {
            and_all(isa, whole, &sources);
        } else {
            let mut whole = [0; STEP];
            and_all(isa, &mut whole, &sources);
            step.copy_from_slice(&whole[..step.len()]);
        }
        for (at, table) in at.iter_mut().zip(tables) {
            *at = (*at + STEP) % table.period;
        }
    }
}

impl Pattern {
    fn new(primes: &[usize]) -> Pattern {
        let period: usize = primes.iter().product();
        let mut bytes = vec![0xff; period + STEP];
        for &p in primes {
            for k in RESIDUES.map(usize::from) {
                let mask = !(1 << BIT[p * k % 30]);
                bytes.iter_mut().skip(p * k / 30).step_by(p).for_each(|byte| *byte &= mask);
            }
        }
        Pattern { period, bytes }
    }
}

dispatch! {
    /// `target` = the AND of all `sources`.
    pub(crate) fn and_all[const N: usize][N](isa: Supported, target: &mut [u8; N], sources: &[&[u8; N]; 16])
        = and_all_kernel(target, sources);
}

#[inline(always)]
fn and_all_kernel<const N: usize>(target: &mut [u8; N], sources: &[&[u8; N]; 16]) {
    for (i, byte) in target.iter_mut().enumerate() {
        *byte = sources.iter().fold(0xff, |all, source| all & source[i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use montesieve_kernel::isa::Supported;

    #[test]
    fn groups_hold_each_prime_from_7_to_163_once() {
        let mut primes = GROUPS.concat();
        primes.sort_unstable();
        let expected: Vec<usize> = (7..=LARGEST as usize).filter(|&n| (2..n).all(|d| n % d != 0)).collect();
        assert_eq!(primes, expected);
    }

    #[test]
    fn fills_any_place_and_length_on_every_instruction_set() {
        let primes = GROUPS.concat();
        for isa in Supported::all() {
            for (first, length) in [
                (0, 1),
                (0, 3000),
                (5955, 1024),
                (614_891_469_123_650_000, 1500),
                (3_333_333_333_333_333_333_333_333, 1500),
                (12_345, 1025),
            ] {
                let mut bytes = vec![0; length];
                fill(isa, &mut bytes, first);
                for (i, byte) in bytes.into_iter().enumerate() {
                    for (k, &r) in RESIDUES.iter().enumerate() {
                        let n = 30 * (first + i as u128) + u128::from(r);
                        assert_eq!(
                            byte >> k & 1 == 1,
                            primes.iter().all(|&p| !n.is_multiple_of(p as u128)),
                            "{n} on {isa}"
                        );
                    }
                }
            }
        }
    }
}
