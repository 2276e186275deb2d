//! Windows in shared memory (`MPI_Win_allocate_shared`): each rank of a node has numbers that the
//! others access by plain loads and stores.
//!
//! Stands beside `crate::node_window`, which holds the tables of `primes`: one piece for the whole
//! node, written once, then read-only. Here every rank may write at any time, so the numbers are
//! atomics. To order writes before reads of other ranks, MPI requires [`SharedWindow::sync`], a
//! barrier, and `sync` again.
//!
//! Reference: MPI 3.1, 11.2.3.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::AtomicU64;

use mpi::Rank;
use mpi::collective::SystemOperation;
use mpi::ffi;
use mpi::request::scope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::{agreed, bytes, duplicate};
use crate::backoff::ProgressBackoff;
use crate::error::{Error, Result};
use crate::node_window::free_shared_memory;
use crate::polite;
use crate::request::{barrier, check};

/// Numbers of every rank of a node, accessible to all its ranks.
#[must_use = "all ranks of the node free it together"]
pub struct SharedWindow {
    /// A duplicate of the user's, whose calls return error codes.
    node: ffi::MPI_Comm,
    window: ffi::MPI_Win,
    size: Rank,
}

impl SharedWindow {
    /// Allocates `length` numbers of undefined content at this rank, and opens the epoch for all
    /// accesses (`MPI_Win_allocate_shared`, `MPI_Win_lock_all`). Every rank of `node` must call it,
    /// each with its own length. They must be able to share memory (`MPI_Comm_split_type` with
    /// `MPI_COMM_TYPE_SHARED`).
    ///
    /// # Errors
    /// On every rank of the node if it fails on one of them: [`Error::Run`] on the first of those,
    /// [`Error::Reported`] on the others.
    pub fn allocate(node: &SimpleCommunicator, length: usize) -> Result<SharedWindow> {
        let (mine, mut total, sum) = (8 * length as u64, 0_u64, SystemOperation::sum());
        scope(|s| polite::wait(node.immediate_all_reduce_into(s, &mine, &mut total, sum)));
        // When memory is short, Open MPI prints a page of text and never returns.
        let fits = total <= free_shared_memory();
        let full = || Error::Run(format!("shared memory (/dev/shm) has no {total} bytes free"));
        agreed(node, fits.then_some(()).ok_or_else(full))?;
        agreed(node, SharedWindow::allocate_here(node, length))
    }

    fn allocate_here(node: &SimpleCommunicator, length: usize) -> Result<SharedWindow> {
        let (bytes, size, node) = (bytes(length)?, node.size(), duplicate(node)?);
        let mut base: *mut u64 = ptr::null_mut();
        // SAFETY: a null handle is only a place to write to.
        let mut window = unsafe { ffi::RSMPI_WIN_NULL };
        // SAFETY: `node` was made above; MPI writes an address and a handle. The window is locked
        // once.
        unsafe {
            let place = (&raw mut base).cast::<c_void>();
            let code = ffi::MPI_Win_allocate_shared(bytes, 8, ffi::RSMPI_INFO_NULL, node, place, &mut window);
            check("MPI_Win_allocate_shared", code)?;
            check("MPI_Win_lock_all", ffi::MPI_Win_lock_all(0, window))?;
        }
        Ok(SharedWindow { node, window, size })
    }

    /// The numbers of a rank of the node, in this process's memory (`MPI_Win_shared_query`).
    ///
    /// # Errors
    /// [`Error::Run`] when the library fails.
    ///
    /// # Panics
    /// When there is no such rank.
    pub fn numbers(&self, rank: Rank) -> Result<&[AtomicU64]> {
        assert!((0..self.size).contains(&rank), "rank {rank} of {}", self.size);
        let (mut bytes, mut unit) = (0, 0);
        let mut base: *mut AtomicU64 = ptr::null_mut();
        // SAFETY: the window exists until `free`; MPI writes a size, a unit and an address.
        check("MPI_Win_shared_query", unsafe {
            let place = (&raw mut base).cast::<c_void>();
            ffi::MPI_Win_shared_query(self.window, rank, &mut bytes, &mut unit, place)
        })?;
        if bytes == 0 || base.is_null() {
            return Ok(&[]);
        }
        // SAFETY: `bytes` bytes are mapped at `base` until `free`, which takes `self`. The
        // allocation is aligned to at least a number, and every rank accesses it by atomic
        // operations.
        Ok(unsafe { std::slice::from_raw_parts(base, bytes as usize / 8) })
    }

    /// Orders the loads and stores of this rank before and after it (`MPI_Win_sync`).
    pub fn sync(&self) {
        // SAFETY: the window is locked from `allocate` to `free`.
        unsafe { ffi::MPI_Win_sync(self.window) };
    }

    /// Frees the numbers, once every rank of the node has called it (`MPI_Win_unlock_all`,
    /// `MPI_Win_free`). Every rank of the node must call it.
    ///
    /// # Errors
    /// [`Error::Run`] when the library fails.
    pub fn free(mut self) -> Result<()> {
        // Other ranks may still read, and `MPI_Win_free` would wait for them by spinning.
        barrier(self.node, ProgressBackoff::new());
        // SAFETY: the window was locked in `allocate`; `self` is consumed, and no slice of it is
        // left.
        unsafe {
            check("MPI_Win_unlock_all", ffi::MPI_Win_unlock_all(self.window))?;
            check("MPI_Win_free", ffi::MPI_Win_free(&mut self.window))?;
            check("MPI_Comm_free", ffi::MPI_Comm_free(&mut self.node))
        }
    }
}
