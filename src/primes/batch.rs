//! Which numbers of a list share a factor with another: all greatest common divisors at once, by trees of products and remainders.
//!
//! Stands beside `gcd.rs`: pair by pair, m numbers would take m^2 / 2 of those. With P the product of all and S the sum of P / n_i,
//! every term of S but the i-th is a multiple of n_i, so gcd(S mod n_i, n_i) = gcd(P / n_i, n_i): what n_i has in common with all the others.
//! P and S come from their halves: P = P1 P2, S = S1 P2 + S2 P1 (the rule for the derivative of a product); S mod n_i comes down a tree of
//! remainders. (The usual way takes P modulo squares; these are twice as long, and divisions are the dearest part.)
//!
//! Run time: with multiplication in b^1.5 for b bits, a few multiplications of all bits for each level, of which there are log2 m.
//! Memory: all numbers some times over.
//! Reference: D. J. Bernstein, "How to find smooth parts of integers" (2004); N. Heninger, Z. Durumeric, E. Wustrow and J. A. Halderman,
//! "Mining your Ps and Qs: detection of widespread weak keys in network devices", USENIX Security 2012, for what it is good for.

use dashu_int::UBig;
use dashu_int::ops::{BitTest, Gcd};

/// P and S of some numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The product.
    pub product: UBig,
    /// The sum of the products of all but one.
    pub derivative: UBig,
}

impl Node {
    fn of(n: &UBig) -> Node {
        Node { product: n.clone(), derivative: UBig::ONE }
    }

    fn joined(self, next: Node) -> Node {
        let derivative = self.derivative * &next.product + next.derivative * &self.product;
        Node { product: self.product * next.product, derivative }
    }
}

/// P and S of a list in the making. Long products are cheap when both factors are equally long, so neighbours wait until they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Products(pub Vec<Node>);

impl Products {
    /// Of these numbers.
    pub fn of(numbers: &[UBig]) -> Products {
        let mut products = Products::default();
        numbers.iter().for_each(|n| products.push(Node::of(n)));
        products
    }

    /// Takes in what comes next.
    pub fn append(&mut self, next: Products) {
        next.0.into_iter().for_each(|node| self.push(node));
    }

    fn push(&mut self, mut node: Node) {
        while let Some(last) = self.0.pop_if(|last| last.product.bit_len() < 2 * node.product.bit_len()) {
            node = last.joined(node);
        }
        self.0.push(node);
    }

    /// P and S of all; of no numbers at all they are 1 and 0.
    pub fn total(self) -> Node {
        let none = Node { product: UBig::ONE, derivative: UBig::ZERO };
        self.0.into_iter().rev().reduce(|node, before| before.joined(node)).unwrap_or(none)
    }
}

/// What each of `numbers` has in common with the product of all others of the list, whose S is `derivative`. 1 for nothing, the number
/// itself for all of it.
pub fn commons(derivative: &UBig, numbers: &[UBig]) -> Vec<UBig> {
    let mut levels = vec![numbers.to_vec()];
    while let Some(level) = levels.last().filter(|level| level.len() > 1) {
        levels.push(level.chunks(2).map(|pair| pair.iter().product()).collect());
    }
    let mut remainders = vec![derivative.clone()];
    for (height, level) in levels.iter().enumerate().rev() {
        // The top has one remainder above it, each other level one for two.
        let above = |i: usize| if height + 1 == levels.len() { i } else { i / 2 };
        remainders = level.iter().enumerate().map(|(i, n)| &remainders[above(i)] % n).collect();
    }
    remainders.iter().zip(numbers).map(|(rest, n)| rest.gcd(n)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::gcd::gcd;
    use super::*;
    use proptest::prelude::*;

    fn all(numbers: &[UBig], group: usize) -> Vec<UBig> {
        let mut products = Products::default();
        numbers.chunks(group).for_each(|part| products.append(Products::of(part)));
        let total = products.total();
        // One by one, which is slow for long lists.
        if numbers.len() < 100 {
            assert_eq!(total.product, numbers.iter().product::<UBig>());
        }
        numbers.chunks(group).flat_map(|part| commons(&total.derivative, part)).collect()
    }

    #[test]
    fn small_lists() {
        let list = |numbers: &[u64]| numbers.iter().map(|&n| UBig::from(n)).collect::<Vec<_>>();
        assert_eq!(all(&[], 3), list(&[]));
        assert_eq!(all(&list(&[35]), 3), list(&[1]));
        assert_eq!(all(&list(&[1, 1]), 1), list(&[1, 1]));
        assert_eq!(all(&list(&[15, 77, 35, 13, 221]), 2), list(&[5, 7, 35, 13, 13]));
        assert_eq!(all(&list(&[6, 6, 25]), 9), list(&[6, 6, 1]));
    }

    proptest! {
        #[test]
        fn equals_every_pair(numbers in prop::collection::vec(1_u64..5000, 1..40), group in 1_usize..20) {
            let expected: Vec<UBig> = numbers.iter().enumerate().map(|(i, &n)| {
                // gcd with the product of all others, which may be long: modulo n.
                let others = numbers.iter().enumerate().filter(|(j, _)| *j != i);
                let product = others.fold(1_u128 % u128::from(n), |product, (_, &m)| product * u128::from(m) % u128::from(n));
                UBig::from(gcd(product, n.into()))
            }).collect();
            let big: Vec<UBig> = numbers.iter().map(|&n| UBig::from(n)).collect();
            prop_assert_eq!(all(&big, group), expected);
        }
    }

    /// Odd numbers of so many bits, from a generator of Marsaglia's.
    fn random(count: usize, bits: usize) -> Vec<UBig> {
        let mut state = 88_172_645_463_325_252_u64;
        let mut word = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        (0..count)
            .map(|_| UBig::from_le_bytes(&(0..bits / 64).flat_map(|_| word()).collect::<Vec<u8>>()) | UBig::ONE)
            .collect()
    }

    /// Makes keys of two factors; some share one of them. Not primes: their common small factors are what pairs say they are.
    #[test]
    #[ignore = "long: minutes of one core"]
    fn weak_keys_among_20_000_moduli() {
        let factors = random(40_000, 512);
        let mut keys: Vec<UBig> = factors.chunks(2).map(|pair| &pair[0] * &pair[1]).collect();
        for (weak, other) in [(7, 19_999), (100, 101), (5000, 12_345)] {
            keys[weak] = &factors[2 * other] * &factors[2 * weak + 1];
        }
        let found = all(&keys, 2048);
        let weak: Vec<usize> = (0..keys.len()).filter(|&i| found[i].bit_len() > 400).collect();
        assert_eq!(weak, [7, 100, 101, 5000, 12_345, 19_999]);
        assert!((&found[7] % &factors[2 * 19_999]) == UBig::ZERO);
    }
}
