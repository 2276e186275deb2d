//! Tiny windows of huge numbers: sieve a little, then test each number that is left.
//!
//! Stands beside the sieves because to sieve to the end takes every prime up to the root, 203 million of them near 2^64,
//! however few the numbers are. Here only primes up to [`CAP`] cross; what is left, one number in 22, is tested one by
//! one: a strong test to base 2 first, which nearly no composite passes, then the other bases of a proven set.
//!
//! Formula: n - 1 = 2^s d with d odd; n passes base b if b^d = 1 or b^(d 2^i) = -1 modulo n for an i below s. A prime
//! passes every base. With the 7 bases of [`BASES`] no composite below 2^64 passes all.
//! Run time: 13 ns a number near 2^64 with AVX-512 (`ifma.rs`), 80 ns else (`scalar.rs`) (AMD Zen 5). Memory: 1 MB.
//! Reference: G. L. Miller (1976), M. O. Rabin (1980); the bases are J. Sinclair's (2011), checked against all
//! strong pseudoprimes to base 2 below 2^64 by J. Feitsma and W. Galway (see miller-rabin.appspot.com).

#[cfg(target_arch = "x86_64")]
mod ifma;
mod scalar;

use super::Pulse;
use super::bits::{values, words};
use super::sieve::Sieve as Pieces;
use crate::isa::Isa;
use std::ops::ControlFlow;

/// Bases for a strong test that no composite below 2^64 passes for all.
const BASES: [u64; 7] = [2, 325, 9375, 28178, 450_775, 9_780_504, 1_795_265_022];

/// Primes up to here cross first. A prime p more takes 2 ns for each window and saves a test of 50 ns for one number in
/// 22 p; windows have a million numbers or so.
const CAP: u64 = 300_000;

/// Numbers between two pulses: about 2 ms with AVX-512, 10 ms without.
const STRIDE: u64 = 30 << 12;

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

    /// About how many nanoseconds a number takes near 2^64 where tests are fastest.
    pub(super) const LEAST_COST: f64 = 13.0;

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
            count += count_primes(&mut self.candidates, self.isa);
            pulse()?;
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

/// How many of the odd numbers, all above 2^32, are prime. Changes the list.
fn count_primes(numbers: &mut Vec<u64>, isa: Isa) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if has_ifma(isa) {
        ifma::retain(numbers, &BASES[..1]);
        ifma::retain(numbers, &BASES[1..]);
        return numbers.len() as u64;
    }
    let _ = isa;
    numbers.iter().filter(|&&n| scalar::is_prime(n)).count() as u64
}

#[cfg(test)]
mod tests;
