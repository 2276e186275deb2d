//! The flag in a window at rank 0, which the others reach one-sidedly: rank 0 takes no part in a look.
//!
//! Each look is an `MPI_Fetch_and_op` with `MPI_MIN` of what this rank knows, so it lowers the flag as well, and is atomic, as a plain
//! `MPI_Get` beside an `MPI_Accumulate` of others would not be.
//!
//! On one host it is as fast as memory. Between hosts it may not be one-sided at all: without hardware for it the library of rank 0
//! must do its part when rank 0 calls MPI, which it seldom does while it computes. Seen with Open MPI 4.1.4 over TCP (where the window
//! also needs `--mca osc pt2pt`), 5.0.11 and MPICH. All `unsafe` of it is here.
//!
//! Reference: MPI 3.1, 11.3.4 (`MPI_Fetch_and_op`), 11.5.3 (`MPI_Win_lock_all`).

use std::ffi::{c_int, c_void};
use std::ptr;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;

use super::{NOTHING, Way};
use crate::cluster::channel::Channel;
use crate::cluster::mpi::Mpi;
use crate::cluster::{Cluster, ROOT};
use crate::error::{Error, Result};

pub(super) struct Rma {
    window: ffi::MPI_Win,
    /// Whose communicator the window is in.
    _channel: Channel,
}

impl Rma {
    /// Makes the window. Every rank must call it.
    pub(super) fn open(cluster: &Cluster, mpi: &Mpi) -> Result<Rma> {
        let channel = Channel::open(mpi);
        let is_root = mpi.rank() == ROOT;
        let mut base: *mut u64 = ptr::null_mut();
        // SAFETY: a null handle is only a place to write to.
        let mut window = unsafe { ffi::RSMPI_WIN_NULL };
        // SAFETY: the communicator is there; MPI writes an address and a handle to the two places.
        let code = unsafe {
            let communicator = channel.communicator().as_raw();
            ffi::MPI_Comm_set_errhandler(communicator, ffi::RSMPI_ERRORS_RETURN);
            let (bytes, base) = (if is_root { 8 } else { 0 }, (&raw mut base).cast::<c_void>());
            ffi::MPI_Win_allocate(bytes, 8, ffi::RSMPI_INFO_NULL, communicator, base, &mut window)
        };
        cluster.agree(check("MPI_Win_allocate", code))?;
        // SAFETY: the window was made above, and is locked once.
        cluster.agree(check("MPI_Win_lock_all", unsafe { ffi::MPI_Win_lock_all(0, window) }))?;
        if is_root {
            // SAFETY: the window of this rank is one word, and nobody reaches it before the barrier below.
            unsafe { base.write(NOTHING) };
        }
        // SAFETY: the window is locked.
        cluster.agree(check("MPI_Win_sync", unsafe { ffi::MPI_Win_sync(window) }))?;
        Ok(Rma { window, _channel: channel })
    }
}

impl Way for Rma {
    fn lower(&mut self, value: u64) -> Result<()> {
        self.look(value).map(drop)
    }

    fn look(&mut self, known: u64) -> Result<u64> {
        let (mine, mut before) = (known, NOTHING);
        let kind = u64::equivalent_datatype().as_raw();
        let root = ROOT as c_int;
        // SAFETY: the window is locked; both numbers stay where they are until the operation is complete, which the flush waits for.
        let code = unsafe {
            let (from, to) = ((&raw const mine).cast::<c_void>(), (&raw mut before).cast::<c_void>());
            match ffi::MPI_Fetch_and_op(from, to, kind, root, 0, ffi::RSMPI_MIN, self.window) {
                good if good == ffi::MPI_SUCCESS as c_int => ffi::MPI_Win_flush(root, self.window),
                bad => bad,
            }
        };
        check("MPI_Fetch_and_op", code).map(|()| before.min(known))
    }

    fn close(mut self: Box<Self>, cluster: &Cluster) -> Result<()> {
        // Others may still be looking, and MPI_Win_free would wait for them by spinning.
        cluster.barrier();
        // SAFETY: the window was locked in `open`; `self` is used up.
        let code = unsafe {
            ffi::MPI_Win_unlock_all(self.window);
            ffi::MPI_Win_free(&mut self.window)
        };
        check("MPI_Win_free", code)
    }
}

fn check(call: &str, code: c_int) -> Result<()> {
    if code == ffi::MPI_SUCCESS as c_int {
        return Ok(());
    }
    Err(Error::Run(format!("--flag rma: {call} failed (over several hosts Open MPI 4 needs '--mca osc pt2pt')")))
}
