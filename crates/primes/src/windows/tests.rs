//! Windows of the window sieve against the sieve to the end and known pseudoprimes.

use super::*;
use crate::single::many::retain_primes;
use crate::single::wide;
use crate::tests::is_prime;
use montesieve_kernel::isa::Supported;
use proptest::prelude::*;

/// The first number that a window may begin with.
const FIRST: u128 = LOWEST + 1;

/// The least strong pseudoprimes to the first 5, 6, 7 and 9 primes as bases (OEIS A014233), a
/// square, and products.
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
    for isa in Supported::all() {
        for n in COMPOSITES {
            assert!(!is_prime(n), "{n}");
            assert_eq!(retain_primes(isa, 0, &mut [n]).len(), 0, "{n} on {isa}");
        }
        for n in PRIMES {
            assert!(is_prime(n), "{n}");
            assert_eq!(retain_primes(isa, 0, &mut [n]).len(), 1, "{n} on {isa}");
        }
        let mut both: Vec<u64> = COMPOSITES.into_iter().chain(PRIMES).cycle().take(16 * 9 + 5).collect();
        let expected = both.iter().filter(|&&n| is_prime(n)).count();
        assert_eq!(retain_primes(isa, 0, &mut both).len(), expected);
    }
}

/// The primes of `[low, high)` by `sieve`.
fn primes(sieve: &mut WindowSieve, low: u128, high: u128) -> Vec<u128> {
    let mut primes = Vec::new();
    let end = sieve.runs(low, high, &mut || ControlFlow::Continue(()), &mut |run| {
        primes.extend(run.iter());
        ControlFlow::Continue(())
    });
    assert!(end.is_continue());
    primes
}

fn isas() -> impl Iterator<Item = Supported> {
    Supported::all()
}

#[test]
fn windows_anywhere() {
    let two = |n: u32| 1_u128 << n;
    for isa in isas() {
        let mut sieve = WindowSieve::new(isa);
        for low in [
            FIRST + 500,
            two(42),
            two(52),
            two(53),
            two(63),
            two(64) - 700,
            two(64) + 500,
            two(80),
            10_u128.pow(18),
            10_u128.pow(26) - 700,
        ] {
            for (skip, length) in [(0, 0), (0, 1), (1, 2), (7, 1000), (13, 1187)] {
                let low = low - 500 + skip;
                let high = (low + length).min(if low < BORDER { BORDER } else { u128::MAX });
                let expected: Vec<u128> = (low..high).filter(|&n| wide::is_prime(n)).collect();
                assert_eq!(primes(&mut sieve, low, high), expected, "[{low}, {high}) {isa}");
            }
        }
    }
}

/// Longer windows, which larger primes cross, in parts that go on, step back inside a byte, and
/// jump; all by one workspace.
#[test]
fn parts_add_up_on_every_instruction_set() {
    for low in [FIRST, 1 << 42, (1 << 64) - 61_000, (1 << 64) + 13, 10_u128.pow(26) - 61_000] {
        let mut all: Option<Vec<u128>> = None;
        for isa in isas() {
            let mut sieve = WindowSieve::new(isa);
            let high = if low < BORDER { BORDER.min(low + 60_000) } else { low + 60_000 };
            let whole = primes(&mut sieve, low, high);
            for step in [59, 1000, 7919, 30_000] {
                let mut parts = Vec::new();
                for from in (low..high).step_by(step) {
                    parts.extend(primes(&mut sieve, from, high.min(from + step as u128)));
                }
                assert_eq!(parts, whole, "{low} in steps of {step} on {isa}");
            }
            assert_eq!(*all.get_or_insert_with(|| whole.clone()), whole, "{isa}");
        }
        let all = all.unwrap_or_default();
        assert!(all.iter().take(20).all(|&n| wide::is_prime(n)) && all.len() > 500);
    }
}

/// Composites that a weaker test takes for primes, and products of two primes that no prime below
/// divides.
#[test]
fn pseudoprimes_above_2_64() {
    let products = [
        4_294_967_311_u128 * 4_294_967_357,
        4_294_967_311 * 4_294_967_311,
        18_446_744_073_709_551_557 * 1_000_003,
        9_999_999_999_971 * 9_999_999_999_971,
        9_999_999_999_971 * 9_999_999_999_973,
    ];
    // Strong to the first 12 and 13 primes as bases (Sorenson and Webster), to base 2: Mersenne
    // numbers, and (4^p + 1) / 5.
    let pseudo = [
        318_665_857_834_031_151_167_461,
        3_317_044_064_679_887_385_961_981,
        (1 << 67) - 1,
        (1 << 71) - 1,
        (1 << 83) - 1,
    ];
    let fermat = [37, 41, 43].map(|p| ((1_u128 << (2 * p)) + 1) / 5);
    for isa in isas() {
        for n in products.into_iter().chain(pseudo).chain(fermat) {
            assert!(retain_primes(isa, n, &mut [0]).is_empty(), "{n} on {isa}");
            // Among others, at any place.
            let base = n - 1000;
            let mut offsets: Vec<u64> = (0..2000).filter(|i| (base + i) % 2 == 1).map(|i| i as u64).collect();
            offsets.retain(|&i| (base + u128::from(i)) % 3 != 0 && (base + u128::from(i)) % 5 != 0);
            let expected: Vec<u64> =
                offsets.iter().copied().filter(|&i| wide::is_prime(base + u128::from(i))).collect();
            assert_eq!(retain_primes(isa, base, &mut offsets), expected, "around {n} on {isa}");
        }
    }
}

#[test]
fn a_break_comes_back() {
    for isa in isas() {
        let mut looks = 0;
        let mut soon = || {
            looks += 1;
            if looks > 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut sieve = WindowSieve::new(isa);
        assert!(sieve.runs(1 << 70, 1 << 71, &mut soon, &mut |_| ControlFlow::Continue(())).is_break());
        let mut never = || ControlFlow::Continue(());
        assert!(sieve.runs(1 << 70, 1 << 71, &mut never, &mut |_| ControlFlow::Break(())).is_break());
        assert_eq!(primes(&mut sieve, 1 << 64, (1 << 64) + 14), [(1 << 64) + 13]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn random_windows(n in FIRST..10_u128.pow(26), shift in 0_u32..54, length in 0_u128..3000) {
        let low = (n >> shift).max(FIRST);
        let high = if low < BORDER { BORDER.min(low + length) } else { low + length };
        let expected: Vec<u128> = (low..high).filter(|&n| wide::is_prime(n)).collect();
        for isa in isas() {
            prop_assert_eq!(&primes(&mut WindowSieve::new(isa), low, high), &expected);
        }
    }
}
