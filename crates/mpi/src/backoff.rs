//! Polite waiting: how a rank waits without taking the core from a rank that computes.
//!
//! MPI's blocking calls spin. That is right when every rank has a core, and ruinous when eight
//! ranks share two. So this program never waits inside MPI: it tests, and pauses between tests.
//! Every pause also checks the other ranks, so that no wait lasts for ever (see `heartbeat`). The
//! engine's [`Backoff`] sets the length of each pause.

use montesieve_engine::backoff::Backoff;

use super::heartbeat;

/// The backoff of one wait: pauses grow longer, and each makes progress for the other ranks.
#[derive(Debug, Default)]
pub struct ProgressBackoff(Backoff);

impl ProgressBackoff {
    /// A wait that starts now.
    pub fn new() -> ProgressBackoff {
        heartbeat::progress();
        ProgressBackoff(Backoff::new())
    }

    /// A wait that only yields, for a rank that others need while it waits: its calls of `MPI_Test`
    /// serve them.
    pub fn yielding() -> ProgressBackoff {
        heartbeat::progress();
        ProgressBackoff(Backoff::yielding())
    }

    /// Lets other processes run for a moment, longer as the wait lasts. Checks the other ranks
    /// ([`heartbeat::make_progress`]).
    pub fn pause(&mut self) {
        heartbeat::make_progress();
        self.0.pause();
    }

    /// The engine's backoff, for a transport that pauses in its own way.
    pub(super) fn backoff(&mut self) -> &mut Backoff {
        &mut self.0
    }

    /// Something happened: the next pause is short again.
    pub fn reset(&mut self) {
        heartbeat::progress();
        self.0.reset();
    }
}
