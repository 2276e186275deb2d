//! The flag in a window at rank 0, which the others reach one-sidedly: rank 0 takes no part in a
//! look.
//!
//! Each look is an `MPI_Fetch_and_op` of what this rank knows, so it lowers the flag as well, and
//! is atomic, as a plain `MPI_Get` beside an `MPI_Accumulate` of others would not be. Numbers in a
//! window are zero at first and the flag at its largest value: what is kept there is the distance
//! from 2^63 - 1, and its maximum is the flag's minimum. A factor of 2^63 or more stays unknown to
//! the other ranks: MPICH 4.0.2 takes such numbers for negative ones (`order`).
//!
//! On one host it is as fast as memory. Between hosts it may not be one-sided at all: without
//! hardware for it the library of rank 0 must do its part when rank 0 calls MPI, which it seldom
//! does while it computes (see [`crate::one_sided`]). Between threads the flag is a word of the
//! process's memory (`word`).

use mpi::collective::SystemOperation;

use super::Way;
use crate::error::Result;
use crate::mpi::Mpi;
use crate::one_sided::Window;
use crate::{Cluster, ROOT};

/// Values from here on stay unknown to other ranks.
const HIGHEST: u64 = i64::MAX as u64;

pub(super) struct Rma {
    /// One number, of which only the root's is used: how far the flag is below [`HIGHEST`].
    depth: Window,
}

impl Rma {
    /// Makes the window. Every rank must call it.
    pub(super) fn open(mpi: &Mpi) -> Result<Rma> {
        let depth = Window::allocate(mpi.world(), 1)?;
        depth.lock_all()?;
        Ok(Rma { depth })
    }
}

impl Way for Rma {
    fn lower(&mut self, value: u64) -> Result<()> {
        self.look(value).map(drop)
    }

    fn look(&mut self, known: u64) -> Result<u64> {
        let mine = HIGHEST.saturating_sub(known);
        let before = self.depth.fetch_and_op(mine, ROOT as i32, 0, SystemOperation::max())?;
        Ok(if before == 0 { known } else { known.min(HIGHEST - before) })
    }

    fn close(self: Box<Self>, _: &Cluster) -> Result<()> {
        self.depth.unlock_all()?;
        self.depth.free()
    }
}
