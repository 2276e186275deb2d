//! The first ranks of a transport, as a transport.
//!
//! Stands beside `local`, which makes one for a part of its ranks (`part`). The part uses the
//! channels of the whole, and messages of the two cannot be mixed up: ranks outside the part send
//! nothing in a job, a collective names whom it receives from, and each of the part's ranks ends
//! its part before it goes on in the whole.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use montesieve_engine::background::Background;
use montesieve_engine::backoff::Backoff;
use montesieve_engine::disk::Disk;
use montesieve_engine::replay_log::ReplayLog;
use montesieve_engine::signals::Signals;
use montesieve_engine::transport::{Channel, Lost, Message, Shared, Silent, Transport};

/// The first `size` ranks of `whole`.
pub struct First {
    pub whole: Rc<dyn Transport>,
    pub size: u64,
}

impl Transport for First {
    fn rank(&self) -> u64 {
        self.whole.rank()
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn first_rank(&self) -> u64 {
        self.whole.first_rank()
    }

    fn send(&self, to: u64, channel: Channel, bytes: Vec<u8>) -> Result<(), Lost> {
        self.whole.send(to, channel, bytes)
    }

    fn poll(&self, channel: Channel, from: Option<u64>) -> Result<Option<Message>, Lost> {
        self.whole.poll(channel, from)
    }

    fn all_sent(&self) -> Result<bool, Lost> {
        self.whole.all_sent()
    }

    fn now(&self) -> Instant {
        self.whole.now()
    }

    fn give_way(&self, backoff: &mut Backoff, until: Option<Instant>) -> Result<(), Lost> {
        self.whole.give_way(backoff, until)
    }

    fn check_alive(&self) -> Result<(), Silent> {
        self.whole.check_alive()
    }

    fn confirm_all_alive(&self) -> Result<(), Lost> {
        self.whole.confirm_all_alive()
    }

    fn replay_log(&self) -> Option<&ReplayLog> {
        self.whole.replay_log()
    }

    fn computed(&self, blocks: u64) -> Result<(), Lost> {
        self.whole.computed(blocks)
    }

    fn background(&self, name: &str) -> io::Result<Arc<dyn Background>> {
        self.whole.background(name)
    }

    fn disk(&self) -> Arc<dyn Disk> {
        self.whole.disk()
    }

    fn own_signals(&self) -> Option<Signals> {
        self.whole.own_signals()
    }

    fn has_ended(&self, rank: u64) -> bool {
        self.whole.has_ended(rank)
    }

    fn lend(&self, value: Shared, takers: u64) -> Option<u64> {
        self.whole.lend(value, takers)
    }

    fn take_lent(&self, number: u64) -> Option<Shared> {
        self.whole.take_lent(number)
    }
}
