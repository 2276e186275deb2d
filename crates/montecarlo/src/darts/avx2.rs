//! The kernel with AVX2: 8 darts a register, 16 lanes at a time, so two passes over each block.
//!
//! Stands beside `avx512`, whose 32 registers hold all 32 lanes; with 16 registers, eight state
//! sets would spill to the stack at every step. Two passes of four sets each take the same lanes in
//! another order, and a sum of hits does not care. Without three-way xors and rotations a step
//! costs 14 instructions instead of 9; `vpmaddwd` makes a^2 + b^2 for 8 darts, and the signs of the
//! scores are counted by `vmovmskps` and `popcnt`.
//!
//! Run time: about 5 cycles for 8 darts on Zen 5 (5.8 darts/ns). Memory: [`Waiting`].

use std::arch::x86_64::*;

use super::GROUP;
use super::dart::{BAND, BlockKey, LOW};
use super::waiting::Waiting;
use crate::streams::avx2::{State, WIDTH, draw, load, store};
use crate::streams::{LANES, Lanes};

/// Registers that hold one state word in a pass: 4 x 4 states are all 16 registers, of which some
/// wait in memory (a load in place of an operand is free here). Measured on Zen 5: 5.8 darts/ns
/// with 4 sets, 5.4 with 2.
const SETS: usize = 4;

/// Lanes of a pass.
const PASS: usize = WIDTH * SETS;

/// Hits among the darts of the next `steps` steps (a multiple of [`GROUP`]), the first of which
/// begins the block.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn hits(lanes: &mut Lanes, steps: u64, place: &BlockKey, waiting: &mut Waiting) -> u64 {
    (0..LANES).step_by(PASS).map(|first| pass(lanes, first, steps as u32, place, waiting)).sum()
}

/// The same for the lanes `first..first + PASS` alone.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn pass(lanes: &mut Lanes, first: usize, steps: u32, place: &BlockKey, waiting: &mut Waiting) -> u64 {
    let mut states: [State; SETS] = std::array::from_fn(|set| load(lanes, first + WIDTH * set));
    let low = _mm256_set1_epi32(LOW as i32);
    let last = _mm256_set1_epi32(BAND as i32 - 1);
    let mut hits = 0;
    let mut count = 0;
    for group in (0..steps).step_by(GROUP as usize) {
        for step in group..group + GROUP as u32 {
            // SAFETY: the pass's lanes are inside the row.
            let row: *mut __m256i = unsafe { waiting.outputs[count].as_mut_ptr().add(first).cast() };
            let mut least = _mm256_set1_epi32(-1);
            for (set, state) in states.iter_mut().enumerate() {
                let outputs = draw(state);
                // SAFETY: the pass's part of a row is SETS registers long and begins at a multiple
                // of 32 bytes.
                unsafe { _mm256_store_si256(row.add(set), outputs) };
                let scores = _mm256_sub_epi32(_mm256_madd_epi16(outputs, outputs), low);
                hits += u64::from((_mm256_movemask_ps(_mm256_castsi256_ps(scores)) as u32).count_ones());
                least = if set == 0 { scores } else { _mm256_min_epu32(least, scores) };
            }
            waiting.steps[count] = step;
            let undecided = _mm256_cmpeq_epi32(_mm256_min_epu32(least, last), least);
            count += usize::from(_mm256_testz_si256(undecided, undecided) == 0);
        }
        if count > GROUP as usize {
            hits += settle(waiting, count, first, place);
            count = 0;
        }
    }
    hits += settle(waiting, count, first, place);
    for (set, state) in states.into_iter().enumerate() {
        store(lanes, first + WIDTH * set, state);
    }
    hits
}

/// Hits among the undecided darts of a pass in the first `count` waiting steps.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn settle(waiting: &Waiting, count: usize, first: usize, place: &BlockKey) -> u64 {
    let low = _mm256_set1_epi32(LOW as i32);
    let last = _mm256_set1_epi32(BAND as i32 - 1);
    waiting.settle(count, place, |row| {
        let mut mask = 0;
        for lane in (first..first + PASS).step_by(WIDTH) {
            // SAFETY: 4 outputs from number `lane` on are inside the row, and begin at a multiple
            // of 32 bytes.
            let outputs = unsafe { _mm256_load_si256(row.as_ptr().add(lane).cast()) };
            let scores = _mm256_sub_epi32(_mm256_madd_epi16(outputs, outputs), low);
            let undecided = _mm256_cmpeq_epi32(_mm256_min_epu32(scores, last), scores);
            mask |= u64::from(_mm256_movemask_ps(_mm256_castsi256_ps(undecided)) as u32) << (2 * lane);
        }
        mask
    })
}
