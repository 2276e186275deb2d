//! Tiny windows against the sieve to the end and known pseudoprimes.

use super::*;
use crate::primes::tests::is_prime;

/// The least strong pseudoprimes to the first 5, 6, 7 and 9 primes as bases (OEIS A014233), a square, and products.
const COMPOSITES: [u64; 7] = [
    2_152_302_898_747,
    3_474_749_660_383,
    341_550_071_728_321,
    3_825_123_056_546_413_051,
    65_537 * 65_537,
    4_294_967_291 * 4_294_967_279,
    u64::MAX,
];

const PRIMES: [u64; 7] = [
    4_294_967_311,
    1_000_000_000_039,
    9_007_199_254_740_881,
    (1 << 61) - 1,
    9_223_372_036_854_775_783,
    18_446_744_073_709_551_533,
    18_446_744_073_709_551_557,
];

#[test]
fn every_way_knows_primes_from_pseudoprimes() {
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_supported()) {
        for n in COMPOSITES {
            assert!(!is_prime(n), "{n}");
            assert_eq!(count_primes(&mut [n], isa), 0, "{n} on {isa}");
        }
        for n in PRIMES {
            assert!(is_prime(n), "{n}");
            assert_eq!(count_primes(&mut [n], isa), 1, "{n} on {isa}");
        }
        let mut both: Vec<u64> = COMPOSITES.into_iter().chain(PRIMES).cycle().take(16 * 9 + 5).collect();
        let expected = both.iter().filter(|&&n| is_prime(n)).count() as u64;
        assert_eq!(count_primes(&mut both, isa), expected);
    }
}

#[test]
fn windows_anywhere() {
    let mut never = || ControlFlow::Continue(());
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_supported()) {
        let mut tiny = Tiny::new(u64::MAX, isa);
        for low in [1 << 40, (1 << 52) - 500, (1 << 53) - 500, 10_u64.pow(18), (1 << 63) - 500, u64::MAX - 1200] {
            for (skip, length) in [(0, 0), (0, 1), (1, 2), (7, 1000), (13, 1187)] {
                let (low, high) = (low + skip, low + skip + length);
                let expected = (low..high).filter(|&n| is_prime(n)).count() as u64;
                assert_eq!(tiny.count(low, high, &mut never), ControlFlow::Continue(expected), "[{low}, {high}) {isa}");
            }
        }
    }
}
