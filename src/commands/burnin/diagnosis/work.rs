//! Does one block: the kernels of `primes` and `montecarlo`, from nothing to the answer.
//!
//! Every table and stream is built anew, so that a block costs the same whenever it is done, and a
//! fault in a table that was kept cannot make all later blocks wrong. About 0.25 s a block (AMD Zen
//! 4).

use std::ops::ControlFlow;

use super::table::{Block, BlockWork};
use crate::montecarlo::darts::Darts;
use crate::primes::Sieve;

/// The answer that this CPU gives, now; calls `yield_now` every few milliseconds.
///
/// # Panics
/// When this CPU does not have the block's instruction set.
pub fn compute(block: &Block, yield_now: &mut dyn FnMut()) -> u64 {
    match block.work {
        BlockWork::Primes { start, length } => {
            let high = start + length;
            let mut yield_now = || {
                yield_now();
                ControlFlow::Continue(())
            };
            match Sieve::new(high.into(), block.isa).count(start.into(), high.into(), &mut yield_now) {
                ControlFlow::Continue(count) => count,
                ControlFlow::Break(()) => unreachable!("the callback never breaks"),
            }
        }
        BlockWork::Darts { seed, start, samples } => {
            let mut hits = 0;
            Darts::new(seed, block.isa).each_block(start, samples, |_, more| {
                hits += more;
                yield_now();
            });
            hits
        }
    }
}
