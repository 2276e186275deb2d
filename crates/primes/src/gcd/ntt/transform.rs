//! The transform: the values of a polynomial modulo x^n - 1 at all roots of unity, eight
//! polynomials side by side.
//!
//! x^4m - r^4 splits into x^m - r, x^m + r, x^m - i r, x^m + i r, and so on down to m = 1. All
//! polynomials have the same roots, so each of the eight has its own lane and nothing moves between
//! lanes. Blocks go by the bit-reversed order of their roots: one table serves all lengths.
//! Run time: 35 operations on eight numbers for two levels of four. Memory: in place; one root for
//! two points.

#![allow(clippy::needless_range_loop, reason = "rows, lanes and digits are numbered by the formulas")]

use std::ops::ControlFlow;

use super::arithmetic::{centred, inverse, power, times};
use super::field::Field;
use super::vector::{Eight, Vector};
use crate::YieldNow;

/// Points whose passes all stay in the cache: 64 KiB.
const IN_CACHE: usize = 1024;

/// A prime, its roots of unity in bit-reversed order, and their inverses.
pub(super) struct Roots {
    pub(super) field: Field,
    forward: Vec<f64>,
    inverse: Vec<f64>,
    /// A fourth root of 1, that of `forward[1]`.
    quarter: f64,
}

impl Roots {
    /// For transforms of up to `points`, a power of two, modulo the prime p with `generator`.
    pub(super) fn new(p: u64, generator: u64, points: usize) -> Roots {
        let table = |generator: u64| {
            let mut table = vec![1];
            while table.len() < points.div_ceil(2) {
                let half = table.len();
                let next = power(generator, (p - 1) / (4 * half as u64), p);
                table.extend_from_within(..);
                table[half..].iter_mut().for_each(|w| *w = times(*w, next, p));
            }
            table.into_iter().map(|w| centred(w, p)).collect()
        };
        let quarter = centred(power(generator, (p - 1) / 4, p), p);
        Roots { field: Field::new(p), forward: table(generator), inverse: table(inverse(generator, p)), quarter }
    }

    #[inline(always)]
    fn product<V: Vector>(&self, a: f64, b: f64) -> f64 {
        let mut product = Eight::ZERO;
        self.field.times(V::of(a), b).store(&mut product);
        product.0[0]
    }
}

/// From coefficients to values. In: at most 2p; out: at most 3p.
#[inline(always)]
pub(super) fn forward<V: Vector>(x: &mut [Eight], roots: &Roots, yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
    let (n, mut block) = (x.len(), x.len());
    if n.trailing_zeros() % 2 == 1 {
        split_two::<V>(x, 0, roots);
        block /= 2;
    }
    while block > IN_CACHE {
        for (b, x) in x.chunks_exact_mut(block).enumerate() {
            split_four::<V>(x, b, roots);
            yield_now()?;
        }
        block /= 4;
    }
    for (b, x) in x.chunks_exact_mut(block).enumerate() {
        let (mut inner, mut first) = (block, b);
        while inner >= 4 {
            for (b, x) in x.chunks_exact_mut(inner).enumerate() {
                split_four::<V>(x, first + b, roots);
            }
            inner /= 4;
            first *= 4;
        }
        yield_now()?;
    }
    ControlFlow::Continue(())
}

/// From values to coefficients times their number. In: at most p; out: at most 0.76p.
#[inline(always)]
pub(super) fn backward<V: Vector>(x: &mut [Eight], roots: &Roots, yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
    let n = x.len();
    let top = if n.trailing_zeros() % 2 == 1 { n / 2 } else { n };
    let mut cached = top;
    while cached > IN_CACHE {
        cached /= 4;
    }
    for (b, x) in x.chunks_exact_mut(cached).enumerate() {
        let mut inner = 4;
        while inner <= cached {
            for (i, x) in x.chunks_exact_mut(inner).enumerate() {
                join_four::<V>(x, b * (cached / inner) + i, roots);
            }
            inner *= 4;
        }
        yield_now()?;
    }
    let mut block = cached * 4;
    while block <= top {
        for (b, x) in x.chunks_exact_mut(block).enumerate() {
            join_four::<V>(x, b, roots);
            yield_now()?;
        }
        block *= 4;
    }
    if top < n {
        join_two::<V>(x, 0, roots);
    }
    ControlFlow::Continue(())
}

#[inline(always)]
fn split_two<V: Vector>(x: &mut [Eight], b: usize, roots: &Roots) {
    let (f, w) = (roots.field, roots.forward[b]);
    let (low, high) = x.split_at_mut(x.len() / 2);
    for (x0, x1) in low.iter_mut().zip(high) {
        let (a, b) = (f.reduced(V::load(x0)), f.times(V::load(x1), w));
        a.plus(b).store(x0);
        a.minus(b).store(x1);
    }
}

#[inline(always)]
fn join_two<V: Vector>(x: &mut [Eight], b: usize, roots: &Roots) {
    let (f, w) = (roots.field, roots.inverse[b]);
    let (low, high) = x.split_at_mut(x.len() / 2);
    for (x0, x1) in low.iter_mut().zip(high) {
        let (a, b) = (V::load(x0), V::load(x1));
        f.reduced(a.plus(b)).store(x0);
        f.times(a.minus(b), w).store(x1);
    }
}

/// The four quarters of `x`.
#[inline(always)]
fn quarters(x: &mut [Eight]) -> [&mut [Eight]; 4] {
    let m = x.len() / 4;
    let (low, high) = x.split_at_mut(2 * m);
    let ((a, b), (c, d)) = (low.split_at_mut(m), high.split_at_mut(m));
    [&mut a[..m], &mut b[..m], &mut c[..m], &mut d[..m]]
}

#[inline(always)]
fn split_four<V: Vector>(x: &mut [Eight], b: usize, roots: &Roots) {
    let f = roots.field;
    let (s, u) = (roots.forward[b], roots.forward[2 * b]);
    let (us, i) = (roots.product::<V>(u, s), roots.quarter);
    let [x0, x1, x2, x3] = quarters(x);
    for j in 0..x0.len() {
        let (y0, y1) = (f.reduced(V::load(&x0[j])), f.times(V::load(&x1[j]), u));
        let (y2, y3) = (f.times(V::load(&x2[j]), s), f.times(V::load(&x3[j]), us));
        let (a0, a1) = (y0.plus(y2), y0.minus(y2));
        let (b0, b1) = (y1.plus(y3), f.times(y1.minus(y3), i));
        a0.plus(b0).store(&mut x0[j]);
        a0.minus(b0).store(&mut x1[j]);
        a1.plus(b1).store(&mut x2[j]);
        a1.minus(b1).store(&mut x3[j]);
    }
}

#[inline(always)]
fn join_four<V: Vector>(x: &mut [Eight], b: usize, roots: &Roots) {
    let f = roots.field;
    let (s, u) = (roots.inverse[b], roots.inverse[2 * b]);
    let (us, i) = (roots.product::<V>(u, s), roots.quarter);
    let [x0, x1, x2, x3] = quarters(x);
    for j in 0..x0.len() {
        let (y0, y1, y2, y3) = (V::load(&x0[j]), V::load(&x1[j]), V::load(&x2[j]), V::load(&x3[j]));
        let (a0, b0) = (y0.plus(y1), y0.minus(y1));
        let (a1, b1) = (y2.plus(y3), f.times(y2.minus(y3), i));
        f.reduced(a0.plus(a1)).store(&mut x0[j]);
        f.times(b0.minus(b1), u).store(&mut x1[j]);
        f.times(a0.minus(a1), s).store(&mut x2[j]);
        f.times(b0.plus(b1), us).store(&mut x3[j]);
    }
}
