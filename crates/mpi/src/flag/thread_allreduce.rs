//! The flag by a reduction between threads: all enter a round with their values, and the minimum is
//! known when the last has entered.
//!
//! Stands beside `allreduce`, where the MPI library does this (`MPI_Iallreduce`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Backend, NOTHING};
use crate::Cluster;
use crate::error::Result;
use crate::local::Local;

/// The state that the ranks share.
struct Round {
    /// Completed rounds.
    over: u64,
    /// Their result.
    value: u64,
    /// Ranks that have entered the current round, and the minimum of their values.
    entered: u64,
    least: u64,
}

pub(super) struct ThreadAllreduce {
    shared: Arc<Mutex<Round>>,
    ranks: u64,
    /// Rounds that this rank has entered so far.
    entered: u64,
}

impl ThreadAllreduce {
    /// Every rank must call it.
    pub(super) fn open(local: &Local) -> Result<ThreadAllreduce> {
        let round = Round { over: 0, value: NOTHING, entered: 0, least: NOTHING };
        Ok(ThreadAllreduce { shared: local.share(|| Mutex::new(round))?, ranks: local.size(), entered: 0 })
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for ThreadAllreduce {
    fn lower(&mut self, value: u64) -> Result<()> {
        self.look(value).map(drop)
    }

    fn look(&mut self, known: u64) -> Result<u64> {
        let mut round = self.round();
        let enters = round.over == self.entered;
        if enters {
            round.least = round.least.min(known);
            round.entered += 1;
            if round.entered == self.ranks {
                round.value = round.value.min(round.least);
                (round.over, round.entered, round.least) = (round.over + 1, 0, NOTHING);
            }
        }
        let value = round.value;
        drop(round);
        self.entered += u64::from(enters);
        Ok(value)
    }

    fn make_progress(&mut self, known: u64) -> Result<()> {
        self.look(known).map(drop)
    }

    fn close(self: Box<Self>, _cluster: &Cluster) -> Result<()> {
        Ok(())
    }
}
