//! Tiny windows of huge numbers: sieve a little, then test each number that is left.
//!
//! Stands beside the sieves because to sieve to the end takes every prime up to the root, 203 million of them near 2^64 and
//! 400 billion near 1e26, however few the numbers are. Here only some primes cross (see [`cap`]); what is left, one number in 20 or 30,
//! is tested one by one: a strong test to base 2 first, which nearly no composite passes, and then
//! - with AVX-512 (`ifma.rs`), and above 2^64, a Lucas test (`lucas.rs`), together the test of Baillie, Pomerance, Selfridge and
//!   Wagstaff;
//! - else (`scalar.rs`) strong tests to the other bases of a set that no composite below 2^64 passes.
//!
//! Below 2^64 both are proofs. Above it a prime is a probable one: no composite is known that passes.
//!
//! Run time: 7 ns a number near 2^64 with AVX-512 (AMD Zen 4), 80 ns else (AMD Zen 5). Memory: 1 MB.

#[cfg(target_arch = "x86_64")]
mod ifma;
pub(super) mod lucas;
mod scalar;

use super::bits::{values, words};
use super::costs::Asked;
use super::plan::{TUPLETS, Task, primes};
use super::run::{PrimeRun, Take};
use super::sieve::Sieve as Pieces;
use super::{PIECE, Pulse, wide};
use montesieve_kernel::isa::Isa;
use std::ops::ControlFlow;

/// The first number above those of 64 bits.
const BORDER: u128 = 1 << 64;

/// The largest prime that ever crosses, about: a larger one would need records of its own.
const LARGEST_CAP: f64 = 2_000_000.0;

/// Nanoseconds that a prime takes to cross: for its first place, and for the eight hits and more that it has in a piece.
const PRIME: f64 = 20.0;

/// Nanoseconds before the first number: tables of the smallest primes.
const BEGIN: f64 = 150_000.0;

/// Numbers with the same base: any number of them that 64 bits have room for.
const STRETCH: u128 = 1 << 48;

/// Numbers that are tested between two pulses: a few milliseconds, with AVX-512 and without.
const GROUP: [usize; 2] = [1 << 13, 1 << 11];

/// Finds primes in tiny windows: a workspace.
pub(super) struct Tiny {
    isa: Isa,
    /// A sieve, and the largest prime it was built for.
    pieces: Option<(u64, Pieces)>,
    candidates: Vec<u64>,
}

impl Tiny {
    pub(super) fn new(isa: Isa) -> Tiny {
        Tiny { isa, pieces: None, candidates: Vec::new() }
    }

    /// About how many nanoseconds so many `numbers` from `low` on take.
    pub(super) fn nanoseconds(low: u128, numbers: f64, task: Task) -> f64 {
        let isa = task.isa;
        let (cap, log) = (cap(numbers, low, isa) as f64, (low as f64).ln());
        let pieces = (numbers / (30.0 * PIECE as f64)).ceil();
        let [base_2, others] = test_costs(low, isa);
        let tuplets = if task.asked == Asked::Tuplets { TUPLETS } else { 0.0 };
        let tests = base_2 * 0.5615 / cap.ln() + (others + tuplets) / log;
        BEGIN + cap * 1.5 + PRIME * primes(cap) * pieces + numbers * (0.3 + tests)
    }

    /// How many primes there are in `[low, high)`, whose first number is above 2^42.
    pub(super) fn count(&mut self, low: u128, high: u128, pulse: &mut Pulse<'_>) -> ControlFlow<(), u64> {
        let mut count = 0;
        self.runs(low, high, pulse, &mut |run| {
            count += run.offsets.len() as u64;
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(count)
    }

    /// Hands the primes of `[low, high)` to `each`, rising; likewise.
    pub(super) fn runs(
        &mut self,
        low: u128,
        high: u128,
        pulse: &mut Pulse<'_>,
        each: &mut Take<'_>,
    ) -> ControlFlow<()> {
        debug_assert!(low >= high || low > 1 << 42);
        if low >= high {
            return ControlFlow::Continue(());
        }
        let (isa, cap, candidates) = (self.isa, cap((high - low) as f64, low, self.isa), &mut self.candidates);
        let (_, pieces) = match self.pieces.take().filter(|(most, _)| cap <= *most) {
            Some(built) => self.pieces.insert(built),
            None => self.pieces.insert((cap, Pieces::rough(cap, isa))),
        };
        let mut at = low;
        while at < high {
            let end = high.min(at + STRETCH);
            let base = if end <= BORDER { 0 } else { at };
            pieces.left(at, end, cap, &mut |first, bytes| {
                candidates.clear();
                for (i, word) in words(bytes).enumerate() {
                    // The first byte may begin before the base.
                    let number = (first.wrapping_sub(base) as u64).wrapping_add(240 * i as u64);
                    candidates.extend(values(word).map(|value| number.wrapping_add(u64::from(value))));
                }
                for group in candidates.chunks_mut(GROUP[usize::from(!is_vectored(isa))]) {
                    each(PrimeRun { base, offsets: retain_primes(base, group, isa) })?;
                    pulse()?;
                }
                ControlFlow::Continue(())
            })?;
            at = end;
        }
        ControlFlow::Continue(())
    }
}

/// The largest prime that crosses before the tests of so many `numbers` from `low` on: one that spares as much time as it takes.
///
/// Of N numbers, a prime p takes away N / p times the share that smaller primes have left, 0.56 / ln p, and so many tests.
fn cap(numbers: f64, low: u128, isa: Isa) -> u64 {
    let numbers = numbers.min(30.0 * PIECE as f64);
    (numbers * 0.045 * test_costs(low, isa)[0] / PRIME).clamp(200.0, LARGEST_CAP) as u64
}

/// About how many nanoseconds a test to base 2 takes of a number near `n`, and all that follows for a prime.
fn test_costs(n: u128, isa: Isa) -> [f64; 2] {
    match (is_vectored(isa), n < BORDER) {
        (true, true) => [60.0, 110.0],
        (true, false) => [70.0, 115.0],
        (false, true) => [400.0, 2400.0],
        (false, false) => [700.0, 1000.0],
    }
}

/// Whether the odd number `n` above 2 is prime.
pub(super) fn is_prime(n: u64) -> bool {
    scalar::is_prime(n)
}

/// Whether numbers are tested in vectors. A model may ask for a machine that is not this one.
fn is_vectored(isa: Isa) -> bool {
    isa == Isa::Avx512
}

/// Puts the offsets of primes to the front and gives them: all numbers, which are those and `base`, are odd, without a factor below 7,
/// and above 2^32; with a base of 0 they are below 2^64.
fn retain_primes(base: u128, offsets: &mut [u64], isa: Isa) -> &[u64] {
    #[cfg(target_arch = "x86_64")]
    if is_vectored(isa) && ifma::is_supported() {
        return ifma::retain_primes(base, offsets);
    }
    let _ = isa;
    let is_prime = |n: u128| match u64::try_from(n) {
        Ok(n) => scalar::is_prime(n),
        Err(_) => wide::is_probable(n),
    };
    let mut kept = 0;
    for i in 0..offsets.len() {
        if is_prime(base + u128::from(offsets[i])) {
            offsets[kept] = offsets[i];
            kept += 1;
        }
    }
    &offsets[..kept]
}

#[cfg(test)]
mod tests;
