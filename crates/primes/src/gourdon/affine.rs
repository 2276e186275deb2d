//! A sum over adjacent spans whose terms depend on the number of primes below, which no span knows.
//!
//! A span returns S = sum of weight * (primes from the start of the span to n), W = sum of the
//! weights, N = primes of the span. The sum from 0 on is S + W * 0; the next span adds S' + W' N.
//! So spans can be summed in any order and any cut.

use serde::{Deserialize, Serialize};

/// Above all sums of a formula for x up to 1e26, which is below 2^87.
pub(super) const BOUND: u128 = 1 << 120;

/// (S, W, N).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affine {
    pub(super) sum: i128,
    pub(super) weight: i128,
    pub(super) primes: u64,
}

impl Affine {
    /// Adds the span after this one. Sums wrap: correct values are far below 2^127, but values from
    /// a file are checked only for that (`is_sound`).
    pub fn merge(&mut self, next: Affine) {
        self.sum = self.sum.wrapping_add(next.above(self.primes));
        self.weight = self.weight.wrapping_add(next.weight);
        self.primes = self.primes.wrapping_add(next.primes);
    }

    /// Whether it can be that of numbers up to `x`.
    pub(super) fn is_sound(&self, x: u128) -> bool {
        u128::from(self.primes) <= x && [self.sum, self.weight].iter().all(|sum| sum.unsigned_abs() < BOUND)
    }

    /// The sum, given the number of primes below the span.
    pub(super) fn above(&self, primes: u64) -> i128 {
        self.sum.wrapping_add(self.weight.wrapping_mul(i128::from(primes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_affine() -> impl Strategy<Value = Affine> {
        (-1_000_000_i128..1_000_000, -1000_i128..1000, 0_u64..1_000_000).prop_map(|(sum, weight, primes)| Affine {
            sum,
            weight,
            primes,
        })
    }

    proptest! {
        #[test]
        fn merging_is_associative(a in any_affine(), b in any_affine(), c in any_affine()) {
            let (mut left, mut right, mut tail) = (a, a, b);
            left.merge(b);
            left.merge(c);
            tail.merge(c);
            right.merge(tail);
            prop_assert_eq!(left, right);
        }
    }
}
