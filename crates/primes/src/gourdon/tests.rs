//! The whole formula: against known values, the textbook's sieve, other splits, and other cuts.

mod rival;

use super::*;
use crate::tuning::Tuning;
use montesieve_kernel::isa::Isa;
use proptest::prelude::*;

fn never() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The result of `work` when nothing interrupts it.
pub(super) fn whole<T>(work: impl FnOnce(&mut YieldNow<'_>) -> ControlFlow<(), T>) -> T {
    match work(&mut never) {
        ControlFlow::Continue(made) => made,
        ControlFlow::Break(()) => unreachable!("nothing breaks it"),
    }
}

/// Tables of the smallest params whose table of pi goes so far at least.
pub(super) fn small_words(numbers: u64) -> Words<Vec<u64>> {
    let x = (1..).map(|i| u128::from(SMALLEST) << i).find(|&x| Params::new(x, Split::First).looked_up() > numbers);
    words(&Params::new(x.expect("some x is large enough"), Split::First))
}

fn words(params: &Params) -> Words<Vec<u64>> {
    let layout = Layout::of([params]).expect("one params");
    whole(|yield_now| layout.own(yield_now))
}

fn terms(formula: &Formula<'_>, blocks: Range<u64>) -> Terms {
    whole(|yield_now| formula.compute(blocks, yield_now))
}

fn pi_by(params: Params, tuning: impl Into<Tuning>) -> i128 {
    let words = words(&params);
    let formula = Formula::new(params, &words, tuning);
    primes_up_to(&params, &terms(&formula, 0..blocks(&params)))
}

fn pi(x: u128) -> i128 {
    pi_by(Params::new(x, Split::First), Isa::widest())
}

/// OEIS A006880, from 10^6 on.
const POWERS: [i128; 13] = [
    78_498,
    664_579,
    5_761_455,
    50_847_534,
    455_052_511,
    4_118_054_813,
    37_607_912_018,
    346_065_536_839,
    3_204_941_750_802,
    29_844_570_422_669,
    279_238_341_033_925,
    2_623_557_157_654_233,
    24_739_954_287_740_860,
];

#[test]
fn powers_of_ten() {
    for (k, &expected) in POWERS.iter().enumerate().take(8) {
        assert_eq!(pi(10_u128.pow(k as u32 + 6)), expected, "10^{}", k + 6);
    }
}

#[test]
#[ignore = "long"]
fn larger_powers_of_ten() {
    for (k, &expected) in POWERS.iter().enumerate().skip(8) {
        assert_eq!(pi(10_u128.pow(k as u32 + 6)), expected, "10^{}", k + 6);
    }
}

#[test]
fn every_small_x_near_the_border() {
    let primes = crate::naive::eratosthenes(1_100_000);
    for x in (1_000_000..1_000_300).chain((1_000_300..1_099_000).step_by(997)) {
        assert_eq!(pi(x), primes.partition_point(|&p| u128::from(p) <= x) as i128, "{x}");
    }
}

#[test]
fn the_second_split_and_the_instruction_sets_agree() {
    for x in [1_000_000, 98_765_432, 10_000_000_019, 1_000_000_000_039] {
        let expected = pi(x);
        assert_eq!(pi_by(Params::new(x, Split::Second), Isa::widest()), expected, "{x}");
        for isa in Isa::available() {
            assert_eq!(pi_by(Params::new(x, Split::First), isa), expected, "{x} with {isa}");
        }
    }
}

#[test]
fn the_length_of_a_segment_does_not_matter() {
    for x in [98_765_432, 1_000_000_000_039] {
        let expected = pi(x);
        for leaf_bytes in [*Tuning::LEAF_BYTES.start(), 17_000, 333_333, *Tuning::LEAF_BYTES.end()] {
            let tuning = Tuning { leaf_bytes, ..Isa::widest().into() };
            assert_eq!(pi_by(Params::new(x, Split::First), tuning), expected, "{x} by {leaf_bytes} bytes");
        }
    }
}

#[test]
fn blocks_in_any_order_and_any_cut_add_up() {
    let params = Params::new(2_000_000_000_003, Split::First);
    let words = words(&params);
    let formula = Formula::new(params, &words, Isa::widest());
    let end = blocks(&params);
    let whole = terms(&formula, 0..end);
    for length in [1, 2, 5, 7] {
        let begins: Vec<u64> = (0..end).step_by(length).collect();
        // Backwards, as another rank might.
        let mut parts: Vec<Terms> =
            begins.iter().rev().map(|&first| terms(&formula, first..(first + length as u64).min(end))).collect();
        let mut sum = parts.pop().expect("one block at least");
        while let Some(next) = parts.pop() {
            sum.merge(next);
        }
        assert_eq!(sum, whole, "{length} blocks at a time");
    }
}

#[test]
fn a_break_comes_back() {
    let params = Params::new(10_u128.pow(12), Split::First);
    let words = words(&params);
    let formula = Formula::new(params, &words, Isa::widest());
    assert!(formula.compute(0..blocks(&params), &mut || ControlFlow::Break(())).is_break());
}

/// How often `work` calls `yield_now`, and that a break at any of some of them comes back with
/// no look after it.
fn looks<T>(work: impl Fn(&mut YieldNow<'_>) -> ControlFlow<(), T>) -> u64 {
    let mut looks = 0_u64;
    assert!(
        work(&mut || {
            looks += 1;
            ControlFlow::Continue(())
        })
        .is_continue()
    );
    for last in (1..=looks).step_by((looks / 10).max(1) as usize) {
        let mut seen = 0;
        let broken = work(&mut || {
            seen += 1;
            if seen == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(broken.is_break());
        assert_eq!(seen, last);
    }
    looks
}

#[test]
fn tables_and_closed_parts_can_be_broken_anywhere() {
    let params = Params::new(10_u128.pow(13), Split::First);
    let layout = Layout::of([&params]).expect("one params");
    let words = whole(|yield_now| layout.own(yield_now));
    let tables = Tables::new(params, &words);
    // One of each piece of pi, primes and factors, and the primes of phi.
    assert!(looks(|yield_now| layout.own(yield_now)) > 90);
    assert!(looks(|yield_now| ordinary::sigma(&tables, yield_now)) > 0);
    let (isa, whole) = (Isa::widest().require(), cut::Cut::new(&params).parts(0..blocks(&params)));
    let (ordinary, closed) = (whole.ordinary.expect("some"), whole.closed.expect("some"));
    assert!(looks(|yield_now| ordinary::phi0(&tables, isa, ordinary, yield_now)) > 0);
    assert!(looks(|yield_now| ranges::closed(&tables, closed, yield_now)) > 0);
}

#[test]
fn windows_change_nothing() {
    // As many of them as kernels never see below 1e25.
    for x in [10_u128.pow(10), 10_u128.pow(12) + 39] {
        let (params, other) = (Params::new(x, Split::First), Params::new(3 * x, Split::First));
        for turns in [1, 3, 40] {
            // Tables that were made for a larger x, too.
            let layout = Layout::of([&params, &other]).expect("two sets of parameters").with_window(turns);
            let words = whole(|yield_now| layout.own(yield_now));
            for isa in Isa::available() {
                let found = terms(&Formula::new(params, &words, isa), 0..blocks(&params));
                assert_eq!(primes_up_to(&params, &found), pi(x), "{x}, windows of {turns} turns, {isa}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn equals_the_sieve(x in prop_oneof![1_000_000_u64..10_000_000, 1_000_000_u64..400_000_000]) {
        let mut sieve = crate::range::Sieve::new((x + 1).into(), Isa::widest());
        let ControlFlow::Continue(expected) = sieve.count(0, (x + 1).into(), &mut never) else { unreachable!() };
        prop_assert_eq!(pi(u128::from(x)), i128::from(expected));
    }

    #[test]
    fn any_alpha_gives_the_same(x in 1_000_000_u128..1_000_000_000, alpha in 1.0_f64..20.0) {
        let params = Params::with_alpha(x, alpha);
        prop_assert_eq!(pi_by(params, Isa::Portable), pi(x), "alpha {}", alpha);
    }
}

#[test]
fn the_worked_example_of_the_page() {
    // docs/pi-of-x.md has these numbers.
    let params = Params::new(1_000_000, Split::First);
    let words = words(&params);
    let formula = Formula::new(params, &words, Isa::widest());
    let tables = &formula.tables;
    let [_, ordinary, closed, hard, easy, _] = parts(&params).map(|(_, blocks)| terms(&formula, blocks));
    let sigma = whole(|yield_now| ordinary::sigma(tables, yield_now)) + ordinary::sigma_end(easy.easy.primes);
    let phi0 = ordinary.plain;
    let a_and_c = easy.easy.above(0) + closed.plain;
    let primes = crate::naive::eratosthenes(100_000);
    let b = primes.iter().filter(|q| (params.y + 1..=1000).contains(q));
    let b: u64 = b.map(|q| primes.partition_point(|&p| p <= 1_000_000 / q) as u64).sum();
    assert_eq!((params.y, params.star, params.far), (259, 31, 3861));
    assert_eq!((sigma, phi0, a_and_c, b, hard.plain), (7600, 80_028, 20_434, 32_029, 2465));
    assert_eq!(sigma + phi0 + a_and_c - i128::from(b) + hard.plain, 78_498);
}
