//! The terms without a sieve: Sigma and Phi0.
//!
//! Phi0 = sum over n <= y, squarefree and coprime to the first k primes, of mu(n) phi(x / n, k):
//! the ordinary leaves. Sigma is the sum of seven closed parts; with a = pi(y), b = pi(cbrt x), c =
//! pi(sqrt(x / y)), d = pi(x*), P = pi(sqrt x):
//! - a - 1 + P(P - 1)/2 - a(a - 1)/2, which waits until P is known ([`sigma_end`]), and (a - b)(a -
//!   b - 1)/2;
//! - a (b - c - c(c - 3)/2 + d(d - 3)/2), and b(b - 1)(2b - 1)/6 - b - d(d - 1)(2d - 1)/6 + d;
//! - a * sum over x* < p <= sqrt(x / y) of pi(x / (p y)), sum over sqrt(x / y) < p <= cbrt x of
//!   pi(x / p^2), less the
//!   sum over x* < p <= cbrt x of pi(sqrt(x / p))^2.
//!
//! Time: Phi0 grows with y.

use montesieve_kernel::isa::Supported;
use std::ops::ControlFlow;

use super::factors::{COPRIME, WHEEL, rank, threshold};
use super::kernels::{self, Dividend, LeafBatch, Turn};
use super::params::{K, QUOTIENT, sqrt, sqrt_fast};
use super::tables::Tables;
use crate::YieldNow;

/// Primes, or turns of the wheel, between two calls of `yield_now`.
const LOOK: usize = 1024;

/// Sigma without the part of P.
pub(super) fn sigma(tables: &Tables<'_>, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), i128> {
    let params = tables.params;
    let pi = |n: u64| tables.counts.pi(n) as i128;
    let border = sqrt(params.x / u128::from(params.y));
    let (a, b, c, d) = (pi(params.y), pi(params.root3), pi(border), pi(params.star));
    let mut sum = a - 1 - a * (a - 1) / 2 + (a - b) * (a - b - 1) / 2;
    sum += a * (b - c - c * (c - 3) / 2 + d * (d - 3) / 2);
    sum += b * (b - 1) * (2 * b - 1) / 6 - b - d * (d - 1) * (2 * d - 1) / 6 + d;
    for place in d as usize + 1..=b as usize {
        if place % LOOK == 0 {
            yield_now()?;
        }
        let p = tables.p(place);
        let xp = params.x / u128::from(p);
        let root = pi(sqrt_fast(xp));
        sum -= root * root;
        sum += if p <= border { a * pi((xp / u128::from(params.y)) as u64) } else { pi((xp / u128::from(p)) as u64) };
    }
    ControlFlow::Continue(sum)
}

/// The rest of Sigma, with P = pi(sqrt x).
pub(super) fn sigma_end(primes: u64) -> i128 {
    let primes = i128::from(primes);
    primes * (primes - 1) / 2
}

/// The part of Phi0 with leaves n in [low, high), which are multiples of the wheel.
///
/// The table of factors has them all: those whose least factor is above 19.
pub(super) fn phi0(
    tables: &Tables<'_>,
    isa: Supported,
    (low, high): (u64, u64),
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), i128> {
    let (x, end) = (tables.params.x, rank(tables.params.y) as usize);
    let (mut sum, mut even, mut odd) = (0, LeafBatch::new(), LeafBatch::new());
    let (fast, border) = (Dividend::new(x), x >> QUOTIENT);
    let over = |m: u64| if u128::from(m) > border { fast.over(m, u64::MAX).into() } else { x / u128::from(m) };
    for turn in (low / WHEEL) as usize..(high / WHEEL) as usize {
        let begin = turn * COPRIME;
        let base = turn as u64 * WHEEL;
        if turn == 0 {
            // The leaf n = 1.
            sum += tables.phi.to_19(x) as i128;
        }
        let part = Turn {
            codes: &tables.factors[turn],
            // Primes up to 19 are no leaves.
            from: if turn == 0 { rank(19) as usize } else { 0 },
            to: end.saturating_sub(begin).min(COPRIME),
            base: 0,
        };
        kernels::select(isa, part, threshold(K), &mut even, &mut odd);
        // What is above the start of the turn, so that the batches never fill up.
        for (batch, sign) in [(&mut even, 1), (&mut odd, -1)] {
            let leaves = &batch.m[..batch.length];
            sum += sign
                * leaves.iter().map(|&above| tables.phi.to_19(over(base + u64::from(above)))).sum::<u128>() as i128;
            batch.length = 0;
        }
        if turn % LOOK == 0 {
            yield_now()?;
        }
    }
    ControlFlow::Continue(sum)
}
