//! Which numbers of a list share a factor with another one: all greatest common divisors at once,
//! by trees of products and fractions.
//!
//! Stands beside `gcd.rs`: pair by pair, m numbers would take m^2 / 2 of those. With P the product
//! of all and S the sum of P / n_i, every term of S but the i-th is a multiple of n_i, so gcd(S mod
//! n_i, n_i) = gcd(P / n_i, n_i): what n_i has in common with all the others. P and S come from
//! their halves: P = P1 P2, S = S1 P2 + S2 P1 (the rule for the derivative of a product). (The
//! usual algorithm takes P modulo squares; these are twice as long.)
//!
//! S mod n_i comes down a *scaled* tree: not as remainders but as fractions, S/P modulo 1. The
//! fraction of a half is that of the whole times the product of the other half, and only its part
//! behind the point counts: one cyclic product as long as the whole, without any division. At the
//! end n_i times its fraction is the remainder. A fraction has a word more than its product; with e
//! its error, e P grows by less than 3 / 2^64 a level, and 1/4 would be harmless.
//!
//! Run time: 11 transforms of all bits a level of log2 m; 16,384 numbers of 2,048 bits: see
//! docs/isprime.md. Memory: 10 times all numbers for a product, and one time a level for the tree.
//! Reference: D. J. Bernstein, "Scaled remainder trees" (2004); N. Heninger, Z. Durumeric, E.
//! Wustrow and J. A. Halderman, "Mining your Ps and Qs: detection of widespread weak keys in
//! network devices", USENIX Security 2012, for its use.

use std::ops::ControlFlow::{self, Continue};
use std::ops::Range;

use dashu_int::UBig;
use dashu_int::ops::Gcd;

use super::huge::{Huge, words};
use super::ntt::length;
use crate::YieldNow;

/// Words of the numbers of a leaf. A little less than a power of two, so that fractions (a word
/// more) fit the transforms of their level.
const LEAF: usize = 252;

/// P and S of some numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The product.
    pub product: UBig,
    /// The sum of the products of all but one.
    pub derivative: UBig,
}

impl Node {
    /// Of these numbers; of none at all they are 1 and 0.
    pub fn of(numbers: &[UBig], huge: &Huge, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Node> {
        let mut nodes = Vec::new();
        for leaf in leaves(numbers) {
            let each = numbers[leaf].iter().map(|n| Node { product: n.clone(), derivative: UBig::ONE });
            nodes.push(Node::total(each.collect(), huge, yield_now)?);
            yield_now()?;
        }
        Node::total(nodes, huge, yield_now)
    }

    /// Of all numbers of these nodes. Long products are cheap when both factors are equally long,
    /// so neighbours are joined, then theirs.
    fn total(mut nodes: Vec<Node>, huge: &Huge, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Node> {
        while nodes.len() > 1 {
            let mut above = Vec::with_capacity(nodes.len().div_ceil(2));
            let mut below = nodes.into_iter();
            while let Some(node) = below.next() {
                above.push(match below.next() {
                    Some(next) => node.joined(next, huge, yield_now)?,
                    None => node,
                });
            }
            nodes = above;
        }
        Continue(nodes.pop().unwrap_or(Node { product: UBig::ONE, derivative: UBig::ZERO }))
    }

    /// Of the numbers of both.
    pub fn joined(self, next: Node, huge: &Huge, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Node> {
        let numbers = [&self.product, &next.product, &self.derivative, &next.derivative];
        let [p1, p2, s1, s2] = numbers.map(words);
        // The sum of two products may have a word more.
        let total = (p1 + p2).max((s1 + p2).max(s2 + p1) + usize::from(s1 >= p1 || s2 >= p2));
        let Some(convolver) = huge.convolver(total) else {
            let derivative = self.derivative * &next.product + next.derivative * &self.product;
            return Continue(Node { product: self.product * next.product, derivative });
        };
        let found =
            convolver.sums(&numbers.map(UBig::as_words), &[&[(0, 1)], &[(2, 1), (3, 0)]], length(total), yield_now)?;
        Continue(Node { product: UBig::from_words(&found[0]), derivative: UBig::from_words(&found[1]) })
    }
}

/// Runs of numbers that have [`LEAF`] words together, or are one number.
fn leaves(numbers: &[UBig]) -> Vec<Range<usize>> {
    let (mut leaves, mut filled): (Vec<Range<usize>>, usize) = (Vec::new(), 0);
    for (i, n) in numbers.iter().enumerate() {
        filled += words(n);
        match leaves.last_mut() {
            Some(leaf) if filled <= LEAF => leaf.end = i + 1,
            _ => {
                leaves.push(i..i + 1);
                filled = words(n);
            }
        }
    }
    leaves
}

/// What each of `numbers` has in common with the product of all others of the list, whose S is
/// `derivative`. 1 for nothing, the number itself for all of it. (For any S: the greatest common
/// divisors of S and each number.)
pub fn commons(
    derivative: &UBig,
    numbers: &[UBig],
    huge: &Huge,
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), Vec<UBig>> {
    let leaves = leaves(numbers);
    let mut levels: Vec<Vec<UBig>> = vec![leaves.iter().map(|leaf| numbers[leaf.clone()].iter().product()).collect()];
    while let Some(level) = levels.last().filter(|level| level.len() > 1) {
        let mut above = Vec::with_capacity(level.len().div_ceil(2));
        for pair in level.chunks(2) {
            above.push(match pair {
                [a, b] => huge.product(a, b, yield_now)?,
                alone => alone[0].clone(),
            });
        }
        yield_now()?;
        levels.push(above);
    }
    let Some([top]) = levels.pop().as_deref().map(<&[UBig; 1]>::try_from).transpose().ok().flatten().cloned() else {
        return Continue(Vec::new());
    };
    let rest = huge.remainder(derivative, &top, yield_now)?;
    let mut fractions = vec![huge.fraction(&rest, &top, yield_now)?];
    let (mut tops, mut parents) = (vec![top], Vec::new());
    while let Some(level) = levels.pop() {
        std::mem::swap(&mut parents, &mut tops);
        let mut below = Vec::with_capacity(level.len());
        for ((pair, fraction), parent) in level.chunks(2).zip(fractions).zip(&parents) {
            match pair {
                [a, b] => below.extend(halves(&fraction, words(parent), a, b, huge, yield_now)?),
                _ => below.push(fraction),
            }
        }
        yield_now()?;
        fractions = below;
        tops = level;
    }
    let mut commons = Vec::with_capacity(numbers.len());
    for ((leaf, fraction), product) in leaves.into_iter().zip(fractions).zip(&tops) {
        let bits = 64 * (words(product) + 1);
        let rest = (fraction * product + (UBig::ONE << (bits - 1))) >> bits;
        commons.extend(numbers[leaf].iter().map(|n| (&rest % n).gcd(n)));
        yield_now()?;
    }
    Continue(commons)
}

/// The fractions of a and b, of that of their product, which has n words (and its fraction n + 1).
fn halves(
    fraction: &UBig,
    n: usize,
    a: &UBig,
    b: &UBig,
    huge: &Huge,
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), [UBig; 2]> {
    let kept = [a, b].map(|half| words(half) + 1);
    let total = words(a) + words(b) + 2;
    let products = match huge.convolver(total) {
        // What is before the point wraps round to where nothing is kept, and changes at most the
        // last bit kept.
        Some(convolver) => {
            let numbers = [fraction, b, a].map(UBig::as_words);
            convolver.sums(&numbers, &[&[(0, 1)], &[(0, 2)]], length(total), yield_now)?
        }
        None => [b, a].map(|other| (fraction * other).as_words().to_vec()).to_vec(),
    };
    let part = |i: usize| {
        let end = (n + 1).min(products[i].len());
        UBig::from_words(products[i].get(n + 1 - kept[i]..end).unwrap_or_default())
    };
    Continue([part(0), part(1)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcd::gcd;
    use crate::huge::tests::random as of_words;
    use crate::tests::go;
    use montesieve_kernel::isa::Isa;
    use proptest::prelude::*;

    fn all(numbers: &[UBig], group: usize) -> Vec<UBig> {
        let everything = numbers.iter().map(words).sum::<usize>();
        let supported = Isa::available();
        let mut found = supported.map(|isa| with(&Huge::new(isa, 4 * everything + 64), numbers, group));
        let first = found.next().expect("the portable one");
        assert!(found.all(|commons| commons == first));
        first
    }

    fn with(huge: &Huge, numbers: &[UBig], group: usize) -> Vec<UBig> {
        let mut on = || Continue(());
        let parts = numbers.chunks(group).map(|part| go(Node::of(part, huge, &mut on))).collect();
        let total = go(Node::total(parts, huge, &mut on));
        // One by one, which is slow for long lists.
        if numbers.len() < 100 {
            assert_eq!(total.product, numbers.iter().product::<UBig>());
        }
        numbers.chunks(group).flat_map(|part| go(commons(&total.derivative, part, huge, &mut on))).collect()
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

    #[test]
    fn long_lists_against_every_other_number() {
        // Lists of all lengths, with numbers of all lengths, some of them shared, some tiny, some
        // all ones.
        for (seed, count, longest) in [(1, 40, 60), (2, 300, 9), (3, 65, 33), (4, 9, 300), (5, 130, 16)] {
            let number = |i: u64| of_words(7 * seed + 1000 * i + 1, 1 + (i * i % longest) as usize) + UBig::ONE;
            let mut numbers: Vec<UBig> = (0..count).map(number).collect();
            for i in (0..numbers.len()).step_by(11) {
                numbers[i] = &numbers[i] * &numbers[(i * 7 + 3) % count as usize];
            }
            let others = |i: usize| {
                let all = numbers.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, n)| n);
                all.fold(UBig::ONE, |product, n| product * n % &numbers[i])
            };
            let expected: Vec<UBig> = (0..numbers.len()).map(|i| others(i).gcd(&numbers[i])).collect();
            for group in [numbers.len(), 50] {
                assert_eq!(all(&numbers, group), expected, "{seed}");
            }
        }
    }
}
