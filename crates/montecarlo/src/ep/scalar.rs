//! The textbook form: one number after the other, by the rules as the benchmark states them.
//!
//! Stands beside the fast kernels as their oracle: a modulus, the library's logarithm, no lanes, no
//! gathering. Counts are equal to theirs; sums agree within rounding, since the logarithm and the
//! order of additions differ.
//!
//! Run time: about 10 ns a pair. Memory: none to speak of.

use super::BLOCK;
use super::generator::{BITS, MULTIPLIER, SEED, power};
use super::sums::{ANNULI, Sums};

/// The sums of the blocks number `first..first + blocks`.
pub fn sums(first: u64, blocks: u64) -> Sums {
    let modulus = 1u64 << BITS;
    let times = |x: u64, by: u64| (u128::from(x) * u128::from(by) % u128::from(modulus)) as u64;
    let mut state = times(SEED, power(2 * first * BLOCK) % modulus);
    let mut uniform = || {
        state = times(state, MULTIPLIER);
        2.0 * (state as f64 / modulus as f64) - 1.0
    };
    let mut sums = Sums::default();
    for _ in 0..blocks * BLOCK {
        let (x, y) = (uniform(), uniform());
        let t = x * x + y * y;
        if t <= 1.0 {
            let factor = (-2.0 * t.ln() / t).sqrt();
            let (x, y) = (x * factor, y * factor);
            sums.sx.add(x);
            sums.sy.add(y);
            sums.counts[(x.abs().max(y.abs()) as usize).min(ANNULI - 1)] += 1;
        }
    }
    sums
}
