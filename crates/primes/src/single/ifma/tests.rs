//! Each test alone against its definition, with products of 128 bits: what passes one but is no
//! prime must pass here too.

use super::*;
use montesieve_kernel::isa::{Isa, Supported};
use proptest::prelude::*;

fn times(a: u64, b: u64, n: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(n)) as u64
}

/// The strong test to base 2, as defined.
fn is_strong(n: u64) -> bool {
    let twos = (n - 1).trailing_zeros();
    let mut power = (0..64).rev().fold(1, |power, bit| {
        let square = times(power, power, n);
        if (n - 1) >> twos >> bit & 1 == 1 { times(square, 2, n) } else { square }
    });
    power == 1
        || (0..twos).any(|_| {
            let before = power;
            power = times(power, power, n);
            before == n - 1
        })
}

/// V of the index `k`, as defined.
fn v(k: u128, p: u64, n: u64) -> u64 {
    let less = |a: u64, b: u64| ((u128::from(a) + u128::from(n) - u128::from(b % n)) % u128::from(n)) as u64;
    let (mut low, mut high) = (2 % n, p % n);
    for bit in (0..66).rev() {
        let product = less(times(low, high, n), p);
        if k >> bit & 1 == 1 {
            (low, high) = (product, less(times(high, high, n), 2));
        } else {
            (low, high) = (less(times(low, low, n), 2), product);
        }
    }
    low
}

/// The almost extra strong Lucas test, as defined.
fn is_lucas(n: u64) -> bool {
    let Some(p) = parameter(n.into()) else { return false };
    let after = u128::from(n) + 1;
    let s = after.trailing_zeros();
    let d = after >> s;
    let first = v(d, p, n);
    first == 2 || first == n - 2 || (0..s - 1).any(|r| v(d << r, p, n) == 0)
}

/// What each test keeps of a list.
fn kept(numbers: &[u64]) -> [Vec<u64>; 2] {
    // SAFETY: the callers check the instructions.
    let strong = retain(0, &mut numbers.to_vec(), |_, lanes| unsafe { strong::test(lanes) }).to_vec();
    let mut tested = numbers.to_vec();
    let lucas = retain(0, &mut tested, |numbers, lanes| {
        // SAFETY: as above.
        unsafe { lucas::test(lanes, &numbers.map(|n| parameter(n).unwrap_or(0))) }
    });
    [strong, lucas.to_vec()]
}

fn expected(numbers: &[u64]) -> [Vec<u64>; 2] {
    [is_strong, is_lucas].map(|test| numbers.iter().copied().filter(|&n| test(n)).collect())
}

#[test]
fn every_odd_number_of_a_stretch() {
    if !Isa::Avx512.is_supported() {
        return;
    }
    for low in [1_000_001, (1 << 32) + 1, (1 << 52) - 999, (1 << 63) - 999, u64::MAX - 4000] {
        let numbers: Vec<u64> =
            (low..low + 4000).step_by(2).filter(|n| n % 3 != 0 && n % 5 != 0 && n % 7 != 0).collect();
        assert_eq!(kept(&numbers), expected(&numbers), "from {low} on");
    }
}

/// Strong pseudoprimes to base 2 (OEIS A001262, A014233), almost extra strong Lucas pseudoprimes
/// (A217719 are among them), and 1 less or more than high powers of 2, where every bit of the
/// exponent may be the last.
#[test]
fn pseudoprimes_and_long_runs_of_zeros() {
    if !Isa::Avx512.is_supported() {
        return;
    }
    let mut numbers = vec![2047, 3277, 4033, 4681, 8321, 15841, 29341, 3_215_031_751, 3_825_123_056_546_413_051];
    numbers.extend([989, 3239, 5777, 10_877, 27_971, 29_681, 30_739, 31_631, 39_059, 72_389, 73_919, 75_077]);
    numbers.extend(
        (20..63).flat_map(|bits| [(1 << bits) - 1, (1 << bits) + 1, (3 << (bits - 1)) - 1, (3 << (bits - 1)) + 1]),
    );
    numbers.extend([u64::MAX, (15 << 60) + 1, (1 << 63) + 1, (7 << 61) - 1]);
    let pseudo: Vec<u64> = expected(&[989, 3239, 5777])[1].clone();
    assert_eq!(pseudo, [989, 3239, 5777], "the definition lets them pass");
    assert_eq!(kept(&numbers), expected(&numbers));
    let primes = crate::single::many::retain_primes(Supported::widest(), 0, &mut numbers);
    assert!(primes.iter().all(|&n| crate::tests::is_prime(n)), "{primes:?}");
}

proptest! {
    #[test]
    fn any_odd_numbers(numbers in proptest::collection::vec(5u64.., 0..70), shift in 0..32u32) {
        let numbers: Vec<u64> = numbers.iter().map(|n| (n >> shift).max(1000) | 1).collect();
        // Not `prop_assume!`: where it never holds, the test fails.
        if Isa::Avx512.is_supported() {
            prop_assert_eq!(kept(&numbers), expected(&numbers));
        }
    }
}
