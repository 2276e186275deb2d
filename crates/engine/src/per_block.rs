//! A job that is one function of a block's number.
//!
//! Stands beside `job`, whose trait also covers tables, streams and checks. Most jobs need none of
//! them.

use std::ops::ControlFlow;

use crate::checkpoint::Identity;
use crate::{Job, Span, Tally, YieldNow};

/// A job whose blocks depend on their number alone: points of a parameter sweep, files of a list,
/// seeds of a simulation.
///
/// A block should take milliseconds to seconds: a rank looks for messages between two blocks, and a
/// stop waits for one. Only the file's checksum protects tallies from a checkpoint. A job that can
/// recognise a wrong tally implements [`Job`].
///
/// ```
/// use montesieve_engine::{PerBlock, Session};
///
/// // How many of the numbers below 1,000,000 have three ones in binary?
/// let has_three = |n: &u64| n.count_ones() == 3;
/// let ones = |block| (block * 1_000..(block + 1) * 1_000).filter(has_three).count() as u64;
/// let job = PerBlock::new("numbers with three ones", 1_000, ones);
/// let outcome = Session::on_threads(2, |session| session.run(&job))?;
/// assert_eq!(outcome.total, Some(1140));
/// # Ok::<(), montesieve_engine::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PerBlock<F> {
    identity: Identity,
    compute: F,
}

impl<T: Tally, F: Fn(u64) -> T> PerBlock<F> {
    /// Blocks 0 to `blocks` - 1. `compute` must be a pure function; its tallies merge in block
    /// order. `what` states in words everything that decides a block's value: a checkpoint with
    /// other words is refused. A job of more blocks resumes from the checkpoint of one with fewer.
    pub fn new(what: impl Into<String>, blocks: u64, compute: F) -> PerBlock<F> {
        PerBlock { identity: Identity::new(what, blocks), compute }
    }
}

impl<T: Tally, F: Fn(u64) -> T> Job for PerBlock<F> {
    type Tally = T;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.identity.whole
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.identity.clone())
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), T> {
        yield_now()?;
        let mut tally = (self.compute)(span.first);
        for block in span.first + 1..span.end {
            yield_now()?;
            tally.merge((self.compute)(block));
        }
        ControlFlow::Continue(tally)
    }
}
