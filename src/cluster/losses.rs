//! Losses: what the rest of the program knows about ranks that died while the others live.
//!
//! In most launches nothing: the launcher ends the job. Where MPI was started to survive (see `survivors`), a loss is [`Error::Lost`](crate::error::Error::Lost) at every
//! rank that lives, and the command is run once more by those who are left, who remember what they had ([`Cluster::remember`]). The methods
//! of a cluster that has lost somebody end at once, and what those without a `Result` give is worthless: the next one with a `Result` says so.
//! A command that cannot begin again says so ([`Cluster::cannot_begin_again`]); then a loss ends the job, with one message.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Cluster;
#[cfg(feature = "mpi")]
use super::survivors::Survivors;
use crate::error::Result;
use crate::job::replay_log::{Place as Keepsake, ReplayLog};

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
    /// The command cannot begin again: the loss of a rank is the end of the job. Every rank must call it.
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

    /// Whether everybody is here, as far as this rank knows.
    ///
    /// # Errors
    /// [`Lost`](crate::error::Error::Lost).
    pub fn check_losses(&self) -> Result<()> {
        #[cfg(feature = "mpi")]
        if self.survivors().is_some_and(Survivors::is_lost) {
            return Err(crate::error::Error::Lost);
        }
        Ok(())
    }

    /// Whether everybody is here, the same answer at every rank (`MPIX_Comm_agree`): what was received up to here is right then. Every rank must
    /// call it. Costs nothing where losses are not survived.
    ///
    /// # Errors
    /// [`Lost`](crate::error::Error::Lost); [`Told`](crate::error::Error::Told) when the job is ending.
    pub fn settle(&self) -> Result<()> {
        #[cfg(feature = "mpi")]
        if let Some(survivors) = self.survivors().filter(|survivors| survivors.outlives()) {
            use super::vote::{Verdict, Vote};
            use crate::error::Error;
            return match survivors.meet(Vote::Whole) {
                Verdict::Whole => Ok(()),
                Verdict::Again | Verdict::GoOn => Err(Error::Lost),
                Verdict::Leave(code) => Err(Error::Told { code }),
            };
        }
        Ok(())
    }

    /// The ranks that were lost.
    pub fn lost(&self) -> Vec<Member> {
        #[cfg(feature = "mpi")]
        return self.survivors().map(Survivors::missing).unwrap_or_default();
        #[cfg(not(feature = "mpi"))]
        Vec::new()
    }

    /// The number that this rank had at the beginning, before others were lost.
    pub fn first_rank(&self) -> u64 {
        #[cfg(feature = "mpi")]
        if let Some(survivors) = self.survivors() {
            return survivors.number();
        }
        self.rank()
    }

    /// What the root has found, the same in every attempt of a command: at the root where losses are not survived, else at every rank, since any of
    /// them may be the next root. Every rank must call it; the root passes `Some`.
    ///
    /// # Errors
    /// [`Lost`](crate::error::Error::Lost); what the root found instead, agreed on by all.
    pub fn remember<T: Serialize + DeserializeOwned>(&self, find: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
        if !self.outlives() {
            return self.agree(self.at_root(find).transpose());
        }
        let (place, found) = self.recall()?;
        if found.is_some() {
            return Ok(found);
        }
        let value = self.broadcast(self.agree(self.at_root(find).transpose())?)?;
        // Either all the living have it, or none.
        self.settle()?;
        self.keep(place, &value)?;
        Ok(Some(value))
    }

    /// The next thing that this rank remembers for itself; nothing in the first attempt. Every rank must ask for the same things in the same
    /// order, and only where losses are survived.
    ///
    /// # Errors
    /// [`Run`](crate::error::Error::Run) when it is something else: a fault of the program.
    pub fn recall<T: DeserializeOwned>(&self) -> Result<(Option<Keepsake>, Option<T>)> {
        #[cfg(feature = "mpi")]
        if let Some(survivors) = self.survivors() {
            return Ok(survivors.log.next().map(|(place, found)| (Some(place), found))?);
        }
        Ok((None, None))
    }

    /// Where losses are survived: what this rank remembers.
    pub(super) fn log(&self) -> Option<&ReplayLog> {
        #[cfg(feature = "mpi")]
        return self.survivors().filter(|survivors| survivors.outlives()).map(|survivors| &survivors.log);
        #[cfg(not(feature = "mpi"))]
        None
    }

    /// Remembers `value` in place of what was there.
    ///
    /// # Errors
    /// [`Run`](crate::error::Error::Run) when it cannot be encoded.
    pub fn keep<T: Serialize>(&self, place: Option<Keepsake>, value: &T) -> Result<()> {
        #[cfg(feature = "mpi")]
        if let Some((survivors, place)) = self.survivors().zip(place) {
            return Ok(survivors.log.put(place, value)?);
        }
        let _ = (place, value);
        Ok(())
    }

    /// What follows from the end of an attempt. `None`: somebody was lost, those who are left have come together, with new numbers, and are to run
    /// the command again. Every rank must call it.
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
            Cluster::Alone(_) => None,
        }
    }
}
