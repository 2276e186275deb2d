//! Prime factors of a number of any size that little effort finds: the same ones on every machine.
//!
//! Division by the primes below 2^16, then Pollard's rho with a bounded number of steps on what is
//! left, then a proof of each probable prime. Stands beside `trial/`, which finds the smallest
//! factor at any cost.
//! Reference: J. M. Pollard, "A Monte Carlo method for factorization", BIT 15 (1975); R. P. Brent's
//! cycle finding, BIT 20 (1980).

use std::ops::ControlFlow::{self, Continue};
use std::sync::OnceLock;

use dashu_int::UBig;
use dashu_int::ops::{BitTest, Gcd, SquareRoot};

use super::ring::Ring;
use super::{Verdict, judged};
use crate::{YieldNow, naive};

/// Steps of rho: enough for most factors of 24 bits; about a millisecond for 128 bits.
const STEPS: usize = 1 << 12;

/// Above this number of bits a step costs too much.
const RHO_BITS: usize = 1024;

/// Primes below 2^16 in groups whose products are below 2^64.
fn groups() -> &'static [(u64, Vec<u64>)] {
    static GROUPS: OnceLock<Vec<(u64, Vec<u64>)>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let mut groups: Vec<(u64, Vec<u64>)> = Vec::new();
        for p in naive::eratosthenes(1 << 16) {
            match groups.last_mut().and_then(|group| Some((group.0.checked_mul(p)?, group))) {
                Some((product, group)) => {
                    group.0 = product;
                    group.1.push(p);
                }
                None => groups.push((p, vec![p])),
            }
        }
        groups
    })
}

/// The smallest prime below 2^16 that divides n and is not n.
pub(super) fn small_factor(n: &UBig) -> Option<u64> {
    let divides = |(product, primes): &(u64, Vec<u64>)| {
        let rest = n % *product;
        primes.iter().copied().find(|p| rest.is_multiple_of(*p))
    };
    groups().iter().find_map(divides).filter(|&p| *n != UBig::from(p))
}

/// Some prime factors of n, proven, each once.
pub(super) fn prime_factors(n: &UBig, depth: u32, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Vec<UBig>> {
    let (mut rest, mut found) = (n.clone(), Vec::new());
    for (product, primes) in groups() {
        let modulo = &rest % *product;
        for &p in primes.iter().filter(|p| modulo.is_multiple_of(**p)) {
            found.push(UBig::from(p));
            while &rest % p == 0 {
                rest /= p;
            }
        }
    }
    yield_now()?;
    let mut open = vec![rest];
    while let Some(part) = open.pop() {
        if part == UBig::ONE {
            continue;
        }
        if judged(&part, depth, yield_now)? == Verdict::Proven {
            if !found.contains(&part) {
                found.push(part);
            }
        } else if let Some(factor) = rho(&part, yield_now)? {
            open.push(&part / &factor);
            open.push(factor);
        }
    }
    Continue(found)
}

/// A factor of an odd number, where a few steps find one.
fn rho(n: &UBig, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Option<UBig>> {
    if n.bit_len() > RHO_BITS {
        return Continue(None);
    }
    // Of a square both cycles close at once.
    let root = n.sqrt();
    if root.sqr() == *n {
        return Continue(Some(root));
    }
    let ring = Ring::new(n);
    let one = ring.small(1);
    let (mut x, mut y, mut product) = (ring.small(2), ring.small(2), one.clone());
    let (mut power, mut taken) = (1, 0);
    for step in 1..=STEPS {
        if taken == power {
            x = y.clone();
            (power, taken) = (2 * power, 0);
        }
        y = y.sqr() + &one;
        taken += 1;
        product *= &x - &y;
        if step % 64 == 0 {
            let common = product.residue().gcd(n);
            if common != UBig::ONE {
                return Continue(Some(common).filter(|common| common != n));
            }
            yield_now()?;
        }
    }
    Continue(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::go;

    fn on() -> ControlFlow<()> {
        Continue(())
    }

    #[test]
    fn the_primes_below_2_16_are_in_groups() {
        let all: Vec<u64> = groups().iter().flat_map(|(_, primes)| primes.clone()).collect();
        assert_eq!(all, naive::eratosthenes(1 << 16));
        assert!(groups().iter().all(|(product, primes)| primes.iter().product::<u64>() == *product));
    }

    #[test]
    fn factors_are_found_and_are_prime() {
        let big = |n: u128| UBig::from(n);
        assert_eq!(small_factor(&big(65_521)), None);
        assert_eq!(small_factor(&big(65_521 * 65_521)), Some(65_521));
        assert_eq!(small_factor(&big(65_537 * 65_537)), None);
        let factors = |n: u128| {
            let mut found = go(prime_factors(&big(n), 3, &mut on));
            found.sort();
            found
        };
        assert_eq!(factors(1), []);
        assert_eq!(factors(2 * 2 * 3 * 65_537), [2, 3, 65_537].map(big));
        assert_eq!(factors(1_000_003 * 1_000_000_007), [1_000_003, 1_000_000_007].map(big));
        assert_eq!(factors(1_000_003 * 1_000_003), [1_000_003].map(big));
        assert_eq!(factors((1 << 89) - 1), [(1 << 89) - 1].map(big));
    }
}
