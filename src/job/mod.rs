//! The engine: any workload as numbered blocks, a ledger of what is done, and one walk that every job takes.
//!
//! - A [`Job`] is cut into blocks; the cut never depends on how many ranks there are.
//! - [`Span`]: a run of adjacent blocks, what a rank is given to compute. A [`Tally`] is what a span adds up to.
//! - [`Ledger`]: the spans that are done, each with its tally; neighbours melt together.
//! - [`Schedule`]: who computes which blocks next. It can change the time, never the answer.
//! - [`manager`] and [`worker`]: all decisions of a round as pure state machines. [`run`] drives them over a cluster.
//!
//! The walk: the root scatters first spans, every rank computes and asks for more, tallies are reduced into the
//! root's ledger, and what is still a hole then is the next round. Where ranks may be lost, [`survival`] says what an attempt begins from.

pub mod checkpoint;
pub mod keeper;
mod ledger;
pub mod lock;
mod lookout;
pub mod manager;
mod pace;
pub mod profile;
pub mod progress;
pub mod run;
mod schedule;
mod seat;
pub mod signals;
pub mod sound;
mod span;
pub mod survival;
pub mod timeline;
pub mod worker;
pub mod writer;

use std::ops::ControlFlow;
use std::time::Duration;

use crate::error::Result;

pub use checkpoint::{Identity, Version};
pub use ledger::{Ledger, Overlap, Seams, Tally};
pub use schedule::{Deal, Dealer, Schedule};
pub use span::Span;

/// What a kernel calls every few milliseconds during a long block; `Break` asks it to abandon the block.
pub type Pulse<'a> = &'a mut dyn FnMut() -> ControlFlow<()>;

/// A workload cut into numbered blocks.
pub trait Job {
    /// What a span of blocks adds up to.
    type Tally: Tally;
    /// What a rank keeps from block to block: buffers, tables, where its stream stands.
    type Workspace;

    /// Number of blocks. A function of the job alone, never of the cluster.
    fn blocks(&self) -> u64;

    /// What a checkpoint of this job says about it; `None` for a job that is too short, or too different from run to run, to be kept.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// What is wrong with `tally` as that of `span`, in a sentence: it speaks of other numbers of samples than the span has, say, or of more hits
    /// than samples. Asked of every tally that was read from a file, and of the result before it is reported, so that neither a forged file nor a
    /// fault of the program becomes an answer. A job with an [`identity`](Job::identity) must say.
    ///
    /// # Errors
    /// The sentence.
    fn check(&self, span: Span, tally: &Self::Tally) -> std::result::Result<(), String> {
        let _ = (span, tally);
        Ok(())
    }

    /// Whether what the first 1, 2, 4, 8, ... blocks come to is looked at: then it is kept apart, in checkpoints too.
    fn has_a_way(&self) -> bool {
        false
    }

    /// How many blocks a rank wants to go on with in one go: what is worth a message (some hundred microseconds), or
    /// more where a kernel is faster on long spans. Fewer are not handed out unless a rank would get nothing.
    fn grain(&self) -> u64 {
        1
    }

    /// How long a rank computes before it notes down what it has done. Longer only where a kernel is faster on long
    /// spans and calls `pulse` within them: then that much work is lost by a stop.
    fn piece(&self) -> Duration {
        pace::PIECE
    }

    /// Called whenever a rank looks after its messages: every half millisecond or so during long blocks, all the time while it waits. For
    /// jobs that have something of their own under way between ranks.
    ///
    /// # Errors
    /// What went wrong there; it ends the job.
    fn attend(&self) -> Result<()> {
        Ok(())
    }

    /// Makes a rank's workspace.
    fn workspace(&self) -> Self::Workspace;

    /// Computes the tally of `span`: a pure function of the span, whatever the workspace has done before. Going on
    /// where the last span ended should be nearly free.
    ///
    /// `Break` when `pulse` said so: the span counts as not done.
    fn compute(&self, span: Span, workspace: &mut Self::Workspace, pulse: Pulse<'_>) -> ControlFlow<(), Self::Tally>;
}
