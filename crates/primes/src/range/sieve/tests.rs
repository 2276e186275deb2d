//! Every strategy gives the same bits, and a tiny window makes no sieving primes.

use super::super::strategy::nanoseconds;
use super::*;
use crate::list::encoding::{Encoder, Encoding};
use crate::tests::go;
use montesieve_kernel::isa::Isa;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, prop_assume, proptest};

/// A little more than 2.5e13: huge numbers whose sieving primes are made in milliseconds.
const HUGE: u128 = 1 << 45;

/// The largest prime below 2^64, and the number behind all ranges of 64 bits.
const LAST: u128 = BORDER - 59;

fn never() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The primes of `[low, high)`, each by its own test.
fn oracle(low: u128, high: u128) -> Vec<u128> {
    (low..high).filter(|&n| wide::is_prime(n)).collect()
}

/// All that can be asked about the primes of a range.
#[derive(Debug, PartialEq)]
struct Answers {
    count: u64,
    tuplets: [u64; KINDS],
    primes: Vec<u128>,
    /// The list as text.
    text: String,
}

fn text(marks: &Marks, isa: Isa) -> String {
    let mut text = Vec::new();
    let end: Result<(), ()> = Encoder::new(Encoding::Text, 1, isa).each(marks, |part| {
        text.extend_from_slice(part);
        Ok(())
    });
    end.expect("nothing fails");
    String::from_utf8(text).expect("digits")
}

/// The answers from a list of primes that reaches far enough beyond the range for tuplets.
fn expected(low: u128, high: u128) -> Answers {
    let beyond = oracle(low, high + u128::from(REACH));
    let offsets: Vec<u64> = beyond.iter().map(|p| (p - low) as u64).collect();
    let mut tuplets = [0; KINDS];
    count_listed(&offsets, offsets.len(), (high - low) as u64, [true; KINDS], &mut tuplets);
    let primes: Vec<u128> = beyond.into_iter().filter(|&p| p < high).collect();
    let text = primes.iter().map(|p| format!("{p}\n")).collect();
    Answers { count: primes.len() as u64, tuplets, primes, text }
}

/// The answers by the strategies that the model chooses.
fn asked(sieve: &mut Sieve, low: u128, high: u128) -> Answers {
    let (mut primes, mut marks) = (Vec::new(), Marks::new(low));
    let end = sieve.runs(low, high, &mut never, &mut |run| {
        primes.extend(run.iter());
        ControlFlow::Continue(())
    });
    go(end);
    go(sieve.mark(low, high, &mut marks, &mut never));
    let text = text(&marks, sieve.isa.isa());
    let count = go(sieve.count(low, high, &mut never));
    let tuplets = go(sieve.count_tuplets(low, high, [true; KINDS], &mut never));
    Answers { count, tuplets, primes, text }
}

/// The answers by one strategy, for a range on one side of all borders that is longer than [`FEW`].
/// Lines have no order, so they leave primes and text to the list of the others.
fn forced(sieve: &mut Sieve, part: [u128; 2], strategy: Strategy, expected: &Answers) -> Answers {
    let (mut primes, mut marks) = (Vec::new(), Marks::new(part[0]));
    let count = go(sieve.count_part(part, strategy, &mut never));
    let tuplets = go(sieve.tuplets_part(part, strategy, [true; KINDS], &mut never));
    if strategy == Strategy::Lines {
        return Answers { count, tuplets, primes: expected.primes.clone(), text: expected.text.clone() };
    }
    let end = sieve.runs_part(part, strategy, &mut never, &mut |run| {
        primes.extend(run.iter());
        ControlFlow::Continue(())
    });
    go(end);
    go(sieve.mark_part(part, strategy, &mut marks, &mut never));
    Answers { count, tuplets, primes, text: text(&marks, sieve.isa.isa()) }
}

/// Compares all strategies that are possible for a range, on every instruction set; how many there
/// are.
fn compare_strategies(low: u128, high: u128) -> usize {
    let expected = expected(low, high);
    let mut compared = 0;
    for isa in Isa::available() {
        // All by one workspace, so that they share what they may share.
        let mut sieve = Sieve::new(high, isa);
        for strategy in Strategy::ALL {
            if nanoseconds(strategy, low, high, Task::new(Asked::Count, isa)).is_finite() {
                let found = forced(&mut sieve, [low, high], strategy, &expected);
                assert_eq!(found, expected, "[{low}, {high}) by {strategy:?} on {isa}");
                compared += 1;
            }
        }
    }
    compared
}

/// Windows near 2^64, at 1e18 and around 2^64, which have no sieving primes to spare.
fn tiny_windows() -> [[u128; 2]; 9] {
    let far = 10_u128.pow(18);
    [
        [BORDER - 616, BORDER - 415],
        [BORDER - 616, BORDER - 1],
        [BORDER - 616, BORDER],
        [LAST, LAST + 1],
        [LAST + 1, BORDER],
        [LAST, LAST],
        [BORDER - 300, BORDER + 300],
        [far - 77, far + 123],
        [far + 3, far + 4],
    ]
}

/// A question about the primes of a range, of which only the work counts: whether it was answered.
type Question = fn(&mut Sieve, u128, u128) -> bool;

#[test]
fn a_tiny_window_makes_no_sieving_primes_whatever_is_asked() {
    let questions: [(&str, Question); 4] = [
        ("count", |sieve, low, high| sieve.count(low, high, &mut never).is_continue()),
        ("tuplets", |sieve, low, high| sieve.count_tuplets(low, high, [true; KINDS], &mut never).is_continue()),
        ("runs", |sieve, low, high| {
            sieve.runs(low, high, &mut never, &mut |_| ControlFlow::Continue(())).is_continue()
        }),
        ("marks", |sieve, low, high| sieve.mark(low, high, &mut Marks::new(low), &mut never).is_continue()),
    ];
    let lower = [10_u128.pow(12), LINES_ALONE.into(), 10_u128.pow(15)].map(|low| [low - 100, low + 100]);
    for [low, high] in tiny_windows().into_iter().chain(lower) {
        for (isa, (name, ask)) in Isa::available().flat_map(|isa| questions.map(|question| (isa, question))) {
            let mut sieve = Sieve::new(high, isa);
            assert!(ask(&mut sieve, low, high));
            let made = (sieve.huge.is_some(), sieve.bytes.is_some());
            assert_eq!(made, (false, false), "{name} of [{low}, {high}) on {isa}");
        }
    }
}

#[test]
fn tiny_windows_near_the_end_of_64_bits() {
    for [low, high] in tiny_windows() {
        let expected = expected(low, high);
        for isa in Isa::available() {
            assert_eq!(asked(&mut Sieve::new(high, isa), low, high), expected, "[{low}, {high}) on {isa}");
        }
    }
    // C. Caldwell's Prime Pages, "Primes just less than a power of two": 2^64 - k for these k.
    let below = [363, 353, 323, 279, 257, 189, 179, 95, 83, 59].map(|k| BORDER - k);
    assert_eq!(oracle(BORDER - 363, BORDER), below);
}

#[test]
fn windows_with_2_3_and_5() {
    for isa in Isa::available() {
        let mut sieve = Sieve::new(200, isa);
        for (low, high) in (0..8).flat_map(|low| [low, low + 1, low + 2, 31, 200].map(|high| (low, high))) {
            assert_eq!(asked(&mut sieve, low, high.max(low)), expected(low, high.max(low)), "[{low}, {high}) on {isa}");
        }
    }
}

/// Around the squares of sieving primes, where the first composite is that only they cross, and at
/// both ends of what each strategy takes.
#[test]
fn strategies_agree_at_their_borders() {
    let lowest = crate::windows::LOWEST;
    let lines = u128::from(LINES_ALONE);
    // The least possible windows; 131101^2, 999983^2 and 5000011^2; the end of lines alone.
    for low in [lowest + 1, 131_101_u128.pow(2) - 90, 999_983_u128.pow(2) - 90, lines - 600] {
        assert_eq!(compare_strategies(low, low + 500), 3 * Isa::available().count(), "{low}");
    }
    for low in [lines, 5_000_011_u128.pow(2) - 90] {
        assert_eq!(compare_strategies(low, low + 500), 3 * Isa::available().count(), "{low}");
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "sieving primes up to 2^32: a minute without optimisation")]
fn strategies_agree_at_the_end_of_64_bits() {
    for [low, high] in [[BORDER - 646, BORDER], [BORDER - 5000, BORDER - 1], [BORDER + 1, BORDER + 5000]] {
        let possible = if low < BORDER { 3 } else { 2 };
        assert_eq!(compare_strategies(low, high), possible * Isa::available().count(), "{low}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 8 } else { 100 }))]

    #[test]
    fn strategies_agree_anywhere(n in 0..HUGE, shift in 0_u32..10, length in 65_u128..3000) {
        let low = (n >> shift).max(crate::windows::LOWEST + 1);
        let lines = u128::from(LINES_ALONE);
        // On one side of the border, as all parts are.
        let high = if low < lines { (low + length).min(lines - u128::from(REACH)).max(low + 1) } else { low + length };
        prop_assume!(high - low > FEW);
        prop_assert!(compare_strategies(low, high) >= 2);
    }

    /// Above all that can be sieved in a test, the chosen strategies against a test of each number.
    #[test]
    fn chosen_strategies_are_right_anywhere(n in HUGE..BORDER + 1000, shift in 0_u32..20, length in 0_u128..400) {
        let low = (n >> shift).max(HUGE);
        for isa in Isa::available() {
            prop_assert_eq!(asked(&mut Sieve::new(low + length, isa), low, low + length), expected(low, low + length));
        }
    }
}
