//! Rows of uniform numbers with AVX-512: four sets of 8 lanes, whose 16 state registers stay where
//! they are from row to row.
//!
//! 12 instructions for 8 numbers: nine for the generator, a shift, an or and a subtraction for the
//! number.

use std::arch::x86_64::*;

use super::{BELOW_ONE, ONE, Row};
use crate::streams::avx512::{State, WIDTH, draw, load, store};
use crate::streams::{LANES, Lanes};

/// Sets of lanes.
const SETS: usize = LANES / WIDTH;

/// Fills `rows` with the next rows.
#[target_feature(enable = "avx512f")]
pub(super) fn fill(lanes: &mut Lanes, rows: &mut [Row]) {
    let (one, below_one) = (_mm512_set1_epi64(ONE as i64), _mm512_set1_pd(BELOW_ONE));
    let mut states: [State; SETS] = std::array::from_fn(|set| load(lanes, set * WIDTH));
    for row in rows.iter_mut() {
        for step in row.0.as_chunks_mut::<LANES>().0 {
            for (numbers, state) in step.as_chunks_mut::<WIDTH>().0.iter_mut().zip(&mut states) {
                let bits = _mm512_or_si512(_mm512_srli_epi64::<12>(draw(state)), one);
                let unit = _mm512_sub_pd(_mm512_castsi512_pd(bits), below_one);
                // SAFETY: `numbers` is 8 `f64`s; the store may be unaligned.
                unsafe { _mm512_storeu_pd(numbers.as_mut_ptr(), unit) };
            }
        }
    }
    for (set, state) in states.into_iter().enumerate() {
        store(lanes, set * WIDTH, state);
    }
}
