//! Accepted pairs, gathered without gaps: the step between the kernels, which draw pairs, and the
//! deviates.
//!
//! Marsaglia's method drops 21 % of the pairs. Computing all and masking those out wastes a fifth
//! of the divisions and square roots, which are what a block takes; a branch on each pair is
//! mispredicted once in five. So the kernels write the accepted ones side by side. A chunk stays in
//! the first-level cache.
//!
//! Memory: 8.5 KiB on the stack.

use super::BLOCK;
use super::deviates::{AHEAD, DeviateRow, Deviates, ROW, ROWS};
use super::generator::{LANES, PairStates};
use super::sums::Sums;

/// Draws for each lane in a chunk; a row may be left from the chunk before, and one is room.
pub(super) const DRAWS: usize = ROWS - 2;

/// Pairs drawn in a chunk.
const CHUNK: usize = DRAWS * LANES;

/// The chunk, what was left of the one before, room for a whole register behind the last pair, and
/// what the deviates read behind it.
const ROOM: usize = (ROWS + AHEAD) * ROW;

/// Halved pairs, `x[..count]` and `y[..count]`; what lies behind them is junk.
#[repr(C, align(64))]
pub(super) struct Gathered {
    pub x: [f64; ROOM],
    pub y: [f64; ROOM],
    pub count: usize,
}

/// The sums of the block that begins where `lanes` stand, which then stand at the next one.
/// `gather` draws a chunk: [`DRAWS`] times a pair for each lane, in order, and appends those inside
/// the circle.
#[inline(always)]
pub(super) fn block(lanes: &mut PairStates, gather: impl Fn(&mut PairStates, &mut Gathered)) -> Sums {
    let mut gathered = Gathered { x: [0.0; ROOM], y: [0.0; ROOM], count: 0 };
    let mut deviates = Deviates::new();
    let mut rows = 0;
    for _ in 0..BLOCK / CHUNK as u64 {
        gather(lanes, &mut gathered);
        let whole = gathered.count / ROW;
        let (x, y) = (gathered.x.as_chunks::<ROW>().0, gathered.y.as_chunks::<ROW>().0);
        deviates.add(x, y, whole);
        let (x, y) = (x[whole], y[whole]);
        gathered.x[..ROW].copy_from_slice(&x);
        gathered.y[..ROW].copy_from_slice(&y);
        gathered.count -= whole * ROW;
        rows += whole;
    }
    // The last row is filled with (1, 0), whose deviates are 0.
    let rest = gathered.count;
    let fill = |row: &[f64], with: f64| -> DeviateRow {
        std::array::from_fn(|lane| if lane < rest { row[lane] } else { with })
    };
    deviates.add(&[fill(&gathered.x, 0.5); 1 + AHEAD], &[fill(&gathered.y, 0.0); 1 + AHEAD], 1);
    deviates.sums((rows * ROW + rest) as u64)
}
