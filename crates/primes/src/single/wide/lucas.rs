//! The Lucas half of the test, on one number of up to 128 bits.
//!
//! Stands beside `ifma/lucas.rs`, which is the same test ("almost extra strong") of 32 numbers at
//! once: a window and `isprime` agree on every number and every CPU. Definition, and choice of P:
//! `lucas_parameter.rs`.
//!
//! Run time: two products a bit. Memory: none.

use super::field::Montgomery128;
use crate::single::lucas_parameter::parameter;

/// Whether n, which has no factor below 11, passes.
pub(super) fn passes(field: &Montgomery128) -> bool {
    let n = field.modulus();
    let Some(p) = parameter(n) else { return false };
    let (p, two) = (field.small(p), field.add(field.one(), field.one()));
    let less_two = |v: u128| field.subtract(v, two);
    // (n + 1) / 2, which has 128 bits at most.
    let exponent = n / 2 + 1;
    let twos = exponent.trailing_zeros();
    let (mut low, mut high) = (two, p);
    for bit in (0..128 - exponent.leading_zeros()).rev() {
        let product = field.subtract(field.times(low, high), p);
        (low, high) = if exponent >> bit & 1 == 1 {
            (product, less_two(field.times(high, high)))
        } else {
            (less_two(field.times(low, low)), product)
        };
        // V of the odd index, and of those that follow, but not of (n + 1) / 2.
        if bit == twos && (low == two || low == field.subtract(0, two)) || bit <= twos && bit > 0 && low == 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive;

    #[test]
    fn passes_the_known_pseudoprimes_and_no_other_composite() {
        // OEIS A217719 has those of the extra strong test, all but the fourth.
        const KNOWN: [u64; 10] = [989, 3239, 5777, 10_469, 10_877, 27_971, 29_681, 30_739, 31_631, 39_059];
        let primes = naive::eratosthenes(50_000);
        let wrong: Vec<u64> = (7..50_000)
            .filter(|n| n % 2 != 0 && n % 3 != 0 && n % 5 != 0 && n % 7 != 0)
            .filter(|&n| passes(&Montgomery128::new(n.into())) != primes.binary_search(&n).is_ok())
            .collect();
        assert_eq!(wrong, KNOWN);
    }
}
