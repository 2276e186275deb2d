//! The flag by messages: the finder sends its value to every other rank, and these probe for
//! messages.
//!
//! The usual form of early exit in MPI. Nothing is sent while nothing is found.

use super::Backend;
use crate::Cluster;
use crate::channel::Channel;
use crate::error::Result;

pub(super) struct Message {
    channel: Channel,
    rank: u64,
    /// The ranks that send each other messages; this one may not be among them.
    members: Vec<u64>,
    /// Values that this rank has announced, and values that it has received.
    spread: u64,
    got: u64,
}

impl Message {
    /// Every rank must call it; the `members` send each other messages.
    pub(super) fn open(cluster: &Cluster, members: Vec<u64>) -> Result<Message> {
        Ok(Message { channel: Channel::open(cluster)?, rank: cluster.rank(), members, spread: 0, got: 0 })
    }
}

impl Backend for Message {
    fn lower(&mut self, value: u64) -> Result<()> {
        self.spread += 1;
        self.members.iter().filter(|&&to| to != self.rank).try_for_each(|&to| self.channel.send(to, [value, 0]))
    }

    fn look(&mut self, known: u64) -> Result<u64> {
        let mut least = known;
        while let Some((_, [value, _])) = self.channel.take()? {
            self.got += 1;
            least = least.min(value);
        }
        Ok(least)
    }

    fn close(mut self: Box<Self>, cluster: &Cluster) -> Result<()> {
        // No message may be pending when the channel is freed.
        let all: u64 = cluster.broadcast(cluster.sum(self.spread)?)?;
        while self.members.contains(&self.rank) && self.got < all - self.spread {
            self.channel.wait()?;
            self.got += 1;
        }
        self.channel.flush()
    }
}
