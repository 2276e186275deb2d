//! Losses over MPI: whether the job can survive them, how it notices them, and the world without
//! the lost ranks.
//!
//! Stands beside `mpi.rs`, for a world without losses. [`membership`](super::super::membership)
//! decides what follows a loss.

use std::rc::Rc;

use montesieve_engine::record;
use montesieve_engine::transport::{Lost, Transport};

use super::super::ROOT;
use super::super::backoff::ProgressBackoff;
use super::super::heartbeat;
use super::super::membership::Membership;
use super::super::place::host;
use super::super::ulfm::Ulfm;
use super::super::vote::{Decision, Vote};
use super::{Mpi, finalize};
use crate::error::{Error, Result};

impl Mpi {
    /// Starts to notice losses, if MPI was started with fault tolerance. Every rank must call it,
    /// before anything else.
    ///
    /// # Errors
    /// As [`Membership::new`].
    pub(super) fn find_membership(&mut self) -> Result<()> {
        let Some(ulfm) = Ulfm::find(&self.world) else { return Ok(()) };
        let all = self.gather(host().into_bytes())?;
        let bytes = self.broadcast(all.map(|all| record::encode(&all)).transpose()?)?;
        let hosts: Vec<Vec<u8>> = record::decode(&bytes)?;
        let hosts = hosts.into_iter().map(|host| String::from_utf8_lossy(&host).into_owned()).collect();
        // Only one rank has the exit code: see `Membership::leave`.
        let refused = |error| if self.rank() == ROOT { error } else { Error::Reported { code: 0 } };
        self.membership = Some(Membership::new(ulfm, self.rank(), hosts).map_err(refused)?);
        Ok(())
    }

    /// The living ranks, if losses are noticed.
    pub fn membership(&self) -> Option<&Membership> {
        self.membership.as_deref()
    }

    /// A shared handle, for values that outlive this.
    pub fn shared_membership(&self) -> Option<Rc<Membership>> {
        self.membership.clone()
    }

    /// See [`Cluster::after`](crate::Cluster::after).
    pub fn after(&mut self, outcome: Result<u8>) -> Option<Result<u8>> {
        let Some(membership) = self.membership.clone().filter(|membership| membership.survives_losses()) else {
            return Some(outcome);
        };
        let told = |code| Some(Err(Error::Reported { code }));
        match outcome {
            Ok(code) | Err(Error::Reported { code }) => match membership.vote(Vote::Ended(code)) {
                Decision::Leave(agreed) if agreed != code => told(agreed),
                _ => Some(outcome),
            },
            // The loss caused the error.
            Err(_) if membership.has_loss() => match membership.regroup() {
                Ok(world) => {
                    // Nothing of the old world is freed: that would wait for the dead.
                    std::mem::forget(std::mem::replace(&mut self.world, world));
                    heartbeat::start(&self.world);
                    std::mem::forget(std::mem::take(&mut self.outbox));
                    std::mem::forget(std::mem::take(&mut self.windows));
                    membership.log.rewind();
                    membership.report_missing("continuing without");
                    None
                }
                Err(code) => told(code),
            },
            Err(_) => Some(outcome),
        }
    }

    /// The last steps after an outcome that all ranks agreed on, before `MPI_Finalize`; the time of
    /// both is limited. With fault tolerance the process ends here if a rank was lost or `code` is
    /// not 0 (see [`Membership::leave`]). Calls `last` in between.
    pub fn leave(&self, code: u8, last: impl FnOnce()) {
        if let Some(membership) = &self.membership {
            if membership.had_loss() || code != 0 {
                membership.leave(code);
            }
            membership.close();
        }
        // Everything is reported: from here on only the exit code matters.
        finalize::guard(code);
        heartbeat::ask_no_more();
        last();
        let mut backoff = ProgressBackoff::new();
        while !heartbeat::is_quiet() {
            backoff.pause();
        }
        // Losses no longer matter.
        let _ = self.barrier();
        heartbeat::close();
    }

    /// Looks for losses.
    pub(super) fn look(&self) {
        if let Some(membership) = &self.membership {
            membership.look();
        }
    }

    /// Looks for losses.
    ///
    /// # Errors
    /// [`Lost`] when a loss is known.
    pub fn check_no_loss(&self) -> std::result::Result<(), Lost> {
        self.membership().map_or(Ok(()), Membership::check)
    }
}
