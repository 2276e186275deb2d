//! The cluster as the engine sees it: a [`Transport`].
//!
//! Stands beside `mod.rs`, whose methods the commands use.

use std::time::Instant;

use super::{Cluster, Tag, heartbeat};
use crate::job::backoff::Backoff;
use crate::job::replay_log::ReplayLog;
use crate::job::transport::{Channel, Lost, Message, Silent, Transport};

/// The tag of a channel's messages.
fn tag(channel: Channel) -> Tag {
    match channel {
        Channel::Round => Tag::Round,
        Channel::Collective => Tag::Collective,
    }
}

impl Cluster {
    fn whole<T>(&self, value: T) -> Result<T, Lost> {
        self.check_losses().map(|()| value).map_err(|_| Lost)
    }
}

impl Transport for Cluster {
    fn rank(&self) -> u64 {
        Cluster::rank(self)
    }

    fn size(&self) -> u64 {
        Cluster::size(self)
    }

    fn first_rank(&self) -> u64 {
        Cluster::first_rank(self)
    }

    fn send(&self, to: u64, channel: Channel, bytes: Vec<u8>) -> Result<(), Lost> {
        self.send_encoded(to, tag(channel), bytes);
        self.whole(())
    }

    fn poll(&self, channel: Channel, from: Option<u64>) -> Result<Option<Message>, Lost> {
        let message = self.poll_encoded(from, tag(channel)).map(|(from, bytes)| Message { from, bytes });
        self.whole(message)
    }

    fn all_sent(&self) -> Result<bool, Lost> {
        let all_sent = Cluster::all_sent(self);
        self.whole(all_sent)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn give_way(&self, backoff: &mut Backoff, _: Option<Instant>) -> Result<(), Lost> {
        backoff.pause();
        self.whole(())
    }

    fn check_alive(&self) -> Result<(), Silent> {
        heartbeat::check().map_err(|error| Silent(error.to_string()))
    }

    fn confirm_all_alive(&self) -> Result<(), Lost> {
        self.settle().map_err(|_| Lost)
    }

    fn replay_log(&self) -> Option<&ReplayLog> {
        self.log()
    }

    fn computed(&self, _: u64) -> Result<(), Lost> {
        heartbeat::progress();
        Ok(())
    }

    fn flush(&self) -> Result<(), Lost> {
        Cluster::flush(self);
        self.whole(())
    }

    fn barrier(&self) -> Result<(), Lost> {
        Cluster::barrier(self);
        self.whole(())
    }

    fn broadcast(&self, bytes: Option<Vec<u8>>) -> Result<Vec<u8>, Lost> {
        let bytes = self.broadcast_bytes(bytes.unwrap_or_default());
        self.whole(bytes)
    }

    fn scatter(&self, pairs: Option<&[[u64; 2]]>) -> Result<[u64; 2], Lost> {
        let pair = Cluster::scatter(self, pairs);
        self.whole(pair)
    }

    fn gather(&self, bytes: Vec<u8>) -> Result<Option<Vec<Vec<u8>>>, Lost> {
        let all = self.gather_bytes(bytes);
        self.whole(all)
    }

    fn sum(&self, mine: u64) -> Result<Option<u64>, Lost> {
        let sum = Cluster::sum(self, mine);
        self.whole(sum)
    }

    fn max(&self, mine: u64) -> Result<u64, Lost> {
        let largest = Cluster::max(self, mine);
        self.whole(largest)
    }
}
