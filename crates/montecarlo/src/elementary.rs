//! Elementary functions of a whole [`Row`], with the same bits on every machine and instruction
//! set.
//!
//! The system's `exp` differs in its last bits from machine to machine, and a compiler cannot make
//! vectors of a call. So the functions that integrands need most are written here, from additions,
//! products, quotients and square roots, which IEEE 754 rounds in one way only, without a fused
//! multiply-add, and without branches: the compiler vectorises them for whatever instruction set
//! the caller is compiled for. Arguments out of the usual range (a lane in a million) go to the
//! crate `libm`, which is plain Rust and as reproducible, one at a time.
//!
//! | function | usual range | error, units in the last place |
//! |---|---|---|
//! | [`exp`] | abs(x) <= 708 | below 1 |
//! | [`ln`] | normal and above 0 | below 1 |
//! | [`sin`], [`cos`] | abs(x) <= 2^19 | 2 at most |
//! | [`normal_quantile`] | from 1.4e-11 up to 1 - 1.4e-11 | relative error below 1e-15 |
//! | [`power`] | whole exponents | about 1 for each product |
//!
//! The errors are those against `libm` (whose own are below 1) on the points of the tests.
//!
//! Everything is `#[inline(always)]`, and therefore compiled anew inside each kernel.

// Published coefficients keep all their digits, so that they can be compared with the source.
#![allow(clippy::excessive_precision)]

mod exp;
mod ln;
mod quantile;
mod trigonometric;

pub use exp::exp;
pub use ln::ln;
pub use quantile::normal_quantile;
pub use trigonometric::{cos, sin};

use super::uniform::Row;

/// 3/2 * 2^52: added to a number below 2^51 in size it rounds it to the nearest integer (ties to
/// even), which then stands in the lowest bits of the sum.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// Replaces the lanes of `values` whose argument is unusual. Almost never are there any.
#[inline(always)]
fn mend(x: &Row, values: &mut Row, is_usual: impl Fn(f64) -> bool, slow: fn(f64) -> f64) {
    // Counted, not searched: a loop without a way out becomes vectors.
    let unusual: u64 = x.0.iter().map(|&x| u64::from(!is_usual(x))).sum();
    if unusual > 0 {
        replace(x, values, is_usual, slow);
    }
}

#[cold]
#[inline(never)]
fn replace(x: &Row, values: &mut Row, is_usual: impl Fn(f64) -> bool, slow: fn(f64) -> f64) {
    for (value, &x) in values.0.iter_mut().zip(&x.0) {
        if !is_usual(x) {
            *value = slow(x);
        }
    }
}

/// The polynomial `c[0] + c[1] x + c[2] x^2 + ...`, by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, c: [f64; N]) -> f64 {
    let mut sum = c[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum * x + c[i];
    }
    sum
}

/// `x` to a whole power, by repeated squaring; 1 for the power 0.
#[inline(always)]
pub fn power(x: &Row, exponent: i32) -> Row {
    let mut rest = exponent.unsigned_abs();
    let (mut square, mut product) = (*x, Row::all(1.0));
    while rest > 0 {
        if rest & 1 == 1 {
            product.update(&square, |a, b| a * b);
        }
        rest >>= 1;
        if rest > 0 {
            square = square.map(|a| a * a);
        }
    }
    if exponent < 0 { product.map(|a| 1.0 / a) } else { product }
}

#[cfg(test)]
mod tests;
