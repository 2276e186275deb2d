//! The line sieve under every shape, also those that `shape.rs` would not choose: against the sieve
//! by bytes and lists.

use super::*;
use crate::single::{narrow, wide};
use montesieve_kernel::isa::{Isa, Supported};
use proptest::prelude::*;

fn never() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn isas() -> impl Iterator<Item = Supported> {
    Supported::all()
}

fn value<T>(flow: ControlFlow<(), T>) -> T {
    match flow {
        ControlFlow::Continue(value) => value,
        ControlFlow::Break(()) => unreachable!("nothing breaks it"),
    }
}

/// Every modulus, with lines long and short, and tiers of all kinds.
const SHAPES: [Shape; 6] = [
    Shape { modulus: 30, bits: 1 << 22, ends: &[4096, 65536] },
    Shape { modulus: 30, bits: 64, ends: &[200] },
    Shape { modulus: 210, bits: 640, ends: &[4096, 65536] },
    Shape { modulus: 210, bits: 1 << 22, ends: &[8192] },
    Shape { modulus: 2310, bits: 1 << 22, ends: &[4096, 65536] },
    Shape { modulus: 2310, bits: 128, ends: &[512] },
];

/// The counts of all kinds by the list of primes.
fn listed(low: u64, high: u64) -> [u64; KINDS] {
    let mut primes = Vec::new();
    let end = high.saturating_add(16);
    value(ByteSieve::new(end, Supported::PORTABLE).append(low, end, &mut never, &mut primes));
    let mut counts = [0; KINDS];
    count_listed(&primes, primes.len(), high, [true; KINDS], &mut counts);
    counts
}

fn check(shape: Shape, isa: Supported, low: u64, high: u64) {
    let expected = listed(low, high);
    let mut sieve = LineSieve::new(high, isa.isa().into());
    assert_eq!(value(sieve.count_by(shape, low, high, &mut never)), expected[0], "[{low}, {high}) {shape:?} {isa}");
    let counts = value(sieve.tuplets_by(shape, low, high, [true; KINDS], &mut never));
    assert_eq!(counts, expected, "[{low}, {high}) {shape:?} {isa}");
}

#[test]
fn every_plan_at_the_beginning() {
    for shape in SHAPES {
        for (low, high) in [(0, 1), (0, 2), (0, 3), (1, 6), (2, 12), (3, 14), (4, 30), (5, 31), (7, 300), (11, 2311)] {
            check(shape, Supported::widest(), low, high);
        }
        for isa in isas() {
            check(shape, isa, 0, 40_000);
        }
    }
}

#[test]
fn every_plan_around_squares() {
    for shape in SHAPES {
        for p in [163_u64, 167, 4093, 4099, 65_521, 65_537] {
            check(shape, Supported::widest(), p * p - 5000, p * p + 1);
            check(shape, Supported::widest(), p * p - 1, p * p + 2310);
        }
    }
}

/// The counts of all kinds in `[low, high)` by the list of primes, made by `bytes`.
fn listed_by(bytes: &mut ByteSieve, low: u64, high: u64) -> [u64; KINDS] {
    let mut counts = [0; KINDS];
    // In parts, so that the list stays short.
    for low in (low..high).step_by(100_000_000) {
        let (end, mut primes) = (high.min(low + 100_000_000), Vec::new());
        value(bytes.append(low, end.saturating_add(16), &mut never, &mut primes));
        count_listed(&primes, primes.len(), end, [true; KINDS], &mut counts);
    }
    counts
}

fn check_huge(huge: &mut HugeSieve, bytes: &mut ByteSieve, low: u64, high: u64) {
    let expected = listed_by(bytes, low, high);
    let [from, to] = [low, high].map(u128::from);
    assert_eq!(value(huge.count(from, to, &mut never)), expected[0], "[{low}, {high})");
    let counts = value(huge.tuplets(from, to, [true; KINDS], &mut never));
    assert_eq!(counts, expected, "[{low}, {high})");
}

/// A length from nothing to a part of a piece, and places that are awkward: around squares and
/// powers of two.
#[test]
fn huge_numbers_on_every_instruction_set() {
    let limit = 1_u64 << 50;
    for isa in isas() {
        let mut huge = value(HugeSieve::new(u128::from(limit) + 16, isa.isa().into(), None, &mut never));
        let mut bytes = ByteSieve::new(limit + 16, Supported::widest());
        for low in [LINES_ALONE, 5_000_011 * 5_000_011 - 1000, 7_000_003 * 7_000_003, 1 << 45, 33_554_393 * 33_554_393]
        {
            for length in [0, 1, 2, 3, 210, 211, 5000, 300_000, 5_000_000] {
                check_huge(&mut huge, &mut bytes, low, (low + length).min(limit));
            }
        }
        check_huge(&mut huge, &mut bytes, limit - 1_000_003, limit);
        // Twins around a multiple of 210, which may be the end of a piece.
        let between = (LINES_ALONE / 210 + 1..).map(|n| 210 * n);
        let is_twin = |n: &u64| narrow::is_prime(n - 1) && narrow::is_prime(n + 1);
        for n in between.filter(is_twin).take(3) {
            for high in n - 1..n + 3 {
                check_huge(&mut huge, &mut bytes, n - 2100, high);
            }
        }
    }
}

#[test]
fn huge_tuplets_at_the_end_of_all_numbers() {
    let high = u64::MAX;
    for isa in isas().filter(|isa| !cfg!(debug_assertions) || *isa == Supported::widest()) {
        let mut huge = value(HugeSieve::new(high.into(), isa.isa().into(), None, &mut never));
        for low in [high - 1, high - 58, high - 59, high - 100_000] {
            let mut counts = [0; KINDS];
            let primes: Vec<u64> = (low..high).filter(|&n| narrow::is_prime(n)).collect();
            count_listed(&primes, primes.len(), high, [true; KINDS], &mut counts);
            let found = value(huge.tuplets(low.into(), high.into(), [true; KINDS], &mut never));
            assert_eq!(found, counts, "from {low} on {isa}");
        }
    }
}

#[test]
fn huge_numbers_after_a_break() {
    let (limit, low) = (1 << 50, (1 << 50) - 3_000_000);
    for isa in isas() {
        let mut huge = value(HugeSieve::new(limit, isa.isa().into(), None, &mut never));
        let expected = value(huge.count(low, limit, &mut never));
        for after in [0, 1, 5, 20, 100, 200] {
            let mut left = after;
            let mut soon = || {
                if left == 0 {
                    ControlFlow::Break(())
                } else {
                    left -= 1;
                    ControlFlow::Continue(())
                }
            };
            let broken = huge.count(low - 40_000_000, limit, &mut soon);
            assert!(broken.is_break(), "after {after} on {isa}");
            assert_eq!(value(huge.count(low, limit, &mut never)), expected, "after {after} on {isa}");
        }
        // The sieve by lines alone has nothing to leave behind.
        let mut lines = LineSieve::new(1_000_000, isa.isa().into());
        let mut left = 7;
        let mut soon = || {
            if left == 0 {
                ControlFlow::Break(())
            } else {
                left -= 1;
                ControlFlow::Continue(())
            }
        };
        assert!(lines.count(0, 1_000_000, &mut soon).is_break());
        assert_eq!(value(lines.count(0, 1_000_000, &mut never)), 78_498);
    }
}

/// Sizes that no machine would have, and bounds.
#[test]
fn the_sizes_of_a_machine_do_not_matter() {
    let low = LINES_ALONE + 1_000_000_007;
    let high = low + 3_000_000;
    let mut bytes = ByteSieve::new(high + 16, Supported::widest());
    for (line_end, middle_end) in [(0, 0), (1_234_567, u32::MAX), (u32::MAX, 0), (3_000_000, 7_000_000)] {
        let tuning = Tuning { line_end, middle_end, ..Isa::widest().into() };
        let mut huge = value(HugeSieve::new(u128::from(high) + 16, tuning, None, &mut never));
        check_huge(&mut huge, &mut bytes, low, high);
    }
    let expected = value(LineSieve::new(30_000_000, Isa::Portable.into()).count(0, 30_000_000, &mut never));
    for (line_bytes, stretch_bytes) in [(0, 0), (9001, u32::MAX), (u32::MAX, 5000), (100_000, 7)] {
        let tuning = Tuning { line_bytes, stretch_bytes, ..Isa::widest().into() };
        let mut lines = LineSieve::new(30_000_000, tuning);
        assert_eq!(value(lines.count(0, 30_000_000, &mut never)), expected, "{tuning:?}");
    }
}

/// Windows whose root is a little below the first prime with records of a window, or above it.
#[test]
fn the_first_records_of_a_window_end_anywhere() {
    const END: u64 = 5_100_000;
    let tuning = Tuning { line_end: 3_000_000, middle_end: END as u32, ..Isa::widest().into() };
    let limit = (END + 20_000).pow(2);
    let mut huge = value(HugeSieve::new(u128::from(limit) + 16, tuning, None, &mut never));
    let mut bytes = ByteSieve::new(limit + 16, Supported::widest());
    for root in [END - 14_000, END - 9000, END - 1000, END - 100, END - 1, END, END + 1, END + 50, END + 9000] {
        check_huge(&mut huge, &mut bytes, root * root - 300_000, root * root + 1);
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "some seconds with optimisation")]
fn huge_numbers_over_windows() {
    let limit = 10_u64.pow(16) + 20_000_000_000;
    for isa in isas() {
        let mut sieve = crate::range::Sieve::new(limit.into(), isa.isa());
        let mut bytes = ByteSieve::new(limit, Supported::widest());
        for (low, length) in [(10_u64.pow(16), 4_000_000_123), (LINES_ALONE - 500_000_001, 2_000_000_000)] {
            let kinds = listed_by(&mut bytes, low, low + length);
            let expected = kinds[0];
            let (from, to) = (low.into(), (low + length).into());
            assert_eq!(value(sieve.count(from, to, &mut never)), expected, "{length} from {low} on {isa}");
            assert_eq!(value(sieve.count_tuplets(from, to, [true; KINDS], &mut never)), kinds, "on {isa}");
            // The same in adjacent parts, one of which jumps back.
            let parts = [low + length / 3, low, low + length].map(|end| end);
            let count = |sieve: &mut crate::range::Sieve, low: u64, high: u64| {
                value(sieve.count(low.into(), high.into(), &mut never))
            };
            let last = count(&mut sieve, parts[0], parts[2]);
            assert_eq!(last + count(&mut sieve, parts[1], parts[0]), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_shape_anywhere(
        shape in 0..SHAPES.len(),
        low in (any::<u64>(), 22..60_u32).prop_map(|(n, shift)| n >> shift),
        length in (any::<u64>(), 44..62_u32).prop_map(|(n, shift)| n >> shift),
    ) {
        for isa in isas() {
            check(SHAPES[shape], isa, low, low + length.max(1));
        }
    }
}

/// Numbers above 2^64 by lines and records, against tests of each number: around the squares of
/// primes near 2^32, products of two of them, and where the sieve ends.
#[test]
#[cfg_attr(debug_assertions, ignore = "minutes without optimisation")]
fn numbers_above_64_bits_on_every_instruction_set() {
    let end = 1 << 64;
    let p = 4_294_967_311_u128;
    for isa in isas() {
        let mut huge = value(HugeSieve::new(2 * end, isa.isa().into(), None, &mut never));
        for middle in [4_294_967_291 * 4_294_967_291, 4_294_967_291 * p, end, p * p, 2 * end - 416] {
            let (low, high) = (middle - 400, middle + 400);
            let near = |n: &u128| wide::is_prime(*n);
            let primes: Vec<u64> = (low..high + 16).filter(near).map(|n| (n - low) as u64).collect();
            let mut expected = [0; KINDS];
            count_listed(&primes, primes.len(), 800, [true; KINDS], &mut expected);
            let counts = value(huge.tuplets(low, high, [true; KINDS], &mut never));
            assert_eq!(counts, expected, "around {middle} on {isa}");
        }
        for n in [p * p, p * 4_294_967_357] {
            assert_eq!(value(huge.count(n, n + 1, &mut never)), 0, "{n}");
        }
    }
}

/// Lists by lines across 2^64 and above it, whose bytes are counted from the first one: against
/// tests of each number.
#[test]
#[cfg_attr(debug_assertions, ignore = "a minute without optimisation")]
fn lists_above_64_bits() {
    let end = 1_u128 << 64;
    for isa in isas() {
        let mut huge = value(HugeSieve::new(end + (1 << 32), isa.isa().into(), None, &mut never));
        for (low, high) in [(end - 500, end + 3000), (end + 1, end + 2), (end + 29, end + 300_007), (end + 5, end + 5)]
        {
            let mut primes = Vec::new();
            value(huge.pieces(low, high, &mut never, &mut |first, bytes| {
                for (i, byte) in bytes.iter().enumerate() {
                    let number = 30 * (low / 30 + u128::from(first) + i as u128);
                    let residues = [1, 7, 11, 13, 17, 19, 23, 29].into_iter().enumerate();
                    primes
                        .extend(residues.filter(|(bit, _)| byte >> bit & 1 == 1).map(|(_, residue)| number + residue));
                }
                ControlFlow::Continue(())
            }));
            let expected: Vec<u128> = (low..high).filter(|&n| wide::is_prime(n)).collect();
            assert_eq!(primes, expected, "[{low}, {high}) on {isa}");
        }
    }
}

/// More than a window just above 2^64, by records and by tests.
#[test]
#[cfg_attr(debug_assertions, ignore = "minutes without optimisation")]
fn a_window_above_64_bits_by_both_ways() {
    let (low, high) = ((1 << 64) + 999, (1 << 64) + 40_000_000);
    let mut tiny = crate::windows::WindowSieve::new(Supported::widest());
    let expected = value(tiny.count(low, high, &mut never));
    for isa in isas() {
        let mut huge = value(HugeSieve::new(high, isa.isa().into(), None, &mut never));
        assert_eq!(value(huge.count(low, high, &mut never)), expected, "{isa}");
    }
}
