//! Products against those of `dashu-int`, and sums modulo 2^64L - 1 against their definition.

use std::ops::ControlFlow;

use dashu_int::UBig;
use proptest::prelude::*;

use super::*;

/// Those of this CPU.
fn convolvers(longest: usize) -> Vec<Convolver> {
    Isa::available().map(|isa| Convolver::any(isa, longest)).collect()
}

fn sums(convolver: &Convolver, numbers: &[&[u64]], sums: &[&[(usize, usize)]], length: usize) -> Vec<UBig> {
    match convolver.sums(numbers, sums, length, &mut || ControlFlow::Continue(())) {
        ControlFlow::Continue(words) => words.iter().map(|words| UBig::from_words(words)).collect(),
        ControlFlow::Break(()) => unreachable!("nothing breaks it"),
    }
}

fn words(mut seed: u64, count: usize) -> Vec<u64> {
    (0..count)
        .map(|_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        })
        .collect()
}

/// Modulo 2^64L - 1.
fn folded(n: UBig, length: usize) -> UBig {
    let modulus = (UBig::ONE << (64 * length)) - UBig::ONE;
    n % modulus
}

#[test]
fn lengths_are_the_next_ones() {
    for (words, expected) in [(0, 64), (64, 64), (65, 128), (513, 640), (641, 768), (769, 1024), (1025, 1280)] {
        assert_eq!(length(words), expected);
    }
}

#[test]
fn products_of_all_lengths() {
    for convolver in convolvers(20_000) {
        for length in [64, 128, 256, 640, 768, 1024, 1280, 1536, 4096, 8192, 10_240, 12_288, 16_384, 20_480] {
            let (a, b) = (words(length as u64, length / 2), words(length as u64 + 1, length / 2));
            let product = UBig::from_words(&a) * UBig::from_words(&b);
            assert_eq!(sums(&convolver, &[&a, &b], &[&[(0, 1)]], length), [product], "{length}");
        }
    }
}

#[test]
fn the_largest_coefficients_at_every_length() {
    // All words 2^64 - 1: (2^64L' - 1)^2 with L' = L/2, and with L' = L modulo 2^64L - 1, where it
    // is 0.
    for convolver in convolvers(1 << 16) {
        for length in [64, 640, 768, 4096, 1 << 16] {
            let half = vec![u64::MAX; length / 2];
            let n = UBig::from_words(&half);
            assert_eq!(sums(&convolver, &[&half], &[&[(0, 0)]], length), [&n * &n], "{length}");
            let all = vec![u64::MAX; length];
            let sum = &sums(&convolver, &[&all], &[&[(0, 0), (0, 0)]], length)[0];
            assert_eq!(folded(sum.clone(), length), UBig::ZERO, "{length}");
        }
    }
}

#[test]
fn long_times_short_of_the_largest_words() {
    // Values that grow where lengths have an odd factor, if they are not reduced in time.
    for convolver in convolvers(1280) {
        for length in [640, 768, 1024, 1280] {
            for short in [1, 2, 12, 14, 100] {
                let (a, b) = (vec![u64::MAX; length - short], vec![u64::MAX; short]);
                let product = UBig::from_words(&a) * UBig::from_words(&b);
                assert_eq!(sums(&convolver, &[&a, &b], &[&[(0, 1)]], length), [product], "{length} {short}");
            }
        }
    }
}

#[test]
fn four_primes_hold_what_three_do_not() {
    for mut convolver in convolvers(THREE) {
        // Both ways on one length, which needs three.
        let (a, b) = (words(5, 512), words(6, 512));
        let three = sums(&convolver, &[&a, &b], &[&[(0, 1)]], 1024);
        assert_eq!(convolver.primes.len(), 4);
        convolver.always_four = true;
        assert_eq!(sums(&convolver, &[&a, &b], &[&[(0, 1)]], 1024), three);
    }
}

#[test]
#[ignore = "long: numbers of 2^27 bits"]
fn beyond_three_primes() {
    let length = length(THREE);
    for convolver in convolvers(length) {
        let (a, b) = (vec![u64::MAX; length / 2], words(9, length / 2));
        let product = (UBig::from_words(&b) << (32 * length)) - UBig::from_words(&b);
        assert_eq!(sums(&convolver, &[&a, &b], &[&[(0, 1)]], length), [product]);
    }
}

#[test]
fn a_break_is_obeyed() {
    for convolver in convolvers(1024) {
        let a = words(1, 512);
        for calls in [0, 1, 5] {
            let mut left = calls;
            let mut yield_now = || match left {
                0 => ControlFlow::Break(()),
                _ => {
                    left -= 1;
                    ControlFlow::Continue(())
                }
            };
            assert!(convolver.sums(&[&a], &[&[(0, 0)]], 1024, &mut yield_now).is_break());
        }
    }
}

proptest! {
    #[test]
    fn sums_of_wrapped_products(
        seed in 1_u64..,
        counts in prop::collection::vec(0_usize..=640, 3),
        length in prop::sample::select(vec![640_usize, 768, 1024]),
        ones in any::<[bool; 3]>(),
    ) {
        let numbers: Vec<Vec<u64>> = counts.iter().zip(ones).zip(seed..).map(|((&count, ones), seed)| {
            if ones { vec![u64::MAX; count] } else { words(seed, count) }
        }).collect();
        let [a, b, c] = [0, 1, 2].map(|i| UBig::from_words(&numbers[i]));
        let expected = [&a * &b + &b * &c, &a * &c];
        for convolver in convolvers(1024) {
            let slices: Vec<&[u64]> = numbers.iter().map(Vec::as_slice).collect();
            let found = sums(&convolver, &slices, &[&[(0, 1), (1, 2)], &[(0, 2)]], length);
            for (found, expected) in found.into_iter().zip(&expected) {
                prop_assert_eq!(folded(found, length), folded(expected.clone(), length));
            }
        }
    }
}
