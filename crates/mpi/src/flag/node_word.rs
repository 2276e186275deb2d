//! The flag in shared memory: one word on each node; the first rank of each node relays between
//! nodes.
//!
//! A look loads a word that stays in the core's cache until a rank writes it: nanoseconds. Between
//! nodes it is as fast as the first ranks look.

use std::sync::atomic::Ordering::Relaxed;

use super::message::Message;
use super::{Backend, NOTHING};
use crate::Cluster;
use crate::error::{Error, Result};
use crate::mpi::Mpi;
use crate::node_window::SharedWord;

pub(super) struct NodeWord<'c> {
    word: SharedWord<'c>,
    /// Connects the first ranks of the nodes.
    relay: Message,
    /// Whether this rank is one of several first ranks.
    relays: bool,
    /// The smallest value of the other nodes.
    relayed: u64,
}

impl<'c> NodeWord<'c> {
    pub(super) fn open(cluster: &'c Cluster, mpi: &'c Mpi) -> Result<NodeWord<'c>> {
        let opened = mpi.open_window(1)?;
        let opened = opened.ok_or_else(|| Error::Run("flag shared: there is no shared memory here".to_owned()));
        let mut open = cluster.agree(opened)?;
        let is_first = open.rank() == 0;
        if is_first {
            open.part(0..1)[0] = NOTHING;
        }
        let word = open.share_word();
        let firsts = cluster.gather_records(&is_first)?;
        let firsts: Vec<bool> = cluster.broadcast(firsts)?;
        let members: Vec<u64> = (0..).zip(firsts).filter(|&(_, is_first)| is_first).map(|(rank, _)| rank).collect();
        let relays = is_first && members.len() > 1;
        Ok(NodeWord { word, relay: Message::open(cluster, members)?, relays, relayed: NOTHING })
    }

    /// At the first rank of a node: exchanges values with the other nodes.
    fn relay(&mut self) -> Result<()> {
        self.relayed = self.relay.look(self.relayed)?;
        let value = self.word.get().fetch_min(self.relayed, Relaxed);
        if value < self.relayed {
            self.relayed = value;
            self.relay.lower(value)?;
        }
        Ok(())
    }
}

impl Backend for NodeWord<'_> {
    fn lower(&mut self, value: u64) -> Result<()> {
        // The word stands alone, so no memory ordering is needed.
        self.word.get().fetch_min(value, Relaxed);
        Ok(())
    }

    fn look(&mut self, _known: u64) -> Result<u64> {
        if self.relays {
            self.relay()?;
        }
        Ok(self.word.get().load(Relaxed))
    }

    fn make_progress(&mut self, _known: u64) -> Result<()> {
        if self.relays { self.relay() } else { Ok(()) }
    }

    fn close(self: Box<Self>, cluster: &Cluster) -> Result<()> {
        Box::new(self.relay).close(cluster)?;
        self.word.free();
        Ok(())
    }
}
