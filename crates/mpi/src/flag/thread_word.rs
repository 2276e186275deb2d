//! The flag in memory shared by threads: one word.
//!
//! Stands beside `node_word`, which does the same between processes of a host.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::{Backend, NOTHING};
use crate::Cluster;
use crate::error::Result;
use crate::local::Local;

pub(super) struct ThreadWord(Arc<AtomicU64>);

impl ThreadWord {
    /// Every rank must call it.
    pub(super) fn open(local: &Local) -> Result<ThreadWord> {
        local.share(|| AtomicU64::new(NOTHING)).map(ThreadWord)
    }
}

impl Backend for ThreadWord {
    fn lower(&mut self, value: u64) -> Result<()> {
        // The word stands alone, so no memory ordering is needed.
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
