//! Both sides of every border: the first numbers, squares of sieving primes, the ends of a byte, a
//! piece, a tier, 2^k.

use super::*;
use crate::bytes::big::BIG;

#[test]
fn every_short_range_at_the_beginning() {
    let primes = naive::eratosthenes(300);
    let mut sieve = sieve_below(300, Isa::Portable);
    for low in (0..=62).chain([89, 90, 91, 119, 120, 121]) {
        for high in (0..=64).chain([89, 90, 91, 121, 122, 168, 169, 170, 299, 300]) {
            let expected: Vec<u64> = primes.iter().copied().filter(|p| (low..high).contains(p)).collect();
            assert_eq!(list(&mut sieve, low, high), expected, "[{low}, {high})");
            assert_eq!(count(&mut sieve, low, high), expected.len() as u64, "[{low}, {high})");
        }
    }
}

#[test]
fn limits_of_nothing() {
    for limit in 0..40 {
        let mut sieve = sieve_below(limit, Isa::Portable);
        assert_eq!(list(&mut sieve, 0, limit), naive::eratosthenes(limit));
        assert_eq!(count(&mut sieve, limit, limit), 0);
        assert_eq!(count(&mut sieve, limit, 0), 0);
    }
}

#[test]
#[should_panic(expected = "below 100 was asked for 101")]
fn asking_above_the_limit_is_a_mistake_of_the_caller() {
    let _ = sieve_below(100, Isa::Portable).count(0, 101, &mut never);
}

/// Primes at the ends of the tiers, and of the presieve.
const PRIMES: [u64; 13] = [7, 11, 31, 157, 163, 167, 173, 997, 65_521, 65_537, 2_097_097, 2_097_131, 2_097_143];

#[test]
fn squares_and_products_of_sieving_primes() {
    let ends = PRIMES.map(|p| oracle(p, p + 1).len());
    assert_eq!(ends, [1; 13]);
    assert!(PRIMES[10] < u64::from(BIG) && u64::from(BIG) < PRIMES[11]);
    for isa in isas() {
        let mut sieve = sieve_below(PRIMES[12] * PRIMES[12] + 1000, isa);
        for p in PRIMES {
            for q in PRIMES.into_iter().filter(|&q| q >= p && p * q < 1 << 42) {
                let n = p * q;
                assert_eq!(list(&mut sieve, n - 1, n + 2), oracle(n - 1, n + 2), "{p} * {q} on {isa}");
                if p == q {
                    assert_eq!(count(&mut sieve, n, n + 1), 0);
                    assert_eq!(count(&mut sieve, n, n + 31), oracle(n, n + 31).len() as u64);
                }
            }
        }
    }
}

#[test]
fn every_limit_near_a_square() {
    // The root that a limit allows must still have its prime: p^2 needs p, p^2 - 1 does not.
    for p in [13, 167, 65_537] {
        for limit in p * p - 2..=p * p + 2 {
            let mut sieve = sieve_below(limit, Isa::Portable);
            assert_eq!(list(&mut sieve, limit - 40, limit), oracle(limit - 40, limit), "{limit}");
        }
    }
}

#[test]
fn every_residue_as_start_and_stop() {
    let mut sieve = sieve_below(2_000_000, Isa::Portable);
    for base in [0, 900, 999_990] {
        let primes = oracle(base, base + 120);
        for low in base..base + 31 {
            for high in [low, low + 1, low + 2, low + 29, low + 30, low + 31, low + 59, low + 61] {
                let expected: Vec<u64> = primes.iter().copied().filter(|p| (low..high).contains(p)).collect();
                assert_eq!(list(&mut sieve, low, high), expected, "[{low}, {high})");
            }
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "several whole pieces: 10 s without optimisation")]
fn both_sides_of_the_border_of_a_piece() {
    let piece = 30 * PIECE as u64;
    for isa in isas() {
        for low in [0, 1, 29, 1_000_000_007, 4_398_046_511_104 - piece] {
            let mut sieve = sieve_below(low + 3 * piece, isa);
            // Pieces begin at the byte of `low`.
            let edge = low / 30 * 30 + piece;
            let primes = list(&mut sieve, low, edge + 500);
            let from = primes.partition_point(|&p| p < edge - 500);
            assert_eq!(primes[from..], oracle(edge - 500, edge + 500), "{low}");
            for high in edge - 2..edge + 3 {
                let expected = primes.iter().filter(|&&p| p < high).count() as u64;
                assert_eq!(count(&mut sieve, low, high), expected, "[{low}, {high})");
            }
        }
    }
}

fn check_around(sieve: &mut Sieve, n: u64) {
    let (low, high) = (n.saturating_sub(700), n.saturating_add(700));
    assert_eq!(list(sieve, low, high), oracle(low, high), "around {n}");
    for high in n..n.saturating_add(3) {
        assert_eq!(count(sieve, low, high), oracle(low, high).len() as u64, "[{low}, {high})");
        assert_eq!(count(sieve, high - 3, high), oracle(high - 3, high).len() as u64, "[{high} - 3, {high})");
    }
}

#[test]
fn powers_of_two_up_to_the_beginning_of_big_primes() {
    let mut sieve = sieve_below(1 << 44, Isa::widest());
    for shift in [16, 24, 31, 32, 33, 40, 41, 42, 43] {
        check_around(&mut sieve, 1 << shift);
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "sieving primes up to 2^32: a minute without optimisation")]
fn powers_of_two_up_to_the_end() {
    let mut sieve = sieve_below(u64::MAX, Isa::widest());
    for shift in [46, 52, 53, 56, 63] {
        check_around(&mut sieve, 1 << shift);
    }
    check_around(&mut sieve, 4_294_967_291 * 4_294_967_291);
    check_around(&mut sieve, u64::MAX - 800);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "sieving primes up to 2^32: a minute without optimisation")]
fn the_last_numbers() {
    for isa in isas() {
        let mut sieve = sieve_below(u64::MAX, isa);
        let last = u64::MAX - 58;
        assert_eq!(list(&mut sieve, last, u64::MAX), [last], "2^64 - 59 is the last one");
        assert_eq!(count(&mut sieve, last + 1, u64::MAX), 0);
        assert_eq!(count(&mut sieve, u64::MAX - 1, u64::MAX), 0);
        assert_eq!(count(&mut sieve, u64::MAX, u64::MAX), 0);
        assert_eq!(list(&mut sieve, u64::MAX - 5000, u64::MAX), oracle(u64::MAX - 5000, u64::MAX));
    }
}

/// Products of two primes near the beginning of the big ones, one for each residue.
fn products_of_big_primes() -> [u64; 8] {
    let primes = oracle(u64::from(BIG), u64::from(BIG) + 1000);
    [1, 7, 11, 13, 17, 19, 23, 29].map(|residue| {
        let q = primes.iter().find(|&q| primes[0] * q % 30 == residue).expect("a prime in each class");
        primes[0] * q
    })
}

#[test]
fn the_first_and_the_last_number_of_a_window() {
    let mut sieve = sieve_below(1 << 43, Isa::widest());
    for n in products_of_big_primes() {
        assert_eq!(count(&mut sieve, n, n + 1), 0, "{n} alone");
        assert_eq!(count(&mut sieve, n - 1000, n + 1), count(&mut sieve, n - 1000, n), "{n} is the last");
        assert_eq!(count(&mut sieve, n, n + 1000), count(&mut sieve, n + 1, n + 1000), "{n} is the first");
    }
}

#[test]
fn a_window_that_broke_is_not_used() {
    let mut sieve = sieve_below(1 << 43, Isa::widest());
    for &n in &products_of_big_primes()[..3] {
        let expected = count(&mut sieve, n - 500, n + 500);
        let mut at_once = || ControlFlow::Break(());
        assert!(sieve.count(1 << 42, (1 << 42) + 500, &mut at_once).is_break());
        assert_eq!(count(&mut sieve, n - 500, n + 500), expected);
        assert_eq!(expected, oracle(n - 500, n + 500).len() as u64);
    }
}
