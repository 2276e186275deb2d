//! The flag in memory that threads share: one word.
//!
//! Stands beside `node`, which is the same between processes of a host.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::{NOTHING, Way};
use crate::Cluster;
use crate::error::Result;
use crate::local::Local;

pub(super) struct Word(Arc<AtomicU64>);

impl Word {
    /// Every rank must call it.
    pub(super) fn open(local: &Local) -> Result<Word> {
        local.share(|| AtomicU64::new(NOTHING)).map(Word)
    }
}

impl Way for Word {
    fn lower(&mut self, value: u64) -> Result<()> {
        // One word and nothing that goes with it: no order is needed.
        self.0.fetch_min(value, Relaxed);
        Ok(())
    }

    fn look(&mut self, _known: u64) -> Result<u64> {
        Ok(self.0.load(Relaxed))
    }

    fn close(self: Box<Self>, _cluster: &Cluster) -> Result<()> {
        Ok(())
    }
}
