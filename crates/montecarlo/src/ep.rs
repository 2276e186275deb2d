//! NAS EP, "embarrassingly parallel": Gaussian deviates by Marsaglia's polar method, with the generator and the sums of the benchmark.
//!
//! Pairs (x, y) of uniform numbers in (-1, 1) from one sequence; those with t = x^2 + y^2 <= 1 become X = x f and Y = y
//! f, f = sqrt(-2 ln t / t). Asked for are
//! the sums of all X and of all Y, and how many pairs have l <= max(|X|, |Y|) < l + 1. The sums are published for every class, so
//! that a run says of itself whether it is right: [`verify`].
//!
//! - [`Class`], [`verify`]: sizes and published sums.
//! - [`generator`]: the numbers, and jumps to any of them.
//! - `gathered`, `deviates`: the one definition of a block's sums, to the bit.
//! - `portable`, `avx2`, `avx512`: walks that draw and gather pairs; the same bits from all. [`scalar`]: the textbook form, their oracle.
//!
//! Run time: see docs/ep.md. Memory: 27 KiB on the stack.
//!
//! Reference: D. H. Bailey et al., "The NAS Parallel Benchmarks", RNR-94-007 (1994), section 2.2.1.

use generator::{LANES, Lanes};
use montesieve_kernel::Tally;
use montesieve_kernel::isa::Isa;

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

/// Pairs in a block: as many as in the benchmark's own batches. Part of the definition of the sums' last bits.
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
    isa: Isa,
    lanes: Lanes,
    /// The block whose start they stand at.
    at: u64,
}

impl Ep {
    /// Walked with `isa`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(isa: Isa) -> Ep {
        assert!(isa.is_supported(), "this CPU lacks {isa}");
        Ep { isa, lanes: Lanes::at(0), at: 0 }
    }

    /// The sums of the blocks number `first..first + blocks`. Goes on without a jump when the call before ended there.
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
            self.lanes = Lanes::at(first * BLOCK);
        }
        let mut sums = Sums::default();
        for _ in 0..blocks {
            sums.merge(self.walk());
        }
        self.at = first + blocks;
        sums
    }

    /// The block that the lanes stand at.
    fn walk(&mut self) -> Sums {
        match self.isa {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` has asserted that this CPU has `isa`.
            Isa::Avx512 => unsafe { avx512::sums(&mut self.lanes) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Isa::Avx2 => unsafe { avx2::sums(&mut self.lanes) },
            _ => portable::sums(&mut self.lanes),
        }
    }
}

// A block is whole rows of draws.
const _: () = assert!(BLOCK.is_multiple_of((LANES * gathered::DRAWS) as u64));

#[cfg(test)]
mod tests;
