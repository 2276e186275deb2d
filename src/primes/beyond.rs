//! Primes above 2^64 one by one: a little sieve, then a test of each number that is left ([`wide`](super::wide)).
//!
//! Stands beside `tiny/`, which does the same below 2^64, where a short test is a proof and vectors have room for the numbers. Here
//! they are probable primes by the test of Baillie, Pomerance, Selfridge and Wagstaff: no composite number is known to pass it.
//!
//! Run time: the test of one number in 20, 1 us a number of the range near 1e20 (AMD Zen 5). Memory: 128 KB.

use std::ops::ControlFlow;

use super::{PrimeRun, Pulse, Take, naive, wide};

/// Numbers of a window.
const WINDOW: u128 = 1 << 16;
/// The sieve's primes are below this: one number in 18 is left, and a larger prime would cost more to cross off than the tests it spares.
const SMALL: u64 = 1 << 12;
/// Between two looks at `pulse`: so many tests, 0.5 ms of them.
const LOOK: usize = 32;

/// How many primes there are in `[low, high)`.
pub fn count(low: u128, high: u128, pulse: &mut Pulse<'_>) -> ControlFlow<(), u64> {
    let mut count = 0;
    runs(low, high, pulse, &mut |run| {
        count += run.offsets.len() as u64;
        ControlFlow::Continue(())
    })?;
    ControlFlow::Continue(count)
}

/// Calls `take` with the primes of `[low, high)`, in rising order, some at a time. A `Break` from `take` or `pulse` comes back at once.
pub fn runs(low: u128, high: u128, pulse: &mut Pulse<'_>, take: &mut Take<'_>) -> ControlFlow<()> {
    if low >= high {
        return ControlFlow::Continue(());
    }
    let small = naive::eratosthenes(SMALL);
    let mut begin = low;
    while begin < high {
        let end = (begin + WINDOW).min(high);
        let mut left = vec![true; (end - begin) as usize];
        for &p in &small {
            // The prime itself stays.
            let first = begin.next_multiple_of(p.into()).max(2 * u128::from(p));
            for place in (first..end).step_by(p as usize) {
                left[(place - begin) as usize] = false;
            }
        }
        let mut offsets = Vec::new();
        for (i, place) in (0..left.len()).filter(|&place| left[place]).enumerate() {
            if i % LOOK == 0 {
                pulse()?;
            }
            offsets.extend(Some(place as u64).filter(|&place| wide::is_prime(begin + u128::from(place))));
        }
        take(PrimeRun { base: begin, offsets: &offsets })?;
        begin = end;
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn primes(low: u128, high: u128) -> Vec<u128> {
        let mut primes = Vec::new();
        let end = runs(low, high, &mut || ControlFlow::Continue(()), &mut |run| {
            primes.extend(run.iter());
            ControlFlow::Continue(())
        });
        assert!(end.is_continue());
        primes
    }

    #[test]
    fn small_ones_as_by_the_textbook() {
        let expected: Vec<u128> = naive::eratosthenes(100_000).into_iter().map(u128::from).collect();
        assert_eq!(primes(0, 100_000), expected);
        assert_eq!(primes(4091, 4094), [4091, 4093]);
        assert_eq!(primes(7, 7), []);
    }

    #[test]
    fn large_ones_as_by_tests_alone() {
        for low in [(1 << 64) - 100, 10_u128.pow(20), 10_u128.pow(26) - 2000] {
            let expected: Vec<u128> = (low..low + 2000).filter(|&n| wide::is_prime(n)).collect();
            assert_eq!(primes(low, low + 2000), expected);
        }
    }

    #[test]
    fn a_break_comes_back() {
        let mut looks = 0;
        let end = runs(
            1 << 70,
            1 << 71,
            &mut || {
                if looks == 3 {
                    ControlFlow::Break(())
                } else {
                    looks += 1;
                    ControlFlow::Continue(())
                }
            },
            &mut |_| ControlFlow::Continue(()),
        );
        assert!(end.is_break());
        assert!(runs(1 << 70, 1 << 71, &mut || ControlFlow::Continue(()), &mut |_| ControlFlow::Break(())).is_break());
    }
}
