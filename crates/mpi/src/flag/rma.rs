//! The flag in a window at rank 0, which the others access one-sidedly: rank 0 takes no part in a
//! look.
//!
//! Each look is an `MPI_Fetch_and_op` of this rank's value, so it also lowers the flag. It is
//! atomic, unlike a plain `MPI_Get` beside an `MPI_Accumulate` of another rank. Numbers in a window
//! start at zero, but the flag at its largest value. So the window holds the distance from 2^63 -
//! 1, whose maximum is the flag's minimum. A factor of 2^63 or more stays unknown to the other
//! ranks: MPICH 4.0.2 treats such numbers as negative (`order`).
//!
//! On one host it is as fast as memory. Between hosts it may not be one-sided: without hardware
//! support the library of rank 0 does its part when rank 0 calls MPI, which is seldom while it
//! computes (see [`crate::one_sided`]). Between threads the flag is a word of the process's memory
//! (`thread_word`).

use mpi::collective::SystemOperation;

use super::Backend;
use crate::error::Result;
use crate::mpi::Mpi;
use crate::one_sided::Window;
use crate::{Cluster, ROOT};

/// Values of this size and above stay unknown to other ranks.
const HIGHEST: u64 = i64::MAX as u64;

pub(super) struct Rma {
    /// One number per rank, of which only the root's is used: the distance of the flag below
    /// [`HIGHEST`].
    depth: Window,
}

impl Rma {
    /// Allocates the window. Every rank must call it.
    pub(super) fn open(mpi: &Mpi) -> Result<Rma> {
        let depth = Window::allocate(mpi.world(), 1)?;
        depth.lock_all()?;
        Ok(Rma { depth })
    }
}

impl Backend for Rma {
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
