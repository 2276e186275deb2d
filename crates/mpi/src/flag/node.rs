//! The flag in shared memory: one word on each node, and the first rank of each node relays between
//! them.
//!
//! A look is a load from memory that a core has in its cache until somebody writes it: nanoseconds.
//! Between nodes it is as fast as the first ranks look.

use std::sync::atomic::Ordering::Relaxed;

use super::message::Message;
use super::{NOTHING, Way};
use crate::Cluster;
use crate::error::{Error, Result};
use crate::mpi::Mpi;
use crate::window::Word;

pub(super) struct Node<'c> {
    word: Word<'c>,
    /// Among the first ranks of the nodes.
    relay: Message,
    /// Whether this is one of them, and not the only one.
    relays: bool,
    /// The least that the other nodes know.
    relayed: u64,
}

impl<'c> Node<'c> {
    pub(super) fn open(cluster: &'c Cluster, mpi: &'c Mpi) -> Result<Node<'c>> {
        let opened = mpi.open_window(1)?;
        let opened = opened.ok_or_else(|| Error::Run("--flag shared: there is no shared memory here".to_owned()));
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
        Ok(Node { word, relay: Message::open(cluster, members)?, relays, relayed: NOTHING })
    }

    /// At the first rank of a node: carries news in and out.
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

impl Way for Node<'_> {
    fn lower(&mut self, value: u64) -> Result<()> {
        // One word and nothing that goes with it: no order is needed.
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
