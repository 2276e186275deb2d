//! Words of a number to residues, and sums of products back to words.
//!
//! A coefficient is a word of 64 bits. A sum of `terms` convolutions of length L is below terms L
//! 2^128, which three primes near 2^50 hold up to terms L = 2^21.9, and four always. The residues
//! become mixed digits (Garner), eight at a time in f64: x = v0 + p0 (v1 + p1 (v2 + ...)).

#![allow(clippy::needless_range_loop, reason = "rows, lanes and digits are numbered by the formulas")]

use std::ops::ControlFlow;

use super::arithmetic::{centred, inverse};
use super::field::Field;
use super::vector::{Eight, Vector};
use crate::YieldNow;

/// Eight words from `start` on, modulo p; zero behind the end.
#[inline(always)]
pub(super) fn eight<V: Vector>(words: &[u64], start: usize, field: Field) -> V {
    let (mut high, mut low) = (Eight::ZERO, Eight::ZERO);
    match words.get(start..start + 8) {
        Some(part) => {
            for i in 0..8 {
                high.0[i] = f64::from((part[i] >> 32) as u32);
                low.0[i] = f64::from(part[i] as u32);
            }
        }
        None => {
            for (i, &word) in words.get(start..).unwrap_or_default().iter().enumerate() {
                high.0[i] = f64::from((word >> 32) as u32);
                low.0[i] = f64::from(word as u32);
            }
        }
    }
    field.times(V::load(&high), (1_u64 << 32) as f64).plus(V::load(&low))
}

/// What Garner's way needs of K primes.
pub(super) struct Digits<const K: usize> {
    primes: [u64; K],
    fields: [Field; K],
    /// 1/p_j modulo p_i, for j < i.
    inverses: [[f64; K]; K],
}

/// Coefficients between two yields.
const STRIDE: usize = 1 << 15;

impl<const K: usize> Digits<K> {
    pub(super) fn new(primes: [u64; K]) -> Self {
        let over = |j: usize, i: usize| centred(inverse(primes[j], primes[i]), primes[i]);
        let inverses = std::array::from_fn(|i| std::array::from_fn(|j| if j < i { over(j, i) } else { 0.0 }));
        Digits { primes, fields: primes.map(Field::new), inverses }
    }

    /// The number that these residues (at most 0.51p each) are the coefficients of, modulo
    /// 2^64L - 1.
    #[inline(always)]
    pub(super) fn words<V: Vector>(
        &self,
        residues: [&[Eight]; K],
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), Vec<u64>> {
        let length = residues[0].len() * 8;
        let mut words = Vec::with_capacity(length);
        let mut carry = [0_u64; K];
        for i in 0..length / 8 {
            let mut digits = [Eight::ZERO; K];
            for k in 0..K {
                digits[k] = residues[k][i];
            }
            self.digits::<V>(&mut digits);
            for lane in 0..8 {
                let mut digit = [0; K];
                for k in 0..K {
                    // Below 2^50, where a conversion is exact.
                    digit[k] = digits[k].0[lane] as i64 as u64;
                }
                add(&mut carry, &self.joined(digit));
                words.push(carry[0]);
                carry.rotate_left(1);
                carry[K - 1] = 0;
            }
            if i % STRIDE == 0 {
                yield_now()?;
            }
        }
        // 2^64L is 1.
        while carry != [0; K] {
            let mut place = 0;
            let mut over = std::mem::replace(&mut carry, [0; K]);
            while over != [0; K] {
                if place == length {
                    carry = over;
                    break;
                }
                let (sum, is_more) = words[place].overflowing_add(over[0]);
                words[place] = sum;
                over.rotate_left(1);
                over[K - 1] = 0;
                add(&mut over, &std::array::from_fn(|k| u64::from(k == 0 && is_more)));
                place += 1;
            }
        }
        ControlFlow::Continue(words)
    }

    /// v0 to v(K-1), each from 0 to p - 1.
    #[inline(always)]
    fn digits<V: Vector>(&self, digits: &mut [Eight; K]) {
        for i in 0..K {
            let f = self.fields[i];
            let mut digit = V::load(&digits[i]);
            for j in 0..i {
                digit = f.times(digit.minus(V::load(&digits[j])), self.inverses[i][j]);
            }
            let rest = f.reduced(digit);
            rest.plus(rest.if_negative(V::of(f.p))).store(&mut digits[i]);
        }
    }

    #[inline(always)]
    fn joined(&self, digits: [u64; K]) -> [u64; K] {
        let mut sum = [0; K];
        for i in (0..K).rev() {
            let mut carry = digits[i];
            for word in &mut sum {
                let product = u128::from(*word) * u128::from(self.primes[i]) + u128::from(carry);
                (*word, carry) = (product as u64, (product >> 64) as u64);
            }
        }
        sum
    }
}

#[inline(always)]
fn add<const K: usize>(sum: &mut [u64; K], next: &[u64; K]) {
    let mut carry = false;
    for (word, &next) in sum.iter_mut().zip(next) {
        let (first, a) = word.overflowing_add(next);
        let (second, b) = first.overflowing_add(u64::from(carry));
        (*word, carry) = (second, a || b);
    }
}
