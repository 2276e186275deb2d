//! NAS EP, "embarrassingly parallel": Gaussian deviates by Marsaglia's polar method, with the
//! generator and the sums of the benchmark.
//!
//! Pairs (x, y) of uniform numbers in (-1, 1) from one sequence; those with t = x^2 + y^2 <= 1
//! become X = x f and Y = y f, f = sqrt(-2 ln t / t). Asked for are the sums of all X and of all Y,
//! and how many pairs have l <= max(|X|, |Y|) < l + 1. The sums are published for every class, so
//! that a run verifies itself: [`verify`].
//!
//! - [`Class`], [`verify`]: sizes and published sums.
//! - [`generator`]: the numbers, and jumps to any of them.
//! - `gathered`, `deviates`: the one definition of a block's sums, to the bit.
//! - `portable`, `avx2`, `avx512`: kernels that draw and gather pairs; the same bits from all.
//!   [`scalar`]: the textbook form, their oracle.
//!
//! Run time: see docs/ep.md. Memory: 27 KiB on the stack.
//!
//! Reference: D. H. Bailey et al., "The NAS Parallel Benchmarks", RNR-94-007 (1994), section 2.2.1.

use generator::{LANES, PairStates};
use montesieve_kernel::Tally;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod class;
mod deviates;
mod gathered;
pub mod generator;
mod portable;
pub mod scalar;
mod sums;

pub use class::{Class, TOLERANCE, verify};
pub use sums::{ANNULI, Sums};

/// Pairs in a block: as many as in the benchmark's own batches. Part of the definition of the sums'
/// last bits.
pub const BLOCK: u64 = 1 << 16;

impl Class {
    /// How many blocks.
    pub fn blocks(self) -> u64 {
        self.pairs() / BLOCK
    }
}

/// A rank's workspace: where its lanes stand.
#[derive(Clone, Debug)]
pub struct Ep {
    isa: Supported,
    lanes: PairStates,
    /// The block whose start they stand at.
    at: u64,
}

impl Ep {
    /// Kernels of `isa`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(isa: Isa) -> Ep {
        Ep { isa: isa.require(), lanes: PairStates::at(0), at: 0 }
    }

    /// The sums of the blocks number `first..first + blocks`. Resumes without a jump if the call
    /// before ended there.
    ///
    /// ```
    /// use montesieve_kernel::isa::Isa;
    /// use montesieve_montecarlo::ep::{Class, Ep, verify};
    /// let sums = Ep::new(Isa::widest()).blocks(0, Class::S.blocks());
    /// assert!(verify(Class::S, &sums));
    /// assert_eq!(sums.counts[5..], [17, 0, 0, 0, 0]);
    /// ```
    pub fn blocks(&mut self, first: u64, blocks: u64) -> Sums {
        if self.at != first {
            self.lanes = PairStates::at(first * BLOCK);
        }
        let mut sums = Sums::default();
        for _ in 0..blocks {
            sums.merge(block_sums(self.isa, &mut self.lanes));
        }
        self.at = first + blocks;
        sums
    }
}

dispatch! {
    /// The sums of the block that begins where `lanes` stand, which then stand at the next one.
    fn block_sums(isa: Supported, lanes: &mut PairStates) -> Sums {
        portable => portable::sums(lanes),
        avx2 => avx2::sums(lanes),
        avx512 => avx512::sums(lanes),
    }
}

// A block is whole rows of draws.
const _: () = assert!(BLOCK.is_multiple_of((LANES * gathered::DRAWS) as u64));

#[cfg(test)]
mod tests;
