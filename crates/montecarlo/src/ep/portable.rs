//! The kernel for any CPU: one pair after the other, accepted by advancing an index by 0 or 1.
//!
//! Stands beside `avx2` and `avx512`, which gather several pairs at once by permutations; plain
//! Rust has none. The multiplier is a full word's product here, which vectors of SSE2 and AVX2 do
//! not have.

use super::deviates::ROW;
use super::gathered::{DRAWS, Gathered, block};
use super::generator::{MULTIPLIER, PairStates, STRIDE, centred};
use super::sums::Sums;

/// The sums of the block that begins where `lanes` stand, which then stand at the next one.
pub(super) fn sums(lanes: &mut PairStates) -> Sums {
    block(lanes, gather)
}

#[inline(always)]
fn gather(lanes: &mut PairStates, to: &mut Gathered) {
    let mut count = to.count;
    debug_assert!(count < ROW);
    for _ in 0..DRAWS {
        for state in &mut lanes.0 {
            let (x, y) = (centred(*state), centred(state.wrapping_mul(MULTIPLIER)));
            *state = state.wrapping_mul(STRIDE);
            to.x[count] = x;
            to.y[count] = y;
            count += usize::from(x * x + y * y <= 0.25);
        }
    }
    to.count = count;
}
