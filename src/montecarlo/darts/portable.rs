//! The walk for any CPU: plain Rust, in the shape that compilers vectorise.
//!
//! Stands beside `avx2` and `avx512`, which do the same by hand. A few lanes at a time, so that their states stay in 16
//! registers of 128 bits (SSE2, NEON); a group of steps is first drawn into a small buffer, then classified in a
//! loop without branches. Only if the group holds an undecided dart is it looked at dart by dart.
//!
//! Run time: see `benches/montecarlo.rs`. Memory: 1 KiB on the stack.

use std::ops::Range;

use super::dart::{BAND, Place, score};
use super::{GROUP, STEP_DARTS};
use crate::montecarlo::streams::{LANES, Lanes, next};

/// Lanes that are walked together: 4 state words x 4 lanes are 8 registers of 128 bits, half of what there are.
const CHUNK: usize = 16;

/// Hits among the darts of the next `steps` steps (a multiple of [`GROUP`]), the first of which begins the block.
pub(super) fn hits(lanes: &mut Lanes, steps: u64, place: &Place) -> u64 {
    let mut hits = 0;
    for first in (0..LANES).step_by(CHUNK) {
        let mut states = lanes.chunk::<CHUNK>(first);
        for step in (0..steps).step_by(GROUP as usize) {
            let group: [[u64; CHUNK]; GROUP as usize] = std::array::from_fn(|_| next(&mut states));
            let (inside, undecided) = classify(&group);
            hits += u64::from(inside);
            if undecided {
                hits += settle(&group, step, first, place);
            }
        }
        lanes.set_chunk(first, states);
    }
    hits
}

/// How many darts of a group are surely inside, and whether some are undecided.
#[inline(always)]
fn classify(group: &[[u64; CHUNK]; GROUP as usize]) -> (u32, bool) {
    let (mut inside, mut undecided) = (0, 0);
    for &output in group.as_flattened() {
        for half in [output as u32, (output >> 32) as u32] {
            inside += score(half) >> 31;
            undecided |= u32::from(score(half) < BAND);
        }
    }
    (inside, undecided != 0)
}

/// Hits among the undecided darts of a group that begins with step `step` and lane `first`.
#[cold]
#[inline(never)]
fn settle(group: &[[u64; CHUNK]; GROUP as usize], step: u64, first: usize, place: &Place) -> u64 {
    let mut hits = 0;
    for (row, step) in group.iter().zip(step..) {
        for (&output, lane) in row.iter().zip(first as u64..) {
            for (half, dart) in [output as u32, (output >> 32) as u32].into_iter().zip(step * STEP_DARTS + 2 * lane..) {
                hits += u64::from(score(half) < BAND && place.is_hit(half, dart as u32));
            }
        }
    }
    hits
}

/// Hits among the darts number `darts` of the block, the lanes standing at the first of them, which begins a step: what
/// a walk in whole groups leaves over, fewer than `GROUP` steps.
pub(super) fn rest(lanes: &mut Lanes, darts: Range<u64>, place: &Place) -> u64 {
    let mut hits = 0;
    for first in darts.clone().step_by(STEP_DARTS as usize) {
        let outputs = lanes.next();
        for dart in first..darts.end.min(first + STEP_DARTS) {
            let in_step = dart - first;
            let half = (outputs[in_step as usize / 2] >> (32 * (in_step % 2))) as u32;
            let score = score(half);
            hits += if score < BAND { u64::from(place.is_hit(half, dart as u32)) } else { u64::from(score >> 31) };
        }
    }
    hits
}
