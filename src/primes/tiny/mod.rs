//! Tiny windows of huge numbers: sieve a little, then test each number that is left.
//!
//! Stands beside the sieves because to sieve to the end takes every prime up to the root, 203 million of them near 2^64,
//! however few the numbers are. Here only primes up to [`CAP`] cross; what is left, one number in 22, is tested one by
//! one: a strong test to base 2 first, which nearly no composite passes, and then
//! - with AVX-512 (`ifma.rs`) a Lucas test (`lucas.rs`), together the test of Baillie, Pomerance, Selfridge and Wagstaff;
//! - else (`scalar.rs`) strong tests to the other bases of a set that no composite below 2^64 passes.
//!
//! Run time: 7 ns a number near 2^64 with AVX-512 (AMD Zen 4), 80 ns else (AMD Zen 5). Memory: 1 MB.

#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(target_arch = "x86_64")]
mod lucas;
mod scalar;

use super::Pulse;
use super::bits::{values, words};
use super::sieve::Sieve as Pieces;
use crate::isa::Isa;
use std::ops::ControlFlow;

/// Primes up to here cross first. A prime p more takes 10 ns for its place and 8 for its hits, most of them beside the
/// piece, and saves a test of 55 ns for one number in 22 p; windows have a million numbers or so (AMD Zen 4).
const CAP: u64 = 200_000;

/// Numbers that are sieved at once: every prime is visited once for them, so 2^12 bytes, which fit L1 better, took 2 ms more for a million
/// numbers (AMD Zen 4).
const STRIDE: u64 = 30 << 16;

/// Numbers that are tested between two pulses: about 1 ms with AVX-512, 10 ms without.
const GROUP: usize = 1 << 13;

/// Counts primes in tiny windows: a workspace.
pub(super) struct Tiny {
    pieces: Pieces,
    isa: Isa,
    candidates: Vec<u64>,
}

impl Tiny {
    /// For numbers below `limit`.
    pub(super) fn new(limit: u64, isa: Isa) -> Tiny {
        Tiny { pieces: Pieces::rough(limit, CAP, isa), isa, candidates: Vec::new() }
    }

    /// About how many nanoseconds a number takes near 2^64 where tests are fastest (AMD Zen 4; windows of 1e7 to 2e7).
    pub(super) const LEAST_COST: f64 = 6.6;

    /// The same with this instruction set.
    pub(super) fn cost(isa: Isa) -> f64 {
        if has_ifma(isa) { Self::LEAST_COST } else { 80.0 }
    }

    /// How many primes there are in `[low, high)`, whose first number is above [`CAP`]^2.
    pub(super) fn count(&mut self, low: u64, high: u64, pulse: &mut Pulse<'_>) -> ControlFlow<(), u64> {
        debug_assert!(low > CAP * CAP);
        let mut count = 0;
        let mut at = low;
        while at < high {
            // Ends where a byte of the sieve does.
            let end = (at / STRIDE + 1).saturating_mul(STRIDE).min(high);
            let candidates = &mut self.candidates;
            candidates.clear();
            self.pieces.pieces(at, end, &mut || ControlFlow::Continue(()), &mut |first, bytes| {
                for (i, word) in words(bytes).enumerate() {
                    let number = (30 * first).wrapping_add(240 * i as u64);
                    candidates.extend(values(word).map(|value| number + u64::from(value)));
                }
                ControlFlow::Continue(())
            })?;
            for group in self.candidates.chunks_mut(GROUP) {
                count += count_primes(group, self.isa);
                pulse()?;
            }
            at = end;
        }
        ControlFlow::Continue(count)
    }
}

/// Whether the odd number `n` above 2 is prime.
pub(super) fn is_prime(n: u64) -> bool {
    scalar::is_prime(n)
}

fn has_ifma(isa: Isa) -> bool {
    #[cfg(target_arch = "x86_64")]
    return isa == Isa::Avx512 && ifma::is_supported();
    #[cfg(not(target_arch = "x86_64"))]
    return isa == Isa::Avx512;
}

/// How many of the odd numbers, all above 2^32, are prime. Puts others into their place.
fn count_primes(numbers: &mut [u64], isa: Isa) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if has_ifma(isa) {
        return ifma::retain_primes(numbers).len() as u64;
    }
    let _ = isa;
    numbers.iter().filter(|&&n| scalar::is_prime(n)).count() as u64
}

#[cfg(test)]
mod tests;
