//! What holds for all ranges: the sieve equals the oracle and itself, however it is asked.

use super::*;
use proptest::prelude::*;

/// Where the sieve has all of its tiers, and big primes up to 8.4e6 at most: quick to make even
/// without optimisation.
const LIMIT: u64 = 1 << 46;

/// A number of any size below [`LIMIT`].
fn place() -> impl Strategy<Value = u64> {
    (any::<u64>(), 18..58_u32).prop_map(|(n, shift)| n >> shift)
}

/// A length of any size up to 2^`most`.
fn length(most: u32) -> impl Strategy<Value = u64> {
    (any::<u64>(), 64 - most..64).prop_map(|(n, shift)| n >> shift)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 12 } else { 300 }))]

    #[test]
    fn equals_the_oracle(low in place(), length in length(12)) {
        let (low, high) = (low, (low + length).min(LIMIT));
        let expected = oracle(low, high);
        for isa in isas() {
            let mut sieve = sieve_below(high, isa);
            prop_assert_eq!(&list(&mut sieve, low, high), &expected);
            prop_assert_eq!(count(&mut sieve, low, high), expected.len() as u64);
        }
    }

    #[test]
    fn equals_the_textbook_sieve(low in 0..200_000_u64, length in 0..100_000_u64) {
        let mut expected = naive::eratosthenes(low + length);
        expected.retain(|&p| p >= low);
        prop_assert_eq!(list(&mut sieve_below(low + length, Isa::widest()), low, low + length), expected);
    }

    #[test]
    fn parts_add_up_however_they_are_asked(low in place(), first in length(17), second in length(17)) {
        let (a, b, c) = (low, (low + first).min(LIMIT), (low + first + second).min(LIMIT));
        let mut sieve = sieve_below(LIMIT, Isa::widest());
        let whole = count(&mut sieve, a, c);
        // Going on.
        prop_assert_eq!(count(&mut sieve, a, b) + count(&mut sieve, b, c), whole);
        // Jumping back, and far away in between.
        prop_assert_eq!(count(&mut sieve, b, c) + count(&mut sieve, a, b), whole);
        count(&mut sieve, c / 3, c / 3 + 1000);
        prop_assert_eq!(list(&mut sieve, a, c).len() as u64, whole);
        // A workspace made for nothing more.
        prop_assert_eq!(count(&mut sieve_below(c, Isa::widest()), a, c), whole);
    }

    #[test]
    fn a_broken_workspace_stays_good(low in place(), length in length(15), after in 0..40_usize) {
        let high = (low + length).min(LIMIT);
        let mut sieve = sieve_below(LIMIT, Isa::widest());
        let mut left = after;
        let mut soon = || if left == 0 { ControlFlow::Break(()) } else { left -= 1; ControlFlow::Continue(()) };
        let mut primes = Vec::new();
        if append(&mut sieve, low, high, &mut soon, &mut primes).is_break() {
            prop_assert_eq!(&primes[..], &oracle(low, high)[..primes.len()]);
        }
        prop_assert_eq!(list(&mut sieve, low, high), oracle(low, high));
        let end = (high + 3000).min(LIMIT);
        prop_assert_eq!(count(&mut sieve, high, end), oracle(high, end).len() as u64);
    }
}

/// Many pieces, windows and blocks: one workspace that resumes, one that jumps, and one that is
/// used once.
#[test]
#[cfg_attr(debug_assertions, ignore = "hundreds of pieces: minutes without optimisation")]
fn blocks_add_up_over_windows() {
    let numbers = (30 * PIECE * (WINDOW + 3)) as u64;
    for low in [0, 1 << 40, 4_398_046_511_104 - 77_777, 10_u64.pow(14) + 1, 10_u64.pow(16) + 29] {
        let mut once = sieve_below(low + numbers, Isa::widest());
        let whole = count(&mut once, low, low + numbers);
        for block in [block_len((low + numbers).into()), 99_999_989, numbers / 2 + 1] {
            let starts: Vec<u64> = (low..low + numbers).step_by(block as usize).collect();
            let mut sieve = sieve_below(low + numbers, Isa::widest());
            let mut part = |low: u64, end: u64| count(&mut sieve, low, end.min(low + block));
            let forward: u64 = starts.iter().map(|&start| part(start, low + numbers)).sum();
            let backward: u64 = starts.iter().rev().map(|&start| part(start, low + numbers)).sum();
            assert_eq!((forward, backward), (whole, whole), "{block} from {low}");
        }
    }
}

#[test]
fn runs_end_when_the_taker_says_so() {
    let mut sieve = sieve_below(10_000_000, Isa::widest());
    let mut taken = Vec::new();
    let end = sieve.runs(0, 300_000, &mut never, &mut |run| {
        taken.extend_from_slice(run.offsets);
        if taken.len() > 10_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(end.is_break());
    assert!((10_001..20_000).contains(&taken.len()));
    assert_eq!(taken, naive::eratosthenes(taken[taken.len() - 1] + 1));
    assert_eq!(count(&mut sieve, 0, 1_000_000), 78_498);
}
