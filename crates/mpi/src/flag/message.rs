//! The flag as news: the finder tells every other rank, and these look whether a letter has come.
//!
//! MPI's native form of early exit. Nothing is sent while nothing is found.

use super::Way;
use crate::Cluster;
use crate::channel::Channel;
use crate::error::Result;

pub(super) struct Message {
    channel: Channel,
    rank: u64,
    /// The ranks that tell each other, this one among them, or not.
    members: Vec<u64>,
    /// News that this rank has spread, and news that it has got.
    spread: u64,
    got: u64,
}

impl Message {
    /// Every rank must call it; the `members` tell each other.
    pub(super) fn open(cluster: &Cluster, members: Vec<u64>) -> Result<Message> {
        Ok(Message { channel: Channel::open(cluster)?, rank: cluster.rank(), members, spread: 0, got: 0 })
    }
}

impl Way for Message {
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
        // No letter may be left on its way when the channel goes.
        let all: u64 = cluster.broadcast(cluster.sum(self.spread)?)?;
        while self.members.contains(&self.rank) && self.got < all - self.spread {
            self.channel.wait()?;
            self.got += 1;
        }
        self.channel.flush()
    }
}
