//! Polite waiting: how a rank waits without taking the core from a rank that works.
//!
//! MPI's own blocking calls spin, which is right when every rank has a core and ruinous when eight ranks share two.
//! So this program never waits inside MPI: it tests, and pauses between tests. Every pause looks after the other ranks, so that no wait lasts
//! for ever (see `heartbeat`).

use std::time::Duration;

use super::heartbeat;

/// Pauses that only yield: about 20 microseconds in all on an idle core, the time of a message between two hosts.
const YIELDS: u32 = 64;
/// The first sleep. The kernel adds about 50 microseconds of its own.
const SHORTEST: Duration = Duration::from_micros(20);
/// The longest sleep: what a rank may add to a wait, against 0.2 % of a core while it sleeps.
const LONGEST: Duration = Duration::from_millis(1);

/// One wait: begins eager, grows patient.
#[derive(Debug, Default)]
pub struct Patience {
    pauses: u32,
    /// Whether it never sleeps.
    attends: bool,
}

impl Patience {
    /// A wait that has just begun.
    pub fn new() -> Patience {
        heartbeat::progress();
        Patience::default()
    }

    /// A wait that stays eager, for a rank that others need while it waits: its test of MPI is what serves them.
    pub fn attentive() -> Patience {
        heartbeat::progress();
        Patience { pauses: 0, attends: true }
    }

    /// Lets others run for a moment; longer the longer the wait has lasted. Looks after the other ranks ([`heartbeat::attend`]).
    pub fn pause(&mut self) {
        heartbeat::attend();
        self.rest();
    }

    /// The same for a caller that looks after the other ranks itself.
    pub fn rest(&mut self) {
        if self.attends || self.pauses < YIELDS {
            std::thread::yield_now();
        } else {
            let doublings = (self.pauses - YIELDS) / 8;
            std::thread::sleep(SHORTEST.saturating_mul(1 << doublings.min(10)).min(LONGEST));
        }
        self.pauses = self.pauses.saturating_add(1);
    }

    /// Something happened: begin eager again.
    pub fn reset(&mut self) {
        heartbeat::progress();
        self.pauses = 0;
    }
}
