//! Polite waiting: how a rank waits without taking the core from a rank that works.
//!
//! MPI's own blocking calls spin, which is right when every rank has a core and ruinous when eight
//! ranks share two. So this program never waits inside MPI: it tests, and pauses between tests.
//! Every pause looks after the other ranks, so that no wait lasts for ever (see `heartbeat`). How
//! long a pause is, the engine's [`Backoff`] says.

use montesieve_engine::backoff::Backoff;

use super::heartbeat;

/// One wait: begins eager, grows patient.
#[derive(Debug, Default)]
pub struct Patience(Backoff);

impl Patience {
    /// A wait that has just begun.
    pub fn new() -> Patience {
        heartbeat::progress();
        Patience(Backoff::new())
    }

    /// A wait that stays eager, for a rank that others need while it waits: its test of MPI is what
    /// serves them.
    pub fn attentive() -> Patience {
        heartbeat::progress();
        Patience(Backoff::yielding())
    }

    /// Lets others run for a moment; longer the longer the wait has lasted. Looks after the other
    /// ranks ([`heartbeat::make_progress`]).
    pub fn pause(&mut self) {
        heartbeat::make_progress();
        self.0.pause();
    }

    /// How long the wait has lasted, for a transport that pauses in its own way.
    pub(super) fn backoff(&mut self) -> &mut Backoff {
        &mut self.0
    }

    /// Something happened: begin eager again.
    pub fn reset(&mut self) {
        heartbeat::progress();
        self.0.reset();
    }
}
