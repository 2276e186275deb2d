//! A job: what a user of the engine writes.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::checkpoint::Identity;
use crate::error::JobError;
use crate::protocol::PIECE;
use crate::{Span, Tally};

/// What a kernel calls every few milliseconds during a long block; `Break` asks it to give the
/// block up.
pub type Pulse<'a> = &'a mut dyn FnMut() -> ControlFlow<()>;

/// A workload cut into numbered blocks.
pub trait Job {
    /// What a span of blocks adds up to.
    type Tally: Tally;
    /// What a rank keeps from block to block: buffers, tables, where its stream stands.
    type Workspace;

    /// Number of blocks. A function of the job alone, never of the cluster.
    fn blocks(&self) -> u64;

    /// What a checkpoint of this job says about it; `None` for a job that is too short, or too
    /// different from run to run, to be kept.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// What is wrong with `tally` as that of `span`, in a sentence: it counts other samples than
    /// the span has, say, or more hits than samples. Asked of every tally that was read from a
    /// file, and of the result before it is reported, so that neither a forged file nor a fault of
    /// the program becomes an answer. A job with an [`identity`](Job::identity) must say.
    ///
    /// # Errors
    /// The sentence.
    fn check(&self, span: Span, tally: &Self::Tally) -> Result<(), String> {
        let _ = (span, tally);
        Ok(())
    }

    /// Whether what the first 1, 2, 4, 8, ... blocks come to is of interest: then it is kept apart,
    /// in checkpoints too.
    fn has_a_way(&self) -> bool {
        false
    }

    /// How many blocks a rank likes to compute in one go: what is worth a message (some hundred
    /// microseconds), or more where a kernel is faster on long spans. Fewer are not handed out
    /// unless a rank would get nothing.
    fn grain(&self) -> u64 {
        1
    }

    /// How long a rank computes before it records what it has done. Longer only where a kernel is
    /// faster on long spans and calls `pulse` within them: a stop loses that much work.
    fn piece(&self) -> Duration {
        PIECE
    }

    /// Called whenever a rank looks after its messages: every half millisecond or so during long
    /// blocks, all the time while it waits. For jobs that exchange messages of their own between
    /// ranks.
    ///
    /// # Errors
    /// What went wrong there; it ends the job.
    fn attend(&self) -> Result<(), JobError> {
        Ok(())
    }

    /// Makes a rank's workspace.
    fn workspace(&self) -> Self::Workspace;

    /// Computes the tally of `span`: a pure function of the span, whatever the workspace has done
    /// before. To continue where the last span ended should be nearly free.
    ///
    /// `Break` when `pulse` said so: the span counts as not done.
    fn compute(&self, span: Span, workspace: &mut Self::Workspace, pulse: Pulse<'_>) -> ControlFlow<(), Self::Tally>;
}
