//! The flag at rank 0, which answers requests: a manager process, in the terms of Python's
//! `multiprocessing`.
//!
//! Slow on purpose: a rank that looks waits until rank 0, which computes too, answers. A request
//! carries the sender's value, so the same pair of messages lowers the flag.

use super::{Backend, NOTHING};
use crate::channel::Channel;
use crate::error::Result;
use crate::{Cluster, ROOT};

pub(super) struct Server {
    channel: Channel,
    is_root: bool,
    /// At the root: the flag itself.
    value: u64,
}

impl Server {
    pub(super) fn open(cluster: &Cluster) -> Result<Server> {
        Ok(Server { channel: Channel::open(cluster)?, is_root: cluster.rank() == ROOT, value: NOTHING })
    }

    /// At the root: answers all pending requests.
    fn serve(&mut self) -> Result<()> {
        while let Some((from, [value, _])) = self.channel.take()? {
            self.value = self.value.min(value);
            self.channel.send(from, [self.value, 0])?;
        }
        Ok(())
    }
}

impl Backend for Server {
    fn lower(&mut self, value: u64) -> Result<()> {
        self.look(value).map(drop)
    }

    fn look(&mut self, known: u64) -> Result<u64> {
        if self.is_root {
            self.value = self.value.min(known);
            return self.serve().map(|()| self.value);
        }
        self.channel.send(ROOT, [known, 0])?;
        let (_, [value, _]) = self.channel.wait()?;
        Ok(value)
    }

    fn make_progress(&mut self, _known: u64) -> Result<()> {
        if self.is_root { self.serve() } else { Ok(()) }
    }

    fn close(self: Box<Self>, _cluster: &Cluster) -> Result<()> {
        // Every request has been answered, since its sender has waited for that.
        self.channel.flush()
    }
}
