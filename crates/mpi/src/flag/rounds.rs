//! The flag by consensus between threads: all enter a round with what they know, and the least
//! comes out when the last has.
//!
//! Stands beside `consensus`, where the MPI library does so (`MPI_Iallreduce`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{NOTHING, Way};
use crate::Cluster;
use crate::error::Result;
use crate::local::Local;

/// What the ranks share.
struct Round {
    /// Rounds that are over.
    over: u64,
    /// What came out of them.
    value: u64,
    /// Ranks that have entered the present one, and the least that they know.
    entered: u64,
    least: u64,
}

pub(super) struct Rounds {
    shared: Arc<Mutex<Round>>,
    ranks: u64,
    /// Rounds that this rank has entered.
    entered: u64,
}

impl Rounds {
    /// Every rank must call it.
    pub(super) fn open(local: &Local) -> Result<Rounds> {
        let round = Round { over: 0, value: NOTHING, entered: 0, least: NOTHING };
        Ok(Rounds { shared: local.share(|| Mutex::new(round))?, ranks: local.size(), entered: 0 })
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way for Rounds {
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
