//! The table of sieving primes, built before a job: once per node, by all its ranks together.
//!
//! Every rank reads all of it for each window of huge numbers. Near 2^64 eight ranks with private
//! tables would need 1 GB, and the time to fill eight. The time to build it is part of the job's
//! account.

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
    /// The account of building it, at the root.
    account: Option<Account>,
}

impl<'c> Table<'c> {
    /// Builds the table that counting in `cut` needs; `None` if it needs none, which the range
    /// alone decides. Every rank must call it.
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
            // At most a third of a second for all ranks of a node together: too short to poll for
            // messages, and there are none before the job.
            let _ = layout.fill(sheets, words, isa, &mut || ControlFlow::Continue(()));
            compute = begun.elapsed().as_secs_f64();
            Ok(())
        })?;
        let account = account_of_making(cluster, begun.elapsed().as_secs_f64(), compute)?;
        Ok(Some(Table { layout, words, account }))
    }

    /// The primes in it.
    pub(super) fn primes(&self) -> Primes<'_> {
        Primes::new(self.layout, &self.words)
    }

    /// Frees the memory. Every rank must call it; the root gets the account of building.
    pub(super) fn release(self) -> Option<Account> {
        self.words.release();
        self.account
    }
}
