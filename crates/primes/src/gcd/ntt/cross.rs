//! The outermost step: a polynomial of 8 O M coefficients becomes O groups of eight polynomials of
//! M, one a lane, and back.
//!
//! Stands before `transform.rs`, whose lanes never mix: here they do, and lengths get their odd
//! factor O. With k' = O a + c the rows of M coefficients, each column is a transform of length 8 O
//! (8 over a, a constant, O over c); then row k is twisted by w^(j k), w a primitive root of order
//! 8 O M, and so becomes a polynomial modulo x^M - 1. Eight columns are processed together; rows
//! become lanes by a transposition.

#![allow(clippy::needless_range_loop, reason = "rows, lanes and digits are numbered by the formulas")]

use std::array;
use std::ops::ControlFlow;

use super::arithmetic::{centred, power, times};
use super::field::Field;
use super::limbs;
use super::vector::{Eight, Vector};
use crate::YieldNow;

/// What the step needs of a prime and a length: powers of w, or of its inverse on the way back.
pub(super) struct Cross<const O: usize> {
    field: Field,
    /// Powers of the primitive eighth root.
    eighth: [f64; 4],
    /// w^(M k c) for row k of eight and c below O: the constants between the two transforms.
    between: [[f64; 8]; O],
    /// w^(8 M c d): the transform of length O.
    outer: [[f64; O]; O],
    /// w^(k t) for t below 8, times the factor of the first column: the twist of the first eight
    /// columns.
    first: [[Eight; 8]; O],
    /// w^(8 k): from eight columns to the next.
    step: [[f64; 8]; O],
}

/// Row between two yields.
const STRIDE: usize = 1 << 12;

impl<const O: usize> Cross<O> {
    /// For rows of `m`, with `w` a primitive root of order 8 O m modulo p; all is multiplied by
    /// `scale`.
    pub(super) fn new(p: u64, m: usize, w: u64, scale: u64) -> Self {
        let of_row = power(w, m as u64, p);
        let root = |e: usize| centred(power(of_row, e as u64, p), p);
        let mut cross = Cross {
            field: Field::new(p),
            eighth: array::from_fn(|i| root(O * i)),
            between: array::from_fn(|c| array::from_fn(|k| root(k * c))),
            outer: array::from_fn(|c| array::from_fn(|d| root(8 * c * d))),
            first: [[Eight::ZERO; 8]; O],
            step: [[0.0; 8]; O],
        };
        let mut of_k = 1;
        for (first, step) in cross.first.as_flattened_mut().iter_mut().zip(cross.step.as_flattened_mut()) {
            // w^k, and its powers up to the eighth.
            let mut twist = scale;
            for t in &mut first.0 {
                *t = centred(twist, p);
                twist = times(twist, of_k, p);
            }
            *step = centred(power(of_k, 8, p), p);
            of_k = times(of_k, w, p);
        }
        cross
    }

    /// From words to lanes; `groups` has M eights for each of O.
    #[inline(always)]
    pub(super) fn spread<V: Vector>(
        &self,
        groups: &mut [Eight],
        words: &[u64],
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<()> {
        let (f, m) = (self.field, groups.len() / O);
        let mut twist = self.first;
        for j in (0..m).step_by(8) {
            // rows[c][k]: after the transforms of eight.
            let mut rows = [[V::of(0.0); 8]; O];
            for c in 0..O {
                for a in 0..8 {
                    rows[c][a] = limbs::eight(words, (O * a + c) * m + j, f);
                }
                rows[c] = self.eight(&rows[c]);
                self.turn(c, &mut rows[c]);
            }
            self.odd(&mut rows);
            for d in 0..O {
                let mut columns = [Eight::ZERO; 8];
                for k in 0..8 {
                    let factor = V::load(&twist[d][k]);
                    f.product(rows[d][k], factor).store(&mut columns[k]);
                    f.times(factor, self.step[d][k]).store(&mut twist[d][k]);
                }
                transpose(&columns, &mut groups[d * m + j..][..8]);
            }
            if j % STRIDE == 0 {
                yield_now()?;
            }
        }
        ControlFlow::Continue(())
    }

    /// From lanes to residues of coefficients, at most 0.51p each: the way back, of a `Cross` of
    /// the inverse root.
    #[inline(always)]
    pub(super) fn gather<V: Vector>(
        &self,
        groups: &[Eight],
        coefficients: &mut [Eight],
        yield_now: &mut YieldNow<'_>,
    ) -> ControlFlow<()> {
        let (f, m) = (self.field, groups.len() / O);
        let mut twist = self.first;
        for j in (0..m).step_by(8) {
            let mut rows = [[V::of(0.0); 8]; O];
            for d in 0..O {
                let mut columns = [Eight::ZERO; 8];
                transpose(&groups[d * m + j..][..8], &mut columns);
                for k in 0..8 {
                    let factor = V::load(&twist[d][k]);
                    rows[d][k] = f.product(V::load(&columns[k]), factor);
                    f.times(factor, self.step[d][k]).store(&mut twist[d][k]);
                }
            }
            self.odd(&mut rows);
            for c in 0..O {
                self.turn(c, &mut rows[c]);
                let rows = self.eight(&rows[c]);
                for a in 0..8 {
                    f.reduced(rows[a]).store(&mut coefficients[((O * a + c) * m + j) / 8]);
                }
            }
            if j % STRIDE == 0 {
                yield_now()?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The constants between the transforms of length 8 and O, of row c; those that are 1 are left
    /// out.
    #[inline(always)]
    fn turn<V: Vector>(&self, c: usize, row: &mut [V; 8]) {
        if c > 0 {
            for k in 1..8 {
                row[k] = self.field.times(row[k], self.between[c][k]);
            }
        }
    }

    /// Transforms of length O by the definition, of eight columns. In: at most 3p; out: at most
    /// 0.51p.
    #[inline(always)]
    fn odd<V: Vector>(&self, rows: &mut [[V; 8]; O]) {
        if O == 1 {
            return;
        }
        let f = self.field;
        for k in 0..8 {
            let mut sums = [V::of(0.0); O];
            for c in 0..O {
                let x = f.reduced(rows[c][k]);
                sums[0] = sums[0].plus(x);
                for d in 1..O {
                    sums[d] = sums[d].plus(if c == 0 { x } else { f.times(x, self.outer[c][d]) });
                }
            }
            for d in 0..O {
                rows[d][k] = f.reduced(sums[d]);
            }
        }
    }

    /// A transform of length 8. In: at most p; out: at most 1.8p.
    #[inline(always)]
    fn eight<V: Vector>(&self, x: &[V; 8]) -> [V; 8] {
        let f = self.field;
        let [_, w1, w2, w3] = self.eighth;
        let [e0, e4, e2, e6] = self.four(x[0].plus(x[4]), x[1].plus(x[5]), x[2].plus(x[6]), x[3].plus(x[7]));
        let (d1, d2, d3) = (x[1].minus(x[5]), x[2].minus(x[6]), x[3].minus(x[7]));
        let [e1, e5, e3, e7] = self.four(x[0].minus(x[4]), f.times(d1, w1), f.times(d2, w2), f.times(d3, w3));
        [e0, e1, e2, e3, e4, e5, e6, e7]
    }

    /// A transform of length 4, with the values 0, 2, 1, 3.
    #[inline(always)]
    fn four<V: Vector>(&self, x0: V, x1: V, x2: V, x3: V) -> [V; 4] {
        let f = self.field;
        let (s0, s1) = (f.reduced(x0.plus(x2)), f.reduced(x1.plus(x3)));
        let (d0, d1) = (f.reduced(x0.minus(x2)), f.times(x1.minus(x3), self.eighth[2]));
        [s0.plus(s1), s0.minus(s1), d0.plus(d1), d0.minus(d1)]
    }
}

/// Rows become columns.
#[inline(always)]
fn transpose(rows: &[Eight], columns: &mut [Eight]) {
    for (t, column) in columns.iter_mut().enumerate() {
        for (k, row) in rows.iter().enumerate() {
            column.0[k] = row.0[t];
        }
    }
}
