//! Arithmetic modulo a prime of 50 bits in f64, eight numbers at a time.
//!
//! Stands beside `transform.rs`, which uses it. A product of two numbers has 100 bits: `h = a b`
//! holds its upper half and `fma(a, b, -h)` exactly what is left; another `fma` subtracts the
//! nearest multiple of p. Every result is an exact integer, so it is the same on every CPU.
//!
//! Bounds, with |w| <= p/2: [`Field::times`] of |a| <= 4p is at most 0.76p; [`Field::product`]
//! of |a b| <= 1.5 p^2 at most p; [`Field::reduced`] of |a| <= 8p at most 0.51p. Sums of a few stay
//! below 2^53.
//! Reference: FLINT's module `fft_small` (D. Schultz), for the idea to let `fma` do it.

use super::vector::Vector;

/// A prime below 2^50.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) p: f64,
    pub(super) inverse: f64,
}

impl Field {
    pub(super) fn new(p: u64) -> Field {
        Field { p: p as f64, inverse: 1.0 / p as f64 }
    }

    /// a w modulo p, for one `w` with |w| <= p/2.
    #[inline(always)]
    pub(super) fn times<V: Vector>(self, a: V, w: f64) -> V {
        self.rest(a, V::of(w), a.times(V::of(w * self.inverse)))
    }

    /// a b modulo p.
    #[inline(always)]
    pub(super) fn product<V: Vector>(self, a: V, b: V) -> V {
        self.rest(a, b, a.times(b).times(V::of(self.inverse)))
    }

    /// a b - p round(quotient).
    #[inline(always)]
    fn rest<V: Vector>(self, a: V, b: V, quotient: V) -> V {
        let high = a.times(b);
        let low = a.times_minus(b, high);
        quotient.nearest().times_from(V::of(self.p), high).plus(low)
    }

    /// a modulo p, next to zero.
    #[inline(always)]
    pub(super) fn reduced<V: Vector>(self, a: V) -> V {
        a.times(V::of(self.inverse)).nearest().times_from(V::of(self.p), a)
    }
}
