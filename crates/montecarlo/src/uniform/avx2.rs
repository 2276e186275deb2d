//! Rows of uniform numbers with AVX2: sets of 4 lanes, two at a time.
//!
//! Two sets have 8 state registers; with 16 registers in all, and three more for each number on its
//! way, four sets would spill. So the rows are gone through four times.

use std::arch::x86_64::*;

use super::{BELOW_ONE, ONE, Row};
use crate::streams::avx2::{State, WIDTH, draw, load, store};
use crate::streams::{LANES, Lanes};

/// Sets of lanes side by side.
const SETS: usize = 2;

/// Fills `rows` with the next rows.
#[target_feature(enable = "avx2")]
pub(super) fn fill(lanes: &mut Lanes, rows: &mut [Row]) {
    let (one, below_one) = (_mm256_set1_epi64x(ONE as i64), _mm256_set1_pd(BELOW_ONE));
    for first in (0..LANES).step_by(SETS * WIDTH) {
        let mut states: [State; SETS] = std::array::from_fn(|set| load(lanes, first + set * WIDTH));
        for row in rows.iter_mut() {
            for step in row.0.as_chunks_mut::<LANES>().0 {
                let numbers = step[first..first + SETS * WIDTH].as_chunks_mut::<WIDTH>().0;
                for (numbers, state) in numbers.iter_mut().zip(&mut states) {
                    let bits = _mm256_or_si256(_mm256_srli_epi64::<12>(draw(state)), one);
                    let unit = _mm256_sub_pd(_mm256_castsi256_pd(bits), below_one);
                    // SAFETY: `numbers` is 4 `f64`s; the store may be unaligned.
                    unsafe { _mm256_storeu_pd(numbers.as_mut_ptr(), unit) };
                }
            }
        }
        for (set, state) in states.into_iter().enumerate() {
            store(lanes, first + set * WIDTH, state);
        }
    }
}
