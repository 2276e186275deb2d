//! Losses: what the rest of the program knows about ranks that died while the others live.
//!
//! In most launches nothing: the launcher ends the job. Where MPI was started to survive (see
//! `survivors`), a loss is [`Error::Lost`] at every rank that lives, and
//! the command is run once more by those who are left, who remember what they had
//! ([`Cluster::remember`]). A command that cannot begin again says so ([`Cluster::cannot_begin_again`]); then a loss ends the job, with one
//! message.

use montesieve_engine::replay_log::remember;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Cluster;
#[cfg(feature = "mpi")]
use super::survivors::Survivors;
use crate::error::Result;

/// A rank and where it ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its number at the beginning.
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
    /// The command cannot begin again: the loss of a rank is the end of the job. Every rank must
    /// call it.
    pub fn cannot_begin_again(&self) {
        #[cfg(feature = "mpi")]
        if let Some(survivors) = self.survivors() {
            survivors.cannot_begin_again();
        }
    }

    /// Whether losses are survived.
    pub fn outlives(&self) -> bool {
        #[cfg(feature = "mpi")]
        return self.survivors().is_some_and(Survivors::outlives);
        #[cfg(not(feature = "mpi"))]
        false
    }

    /// The ranks that were lost.
    pub fn lost(&self) -> Vec<Member> {
        #[cfg(feature = "mpi")]
        return self.survivors().map(Survivors::missing).unwrap_or_default();
        #[cfg(not(feature = "mpi"))]
        Vec::new()
    }

    /// What the root has found, the same in every attempt of a command: at the root where losses
    /// are not survived, else at every rank, since any of them may be the next root. Every rank
    /// must call it; the root passes `Some`.
    ///
    /// # Errors
    /// [`Lost`](crate::error::Error::Lost); what the root found instead, agreed on by all.
    pub fn remember<T: Serialize + DeserializeOwned>(&self, find: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
        match self.replay_log() {
            None => self.agree(self.at_root(find).transpose()),
            Some(log) => remember(self.transport(), log, || self.agree(self.at_root(find).transpose())).map(Some),
        }
    }

    /// What follows from the end of an attempt. `None`: somebody was lost, those who are left have
    /// come together, with new numbers, and are to run the command again. Every rank must call it.
    pub fn after(&mut self, outcome: Result<u8>) -> Option<Result<u8>> {
        #[cfg(feature = "mpi")]
        if let Cluster::Mpi(mpi) = self {
            return mpi.after(outcome);
        }
        Some(outcome)
    }

    #[cfg(feature = "mpi")]
    fn survivors(&self) -> Option<&Survivors> {
        match self {
            Cluster::Mpi(mpi) => mpi.survivors(),
            Cluster::Local(_) => None,
        }
    }
}
