//! A job: the trait that a user of the engine implements.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::checkpoint::Identity;
use crate::error::JobError;
use crate::protocol::PIECE;
use crate::{PrefixEnds, Span, Tally};

/// The callback of a kernel: called every few milliseconds during a long block. `Break` asks the
/// kernel to abandon the block.
pub type YieldNow<'a> = &'a mut dyn FnMut() -> ControlFlow<()>;

/// A workload cut into numbered blocks.
pub trait Job {
    /// The result of a span of blocks.
    type Tally: Tally;
    /// What a rank keeps between blocks: buffers, tables, the position in its stream.
    type Workspace;

    /// Number of blocks. A function of the job alone, never of the cluster.
    fn blocks(&self) -> u64;

    /// What a checkpoint of this job records about it. `None` for a job that is too short to be
    /// saved, or that differs from run to run.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// What a user should know where a checkpoint is refused because `theirs` is of another kind:
    /// for example, on what the size of blocks depends, and what makes it the same. The end of a
    /// sentence, without a full stop.
    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        let _ = theirs;
        None
    }

    /// What is wrong with `tally` as the result of `span`, in a sentence: for example, more hits
    /// than samples. The engine asks about every tally that it reads from a file, and about the
    /// result before the report. So neither a forged file nor a fault of the program becomes an
    /// answer. A job with an [`identity`](Job::identity) must implement this.
    ///
    /// # Errors
    /// The sentence.
    fn check(&self, span: Span, tally: &Self::Tally) -> Result<(), String> {
        let _ = (span, tally);
        Ok(())
    }

    /// Which prefixes' totals are needed. They are then kept apart, in checkpoints too.
    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::None
    }

    /// How many blocks a rank should compute at once: what is worth a message (some hundred
    /// microseconds), or more where a kernel is faster on long spans. A rank gets fewer only when
    /// there would be none for another rank.
    fn grain(&self) -> u64 {
        1
    }

    /// How long a rank computes before it records its work. Make it longer only where a kernel is
    /// faster on long spans and calls `yield_now` within them: a stop loses that much work.
    fn piece(&self) -> Duration {
        PIECE
    }

    /// Called whenever a rank looks for messages: about every half millisecond during long blocks,
    /// and all the time while it waits. For jobs whose ranks exchange messages of the job.
    ///
    /// # Errors
    /// A failure of the job's own messages; it ends the job.
    fn make_progress(&self) -> Result<(), JobError> {
        Ok(())
    }

    /// Makes a rank's workspace.
    fn workspace(&self) -> Self::Workspace;

    /// Computes the tally of `span`: a pure function of the span, whatever the workspace was used
    /// for before. Continuing where the last span ended should cost almost nothing.
    ///
    /// Returns `Break` when `yield_now` did: the span then counts as not done.
    fn compute(
        &self,
        span: Span,
        workspace: &mut Self::Workspace,
        yield_now: YieldNow<'_>,
    ) -> ControlFlow<(), Self::Tally>;
}
