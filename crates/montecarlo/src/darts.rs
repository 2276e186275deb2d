//! Hits of darts thrown at a circle: the kernel of `montesieve pi`.
//!
//! A dart is a point of the square [-1, 1)^2 with 64-bit coordinates, and hits when it is inside
//! the unit circle; see [`dart`] for the one definition. The trick is **lazy precision**: the
//! leading 16 bits of both coordinates (one 32-bit half of a generator's output) decide all but one
//! dart in 7400. Those few get 48 more bits for each coordinate from a keyed hash and are decided
//! exactly. So a dart costs 32 random bits instead of 128, and yet the answer is that of 64-bit
//! coordinates.
//!
//! One definition, several kernels, the same integers from all:
//! - [`scalar`]: the textbook form, full precision for each dart; the oracle of the others and
//!   `--algorithm scalar`.
//! - `portable`: plain Rust in the shape that compilers vectorise, any CPU.
//! - `avx2`, `avx512`: intrinsics, with a branch-free list of the steps that hold an undecided
//!   dart.
//!
//! Order of the darts in a block: step by step, in a step lane by lane, in a lane the lower half
//! first. n samples are the first n darts in that order.
//!
//! Run time: see each kernel; [`Darts::hits`] jumps (1 us) unless it resumes where it stopped.
//! Memory: 18 KiB a rank.

use super::streams::{BLOCK_STEPS, LANES, Lanes, Streams};
use dart::BlockKey;
use montesieve_kernel::isa::Isa;
#[cfg(target_arch = "x86_64")]
use montesieve_kernel::{dispatch, isa::Supported};
#[cfg(target_arch = "x86_64")]
use waiting::Waiting;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod dart;
mod portable;
pub mod scalar;
#[cfg(target_arch = "x86_64")]
mod waiting;

/// Darts in a step: two halves of each lane's output.
pub const STEP_DARTS: u64 = 2 * LANES as u64;

/// Darts in a block.
pub const BLOCK: u64 = BLOCK_STEPS * STEP_DARTS;

/// Steps that a kernel takes at a time: the bits of a word, so that a shift register of hits fills
/// exactly once.
const GROUP: u64 = 32;

/// A rank's workspace: where its lanes stand, and room for undecided darts.
#[derive(Clone, Debug)]
pub struct Darts {
    seed: u64,
    job: u32,
    #[cfg(target_arch = "x86_64")]
    isa: Supported,
    streams: Streams,
    lanes: Lanes,
    /// The block whose start the lanes stand at; none after a part of a block.
    at: Option<u64>,
    #[cfg(target_arch = "x86_64")]
    waiting: Box<Waiting>,
}

impl Darts {
    /// Darts of `seed`, by the kernels of `isa`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(seed: u64, isa: Isa) -> Darts {
        Darts::of_job(seed, 0, isa)
    }

    /// Darts of `seed` in job number `job`: disjoint from those of all other jobs of the same seed.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn of_job(seed: u64, job: u32, isa: Isa) -> Darts {
        let streams = Streams::new(seed, job, isa);
        let lanes = streams.start(0);
        Darts {
            seed,
            job,
            #[cfg(target_arch = "x86_64")]
            isa: isa.require(),
            streams,
            lanes,
            at: Some(0),
            #[cfg(target_arch = "x86_64")]
            waiting: Box::default(),
        }
    }

    /// Hits among the `samples` darts that begin with the first dart of block `first`. Resumes
    /// without a jump if the call before ended, with a whole block, just there. Blocks are numbered
    /// up to 2^63.
    ///
    /// ```
    /// use montesieve_kernel::isa::Isa;
    /// use montesieve_montecarlo::darts::{BLOCK, Darts};
    /// let mut darts = Darts::new(42, Isa::widest());
    /// let hits = darts.hits(0, 3 * BLOCK + 5);
    /// assert!((4.0 * hits as f64 / (3 * BLOCK + 5) as f64 - 3.1416).abs() < 0.01);
    /// assert_eq!(hits, darts.hits(0, BLOCK) + darts.hits(1, 2 * BLOCK + 5));
    /// ```
    pub fn hits(&mut self, first: u64, samples: u64) -> u64 {
        let mut hits = 0;
        self.each_block(first, samples, |_, more| hits += more);
        hits
    }

    /// The same block by block: calls `each` with the darts of a block and the hits among them.
    pub fn each_block(&mut self, first: u64, samples: u64, mut each: impl FnMut(u64, u64)) {
        let whole = first + samples / BLOCK;
        for block in first..whole {
            each(BLOCK, self.block_hits(block, BLOCK));
        }
        let rest = samples % BLOCK;
        if rest > 0 {
            each(rest, self.block_hits(whole, rest));
        }
    }

    /// Hits among the first `samples` darts of one block.
    fn block_hits(&mut self, block: u64, samples: u64) -> u64 {
        if self.at != Some(block) {
            self.lanes = self.streams.start(block);
        }
        self.at = (samples == BLOCK).then(|| block + 1);
        let place = BlockKey { seed: self.seed, job: self.job, block };
        let steps = samples / STEP_DARTS / GROUP * GROUP;
        #[cfg(target_arch = "x86_64")]
        let hits = hits(self.isa, &mut self.lanes, steps, &place, &mut self.waiting);
        #[cfg(not(target_arch = "x86_64"))]
        let hits = portable::hits(&mut self.lanes, steps, &place);
        hits + portable::rest(&mut self.lanes, steps * STEP_DARTS..samples, &place)
    }
}

#[cfg(target_arch = "x86_64")]
dispatch! {
    /// Hits among the darts of the next `steps` steps (a multiple of [`GROUP`]), the first of which
    /// begins the block.
    fn hits(isa: Supported, lanes: &mut Lanes, steps: u64, place: &BlockKey, waiting: &mut Waiting) -> u64 {
        portable => portable::hits(lanes, steps, place),
        avx2 => avx2::hits(lanes, steps, place, waiting),
        avx512 => avx512::hits(lanes, steps, place, waiting),
    }
}

#[cfg(test)]
mod tests;
