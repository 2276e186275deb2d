//! Losses: what the rest of the program knows about ranks that died while others live.
//!
//! In most launches nothing, since the launcher ends the job. If MPI was started with fault
//! tolerance (see `membership`), a loss is [`Error::Lost`](crate::Error::Lost) at every living
//! rank. The living ranks then run the command again, and replay what they had found
//! ([`Cluster::replayed`]). A command that cannot restart declares so
//! ([`Cluster::cannot_restart`]); then a loss ends the job, with one message.

use montesieve_engine::replay_log::replayed;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Cluster;
#[cfg(feature = "mpi")]
use super::membership::Membership;
use crate::error::Result;

/// A rank and its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its number at the start of the program.
    pub rank: u64,
    /// Its host.
    pub host: String,
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} on {}", self.rank, self.host)
    }
}

impl Cluster {
    /// Declares that the command cannot restart: the loss of a rank ends the job. Every rank must
    /// call it.
    pub fn cannot_restart(&self) {
        #[cfg(feature = "mpi")]
        if let Some(membership) = self.membership() {
            membership.cannot_restart();
        }
    }

    /// Whether the job survives losses.
    pub fn survives_losses(&self) -> bool {
        #[cfg(feature = "mpi")]
        return self.membership().is_some_and(Membership::survives_losses);
        #[cfg(not(feature = "mpi"))]
        false
    }

    /// The lost ranks.
    pub fn lost(&self) -> Vec<Member> {
        #[cfg(feature = "mpi")]
        return self.membership().map(Membership::missing).unwrap_or_default();
        #[cfg(not(feature = "mpi"))]
        Vec::new()
    }

    /// What the root finds, the same in every attempt of a command. Returned at every rank if the
    /// job survives losses, since any rank may be the next root; otherwise at the root alone. Every
    /// rank must call it; only the root's `find` runs.
    ///
    /// # Errors
    /// [`Lost`](crate::error::Error::Lost); the root's error, as agreed by all ranks.
    pub fn replayed<T: Serialize + DeserializeOwned>(&self, find: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
        match self.replay_log() {
            None => self.agree(self.at_root(find).transpose()),
            Some(log) => replayed(self.transport(), log, || self.agree(self.at_root(find).transpose())).map(Some),
        }
    }

    /// Decides what follows the end of an attempt. `None`: a rank was lost; the living ranks have
    /// regrouped with new numbers, and run the command again. Every rank must call it.
    pub fn after(&mut self, outcome: Result<u8>) -> Option<Result<u8>> {
        #[cfg(feature = "mpi")]
        if let Cluster::Mpi(mpi) = self {
            return mpi.after(outcome);
        }
        Some(outcome)
    }

    /// Whether MPI reports dead ranks to this job (ULFM), so that commands which can restart
    /// survive a loss.
    pub fn has_ulfm(&self) -> bool {
        #[cfg(feature = "mpi")]
        return self.membership().is_some();
        #[cfg(not(feature = "mpi"))]
        false
    }

    #[cfg(feature = "mpi")]
    fn membership(&self) -> Option<&Membership> {
        match self {
            Cluster::Mpi(mpi) => mpi.membership(),
            Cluster::Local(_) => None,
        }
    }
}
