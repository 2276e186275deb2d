//! The first ranks of a transport, as a transport.
//!
//! Stands beside `local`, which uses it for a `sub_cluster`. The part uses the channels of the
//! whole. Messages of the two cannot be confused: ranks outside the part send nothing in a job, and
//! a collective names the rank it receives from. Each rank of the part finishes there before it
//! resumes in the whole.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use montesieve_engine::backoff::Backoff;
use montesieve_engine::transport::{Channel, Incoming, Lost, SharedValue, Silent, Transport};

use super::forward::forward;

/// The first `size` ranks of `whole`.
pub struct FirstRanks {
    pub whole: Rc<dyn Transport>,
    pub size: u64,
}

impl Transport for FirstRanks {
    forward!(whole);

    fn size(&self) -> u64 {
        self.size
    }

    fn poll(&self, channel: Channel, from: Option<u64>) -> Result<Option<Incoming>, Lost> {
        self.whole.poll(channel, from)
    }

    fn pause(&self, backoff: &mut Backoff, until: Option<Instant>) -> Result<(), Lost> {
        self.whole.pause(backoff, until)
    }

    fn check_alive(&self) -> Result<(), Silent> {
        self.whole.check_alive()
    }

    fn computed(&self, blocks: u64) -> Result<(), Lost> {
        self.whole.computed(blocks)
    }
}
