//! Tests of the crate as a whole, against the naive forms, known values and another program.
//!
//! A test that is too slow without optimisation is left out of debug builds
//! (`cfg_attr(debug_assertions, ignore)`) and runs with `cargo test --release`. Oracle above the
//! reach of [`naive`]: [`is_prime`], which shares nothing with the sieve.

use super::*;
use crate::lines;
use crate::range::window;
use crate::task::Asked;
use montesieve_kernel::isa::Isa;

mod borders;
mod known;
mod properties;
mod rival;

fn never() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The value of work that was not stopped.
pub(crate) fn go<T>(result: ControlFlow<(), T>) -> T {
    match result {
        ControlFlow::Continue(value) => value,
        ControlFlow::Break(()) => unreachable!("nothing breaks it"),
    }
}

/// Every instruction set that this CPU has.
fn isas() -> impl Iterator<Item = Isa> {
    Isa::available()
}

/// A workspace for numbers of 64 bits.
fn sieve_below(limit: u64, isa: Isa) -> Sieve<'static> {
    Sieve::new(limit.into(), isa)
}

fn count(sieve: &mut Sieve, low: u64, high: u64) -> u64 {
    match sieve.count(low.into(), high.into(), &mut never) {
        ControlFlow::Continue(count) => count,
        ControlFlow::Break(()) => unreachable!("nothing breaks it"),
    }
}

fn list(sieve: &mut Sieve, low: u64, high: u64) -> Vec<u64> {
    let mut primes = Vec::new();
    assert!(append(sieve, low, high, &mut never, &mut primes).is_continue());
    primes
}

fn append(
    sieve: &mut Sieve,
    low: u64,
    high: u64,
    yield_now: &mut YieldNow<'_>,
    primes: &mut Vec<u64>,
) -> ControlFlow<()> {
    sieve.runs(low.into(), high.into(), yield_now, &mut |run| {
        assert_eq!(run.base, 0);
        primes.extend_from_slice(run.offsets);
        ControlFlow::Continue(())
    })
}

/// The primes of `[low, high)` by the oracle.
fn oracle(low: u64, high: u64) -> Vec<u64> {
    (low..high).filter(|&n| is_prime(n)).collect()
}

/// Miller-Rabin with the first 12 primes as bases: right for all n < 2^64 (J. Sorenson and J.
/// Webster, "Strong pseudoprimes to twelve prime bases", Math. Comp. 86 (2017): the first wrong n
/// is above 3.1e23).
pub(super) fn is_prime(n: u64) -> bool {
    const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    if n < 2 || BASES.iter().any(|&p| n.is_multiple_of(p)) {
        return BASES.contains(&n);
    }
    let times = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(n)) as u64;
    let twos = (n - 1).trailing_zeros();
    BASES.into_iter().all(|base| {
        let (mut power, mut square, mut exponent) = (1, base, (n - 1) >> twos);
        while exponent > 0 {
            if exponent % 2 == 1 {
                power = times(power, square);
            }
            square = times(square, square);
            exponent /= 2;
        }
        power == 1
            || (0..twos).any(|_| {
                let before = power;
                power = times(power, power);
                before == n - 1
            })
    })
}

#[test]
fn the_oracle_is_right() {
    assert_eq!(oracle(0, 50_000), naive::eratosthenes(50_000));
    // Strong pseudoprimes to the bases 2; 2 to 7; 2 to 23 (OEIS A014233), and squares.
    for n in [2047, 3_215_031_751, 3_825_123_056_546_413_051, 1_000_003 * 1_000_003, 4_294_967_291 * 4_294_967_291] {
        assert!(!is_prime(n), "{n}");
    }
    for p in [1_000_003, 4_294_967_291, (1 << 61) - 1, 18_446_744_073_709_551_557] {
        assert!(is_prime(p), "{p}");
    }
}

#[test]
fn blocks_are_many_enough_and_fit() {
    for (limit, least) in [(1_000_000, 4), (100_000_000, 400), (1_000_000_000, 500), (1 << 40, 60_000)] {
        assert!(limit / u128::from(block_len(limit)) >= least, "{limit}: blocks of {}", block_len(limit));
    }
    for limit in (0..87).map(|shift| 1 << shift).chain([0, 24_999_999_999_999, u64::MAX.into(), HIGHEST]) {
        assert!((200_000..150_000_000).contains(&block_len(limit)), "{limit}");
        for (asked, isa) in [Asked::Count, Asked::List].into_iter().flat_map(|asked| Isa::ALL.map(|isa| (asked, isa))) {
            assert!(grain(0, limit, asked, isa) >= block_len(limit), "{limit} {asked:?} {isa}");
        }
    }
    // At any place, even inside a 210th, 24 blocks of huge numbers are three pieces.
    assert_eq!((209 + window(u64::MAX.into())).div_ceil(lines::PIECE_NUMBERS), 3);
    for limit in [u64::MAX.into(), 1 << 65] {
        assert_eq!(window(limit) % block_len(limit), 0);
    }
}

#[test]
fn tests_are_shared_out_in_short_spans_and_windows_in_long_ones() {
    let blocks = |start: u128, numbers: u128, asked| {
        grain(start, start + numbers, asked, Isa::Avx512) / block_len(start + numbers)
    };
    for asked in [Asked::Count, Asked::List] {
        assert_eq!(blocks(10_u128.pow(25), 10_u128.pow(10), asked), 2, "{asked:?}");
        assert_eq!(blocks(10_u128.pow(22), 10_u128.pow(9), asked), 2, "{asked:?}");
        assert_eq!(blocks(1 << 64, 10_000_000, asked), 2, "{asked:?}");
        assert_eq!(blocks(1 << 64, 10_u128.pow(10), asked), 384, "{asked:?}");
        assert_eq!(blocks((1 << 64) - 10_u128.pow(10), 10_u128.pow(10) + 1000, asked), 384, "{asked:?}");
        assert_eq!(blocks(10_u128.pow(18), 10_u128.pow(10), asked), 24, "{asked:?}");
    }
}
