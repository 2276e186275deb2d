//! The kernel for any CPU: plain Rust, in the shape that compilers vectorise.
//!
//! Stands beside `avx2` and `avx512`, which do the same with intrinsics. Loops run over the 32
//! lanes with the states in memory, not over a few lanes with the states in registers: LLVM
//! vectorises loops dependably and short unrolled arrays hardly ever. A step is first drawn, then
//! classified without branches; only if it holds an undecided dart, once in 116 steps, is it
//! examined dart by dart.
//!
//! Run time: 1.9 darts/ns with the SSE2 that any x86-64 has (Zen 5), 4 times the usual program with
//! two `f64` a dart.
//! Memory: 512 bytes on the stack.

use std::ops::Range;

use super::STEP_DARTS;
use super::dart::{BAND, BlockKey, score, score_of_cell};
use crate::streams::{LANES, Lanes};

/// Hits among the darts of the next `steps` steps, the first of which begins the block.
pub(super) fn hits(lanes: &mut Lanes, steps: u64, place: &BlockKey) -> u64 {
    let mut hits = 0;
    for step in 0..steps {
        let outputs = lanes.draw();
        let (inside, undecided) = classify(&outputs);
        hits += u64::from(inside);
        if undecided {
            hits += settle(&outputs, step * STEP_DARTS, place);
        }
    }
    hits
}

/// How many darts of a step are surely inside, and whether some are undecided.
///
/// The outputs are taken apart into 16-bit numbers first: in this shape, and no other tested, LLVM
/// sees that nothing moves in memory and that a sum of two products is one instruction (`pmaddwd`
/// on x86-64). Not inlined, since there it would copy after all (11 % slower).
#[inline(never)]
fn classify(outputs: &[u64; LANES]) -> (u32, bool) {
    let mut leading = [0i16; 4 * LANES];
    for (leading, &output) in leading.as_chunks_mut::<4>().0.iter_mut().zip(outputs) {
        *leading = [output as i16, (output >> 16) as i16, (output >> 32) as i16, (output >> 48) as i16];
    }
    let (mut inside, mut undecided) = (0, 0);
    for &cell in leading.as_chunks::<2>().0 {
        let score = score_of_cell(cell);
        inside += score >> 31;
        undecided |= u32::from(score < BAND);
    }
    (inside, undecided != 0)
}

/// Hits among the undecided darts of a step whose first dart is number `first` of the block.
#[cold]
#[inline(never)]
fn settle(outputs: &[u64; LANES], first: u64, place: &BlockKey) -> u64 {
    let halves = outputs.iter().flat_map(|&output| [output as u32, (output >> 32) as u32]);
    halves.zip(first..).map(|(half, dart)| u64::from(score(half) < BAND && place.is_hit(half, dart as u32))).sum()
}

/// Hits among the darts number `darts` of the block, the lanes standing at the first of them, which
/// begins a step: what a kernel in whole groups leaves over, fewer than `GROUP` steps.
pub(super) fn rest(lanes: &mut Lanes, darts: Range<u64>, place: &BlockKey) -> u64 {
    let mut hits = 0;
    for first in darts.clone().step_by(STEP_DARTS as usize) {
        let outputs = lanes.draw();
        for dart in first..darts.end.min(first + STEP_DARTS) {
            let in_step = dart - first;
            let half = (outputs[in_step as usize / 2] >> (32 * (in_step % 2))) as u32;
            let score = score(half);
            hits += if score < BAND { u64::from(place.is_hit(half, dart as u32)) } else { u64::from(score >> 31) };
        }
    }
    hits
}
