//! The terms without a sieve: Sigma and Phi0.
//!
//! Phi0 = sum over n <= y, squarefree and coprime to the first k primes, of mu(n) phi(x / n, k): the ordinary leaves.
//! Sigma is the sum of seven closed parts; with a = pi(y), b = pi(cbrt x), c = pi(sqrt(x / y)), d = pi(x*), P = pi(sqrt x):
//! - a - 1 + P(P - 1)/2 - a(a - 1)/2, which waits until P is known ([`sigma_end`]), and (a - b)(a - b - 1)/2;
//! - a (b - c - c(c - 3)/2 + d(d - 3)/2), and b(b - 1)(2b - 1)/6 - b - d(d - 1)(2d - 1)/6 + d;
//! - a * sum over x* < p <= sqrt(x / y) of pi(x / (p y)), sum over sqrt(x / y) < p <= cbrt x of pi(x / p^2), and
//!   - sum over x* < p <= cbrt x of pi(sqrt(x / p))^2.
//!
//! Time: Phi0 grows with y, 0.1 s at 1e18 (AMD Zen 5).

use std::ops::ControlFlow;

use super::frame::{K, sqrt, sqrt_fast};
use super::tables::Tables;
use crate::primes::Pulse;

/// Between two looks at `pulse`: so many primes, or first primes of leaves.
const LOOK: usize = 1024;

/// Sigma without the part of P.
pub(super) fn sigma(tables: &Tables<'_>, pulse: &mut Pulse<'_>) -> ControlFlow<(), i128> {
    let frame = tables.frame;
    let pi = |n: u64| tables.counts.pi(n) as i128;
    let border = sqrt(frame.x / u128::from(frame.y));
    let (a, b, c, d) = (pi(frame.y), pi(frame.root3), pi(border), pi(frame.star));
    let mut sum = a - 1 - a * (a - 1) / 2 + (a - b) * (a - b - 1) / 2;
    sum += a * (b - c - c * (c - 3) / 2 + d * (d - 3) / 2);
    sum += b * (b - 1) * (2 * b - 1) / 6 - b - d * (d - 1) * (2 * d - 1) / 6 + d;
    for place in d as usize + 1..=b as usize {
        if place % LOOK == 0 {
            pulse()?;
        }
        let p = tables.p(place);
        let xp = frame.x / u128::from(p);
        let root = pi(sqrt_fast(xp));
        sum -= root * root;
        sum += if p <= border { a * pi((xp / u128::from(frame.y)) as u64) } else { pi((xp / u128::from(p)) as u64) };
    }
    ControlFlow::Continue(sum)
}

/// The rest of Sigma, with P = pi(sqrt x).
pub(super) fn sigma_end(primes: u64) -> i128 {
    let primes = i128::from(primes);
    primes * (primes - 1) / 2
}

/// Phi0.
pub(super) fn phi0(tables: &Tables<'_>, pulse: &mut Pulse<'_>) -> ControlFlow<(), i128> {
    let x = tables.frame.x;
    ControlFlow::Continue(tables.phi.to_19(x) as i128 + ordinary(tables, 1, K, -1, pulse)?)
}

/// The leaves n * p * ... with p behind place b, of sign `sign` where one prime is added.
fn ordinary(tables: &Tables<'_>, n: u64, b: usize, sign: i128, pulse: &mut Pulse<'_>) -> ControlFlow<(), i128> {
    let mut sum = 0;
    for place in b + 1..=tables.pi_y {
        let (p, m) = (tables.p(place), n * tables.p(place));
        if m > tables.frame.y {
            break;
        }
        if place % LOOK == 0 {
            pulse()?;
        }
        sum += sign * tables.phi.to_19(tables.frame.x / u128::from(m)) as i128;
        if m * p <= tables.frame.y {
            sum += ordinary(tables, m, place, -sign, pulse)?;
        }
    }
    ControlFlow::Continue(sum)
}
