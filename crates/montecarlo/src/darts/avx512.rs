//! The kernel with AVX-512: 16 darts a register, 64 darts a step, four register sets that hide the
//! generator's latency.
//!
//! For each register: nine instructions make xoshiro256++'s outputs (three-way xors and true
//! rotations), `vpdpwssds` makes a^2 + b^2 - LOW for 16 darts at once, `vpshldd` shifts the sign
//! (surely inside) into a register of hits, `vpminud` keeps the least score for the question
//! whether some dart of the step is undecided. Every 32 steps the hits are counted by `vpopcntd`.
//!
//! `vpdpwssds` saturates and `vpdpwssd` does not; no score here reaches 2^31, so they agree. LLVM
//! 21 may split the latter into a product and a sum, and leaves the former alone.
//!
//! Run time: about 3.5 cycles for 16 darts on Zen 5 (17 darts/ns), of which its four vector ports
//! need 3.1. Memory: [`Waiting`].

use std::arch::x86_64::*;

use super::GROUP;
use super::dart::{BAND, BlockKey, LOW};
use super::waiting::Waiting;
use crate::streams::avx512::{State, WIDTH, draw, load, store};
use crate::streams::{LANES, Lanes};

/// Registers that hold one state word of all lanes.
const SETS: usize = LANES / WIDTH;

/// Hits among the darts of the next `steps` steps (a multiple of [`GROUP`]), the first of which
/// begins the block.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2")]
pub(super) fn hits(lanes: &mut Lanes, steps: u64, place: &BlockKey, waiting: &mut Waiting) -> u64 {
    let mut states: [State; SETS] = std::array::from_fn(|set| load(lanes, WIDTH * set));
    let minus_low = _mm512_set1_epi32((LOW as i32).wrapping_neg());
    let band = _mm512_set1_epi32(BAND as i32);
    let mut inside = _mm512_setzero_si512();
    let mut settled = 0;
    let mut count = 0;
    for group in (0..steps as u32).step_by(GROUP as usize) {
        let mut signs = [_mm512_setzero_si512(); SETS];
        for step in group..group + GROUP as u32 {
            let row: *mut __m512i = waiting.outputs[count].as_mut_ptr().cast();
            let mut least = _mm512_set1_epi32(-1);
            for (set, (state, signs)) in states.iter_mut().zip(&mut signs).enumerate() {
                let outputs = draw(state);
                // SAFETY: a row is SETS registers long and begins at a multiple of 64 bytes.
                unsafe { _mm512_store_si512(row.add(set), outputs) };
                let scores = _mm512_dpwssds_epi32(minus_low, outputs, outputs);
                *signs = _mm512_shldi_epi32::<1>(*signs, scores);
                least = if set == 0 { scores } else { _mm512_min_epu32(least, scores) };
            }
            waiting.steps[count] = step;
            count += usize::from(_mm512_cmplt_epu32_mask(least, band) != 0);
        }
        for signs in signs {
            inside = _mm512_add_epi32(inside, _mm512_popcnt_epi32(signs));
        }
        if count > GROUP as usize {
            settled += settle(waiting, count, place);
            count = 0;
        }
    }
    settled += settle(waiting, count, place);
    for (set, state) in states.into_iter().enumerate() {
        store(lanes, WIDTH * set, state);
    }
    // A block has 2^20 darts, so the sum fits.
    _mm512_reduce_add_epi32(inside) as u64 + settled
}

/// Hits among the undecided darts of the first `count` waiting steps.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,bmi1,bmi2")]
fn settle(waiting: &Waiting, count: usize, place: &BlockKey) -> u64 {
    let minus_low = _mm512_set1_epi32((LOW as i32).wrapping_neg());
    let band = _mm512_set1_epi32(BAND as i32);
    waiting.settle(count, place, |row| {
        let mut mask = 0;
        for set in 0..SETS {
            // SAFETY: 8 outputs from number 8 * set on are inside the row, and rows begin at
            // multiples of 64 bytes.
            let outputs = unsafe { _mm512_load_si512(row.as_ptr().add(WIDTH * set).cast()) };
            let scores = _mm512_dpwssds_epi32(minus_low, outputs, outputs);
            mask |= u64::from(_mm512_cmplt_epu32_mask(scores, band)) << (16 * set);
        }
        mask
    })
}
