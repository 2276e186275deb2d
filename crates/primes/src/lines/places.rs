//! The sieving primes of a line sieve and where each meets the line at hand.
//!
//! One array an item (structure of arrays), so that 8 or 16 primes are moved by each vector
//! instruction. In order: the small primes, grouped by p mod 8 (see `small.rs`), then the others,
//! rising (see `steady.rs`).
//!
//! Formula: p meets line r behind base first at bit x = -(base + r) / M modulo p. From line r to
//! line r + 2, x goes down by 2 / M modulo p: a subtraction, and an unsigned minimum with the sum
//! that undoes a borrow.
//! Run time: 0.3 cycles a prime and line with 512-bit vectors (AMD Zen 5); 20 cycles a prime for a
//! jump to any base.
//! Memory: 16 bytes a prime, 4 more for each small one.

use super::modulus::Modulus;
use super::presieve;
use crate::modulo::modulo;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;
use std::ops::Range;

/// Primes of a modulus with their places.
pub(crate) struct Places {
    pub(super) primes: Vec<u32>,
    /// The first bit of the line that each prime divides: 0 to p - 1. Valid for the primes in use
    /// only.
    pub(super) firsts: Vec<u32>,
    /// 2 / M modulo p.
    strides: Vec<u32>,
    /// 1 / M modulo p.
    inverses: Vec<u32>,
    /// For small primes, the byte where the next turn starts, see `small.rs`.
    pub(super) turns: Vec<u32>,
    /// Small primes by p mod 8: 1, 3, 5, 7. Tier after tier.
    pub(super) classes: Vec<[Range<usize>; 4]>,
    /// Primes in use.
    pub(super) active: usize,
}

impl Places {
    /// Places for `primes`, rising, without those that divide the modulus or are in the presieve's
    /// tables. Each of `ends` closes a tier of small primes.
    pub(super) fn new(primes: &[u32], modulus: &Modulus, ends: &[u32]) -> Places {
        let mut order = Vec::with_capacity(primes.len());
        let mut classes = Vec::new();
        let mut rest = &primes[primes.partition_point(|&p| p <= presieve::LARGEST)..];
        for &end in ends {
            let (tier, others) = rest.split_at(rest.partition_point(|&p| p < end));
            classes.push([1, 3, 5, 7].map(|class| {
                let begin = order.len();
                order.extend(tier.iter().filter(|&&p| p % 8 == class));
                begin..order.len()
            }));
            rest = others;
        }
        let small = order.len();
        order.extend(rest);
        let inverses: Vec<u32> = order.iter().map(|&p| modulus.inverse(p)).collect();
        let strides = order.iter().zip(&inverses).map(|(&p, &inverse)| (2 * u64::from(inverse) % u64::from(p)) as u32);
        Places {
            firsts: vec![0; order.len()],
            strides: strides.collect(),
            inverses,
            turns: vec![0; small],
            classes,
            active: 0,
            primes: order,
        }
    }

    /// The primes behind the small ones that are in use, and their first bits.
    pub(super) fn others(&self) -> (&[u32], &[u32]) {
        let range = self.turns.len()..self.active;
        (&self.primes[range.clone()], &self.firsts[range])
    }

    /// Jumps to the line of `residue` behind `base`, with the primes up to `root` in use, and all
    /// small ones.
    pub(super) fn begin(&mut self, base: u128, residue: u32, root: u64) {
        let small = self.turns.len();
        self.active = small + self.primes[small..].partition_point(|&p| u64::from(p) <= root);
        for i in 0..self.active {
            let p = u64::from(self.primes[i]);
            let start = (modulo(base, p) + u64::from(residue)) * u64::from(self.inverses[i]) % p;
            self.firsts[i] = (if start == 0 { 0 } else { p - start }) as u32;
        }
    }

    /// Moves on to the line whose residue is larger by `2 * steps`.
    pub(super) fn step(&mut self, isa: Supported, steps: u32) {
        let active = self.active;
        step(isa, &mut self.firsts[..active], &self.strides[..active], &self.primes[..active], steps);
    }

    /// Sets the turns of the small primes to the start of the line, which is `margin` bytes into
    /// its buffer.
    pub(super) fn turn(&mut self, isa: Supported, margin: u32) {
        let small = self.turns.len();
        turns(isa, &mut self.turns, &self.firsts[..small], &self.primes[..small], margin);
    }
}

dispatch! {
    /// `firsts` - `steps` * `strides`, modulo `primes`. There are 7 steps at most between residues
    /// of 2310.
    fn step(isa: Supported, firsts: &mut [u32], strides: &[u32], primes: &[u32], steps: u32)
        = step_kernel(firsts, strides, primes, steps);
}

#[inline(always)]
fn step_kernel(firsts: &mut [u32], strides: &[u32], primes: &[u32], steps: u32) {
    // A constant number of steps, so that the loop over the primes can be made of vectors.
    match steps {
        1 => step_by::<1>(firsts, strides, primes),
        2 => step_by::<2>(firsts, strides, primes),
        3 => step_by::<3>(firsts, strides, primes),
        4 => step_by::<4>(firsts, strides, primes),
        5 => step_by::<5>(firsts, strides, primes),
        _ => (0..steps).for_each(|_| step_by::<1>(firsts, strides, primes)),
    }
}

#[inline(always)]
fn step_by<const STEPS: usize>(firsts: &mut [u32], strides: &[u32], primes: &[u32]) {
    for ((first, &stride), &p) in firsts.iter_mut().zip(strides).zip(primes) {
        for _ in 0..STEPS {
            let less = first.wrapping_sub(stride);
            *first = less.min(less.wrapping_add(p));
        }
    }
}

dispatch! {
    /// The byte of the last hit at or before `firsts` that is at bit 0 of a byte: at most 7 hits
    /// earlier. Since p p = 1 modulo 8, that is first * p hits, modulo 8.
    fn turns(isa: Supported, turns: &mut [u32], firsts: &[u32], primes: &[u32], margin: u32)
        = turns_kernel(turns, firsts, primes, margin);
}

#[inline(always)]
fn turns_kernel(turns: &mut [u32], firsts: &[u32], primes: &[u32], margin: u32) {
    for ((turn, &first), &p) in turns.iter_mut().zip(firsts).zip(primes) {
        let hits = first.wrapping_mul(p) & 7;
        *turn = (8 * margin + first - hits * p) >> 3;
    }
}
