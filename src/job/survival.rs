//! What survives a loss: every rank's own ledger, and the one that the job began from.
//!
//! A job that a rank was lost in is run again by those who are left. It begins from the union of what was done before the first attempt and of
//! what each of the living has done since, in any attempt. These are disjoint, since only holes of that union are ever handed out; what the
//! dead had done is a hole again. So the root is nothing special, and a checkpoint is not needed: it is read once, before the first attempt,
//! and only written from then on. The rule is [`union`], which the simulator in `tests/` puts to the test; the rest keeps
//! the ledgers where the next attempt finds them ([`Cluster::recall`]).

use super::{Ledger, Overlap, Seams, Tally};
use crate::cluster::Cluster;
use crate::cluster::losses::Keepsake;
use crate::error::{Error, Result};

/// What an attempt begins from: `base` is what was done before the first one, `owns` what each of the living has done since.
///
/// # Errors
/// [`Overlap`] when two of them have the same block: a fault of the program.
pub fn union<T: Tally>(
    base: Ledger<T>,
    owns: impl IntoIterator<Item = Ledger<T>>,
) -> std::result::Result<Ledger<T>, Overlap> {
    owns.into_iter().try_fold(base, |mut union, own| {
        union.absorb(own)?;
        Ok(union)
    })
}

/// One rank's part of a job that may have to begin again.
pub(super) struct Attempt<T> {
    /// At the root: what the attempt begins from.
    pub(super) done: Ledger<T>,
    /// What this rank has done in earlier attempts, where losses are survived.
    pub(super) own: Option<Ledger<T>>,
    /// Where to keep what it has done when this one ends.
    pub(super) place: Option<Keepsake>,
}

impl<T: Tally> Attempt<T> {
    /// Begins, from `done` at the root if it is the first attempt. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Lost`]; [`Error::Run`] for faults of the program.
    pub(super) fn begin(cluster: &Cluster, done: Ledger<T>, seams: Seams) -> Result<Attempt<T>> {
        if !cluster.outlives() {
            return Ok(Attempt { done, own: None, place: None });
        }
        let base = cluster.remember(|| Ok(done))?.unwrap_or_default();
        let (place, own) = cluster.recall()?;
        let own = own.unwrap_or_else(|| Ledger::with_seams(seams));
        let owns = cluster.gather_records(&own)?;
        let done = union(base, owns.into_iter().flatten()).map_err(|overlap| Error::Run(overlap.to_string()))?;
        Ok(Attempt { done, own: Some(own), place })
    }
}
