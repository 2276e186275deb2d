//! The textbook form: one lane at a time, one dart at a time, full precision each time.
//!
//! Stands beside the fast kernels as their oracle, and for teaching (`--algorithm scalar`): no lazy
//! precision, no cells, no SIMD. Each dart gets all 64 bits of both coordinates and **an exact
//! integer test**, `x^2 + y^2 < 2^126`. The answer is by definition that of
//! [`Darts::hits`](super::Darts::hits), dart for dart.
//!
//! Run time: about 7 ns a dart (Zen 5), most of it the extra bits that the fast kernels rarely
//! need. Memory: negligible.

use rand::Rng;

use super::dart::{BlockKey, is_inside};
use super::{BLOCK, STEP_DARTS};
use crate::streams::{LANES, Streams};
use montesieve_kernel::isa::Isa;

/// Hits among the `samples` darts that begin with the first dart of block `first`.
///
/// ```
/// use montesieve_kernel::isa::Isa;
/// use montesieve_montecarlo::darts::{Darts, scalar};
/// assert_eq!(scalar::hits(42, 3, 1000), Darts::new(42, Isa::widest()).hits(3, 1000));
/// ```
pub fn hits(seed: u64, first: u64, samples: u64) -> u64 {
    let streams = Streams::new(seed, 0, Isa::Portable);
    let whole = first + samples / BLOCK;
    let blocks: u64 = (first..whole).map(|block| block_hits(seed, &streams, block, BLOCK)).sum();
    blocks + block_hits(seed, &streams, whole, samples % BLOCK)
}

/// The first `count` darts of all (at most a block), in order: x, y, and whether it hits. For
/// pictures.
pub fn first(seed: u64, count: u64) -> Vec<(f64, f64, bool)> {
    let place = BlockKey { seed, job: 0, block: 0 };
    let start = Streams::new(seed, 0, Isa::Portable).start(0);
    let mut darts = Vec::new();
    for lane in 0..LANES {
        let mut generator = start.lane(lane);
        for dart in (2 * lane as u64..count.min(BLOCK)).step_by(STEP_DARTS as usize) {
            let output = generator.next_u64();
            let both = [(dart, output as u32), (dart + 1, (output >> 32) as u32)];
            for (dart, half) in both.into_iter().filter(|(dart, _)| *dart < count) {
                let (x, y) = place.point(half, dart as u32);
                darts.push((dart, (x as f64 / UNIT, y as f64 / UNIT, is_inside((x, y)))));
            }
        }
    }
    darts.sort_unstable_by_key(|&(dart, _)| dart);
    darts.into_iter().map(|(_, point)| point).collect()
}

/// 1 as a coordinate.
const UNIT: f64 = (1u64 << 63) as f64;

/// Hits among the first `samples` darts of one block.
fn block_hits(seed: u64, streams: &Streams, block: u64, samples: u64) -> u64 {
    let place = BlockKey { seed, job: 0, block };
    let start = streams.start(block);
    let mut hits = 0;
    for lane in 0..LANES {
        let mut generator = start.lane(lane);
        // The lane's darts are number 2*lane and 2*lane + 1 of each step.
        for dart in (2 * lane as u64..samples).step_by(STEP_DARTS as usize) {
            let output = generator.next_u64();
            let (lower, upper) = (output as u32, (output >> 32) as u32);
            hits += u64::from(is_inside(place.point(lower, dart as u32)));
            if dart + 1 < samples {
                hits += u64::from(is_inside(place.point(upper, dart as u32 + 1)));
            }
        }
    }
    hits
}
