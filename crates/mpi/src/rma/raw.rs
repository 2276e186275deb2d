//! The raw one-sided calls, which rsmpi does not wrap. All `unsafe` of windows of counters is here.
//!
//! The window hangs on a communicator of its own, whose errors come back as codes: Open MPI 4.1
//! refuses `MPI_Win_allocate` across hosts without `--mca osc pt2pt`, and that must end as one
//! message.

use std::ffi::{c_int, c_void};
use std::ptr;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::SimpleCommunicator;

use crate::error::{Error, Result};
use crate::heartbeat;
use crate::mpi::library;
use crate::patience::Patience;
use crate::request::{barrier, check, complete};

/// A window of 64-bit numbers, the same length at every rank.
pub struct Window {
    communicator: ffi::MPI_Comm,
    window: ffi::MPI_Win,
    length: usize,
    /// Whether `MPI_Win_flush` keeps the core while it waits, and with it the owner from serving
    /// (MPICH, not Open MPI). Then the same operation goes with a request, `MPI_Rget_accumulate`:
    /// 10 us instead of 53 on 3 ranks and 2 cores, 5 instead of 4 on 2.
    spins: bool,
}

impl Window {
    /// Every rank of `world` must call it, and wait for the others before it reaches for their
    /// numbers.
    pub fn allocate(world: &SimpleCommunicator, length: usize) -> Result<Window> {
        let bytes = ffi::MPI_Aint::try_from(8 * length).map_err(|_| Error::Run("such a window is too long".into()))?;
        let mut base: *mut u64 = ptr::null_mut();
        // SAFETY: null handles are only places to write to.
        let (mut communicator, mut window) = unsafe { (ffi::RSMPI_COMM_NULL, ffi::RSMPI_WIN_NULL) };
        // SAFETY: `world` is a communicator, and so is `communicator` after the first call; MPI
        // writes handles and an address to the places. Both handlers are the library's own.
        unsafe {
            check("MPI_Comm_dup", ffi::MPI_Comm_dup(world.as_raw(), &mut communicator))?;
            ffi::MPI_Comm_set_errhandler(communicator, ffi::RSMPI_ERRORS_RETURN);
            let place = (&raw mut base).cast::<c_void>();
            let code = ffi::MPI_Win_allocate(bytes, 8, ffi::RSMPI_INFO_NULL, communicator, place, &mut window);
            check("MPI_Win_allocate (Open MPI 4.1 across hosts needs mpirun --mca osc pt2pt)", code)?;
            ffi::MPI_Win_set_errhandler(window, ffi::RSMPI_ERRORS_RETURN);
        }
        let spins = library().starts_with("MPICH");
        let this = Window { communicator, window, length, spins };
        this.lock(rank(communicator))?;
        // SAFETY: these are the words of this rank, allocated above, and its exclusive epoch keeps
        // the others out.
        unsafe { base.write_bytes(0, length) };
        this.unlock(Some(rank(communicator)));
        Ok(this)
    }

    /// Opens the epoch of all ranks, which lasts until `unlock`. Nobody locks such a window for
    /// himself, so no rank need be asked.
    pub fn lock_all(&self) -> Result<()> {
        // SAFETY: the window is there until `free`, and this is its only epoch.
        check("MPI_Win_lock_all", unsafe { ffi::MPI_Win_lock_all(ffi::MPI_MODE_NOCHECK as c_int, self.window) })
    }

    pub fn lock(&self, owner: u64) -> Result<()> {
        heartbeat::pulse();
        // SAFETY: as in `lock_all`; a turn ends before the next one begins on this rank, or MPI
        // refuses.
        check("MPI_Win_lock", unsafe {
            ffi::MPI_Win_lock(ffi::MPI_LOCK_EXCLUSIVE as c_int, owner as c_int, 0, self.window)
        })
    }

    /// Ends the epoch: `owner`'s, or that of all.
    pub fn unlock(&self, owner: Option<u64>) {
        // SAFETY: the epoch was opened by `lock` (a `Turn` knows) or `lock_all` (`Counters` are
        // never without).
        unsafe {
            match owner {
                Some(owner) => ffi::MPI_Win_unlock(owner as c_int, self.window),
                None => ffi::MPI_Win_unlock_all(self.window),
            };
        }
    }

    pub fn get(&self, owner: u64, place: usize) -> Result<u64> {
        heartbeat::tick();
        let mut number = 0_u64;
        let (at, kind) = (self.displacement(place), u64::equivalent_datatype().as_raw());
        let to = (&raw mut number).cast::<c_void>();
        // SAFETY: an epoch is open; one number is read at `owner`, inside its window, and stays
        // here until the flush.
        check("MPI_Get", unsafe { ffi::MPI_Get(to, 1, kind, owner as c_int, at, 1, kind, self.window) })?;
        self.flush(owner)?;
        Ok(number)
    }

    pub fn put(&self, owner: u64, place: usize, number: u64) -> Result<()> {
        let (at, kind) = (self.displacement(place), u64::equivalent_datatype().as_raw());
        let from = (&raw const number).cast::<c_void>();
        // SAFETY: an epoch is open; one number is read here and written at `owner`, inside its
        // window; it stays here until the flush.
        check("MPI_Put", unsafe { ffi::MPI_Put(from, 1, kind, owner as c_int, at, 1, kind, self.window) })?;
        self.flush(owner)
    }

    pub fn fetch_add(&self, owner: u64, place: usize, number: u64) -> Result<u64> {
        // SAFETY: the operation is the library's own.
        self.fetch(owner, place, number, unsafe { ffi::RSMPI_SUM })
    }

    pub fn fetch_max(&self, owner: u64, place: usize, number: u64) -> Result<u64> {
        // SAFETY: as above.
        self.fetch(owner, place, number, unsafe { ffi::RSMPI_MAX })
    }

    fn fetch(&self, owner: u64, place: usize, number: u64, operation: ffi::MPI_Op) -> Result<u64> {
        heartbeat::tick();
        let mut before = 0_u64;
        let (at, kind) = (self.displacement(place), u64::equivalent_datatype().as_raw());
        let (from, to) = ((&raw const number).cast::<c_void>(), (&raw mut before).cast::<c_void>());
        let owner_rank = owner as c_int;
        if self.spins {
            // SAFETY: a null request is only a place to write to.
            let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
            // SAFETY: as in `put`; what was there before is written to `before`, and both numbers
            // stay until the request is complete.
            check("MPI_Rget_accumulate", unsafe {
                let (window, request) = (self.window, &mut request);
                ffi::MPI_Rget_accumulate(
                    from, 1, kind, to, 1, kind, owner_rank, at, 1, kind, operation, window, request,
                )
            })?;
            complete(request, Patience::attentive());
            return Ok(before);
        }
        // SAFETY: likewise, until the flush.
        let code = unsafe { ffi::MPI_Fetch_and_op(from, to, kind, owner_rank, at, operation, self.window) };
        check("MPI_Fetch_and_op", code)?;
        self.flush(owner)?;
        Ok(before)
    }

    /// Waits for all ranks without a sleep: while this one tests, the library serves those that
    /// reach for its numbers.
    pub fn meet(&self) {
        barrier(self.communicator, Patience::attentive());
    }

    /// Every rank must call it, with no epoch open.
    pub fn free(mut self) -> Result<()> {
        // SAFETY: both handles are there, no epoch is open, and `self` is used up.
        unsafe {
            check("MPI_Win_free", ffi::MPI_Win_free(&mut self.window))?;
            check("MPI_Comm_free", ffi::MPI_Comm_free(&mut self.communicator))
        }
    }

    fn flush(&self, owner: u64) -> Result<()> {
        // SAFETY: an epoch that reaches `owner` is open (see `unlock`).
        check("MPI_Win_flush", unsafe { ffi::MPI_Win_flush(owner as c_int, self.window) })
    }

    fn displacement(&self, place: usize) -> ffi::MPI_Aint {
        assert!(place < self.length, "number {place} of {}", self.length);
        place as ffi::MPI_Aint
    }
}

fn rank(communicator: ffi::MPI_Comm) -> u64 {
    let mut rank = 0;
    // SAFETY: the communicator is there; MPI writes a number to the place.
    unsafe { ffi::MPI_Comm_rank(communicator, &mut rank) };
    rank as u64
}
