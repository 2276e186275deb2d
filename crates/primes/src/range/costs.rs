//! What an answer costs by sieve, by tests and by Gourdon's formula, and so the cheapest for a
//! range.
//!
//! Stands beside `strategy.rs`, which models the sieves, and beside
//! [`gourdon::seconds`](crate::gourdon::seconds), which cuts the formula into blocks and must never
//! change. This model may change, for every method gives the same answer.
//!
//! The formula in CPU seconds of one core, less the start of the process: medians of 5 and more
//! runs on one core of an Intel Emerald Rapids (AVX-512, 48 KiB L1, 2 MiB L2) on 2026-11-30.
//! The model is off by a third at most where two methods are close, and there a wrong choice costs
//! no more.

use super::sieve::{BORDERS, parts};
use super::strategy;
pub use crate::task::Asked;
use crate::task::Task;
use montesieve_kernel::isa::Isa;

/// Seconds of pi(x) at x = 1e6, 1e7, ... 1e18 (21 runs each to 1e11, 9 to 1e14, 5 to 1e16, two at
/// 1e17; 1e18 by the growth). Up to 1e9 it is tables that all x need.
const FORMULA: [f64; 13] =
    [0.0015, 0.0015, 0.0016, 0.0017, 0.0029, 0.0036, 0.0075, 0.024, 0.087, 0.33, 1.44, 7.0, 31.0];
/// The first of them.
const FROM: f64 = 6.0;

/// Below these seconds the sieve is not replaced: no user notices less, and a sieve that is stopped
/// can report the primes found so far.
const WORTH_IT: f64 = 0.02;

/// Seconds of one core for pi(x) by the formula.
pub fn by_formula(x: u128) -> f64 {
    between(&FORMULA, FROM, x as f64)
}

/// A method that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A sieve by all primes up to the root.
    Sieve,
    /// A sieve by some primes, and tests of what it leaves.
    Tests,
    /// The difference of two pi(x) by Gourdon's formula.
    Formula,
}

/// The cheapest method for `[start, stop]`, and its seconds of one core.
/// [`Sieve`](super::Sieve) chooses among the first two by itself.
pub fn cheapest(start: u128, stop: u128, asked: Asked, isa: Isa) -> (Method, f64) {
    let (sieve, tests) = (by_sieve(start, stop, asked, isa), by_tests(start, stop, isa));
    // A range across a border may have parts of both.
    let looked = (if tests < sieve { Method::Tests } else { Method::Sieve }, by_source(start, stop, asked, isa));
    let formula = by_difference(start, stop);
    if asked == Asked::Count && looked.1 > WORTH_IT && formula < looked.1 { (Method::Formula, formula) } else { looked }
}

/// Seconds of one core for the primes of `[start, stop]` by sieve or tests, whichever is cheaper.
pub fn by_source(start: u128, stop: u128, asked: Asked, isa: Isa) -> f64 {
    by_strategies(start, stop, Task::new(asked, isa), &strategy::Strategy::ALL)
}

/// Seconds of one core for the primes of `[start, stop]` by a sieve with all primes up to the root;
/// infinite where there is none.
pub fn by_sieve(start: u128, stop: u128, asked: Asked, isa: Isa) -> f64 {
    by_strategies(
        start,
        stop,
        Task::new(asked, isa),
        &[strategy::Strategy::Bytes, strategy::Strategy::Lines, strategy::Strategy::Huge],
    )
}

/// Seconds of one core for the primes of `[start, stop]` by a little sieve and tests; infinite for
/// numbers so small that it is impossible.
pub fn by_tests(start: u128, stop: u128, isa: Isa) -> f64 {
    by_strategies(start, stop, Task::new(Asked::List, isa), &[strategy::Strategy::Windows])
}

fn by_strategies(start: u128, stop: u128, task: Task, strategies: &[strategy::Strategy]) -> f64 {
    let part = |[low, high]: [u128; 2]| {
        strategies.iter().map(|&each| strategy::nanoseconds(each, low, high, task)).fold(f64::INFINITY, f64::min)
    };
    // The model has logarithms: a range that ends below 2 costs what [start, 2] does.
    1e-9 * parts(start, stop.max(2) + 1, BORDERS).map(part).sum::<f64>()
}

/// Seconds of one core for the primes of `[start, stop]` by the formula: pi(stop) - pi(start - 1).
pub fn by_difference(start: u128, stop: u128) -> f64 {
    by_formula(stop) + if start > 2 { by_formula(start) } else { 0.0 }
}

/// Whether the formula is the cheapest method to count the primes of `[start, stop]`.
///
/// Not to the last bit the same on every machine (logarithms): let one rank decide for all.
pub fn is_formula_cheaper(start: u128, stop: u128, isa: Isa) -> bool {
    cheapest(start, stop, Asked::Count, isa).0 == Method::Formula
}

/// The value at x of a table with one value for each power of ten, the first for 10^`from`: a power
/// of x between two of them and behind the last.
pub(crate) fn between(table: &[f64], from: f64, x: f64) -> f64 {
    let place = (x.max(1.0).log10() - from).max(0.0);
    let i = (place as usize).min(table.len() - 2);
    table[i] * (table[i + 1] / table[i]).powf(place - i as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_ranges_cost_something() {
        for (start, stop) in [(0, 0), (0, 1), (1, 1), (0, 2), (2, 2)] {
            for asked in [Asked::Count, Asked::List] {
                let (_, seconds) = cheapest(start, stop, asked, Isa::Portable);
                assert!(seconds > 0.0 && seconds < 0.1, "[{start}, {stop}]: {seconds}");
            }
        }
    }

    #[test]
    fn tables_are_met_and_joined() {
        assert_eq!((between(&[1.0, 4.0, 8.0], 6.0, 1e6), between(&[1.0, 4.0, 8.0], 6.0, 5.0)), (1.0, 1.0));
        for (x, value) in [(1e7, 4.0), (1e8, 8.0), (1e9, 16.0), (10_f64.powf(6.5), 2.0)] {
            assert!((between(&[1.0, 4.0, 8.0], 6.0, x) - value).abs() < 1e-9, "{x}");
        }
    }

    /// the cheapest method to count.
    fn method(start: u128, stop: u128) -> Method {
        cheapest(start, stop, Asked::Count, Isa::widest()).0
    }

    #[test]
    fn long_ranges_go_by_the_formula_and_short_ones_do_not() {
        let largest = u128::from(u64::MAX);
        for (start, stop) in
            [(0, 10_u128.pow(10)), (0, largest), (10_u128.pow(12), 1_010_000_000_000), (2, 10_u128.pow(15))]
        {
            assert_eq!(method(start, stop), Method::Formula, "{start} to {stop}");
            assert_ne!(cheapest(start, stop, Asked::List, Isa::Portable).0, Method::Formula);
        }
        for (start, length) in [(0, 0), (0, 10_u128.pow(8)), (10_u128.pow(12), 10_u128.pow(7)), (largest - 1, 1)] {
            assert_ne!(method(start, start + length), Method::Formula, "{start} + {length}");
        }
        for exponent in 13..=18 {
            let start = 10_u128.pow(exponent);
            assert_ne!(method(start, start + 100_000_000), Method::Formula, "{start}");
            assert_eq!(method(start, 2 * start), Method::Formula, "{start}");
        }
    }

    #[test]
    fn costs_rise() {
        let xs: Vec<u128> = (0..64).map(|i| 1_u128 << i).collect();
        assert!(xs.is_sorted_by(|&a, &b| by_formula(a) <= by_formula(b)));
        assert!(xs.is_sorted_by(
            |&a, &b| by_source(0, a, Asked::Count, Isa::widest()) <= by_source(0, b, Asked::Count, Isa::widest())
        ));
    }
}
