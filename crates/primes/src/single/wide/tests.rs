//! Single numbers against the sieve, against known pseudoprimes, and against products.

use super::*;
use crate::naive;
use crate::single::narrow;
use proptest::prelude::*;

#[test]
fn equals_eratosthenes() {
    let primes = naive::eratosthenes(200_000);
    assert_eq!((0..200_000).filter(|&n| is_prime(n.into())).collect::<Vec<_>>(), primes);
    assert_eq!(SMALL[..], primes[..SMALL.len()]);
    assert_eq!(primes[SMALL.len()], 211);
}

#[test]
fn both_tests_agree_with_the_sieve_where_both_are_known_to() {
    let primes = naive::eratosthenes(60_000);
    for n in (SMALL_PROVES..60_000).filter(|&n| small_factor(n).is_none()) {
        let field = Montgomery128::new(n);
        let passes = strong_to_base_2(&field) && lucas::passes(&field);
        assert_eq!(passes, primes.binary_search(&(n as u64)).is_ok(), "{n}");
    }
}

#[test]
fn large_primes_and_their_neighbours() {
    // Mersenne primes, the first primes above 2^64, 10^20 and 10^38, the last below 2^128, and the
    // notes' number of 75 bits.
    let two = |n: u32| 1_u128 << n;
    let primes = [
        two(89) - 1,
        two(107) - 1,
        two(127) - 1,
        two(64) + 13,
        10_u128.pow(20) + 39,
        10_u128.pow(38) + 133,
        u128::MAX - 158,
        22_360_679_774_997_896_964_091,
    ];
    for p in primes {
        assert!(is_prime(p), "{p}");
        for near in (p - 8..p).filter(|n| n % 2 == 1) {
            assert!(!is_prime(near) || near == p - 2 && is_prime(near), "{near}");
        }
    }
    assert!((two(64) + 1..two(64) + 13).all(|n| !is_prime(n)));
    assert!((u128::MAX - 157..=u128::MAX).all(|n| !is_prime(n)));
}

#[test]
fn pseudoprimes_are_seen_through() {
    // Strong to the first 12 and 13 primes as bases (Sorenson and Webster), Mersenne numbers
    // (strong to base 2), squares.
    for n in [
        318_665_857_834_031_151_167_461,
        3_317_044_064_679_887_385_961_981,
        (1 << 67) - 1,
        (1 << 101) - 1,
        ((1 << 61) - 1) * ((1 << 61) - 1),
        18_446_744_073_709_551_557 * 18_446_744_073_709_551_557,
        18_446_744_073_709_551_557 * 18_446_744_073_709_551_533,
    ] {
        assert!(!is_prime(n), "{n}");
    }
    assert!(strong_to_base_2(&Montgomery128::new((1 << 67) - 1)), "or it would be no test");
}

proptest! {
    #[test]
    fn below_64_bits_it_is_the_twelve_bases(n: u64, shift in 0_u32..64) {
        prop_assert_eq!(is_prime((n >> shift).into()), narrow::is_prime(n >> shift));
    }

    #[test]
    fn both_tests_agree_with_the_twelve_bases_just_above_32_bits(n in (1_u64 << 32)..(1 << 40)) {
        let n = (0..).map(|i| (n | 1) + 2 * i).find(|&n| small_factor(n.into()).is_none()).expect("one in five");
        let field = Montgomery128::new(n.into());
        prop_assert_eq!(strong_to_base_2(&field) && lucas::passes(&field), narrow::is_prime(n));
    }

    #[test]
    fn products_are_composite(a in 2_u64.., b in 2_u64..) {
        prop_assert!(!is_prime(u128::from(a) * u128::from(b)));
    }

    #[test]
    fn small_factors_are_the_smallest(n in 2_u128..50_000) {
        let smallest = (2..n).find(|d| n % d == 0 ).filter(|&d| d < 211);
        prop_assert_eq!(small_factor(n).map(u128::from), smallest);
    }
}
