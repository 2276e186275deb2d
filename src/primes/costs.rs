//! What a count costs by the sieve and by Gourdon's formula, and so which of the two counts a range.
//!
//! Stands beside `plan.rs`, which picks among the ways of the sieve, and beside [`gourdon::seconds`](super::gourdon::seconds), which cuts
//! the formula into blocks and must never change: this model may, for the answer is the same by either way.
//!
//! Time in CPU seconds of one core, start-up of the process taken off: medians of 5 and more runs on one core of an AMD Zen 4
//! (AVX-512, 32 KiB L1, 1 MiB L2) with a neighbour on the other. Off by a third at most where the two are near each other, and
//! there a wrong choice costs no more than that.

/// Seconds of pi(x) at x = 1e6, 1e7, ... 1e18 (15 runs each to 1e13, 5 to 1e16, two at 1e17; 1e18 by the growth). Up to 1e9 it is tables that all x need.
const FORMULA: [f64; 13] = [0.0039, 0.0040, 0.0043, 0.0044, 0.0052, 0.0072, 0.013, 0.034, 0.113, 0.45, 1.74, 7.3, 30.0];
/// The first of them.
const FROM: f64 = 6.0;

/// Nanoseconds that the sieve takes for a number near 1e9, 1e10, ... 1e19, in ranges of 1e9 numbers.
const NUMBER: [f64; 11] = [0.057, 0.064, 0.075, 0.10, 0.14, 0.18, 0.23, 0.28, 0.36, 0.42, 0.60];
/// The first of them.
const NUMBER_FROM: f64 = 9.0;
/// Seconds before the first number is sieved, and for each prime up to the root.
const START: (f64, f64) = (0.004, 3e-9);

/// Seconds of the sieve from which on another way is looked for: nobody sees a shorter time, and a sieve that is stopped can say how many
/// primes it has found so far.
const WORTH_IT: f64 = 0.02;

/// Seconds of one core for pi(x) by the formula.
pub fn by_formula(x: u128) -> f64 {
    between(&FORMULA, FROM, x as f64)
}

/// Seconds of one core for the primes of `[start, stop]` by the sieve.
pub fn by_sieve(start: u64, stop: u64) -> f64 {
    let root = (stop as f64).sqrt().max(3.0);
    let numbers = stop.saturating_sub(start) as f64;
    START.0 + START.1 * root / root.ln() + 1e-9 * between(&NUMBER, NUMBER_FROM, stop as f64) * numbers
}

/// Seconds of one core for the primes of `[start, stop]` by the formula: pi(stop) - pi(start - 1).
pub fn by_difference(start: u128, stop: u128) -> f64 {
    by_formula(stop) + if start > 2 { by_formula(start) } else { 0.0 }
}

/// Whether the formula is the cheaper way to count the primes of `[start, stop]`.
///
/// Not to the last bit the same on every machine (logarithms): let one rank say it for all.
pub fn is_formula_cheaper(start: u64, stop: u64) -> bool {
    let sieve = by_sieve(start, stop);
    sieve > WORTH_IT && by_difference(start.into(), stop.into()) < sieve
}

/// The value at x of a table with one value for each power of ten, the first for 10^`from`: a power of x between two of them and behind
/// the last.
fn between(table: &[f64], from: f64, x: f64) -> f64 {
    let place = (x.max(1.0).log10() - from).max(0.0);
    let i = (place as usize).min(table.len() - 2);
    table[i] * (table[i + 1] / table[i]).powf(place - i as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_met_and_joined() {
        assert_eq!((between(&[1.0, 4.0, 8.0], 6.0, 1e6), between(&[1.0, 4.0, 8.0], 6.0, 5.0)), (1.0, 1.0));
        for (x, value) in [(1e7, 4.0), (1e8, 8.0), (1e9, 16.0), (10_f64.powf(6.5), 2.0)] {
            assert!((between(&[1.0, 4.0, 8.0], 6.0, x) - value).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn long_ranges_go_by_the_formula_and_short_ones_do_not() {
        for (start, stop) in
            [(0, 10_u64.pow(10)), (0, u64::MAX), (10_u64.pow(12), 1_010_000_000_000), (2, 10_u64.pow(15))]
        {
            assert!(is_formula_cheaper(start, stop), "{start} to {stop}");
        }
        for (start, length) in [(0, 0), (0, 10_u64.pow(8)), (10_u64.pow(12), 10_u64.pow(7)), (u64::MAX - 1, 1)] {
            assert!(!is_formula_cheaper(start, start + length), "{start} + {length}");
        }
        for exponent in 13..=18 {
            let start = 10_u64.pow(exponent);
            assert!(!is_formula_cheaper(start, start + 100_000_000), "{start}");
            assert!(is_formula_cheaper(start, 2 * start), "{start}");
        }
    }

    #[test]
    fn costs_rise() {
        let xs: Vec<u64> = (0..64).map(|i| 1_u64 << i).collect();
        assert!(xs.is_sorted_by(|&a, &b| by_formula(a.into()) <= by_formula(b.into())));
        assert!(xs.is_sorted_by(|&a, &b| by_sieve(0, a) < by_sieve(0, b)));
    }
}
