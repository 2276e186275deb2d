//! One-sided communication: windows of 64-bit numbers, under MPI's own names. rsmpi does not wrap
//! this chapter of MPI; all its `unsafe` is here and in `shared`.
//!
//! - [`Window`] (`MPI_Win_allocate`): every rank has numbers, which the others read, write and add
//!   to without its help, in an epoch opened by [`Window::lock`] or [`Window::lock_all`].
//! - [`SharedWindow`] (`MPI_Win_allocate_shared`): the ranks of a node reach each other's numbers
//!   by plain loads and stores.
//!
//! *Without its help* is the promise of MPI; a library without hardware support does the owner's
//! part when the owner calls MPI. MPICH 4.0.2 does so even on one host: while rank 0 slept between
//! two tests of a barrier, each addition of another rank waited for the next test, and 250,000 of
//! them did not finish. So a rank whose numbers others may still use waits with
//! [`polite::wait_and_serve`], which never sleeps. Across hosts `MPI_Fetch_and_op` stalls until the
//! target calls MPI (Open MPI and MPICH). Open MPI 4.1 has no one-sided calls over TCP unless
//! started with `--mca osc pt2pt`. So the engine does not use these windows; `patterns` and the
//! flag `rma` do, to show this.
//!
//! Cost of an addition on one host (AMD Zen 4, Open MPI 4.1): 0.05 us without contention, 0.7 us
//! with one other rank, 8 us for 8 ranks on 2 cores.
//!
//! Reference: MPI 3.1, chapter 11.

mod shared;

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;

use mpi::Rank;
use mpi::collective::SystemOperation;
use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::request::scope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

pub use self::shared::SharedWindow;
use crate::backoff::ProgressBackoff;
use crate::error::{Error, Result};
use crate::mpi::library;
use crate::request::{barrier, check, complete};
use crate::{heartbeat, polite};

/// Numbers at every rank of a communicator, the same length everywhere. Every call that reads or
/// writes is complete when it returns (`MPI_Win_flush`).
#[must_use = "all ranks free it together"]
pub struct Window {
    /// A duplicate of the user's, whose calls return error codes.
    communicator: ffi::MPI_Comm,
    window: ffi::MPI_Win,
    length: usize,
    size: Rank,
    epoch: Cell<Epoch>,
    /// Whether `MPI_Win_flush` spins, which keeps the owner from serving (MPICH, not Open MPI).
    /// Then the operation uses a request, `MPI_Rget_accumulate`: 10 us instead of 53 with 3 ranks
    /// on 2 cores, 5 instead of 4 with 2 ranks.
    spins: bool,
}

/// Which numbers this rank may access now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Epoch {
    Closed,
    /// Those of one rank, exclusively.
    Of(Rank),
    OfAll,
}

impl Window {
    /// Allocates `length` numbers at every rank, all zero (`MPI_Win_allocate`). Every rank of
    /// `communicator` must call it; when it returns, all numbers exist.
    ///
    /// # Errors
    /// On every rank if the library fails on one of them: [`Error::Run`] on the first of those,
    /// [`Error::Reported`] on the others.
    pub fn allocate(communicator: &SimpleCommunicator, length: usize) -> Result<Window> {
        // `MPI_Win_allocate` spins, so all ranks wait here first.
        polite::wait(communicator.immediate_barrier());
        // No rank may access numbers before they are cleared.
        agreed(communicator, Window::allocate_here(communicator, length))
    }

    fn allocate_here(communicator: &SimpleCommunicator, length: usize) -> Result<Window> {
        let bytes = bytes(length)?;
        let (rank, size) = (communicator.rank(), communicator.size());
        let communicator = duplicate(communicator)?;
        let mut base: *mut u64 = ptr::null_mut();
        // SAFETY: a null handle is only a place to write to.
        let mut window = unsafe { ffi::RSMPI_WIN_NULL };
        // SAFETY: `communicator` was made above; MPI writes a handle and an address. The handler is
        // the library's own.
        unsafe {
            let place = (&raw mut base).cast::<c_void>();
            let code = ffi::MPI_Win_allocate(bytes, 8, ffi::RSMPI_INFO_NULL, communicator, place, &mut window);
            check("MPI_Win_allocate (Open MPI 4.1 across hosts needs mpirun --mca osc pt2pt)", code)?;
            ffi::MPI_Win_set_errhandler(window, ffi::RSMPI_ERRORS_RETURN);
        }
        let (epoch, spins) = (Cell::new(Epoch::Closed), library().starts_with("MPICH"));
        let this = Window { communicator, window, length, size, epoch, spins };
        this.lock(rank)?;
        // SAFETY: these are this rank's numbers, allocated above; its exclusive epoch keeps the
        // others out.
        unsafe { base.write_bytes(0, length) };
        this.unlock(rank)?;
        Ok(this)
    }

    /// Opens an epoch in which only this rank accesses the numbers of `target` (`MPI_Win_lock` with
    /// `MPI_LOCK_EXCLUSIVE`). Waits for the lock, by spinning.
    ///
    /// # Errors
    /// [`Error::Run`] when the library fails; likewise for all calls below.
    ///
    /// # Panics
    /// When an epoch is open already.
    pub fn lock(&self, target: Rank) -> Result<()> {
        heartbeat::yield_now();
        self.open(Epoch::Of(target), "MPI_Win_lock", || {
            // SAFETY: the window exists until `free`, and this is its only epoch.
            unsafe { ffi::MPI_Win_lock(ffi::MPI_LOCK_EXCLUSIVE as c_int, target, 0, self.window) }
        })
    }

    /// Closes the epoch that [`Window::lock`] opened (`MPI_Win_unlock`).
    ///
    /// # Errors
    /// As [`Window::lock`].
    ///
    /// # Panics
    /// When there is no such epoch.
    pub fn unlock(&self, target: Rank) -> Result<()> {
        self.close(Epoch::Of(target));
        // SAFETY: the epoch was open until now.
        check("MPI_Win_unlock", unsafe { ffi::MPI_Win_unlock(target, self.window) })
    }

    /// Opens an epoch in which this rank accesses the numbers of all ranks, as the others may
    /// (`MPI_Win_lock_all`). With `MPI_MODE_NOCHECK`, since no rank locks such a window
    /// exclusively.
    ///
    /// # Errors
    /// As [`Window::lock`].
    ///
    /// # Panics
    /// When an epoch is open already.
    pub fn lock_all(&self) -> Result<()> {
        self.open(Epoch::OfAll, "MPI_Win_lock_all", || {
            // SAFETY: as in `lock`.
            unsafe { ffi::MPI_Win_lock_all(ffi::MPI_MODE_NOCHECK as c_int, self.window) }
        })
    }

    /// Closes the epoch that [`Window::lock_all`] opened (`MPI_Win_unlock_all`).
    ///
    /// # Errors
    /// As [`Window::lock`].
    ///
    /// # Panics
    /// When there is no such epoch.
    pub fn unlock_all(&self) -> Result<()> {
        self.close(Epoch::OfAll);
        // SAFETY: the epoch was open until now.
        check("MPI_Win_unlock_all", unsafe { ffi::MPI_Win_unlock_all(self.window) })
    }

    /// Reads a number of `target` (`MPI_Get`). Under `lock_all` the value is undefined while
    /// another rank writes.
    ///
    /// # Errors
    /// As [`Window::lock`].
    ///
    /// # Panics
    /// When no open epoch covers `target`, or there is no such number; likewise for the calls
    /// below.
    pub fn get(&self, target: Rank, displacement: usize) -> Result<u64> {
        heartbeat::tick();
        let at = self.reach(target, displacement);
        let (mut number, kind) = (0_u64, u64::equivalent_datatype().as_raw());
        let to = (&raw mut number).cast::<c_void>();
        // SAFETY: an epoch is open; MPI reads one number inside the window of `target`, and
        // `number` lives until the flush.
        check("MPI_Get", unsafe { ffi::MPI_Get(to, 1, kind, target, at, 1, kind, self.window) })?;
        self.flush(target)?;
        Ok(number)
    }

    /// Writes a number of `target` (`MPI_Put`). Under `lock_all` the result is undefined if another
    /// rank writes too.
    ///
    /// # Errors
    /// As [`Window::lock`].
    ///
    /// # Panics
    /// As [`Window::get`].
    pub fn put(&self, number: u64, target: Rank, displacement: usize) -> Result<()> {
        let (at, kind) = (self.reach(target, displacement), u64::equivalent_datatype().as_raw());
        let from = (&raw const number).cast::<c_void>();
        // SAFETY: an epoch is open; MPI writes one number inside the window of `target`, and
        // `number` lives until the flush.
        check("MPI_Put", unsafe { ffi::MPI_Put(from, 1, kind, target, at, 1, kind, self.window) })?;
        self.flush(target)
    }

    /// Atomically combines `number` with a number of `target`, and returns the value before
    /// (`MPI_Fetch_and_op`). Sums are modulo 2^64. For maximum and minimum both numbers must be
    /// below 2^63: MPICH 4.0.2 treats larger ones as negative.
    ///
    /// # Errors
    /// As [`Window::lock`].
    ///
    /// # Panics
    /// As [`Window::get`].
    pub fn fetch_and_op(
        &self,
        number: u64,
        target: Rank,
        displacement: usize,
        operation: SystemOperation,
    ) -> Result<u64> {
        heartbeat::tick();
        let at = self.reach(target, displacement);
        let (mut before, kind) = (0_u64, u64::equivalent_datatype().as_raw());
        let (from, to) = ((&raw const number).cast::<c_void>(), (&raw mut before).cast::<c_void>());
        let operation = operation.as_raw();
        if self.spins {
            // SAFETY: a null request is only a place to write to.
            let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
            // SAFETY: as in `put`; MPI writes the old value to `before`, and both numbers live
            // until the request is complete.
            check("MPI_Rget_accumulate", unsafe {
                let (window, request) = (self.window, &mut request);
                ffi::MPI_Rget_accumulate(from, 1, kind, to, 1, kind, target, at, 1, kind, operation, window, request)
            })?;
            complete(request, ProgressBackoff::yielding());
            return Ok(before);
        }
        // SAFETY: likewise, until the flush.
        let code = unsafe { ffi::MPI_Fetch_and_op(from, to, kind, target, at, operation, self.window) };
        check("MPI_Fetch_and_op", code)?;
        self.flush(target)?;
        Ok(before)
    }

    /// Frees the numbers (`MPI_Win_free`), once every rank has called it; serves the others until
    /// then. Every rank must call it.
    ///
    /// # Errors
    /// As [`Window::lock`].
    ///
    /// # Panics
    /// When an epoch is open.
    pub fn free(mut self) -> Result<()> {
        assert_eq!(self.epoch.get(), Epoch::Closed, "a window is freed with an epoch open");
        barrier(self.communicator, ProgressBackoff::yielding());
        // SAFETY: both handles exist, no epoch is open, and `self` is consumed.
        unsafe {
            check("MPI_Win_free", ffi::MPI_Win_free(&mut self.window))?;
            check("MPI_Comm_free", ffi::MPI_Comm_free(&mut self.communicator))
        }
    }

    fn flush(&self, target: Rank) -> Result<()> {
        // SAFETY: an epoch that covers `target` is open: see `reach`.
        check("MPI_Win_flush", unsafe { ffi::MPI_Win_flush(target, self.window) })
    }

    fn open(&self, epoch: Epoch, call: &str, lock: impl FnOnce() -> c_int) -> Result<()> {
        assert_eq!(self.epoch.get(), Epoch::Closed, "{call}: an epoch is open already");
        check(call, lock())?;
        self.epoch.set(epoch);
        Ok(())
    }

    fn close(&self, epoch: Epoch) {
        assert_eq!(self.epoch.replace(Epoch::Closed), epoch, "there is no such epoch to close");
    }

    /// The displacement of a number that this rank may access now.
    fn reach(&self, target: Rank, displacement: usize) -> ffi::MPI_Aint {
        assert!((0..self.size).contains(&target), "rank {target} of {}", self.size);
        assert!(displacement < self.length, "number {displacement} of {}", self.length);
        let epoch = self.epoch.get();
        assert!(epoch == Epoch::OfAll || epoch == Epoch::Of(target), "no epoch that reaches rank {target} is open");
        displacement as ffi::MPI_Aint
    }
}

/// The size of `length` numbers in bytes, as MPI counts.
fn bytes(length: usize) -> Result<ffi::MPI_Aint> {
    ffi::MPI_Aint::try_from(8 * length).map_err(|_| Error::Run("such a window is too long".into()))
}

/// A duplicate (`MPI_Comm_dup`) whose calls return error codes. Open MPI 4.1 refuses
/// `MPI_Win_allocate` across hosts without `--mca osc pt2pt`, and that must end with one message.
fn duplicate(communicator: &SimpleCommunicator) -> Result<ffi::MPI_Comm> {
    // SAFETY: a null handle is only a place to write to.
    let mut copy = unsafe { ffi::RSMPI_COMM_NULL };
    // SAFETY: `communicator` is valid, and so is `copy` after the first call. The handler is the
    // library's own.
    unsafe {
        check("MPI_Comm_dup", ffi::MPI_Comm_dup(communicator.as_raw(), &mut copy))?;
        ffi::MPI_Comm_set_errhandler(copy, ffi::RSMPI_ERRORS_RETURN);
    }
    Ok(copy)
}

/// This rank's outcome if all ranks succeeded (`MPI_Iallreduce`). Otherwise the error, on the first
/// rank that has one, and [`Error::Reported`] on the others.
fn agreed<T>(communicator: &SimpleCommunicator, outcome: Result<T>) -> Result<T> {
    let (rank, size) = (communicator.rank(), communicator.size());
    let (mine, mut first) = (if outcome.is_ok() { size } else { rank }, size);
    let least = SystemOperation::min();
    scope(|s| polite::wait(communicator.immediate_all_reduce_into(s, &mine, &mut first, least)));
    if first == size || first == rank { outcome } else { Err(Error::Reported { code: 1 }) }
}
