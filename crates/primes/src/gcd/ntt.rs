//! Products of huge numbers: sums of products of numbers of thousands to billions of bits, by
//! transforms modulo primes.
//!
//! Stands beside `dashu-int`, which has everything else: its transforms take three times as long as
//! GMP's, and cannot yield to messages. A number is a polynomial of its words at x = 2^64; products
//! are modulo 2^64L - 1, as remainder trees need it ([`super::batch`]), and simply the product when
//! L words hold it. Lengths are L = 2^k, 3 2^k and 5 2^k.
//!
//! Run time: O(L log L); two numbers of 2^24 bits take 55 ms with AVX-512 (Intel Sapphire Rapids,
//! busy). Memory: see [`Convolver::sums`].
//! Reference: R. Crandall and C. Pomerance, "Prime Numbers", 2nd ed., section 9.5; D. Harvey,
//! "Faster arithmetic for number-theoretic transforms", J. Symb. Comp. 60 (2014), for residues that
//! are reduced late.

mod arithmetic;
mod cross;
mod field;
mod kernels;
mod limbs;
mod transform;
mod vector;

use std::ops::ControlFlow;

use crate::YieldNow;
use arithmetic::{inverse, power};
use cross::Cross;
use limbs::Digits;
use montesieve_kernel::isa::{Isa, PLAIN_IS_FUSED, Supported};
use transform::Roots;
use vector::Eight;

/// Primes below 2^50 with 15 2^32 roots of unity, and a generator of each.
const PRIMES: [(u64, u64); 4] =
    [(1_125_818_302_464_001, 7), (1_125_625_028_935_681, 11), (1_124_658_661_294_081, 19), (1_124_529_812_275_201, 11)];

/// Three primes hold sums of products of up to this number of words in total.
const THREE: usize = 3 << 20;

/// Most products in a sum.
pub const MOST_TERMS: usize = 2;

/// The shortest length: below, nothing is gained.
pub const SHORTEST: usize = 64;

/// Multiplies numbers.
pub struct Convolver {
    isa: Supported,
    primes: Vec<Prime>,
    /// Four primes where three would do, for tests.
    always_four: bool,
}

/// What is known of a prime.
struct Prime {
    roots: Roots,
    one: Vec<Steps<1>>,
    three: Vec<Steps<3>>,
    five: Vec<Steps<5>>,
}

/// The outermost steps for one length, there and back.
struct Steps<const O: usize> {
    forth: Cross<O>,
    back: Cross<O>,
}

/// The least length that holds `words`.
pub fn length(words: usize) -> usize {
    let power = words.max(SHORTEST).next_power_of_two();
    let odd = [5, 6].map(|odd| power / 8 * odd).into_iter().find(|&length| length >= words && power >= 16 * SHORTEST);
    odd.unwrap_or(power)
}

impl Convolver {
    /// For lengths of up to `longest` words. `None` for portable code without fused
    /// multiplications: `dashu-int` is as fast there.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(isa: Isa, longest: usize) -> Option<Convolver> {
        (isa != Isa::Portable || PLAIN_IS_FUSED).then(|| Convolver::any(isa, longest))
    }

    /// The same, fast or not.
    fn any(isa: Isa, longest: usize) -> Convolver {
        let points = length(longest).next_power_of_two() / 8;
        let count = if longest > THREE / MOST_TERMS { 4 } else { 3 };
        let primes = PRIMES[..count].iter().map(|&(p, generator)| Prime {
            roots: Roots::new(p, generator, points),
            one: Steps::all(p, generator, points),
            three: Steps::all(p, generator, points),
            five: Steps::all(p, generator, points),
        });
        Convolver { isa: isa.require(), primes: primes.collect(), always_four: false }
    }

    /// Sums of products of some `numbers` (words, the least first, at most `length` each), each
    /// modulo 2^(64 `length`) - 1: a sum is a list of up to [`MOST_TERMS`] pairs of places.
    /// `length` is a result of [`length`], for at most the words of [`Convolver::new`].
    ///
    /// Memory: 8 bytes a word of `length` for each number and one more, 24 (32 from 1.5 million
    /// words on) for each sum.
    pub fn sums(
        &self,
        numbers: &[&[u64]],
        sums: &[&[(usize, usize)]],
        length: usize,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), Vec<Vec<u64>>> {
        let power = length.trailing_zeros() as usize - 3;
        match length >> length.trailing_zeros() {
            1 => self.by(|prime| &prime.one[power], numbers, sums, length, yield_now),
            3 => self.by(|prime| &prime.three[power], numbers, sums, length, yield_now),
            5 => self.by(|prime| &prime.five[power], numbers, sums, length, yield_now),
            odd => unreachable!("lengths are 1, 3 or 5 times a power of two, not {odd}"),
        }
    }

    fn by<const O: usize>(
        &self,
        steps: impl Fn(&Prime) -> &Steps<O>,
        numbers: &[&[u64]],
        sums: &[&[(usize, usize)]],
        length: usize,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), Vec<Vec<u64>>> {
        let (eights, isa) = (length / 8, self.isa);
        let primes = if length > THREE / MOST_TERMS || self.always_four { 4 } else { 3 };
        let mut residues: Vec<Vec<Vec<Eight>>> = sums.iter().map(|_| Vec::new()).collect();
        let mut values = vec![vec![Eight::ZERO; eights]; numbers.len()];
        let mut total = vec![Eight::ZERO; eights];
        for prime in &self.primes[..primes] {
            let Steps { forth, back } = steps(prime);
            for (groups, words) in values.iter_mut().zip(numbers) {
                kernels::spread(isa, forth, groups, words, yield_now)?;
                for group in groups.chunks_exact_mut(eights / O) {
                    kernels::forward(isa, group, &prime.roots, yield_now)?;
                }
            }
            for (sum, residues) in sums.iter().zip(&mut residues) {
                for (term, &(a, b)) in sum.iter().enumerate() {
                    kernels::add_products(isa, &mut total, &values[a], &values[b], &prime.roots, term > 0);
                    yield_now()?;
                }
                for group in total.chunks_exact_mut(eights / O) {
                    kernels::backward(isa, group, &prime.roots, yield_now)?;
                }
                let mut coefficients = vec![Eight::ZERO; eights];
                kernels::gather(isa, back, &total, &mut coefficients, yield_now)?;
                residues.push(coefficients);
            }
        }
        let mut words = Vec::new();
        for residues in residues {
            words.push(match &residues[..] {
                [a, b, c] => kernels::words(isa, &Digits::new([0, 1, 2].map(|i| PRIMES[i].0)), [a, b, c], yield_now)?,
                [a, b, c, d] => kernels::words(isa, &Digits::new(PRIMES.map(|(p, _)| p)), [a, b, c, d], yield_now)?,
                _ => unreachable!("three or four primes"),
            });
        }
        ControlFlow::Continue(words)
    }
}

impl<const O: usize> Steps<O> {
    /// Of all lengths of 8 O M, M = 1, 2, 4, ... up to `points`; the place is the logarithm.
    fn all(p: u64, generator: u64, points: usize) -> Vec<Steps<O>> {
        let of = |m: u64| {
            let order = 8 * O as u64 * m;
            let w = power(generator, (p - 1) / order, p);
            let forth = Cross::new(p, m as usize, w, 1);
            Steps { forth, back: Cross::new(p, m as usize, inverse(w, p), inverse(order, p)) }
        };
        (0..=points.trailing_zeros()).map(|power| of(1 << power)).collect()
    }
}

#[cfg(test)]
mod tests;
