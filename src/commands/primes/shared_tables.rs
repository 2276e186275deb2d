//! The tables of the formula, built before a job: once per node, by all its ranks together.
//!
//! Stands beside `table.rs`, which does this for the sieve's primes. These tables take seconds from
//! 1e20 on, so ranks check signals and the time while they build them. After each table they agree
//! whether to stop. Each rank builds small tables for itself: that takes less time than the calls
//! for a shared window.

use std::ops::Deref;
use std::time::{Duration, Instant};

use crate::cluster::shared::Shared;
use crate::cluster::{Cluster, heartbeat};
use crate::commands::context::Context;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::job::run::{Account, account_of_making};
use crate::primes::gourdon::{Layout, Words};

/// Smaller tables are private to each rank: 15 ms of work (AMD Zen 5).
pub(super) const SHARED_FROM: u64 = 16 << 20;

/// The tables of a job.
pub(super) struct SharedTables<'c> {
    /// `None` when building them was interrupted.
    pub(super) words: Option<Words<Held<'c>>>,
    /// The account of building them, at the root.
    account: Option<Account>,
}

/// The words of one table.
pub(super) enum Held<'c> {
    Own(Vec<u64>),
    Shared(Shared<'c>),
}

impl Deref for Held<'_> {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match self {
            Held::Own(words) => words,
            Held::Shared(words) => words,
        }
    }
}

impl<'c> SharedTables<'c> {
    /// Builds the tables, unless a stop is requested meanwhile. Every rank must call it, with the
    /// same layout.
    ///
    /// # Errors
    /// As [`Cluster::shared`].
    pub(super) fn make(context: &Context<'c>, layout: Layout) -> Result<SharedTables<'c>> {
        let cluster: &'c Cluster = context.cluster;
        let begun = Instant::now();
        let is_over = over(context)?;
        let mut compute = 0.0;
        let words = layout.words(|pieces, length, fill| {
            let mut broken = false;
            let mut make = |pieces, words: &mut [u64]| {
                fault::at(Stage::Fill, cluster.rank())?;
                let begun = Instant::now();
                broken = fill(pieces, words, &mut || is_over()).is_break();
                compute += begun.elapsed().as_secs_f64();
                Ok(())
            };
            let held = if layout.bytes() < SHARED_FROM {
                let mut words = vec![0; pieces * length];
                make(0..pieces, &mut words)?;
                Held::Own(words)
            } else {
                Held::Shared(cluster.shared(pieces, length, make)?)
            };
            // The whole table, or none of it.
            Ok::<_, Error>((cluster.max(broken.into())? == 0).then_some(held))
        })?;
        let account = account_of_making(cluster, begun.elapsed().as_secs_f64(), compute)?;
        Ok(SharedTables { words, account })
    }

    /// Frees the memory. Every rank must call it; the root gets the account of building.
    pub(super) fn release(self) -> Option<Account> {
        for held in self.words.into_iter().flat_map(Words::into_parts) {
            if let Held::Shared(words) = held {
                words.release();
            }
        }
        self.account
    }
}

/// Returns a check for an early stop: this rank received a signal, or the time is up. Every rank
/// must call it.
fn over(context: &Context<'_>) -> Result<impl Fn() -> std::ops::ControlFlow<()>> {
    use std::ops::ControlFlow::{Break, Continue};
    // The root's clock decides; the remaining time is the same on all clocks.
    let left = |at: Instant| at.saturating_duration_since(context.cluster.now());
    let left: Option<Duration> =
        context.cluster.broadcast(context.cluster.at_root(|| context.session.options().deadline.map(left)))?;
    let deadline = left.and_then(|left| context.cluster.now().checked_add(left));
    let (cluster, signals) = (context.cluster, context.session.options().signals.clone());
    Ok(move || {
        heartbeat::yield_now();
        let is_over = signals.pending().is_some() || deadline.is_some_and(|deadline| cluster.now() >= deadline);
        if is_over { Break(()) } else { Continue(()) }
    })
}
