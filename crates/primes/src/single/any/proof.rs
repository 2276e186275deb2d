//! Proofs of primality by factors of n - 1 and n + 1.
//!
//! F is a product of prime powers that divides n - 1. If for each of its primes q some a has
//! a^(n-1) = 1 and gcd(a^((n-1)/q) - 1, n) = 1, then every prime factor of n is 1 modulo F
//! (Pocklington 1914). With F above the root of n that proves n; above its cube root nearly, too:
//! with (n - 1)/F = 2 F s + r, n is prime if and only if s = 0 or r^2 - 8 s is no square
//! (Brillhart, Lehmer and Selfridge 1975, theorem 5 with m = 1). G is the same of n + 1, with a
//! Lucas sequence of discriminant D, (D/n) = -1, in place of powers: if U_(n+1) = 0 and
//! gcd(U_((n+1)/q), n) = 1 for each q, every prime factor is 1 or -1 modulo G (Morrison 1975).
//! Together, every prime factor is 1 or n modulo M = lcm(F, G): with M above the root of n, n is
//! prime unless n modulo M divides it.
//! Reference: R. Crandall and C. Pomerance, "Prime Numbers", 2nd ed., sections 4.1 and 4.2.

use std::ops::ControlFlow::{self, Continue};

use dashu_int::ops::{Gcd, SquareRoot};
use dashu_int::{IBig, UBig};

use super::probable::discriminant;
use super::ring::{Ring, Sequence};
use super::{Verdict, split};
use crate::{YieldNow, naive};

/// Bases, and Lucas sequences, tested for a prime q: each fails with probability 1/q.
const TRIES: i64 = 50;

/// Attempts to prove a probable prime above 2^64.
pub(super) fn prove(ring: &Ring, depth: u32, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Verdict> {
    let n = &ring.n;
    let (below, above) = (n - UBig::ONE, n + UBig::ONE);
    let (f_primes, f) = factored(&below, depth, yield_now)?;
    if is_enough(n, &f) {
        return match is_one_modulo(ring, &below, &f_primes, yield_now)? {
            Some(true) => Continue(if is_prime_by(n, &f) { Verdict::Proven } else { Verdict::Composite }),
            Some(false) => Continue(Verdict::Composite),
            None => Continue(Verdict::Probable),
        };
    }
    let (g_primes, g) = factored(&above, depth, yield_now)?;
    // Both are even, and have no other factor in common.
    let modulus = &f * &g / UBig::from(2_u32);
    if modulus.sqr() <= *n {
        return Continue(Verdict::Probable);
    }
    match is_sign_modulo(ring, &above, &g_primes, yield_now)? {
        Some(true) => {}
        Some(false) => return Continue(Verdict::Composite),
        None => return Continue(Verdict::Probable),
    }
    match is_one_modulo(ring, &below, &f_primes, yield_now)? {
        Some(true) => {}
        Some(false) => return Continue(Verdict::Composite),
        None => return Continue(Verdict::Probable),
    }
    let rest = n % &modulus;
    let is_factor = rest > UBig::ONE && rest < *n && (n % &rest) == UBig::ZERO;
    Continue(if is_factor { Verdict::Composite } else { Verdict::Proven })
}

/// Primes that divide `m`, and the product of their powers in it.
fn factored(m: &UBig, depth: u32, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), (Vec<UBig>, UBig)> {
    let primes = split::prime_factors(m, depth, yield_now)?;
    let mut rest = m.clone();
    for q in &primes {
        while (&rest % q) == UBig::ZERO {
            rest /= q;
        }
    }
    let product = m / rest;
    Continue((primes, product))
}

/// Whether F is large enough for theorem 5 with m = 1: n < (F + 1) (2 F^2 + (r - 1) F + 1).
fn is_enough(n: &UBig, f: &UBig) -> bool {
    let r = (n - UBig::ONE) / f % (f * UBig::from(2_u32));
    let one = IBig::ONE;
    let (f, r) = (IBig::from(f.clone()), IBig::from(r));
    let bound = (&f + &one) * (IBig::from(2) * &f * &f + (r - &one) * &f + &one);
    IBig::from(n.clone()) < bound
}

/// Whether n, all of whose prime factors are 1 modulo F, is prime.
fn is_prime_by(n: &UBig, f: &UBig) -> bool {
    let twice = f * UBig::from(2_u32);
    let cofactor = (n - UBig::ONE) / f;
    let (s, r) = (&cofactor / &twice, cofactor % twice);
    let (square, eight) = (r.sqr(), s.clone() * UBig::from(8_u32));
    // A negative number is no square.
    s == UBig::ZERO || square < eight || {
        let difference = square - eight;
        difference.sqrt().sqr() != difference
    }
}

/// Whether each of `primes` has its base; `Some(false)` when n is composite after all.
fn is_one_modulo(
    ring: &Ring,
    below: &UBig,
    primes: &[UBig],
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), Option<bool>> {
    let mut open: Vec<&UBig> = primes.iter().collect();
    for a in naive::eratosthenes(230).into_iter().take(TRIES as usize) {
        if open.is_empty() {
            break;
        }
        let base = ring.small(a as i64);
        if ring.power(&base, below, yield_now)? != ring.small(1) {
            return Continue(Some(false));
        }
        let mut left = Vec::new();
        for q in open {
            let power = ring.power(&base, &(below / q), yield_now)?;
            let common = (power - ring.small(1)).residue().gcd(&ring.n);
            if common == ring.n {
                left.push(q);
            } else if common != UBig::ONE {
                return Continue(Some(false));
            }
        }
        open = left;
    }
    Continue(open.is_empty().then_some(true))
}

/// The same of n + 1 and Lucas sequences, all of one discriminant.
fn is_sign_modulo(
    ring: &Ring,
    above: &UBig,
    primes: &[UBig],
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<(), Option<bool>> {
    let Some(d) = discriminant(&ring.n) else { return Continue(Some(false)) };
    let mut open: Vec<&UBig> = primes.iter().collect();
    for i in 0..TRIES {
        if open.is_empty() {
            break;
        }
        // The discriminant stays: (P + 2)^2 - 4 (Q + P + 1) = P^2 - 4 Q.
        let p = 1 + 2 * i;
        let sequence = Sequence { p, q: (p * p - d) / 4 };
        if sequence.q == 0 {
            continue;
        }
        if UBig::from(sequence.q.unsigned_abs()).gcd(&ring.n) != UBig::ONE {
            return Continue(Some(false));
        }
        if ring.terms(sequence, above, yield_now)?.u != ring.small(0) {
            return Continue(Some(false));
        }
        let mut left = Vec::new();
        for q in open {
            let common = ring.terms(sequence, &(above / q), yield_now)?.u.residue().gcd(&ring.n);
            if common == ring.n || common == UBig::ZERO {
                left.push(q);
            } else if common != UBig::ONE {
                return Continue(Some(false));
            }
        }
        open = left;
    }
    Continue(open.is_empty().then_some(true))
}
