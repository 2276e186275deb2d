//! Arithmetic modulo an odd number of any size: powers and Lucas sequences that yield to messages.
//!
//! Stands on `dashu-int`'s Montgomery form; its own powers would not yield for seconds.

use std::ops::ControlFlow::{self, Continue};

use dashu_int::UBig;
use dashu_int::monty::{Montgomery, MontgomeryRepr};
use dashu_int::ops::BitTest;

use crate::YieldNow;

/// A Lucas sequence: D = P^2 - 4 Q.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sequence {
    pub(super) p: i64,
    pub(super) q: i64,
}

/// U_k, V_k and Q^k.
#[derive(Clone)]
pub(super) struct LucasTerms<'r> {
    pub(super) u: Montgomery<'r>,
    pub(super) v: Montgomery<'r>,
    pub(super) q: Montgomery<'r>,
}

/// The numbers modulo n.
pub(super) struct Ring {
    repr: MontgomeryRepr,
    pub(super) n: UBig,
}

impl Ring {
    /// `n` is odd and above 1.
    pub(super) fn new(n: &UBig) -> Ring {
        Ring { repr: MontgomeryRepr::new(n.clone()), n: n.clone() }
    }

    pub(super) fn small(&self, a: i64) -> Montgomery<'_> {
        let size = self.repr.reduce(UBig::from(a.unsigned_abs()));
        if a < 0 { -size } else { size }
    }

    /// The power of `base`.
    pub(super) fn power<'r>(
        &'r self,
        base: &Montgomery<'r>,
        exponent: &UBig,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), Montgomery<'r>> {
        let mut power = self.small(1);
        for bit in (0..exponent.bit_len()).rev() {
            power = power.sqr();
            if exponent.bit(bit) {
                power *= base;
            }
            if bit % 64 == 0 {
                yield_now()?;
            }
        }
        Continue(power)
    }

    /// Terms k of a sequence: U_2k = U_k V_k, V_2k = V_k^2 - 2 Q^k; U_(k+1) = (P U_k + V_k)/2,
    /// V_(k+1) = (D U_k + P V_k)/2.
    pub(super) fn terms(
        &self,
        sequence: Sequence,
        k: &UBig,
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<(), LucasTerms<'_>> {
        let Sequence { p, q } = sequence;
        let (d, one) = (self.small(p * p - 4 * q), self.small(1));
        let (p, q) = (self.small(p), self.small(q));
        let half = self.repr.reduce((&self.n + UBig::ONE) >> 1);
        let mut terms = LucasTerms { u: self.small(0), v: &one + &one, q: one };
        for bit in (0..k.bit_len()).rev() {
            terms = terms.doubled();
            if k.bit(bit) {
                let (u, v) = (&p * &terms.u + &terms.v, &d * &terms.u + &p * &terms.v);
                terms = LucasTerms { u: u * &half, v: v * &half, q: terms.q * &q };
            }
            if bit % 64 == 0 {
                yield_now()?;
            }
        }
        Continue(terms)
    }
}

impl LucasTerms<'_> {
    /// Terms 2k.
    pub(super) fn doubled(self) -> Self {
        let u = self.u * &self.v;
        let v = self.v.sqr() - &self.q - &self.q;
        LucasTerms { u, v, q: self.q.sqr() }
    }
}
