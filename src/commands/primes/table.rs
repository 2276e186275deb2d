//! The table of sieving primes, made before a job: once on each node, by all its ranks together.
//!
//! Every rank reads all of it for each window of huge numbers, so eight ranks with tables of their own would take 1 GB near
//! 2^64, and the time of eight fills. What it took is part of the job's account.

use std::ops::ControlFlow;
use std::time::Instant;

use super::cut::Cut;
use crate::cluster::Cluster;
use crate::cluster::shared::Shared;
use crate::error::Result;
use crate::fault::{self, Stage};
use crate::job::run::{Account, account_of_making};
use crate::primes::sieving::{Layout, Primes};
use crate::primes::source::Algorithm;

/// The table of a job, in memory that the node's ranks share.
pub(super) struct Table<'c> {
    layout: Layout,
    words: Shared<'c>,
    /// What it took, at the root.
    account: Option<Account>,
}

impl<'c> Table<'c> {
    /// Makes the table that counting in `cut` needs; `None` where it does without, which the range alone decides. Every rank must
    /// call it.
    ///
    /// # Errors
    /// As [`Cluster::shared`].
    pub(super) fn make(cluster: &'c Cluster, cut: Cut, algorithm: Algorithm) -> Result<Option<Table<'c>>> {
        let Some((layout, isa)) = algorithm.table(cut.low, cut.high) else { return Ok(None) };
        let begun = Instant::now();
        let mut compute = 0.0;
        let words = cluster.shared(layout.sheets(), layout.sheet_words(), |sheets, words| {
            fault::at(Stage::Fill, cluster.rank())?;
            let begun = Instant::now();
            // A third of a second at most for all ranks of a node together: too short to look after messages, which there
            // are none of before the job.
            let _ = layout.fill(sheets, words, isa, &mut || ControlFlow::Continue(()));
            compute = begun.elapsed().as_secs_f64();
            Ok(())
        })?;
        let account = account_of_making(cluster, begun.elapsed().as_secs_f64(), compute)?;
        Ok(Some(Table { layout, words, account }))
    }

    /// What is in it.
    pub(super) fn primes(&self) -> Primes<'_> {
        Primes::new(self.layout, &self.words)
    }

    /// Gives the memory back. Every rank must call it; the root gets the account of the making.
    pub(super) fn release(self) -> Option<Account> {
        self.words.release();
        self.account
    }
}
