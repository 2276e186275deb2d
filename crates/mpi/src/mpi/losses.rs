//! The world over MPI when ranks may be lost: finding out whether it may, noticing it, and the
//! world without them.
//!
//! Stands beside `mpi.rs`, which talks in a world that is whole. What follows from a loss is in
//! [`survivors`](super::super::survivors).

use std::rc::Rc;

use montesieve_engine::record;
use montesieve_engine::transport::{Lost, Transport};

use super::super::ROOT;
use super::super::heartbeat;
use super::super::patience::Patience;
use super::super::place::host;
use super::super::survivors::Survivors;
use super::super::ulfm::Ulfm;
use super::super::vote::{Verdict, Vote};
use super::{Mpi, finalize};
use crate::error::{Error, Result};

impl Mpi {
    /// Where MPI was started for losses, they are noticed from here on. Every rank must call it,
    /// before anything else.
    ///
    /// # Errors
    /// As [`Survivors::new`].
    pub(super) fn find_survivors(&mut self) -> Result<()> {
        let Some(ulfm) = Ulfm::find(&self.world) else { return Ok(()) };
        let all = self.gather(host().into_bytes())?;
        let bytes = self.broadcast(all.map(|all| record::encode(&all)).transpose()?)?;
        let hosts: Vec<Vec<u8>> = record::decode(&bytes)?;
        let hosts = hosts.into_iter().map(|host| String::from_utf8_lossy(&host).into_owned()).collect();
        // One exit code for all of them: see `Survivors::leave`.
        let refused = |error| if self.rank() == ROOT { error } else { Error::Told { code: 0 } };
        self.survivors = Some(Survivors::new(ulfm, self.rank(), hosts).map_err(refused)?);
        Ok(())
    }

    /// Those who are here, where losses are noticed.
    pub fn survivors(&self) -> Option<&Survivors> {
        self.survivors.as_deref()
    }

    /// For what outlives this.
    pub fn shared_survivors(&self) -> Option<Rc<Survivors>> {
        self.survivors.clone()
    }

    /// See [`Cluster::after`](crate::Cluster::after).
    pub fn after(&mut self, outcome: Result<u8>) -> Option<Result<u8>> {
        let Some(survivors) = self.survivors.clone().filter(|survivors| survivors.outlives()) else {
            return Some(outcome);
        };
        let told = |code| Some(Err(Error::Told { code }));
        match outcome {
            Ok(code) | Err(Error::Told { code }) => match survivors.meet(Vote::Ended(code)) {
                Verdict::Leave(agreed) if agreed != code => told(agreed),
                _ => Some(outcome),
            },
            // Whatever went wrong went wrong because of the loss.
            Err(_) if survivors.is_lost() => match survivors.come_together() {
                Ok(world) => {
                    // Of the old world nothing is freed: that would wait for the dead.
                    std::mem::forget(std::mem::replace(&mut self.world, world));
                    heartbeat::start(&self.world);
                    std::mem::forget(std::mem::take(&mut self.outbox));
                    std::mem::forget(std::mem::take(&mut self.windows));
                    survivors.log.rewind();
                    survivors.say("going on without");
                    None
                }
                Err(code) => told(code),
            },
            Err(_) => Some(outcome),
        }
    }

    /// The last steps of an end that all ranks agreed on, before `MPI_Finalize`; they and it may
    /// take a while, but not for ever. Where MPI was started for losses the process ends here, if
    /// somebody was lost or the end is not a good one (see [`Survivors::leave`]). `last` is called
    /// in their midst.
    pub fn leave(&self, code: u8, last: impl FnOnce()) {
        if let Some(survivors) = &self.survivors {
            if survivors.was_lost() || code != 0 {
                survivors.leave(code);
            }
            survivors.close();
        }
        // From here on nothing counts but the code: all is reported.
        finalize::guard(code);
        heartbeat::ask_no_more();
        last();
        let mut patience = Patience::new();
        while !heartbeat::is_quiet() {
            patience.pause();
        }
        // Losses are nobody's business any more.
        let _ = self.barrier();
        heartbeat::close();
    }

    /// Whether everybody is here still.
    pub(super) fn look(&self) {
        if let Some(survivors) = &self.survivors {
            survivors.look();
        }
    }

    /// Whether everybody is here, as far as this rank knows.
    ///
    /// # Errors
    /// [`Lost`].
    pub fn check_whole(&self) -> std::result::Result<(), Lost> {
        self.survivors().map_or(Ok(()), Survivors::check)
    }
}
