//! Shared-memory windows of a node: raw `MPI_Win_allocate_shared`, which rsmpi does not wrap. All
//! `unsafe` of shared memory is here.
//!
//! The life of a window, in calls that all ranks of a node make together:
//! 1. `MPI_Comm_split_type`: the ranks that can share memory. Calls on this communicator return
//!    error codes instead of ending the job.
//! 2. `MPI_Win_allocate_shared`: all of it at the node's first rank, so that it is contiguous.
//!    `MPI_Win_shared_query` gives the others its address, and `MPI_Win_lock_all` opens the only
//!    epoch.
//! 3. Each rank populates the pages of its part (`MADV_POPULATE_WRITE`). This places them in its
//!    own NUMA domain, and returns an error if memory is short, where a write would end the
//!    process.
//! 4. Each rank writes its part. Then `MPI_Win_sync`, a barrier, `MPI_Win_sync`: from here on all
//!    ranks only read.
//! 5. A barrier, `MPI_Win_unlock_all`, `MPI_Win_free`, `MPI_Comm_free`: when all ranks request it,
//!    or at the end of the cluster.
//!
//! Ranks agree on the success of each step before the next, so either all ranks of a node have the
//! window or none has. Nodes may differ: that changes where words are kept, not the words. Steps 2
//! and 5 spin inside MPI, so all ranks first wait in a polite barrier.
//!
//! With Open MPI 4.1.4 and MPICH 5.0.2 a rank or launcher that dies leaves no file of the window
//! behind (small ones of the library's own messages may stay). If the table does not fit into
//! `/dev/shm`, step 2 of Open MPI prints a page of text and never returns. So free memory is
//! checked first, though another process may take it in between.
//!
//! Stands beside `one_sided`, whose windows may be read and written at any time.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::SimpleCommunicator;

use super::backoff::ProgressBackoff;
use super::request::{barrier, check, complete, is_good};
use crate::error::{Error, Result};

/// Bytes left to the MPI library's own shared memory: some MB per rank, most of it already
/// allocated.
const MARGIN: u64 = 16 << 20;

/// Where MPI libraries on Linux keep shared memory.
const SHARED_MEMORY: &str = "/dev/shm";

/// The open windows of this rank. When dropped, frees those that are left, in the order in which
/// they were opened.
#[derive(Default)]
pub struct NodeWindows {
    held: RefCell<Vec<RawWindow>>,
    most: Cell<u64>,
}

/// One window: identical at all ranks of a node except for the address.
struct RawWindow {
    node: ffi::MPI_Comm,
    window: ffi::MPI_Win,
    words: NonNull<[u64]>,
}

/// A window while its words are written: each rank writes a part.
pub struct WritableWindow<'w> {
    windows: &'w NodeWindows,
    window: RawWindow,
    rank: usize,
    size: usize,
}

/// A window whose words are read-only.
pub struct ReadOnlyWindow<'w> {
    windows: &'w NodeWindows,
    window: ffi::MPI_Win,
    words: NonNull<[u64]>,
}

/// A window of one word that every rank of the node may read and write at any time.
pub struct SharedWord<'w> {
    windows: &'w NodeWindows,
    window: ffi::MPI_Win,
    word: NonNull<u64>,
}

impl NodeWindows {
    /// Opens a window of `length` words; `None` if memory is short. Every rank of `world` must call
    /// it.
    pub fn open(&self, world: &SimpleCommunicator, length: usize) -> Result<Option<WritableWindow<'_>>> {
        barrier(world.as_raw(), ProgressBackoff::new());
        let (node, rank, size) = node(world)?;
        let fits = all(node, 8 * length as u64 <= free_shared_memory());
        let window = if fits { RawWindow::allocate(node, length, rank)? } else { None };
        let Some(window) = window else {
            free_communicator(node);
            return Ok(None);
        };
        let open = WritableWindow { windows: self, window, rank, size };
        if !all(node, open.claim()) {
            open.window.free();
            return Ok(None);
        }
        Ok(Some(open))
    }

    /// Frees one window. Every rank of its node must call it.
    fn free(&self, window: ffi::MPI_Win) {
        let mut held = self.held.borrow_mut();
        let at = held.iter().position(|held| held.window == window).expect("a window in use is held");
        held.remove(at).free();
    }

    /// The most bytes that were in windows at any time.
    pub fn most_bytes(&self) -> u64 {
        self.most.get()
    }
}

impl Drop for NodeWindows {
    fn drop(&mut self) {
        self.held.take().into_iter().for_each(RawWindow::free);
    }
}

impl<'w> WritableWindow<'w> {
    /// This rank's number in the node.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The node's number of ranks.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Words that only this rank writes. They are zero, since MPI leaves their initial content
    /// undefined.
    ///
    /// # Panics
    /// When the window has fewer words.
    pub fn part(&mut self, words: Range<usize>) -> &mut [u64] {
        assert!(words.start <= words.end && words.end <= self.window.words.len());
        // SAFETY: the words are in the window, which exists as long as `self`. Ranks request
        // disjoint parts (see `Cluster::shared`), and none reads the others' before `publish`.
        let part = unsafe {
            let start = self.window.words.cast::<u64>().add(words.start);
            NonNull::slice_from_raw_parts(start, words.len()).as_mut()
        };
        part.fill(0);
        part
    }

    /// Waits politely until all ranks of the node have written their parts; from here on all read
    /// all of it.
    pub fn publish(self) -> ReadOnlyWindow<'w> {
        let view = ReadOnlyWindow { windows: self.windows, window: self.window.window, words: self.window.words };
        self.hold();
        view
    }

    /// Waits politely until the first word is initialised; from here on all ranks read and write
    /// it.
    ///
    /// # Panics
    /// When the window is empty.
    pub fn share_word(self) -> SharedWord<'w> {
        assert!(!self.window.words.is_empty());
        let word = SharedWord { windows: self.windows, window: self.window.window, word: self.window.words.cast() };
        self.hold();
        word
    }

    /// Makes the words visible to all ranks, and keeps the window.
    fn hold(self) {
        let WritableWindow { windows, window, .. } = self;
        window.sync();
        barrier(window.node, ProgressBackoff::new());
        window.sync();
        let mut held = windows.held.borrow_mut();
        held.push(window);
        let bytes: usize = held.iter().map(|window| 8 * window.words.len()).sum();
        windows.most.set(windows.most.get().max(bytes as u64));
    }

    /// Populates the pages of this rank's equal part of the words; returns whether there is memory
    /// for them.
    fn claim(&self) -> bool {
        use rustix::io::Errno;
        use rustix::mm::{Advice, madvise};
        let (bytes, page) = (8 * self.window.words.len(), rustix::param::page_size());
        if bytes == 0 {
            return true;
        }
        let base = self.window.words.cast::<u8>().as_ptr();
        let (from, to) = (bytes * self.rank / self.size, bytes * (self.rank + 1) / self.size);
        // Whole pages: the page on a boundary is populated twice, which does no harm.
        let ahead = base.addr() % page;
        let start = base.wrapping_add(from).wrapping_sub((ahead + from) % page);
        let length = (base.addr() + to - start.addr()).next_multiple_of(page);
        // SAFETY: these pages hold the words from..to of the window and are mapped; their content
        // does not change.
        match unsafe { madvise(start.cast::<c_void>(), length, Advice::LinuxPopulateWrite) } {
            // Linux before 5.14 does not know this advice.
            Ok(()) | Err(Errno::INVAL) => true,
            Err(_) => false,
        }
    }
}

impl ReadOnlyWindow<'_> {
    /// All words.
    pub fn words(&self) -> &[u64] {
        // SAFETY: `windows` holds the window and outlives `self`. Only `free`, which takes `self`,
        // frees it. No rank writes it after `publish`.
        unsafe { self.words.as_ref() }
    }

    /// Frees the window. Every rank of the node must call it.
    pub fn free(self) {
        self.windows.free(self.window);
    }
}

impl SharedWord<'_> {
    /// The word. The ranks share the memory, so the CPU's atomic operations are enough.
    pub fn get(&self) -> &AtomicU64 {
        // SAFETY: `windows` holds the window and outlives `self`. Only `free`, which takes `self`,
        // frees it. MPI aligns windows to at least a word, and after `share_word` every rank
        // accesses it only here.
        unsafe { AtomicU64::from_ptr(self.word.as_ptr()) }
    }

    /// Frees the window. Every rank of the node must call it.
    pub fn free(self) {
        self.windows.free(self.window);
    }
}

impl RawWindow {
    /// `None` if the library cannot allocate it, then at all ranks of the node.
    fn allocate(node: ffi::MPI_Comm, length: usize, rank: usize) -> Result<Option<RawWindow>> {
        let bytes = ffi::MPI_Aint::try_from(8 * length).map_err(|_| Error::Run("such a window is too long".into()))?;
        let mut base: *mut u64 = ptr::null_mut();
        // SAFETY: a null handle is only a place to write to.
        let mut window = unsafe { ffi::RSMPI_WIN_NULL };
        let mine = if rank == 0 { bytes } else { 0 };
        // SAFETY: `node` is a communicator whose ranks share memory; MPI writes an address and a
        // handle.
        let code = unsafe {
            let base = (&raw mut base).cast::<c_void>();
            ffi::MPI_Win_allocate_shared(mine, 8, ffi::RSMPI_INFO_NULL, node, base, &mut window)
        };
        if !all(node, is_good(code)) {
            // A window that only some ranks have is leaked: freeing it would wait for the others
            // for ever.
            return Ok(None);
        }
        let (mut size, mut unit) = (0, 0);
        // SAFETY: the window was made above; MPI writes a size, a unit and an address.
        check("MPI_Win_shared_query", unsafe {
            let base = (&raw mut base).cast::<c_void>();
            ffi::MPI_Win_shared_query(window, 0, &mut size, &mut unit, base)
        })?;
        // SAFETY: the window was made above, and is locked once.
        check("MPI_Win_lock_all", unsafe { ffi::MPI_Win_lock_all(0, window) })?;
        // A window without bytes may have no address.
        let start = NonNull::new(base).unwrap_or(NonNull::dangling());
        Ok(Some(RawWindow { node, window, words: NonNull::slice_from_raw_parts(start, length) }))
    }

    /// Makes this rank's writes visible to the others, and theirs to this rank.
    fn sync(&self) {
        // SAFETY: the window is locked from `allocate` to `free`.
        unsafe { ffi::MPI_Win_sync(self.window) };
    }

    /// Every rank of the node must call it, for the same window.
    fn free(mut self) {
        // Other ranks may still read, and MPI_Win_free would wait for them by spinning.
        barrier(self.node, ProgressBackoff::new());
        // SAFETY: the window was locked in `allocate`; `self` is consumed, and no view is left (see
        // `ReadOnlyWindow::words`).
        unsafe {
            ffi::MPI_Win_unlock_all(self.window);
            ffi::MPI_Win_free(&mut self.window);
        }
        free_communicator(self.node);
    }
}

/// The ranks that can share memory with this one: their communicator, this rank's number in it, and
/// its size.
fn node(world: &SimpleCommunicator) -> Result<(ffi::MPI_Comm, usize, usize)> {
    let (mut rank, mut size) = (0, 0);
    // SAFETY: a null handle is only a place to write to.
    let mut node = unsafe { ffi::RSMPI_COMM_NULL };
    // SAFETY: `world` is a communicator, and so is `node` after the first call; MPI writes a handle
    // and two numbers.
    unsafe {
        let kind = ffi::RSMPI_COMM_TYPE_SHARED;
        let split = ffi::MPI_Comm_split_type(world.as_raw(), kind, 0, ffi::RSMPI_INFO_NULL, &mut node);
        check("MPI_Comm_split_type", split)?;
        ffi::MPI_Comm_set_errhandler(node, ffi::RSMPI_ERRORS_RETURN);
        ffi::MPI_Comm_rank(node, &mut rank);
        ffi::MPI_Comm_size(node, &mut size);
    }
    Ok((node, rank as usize, size as usize))
}

fn free_communicator(mut node: ffi::MPI_Comm) {
    // SAFETY: it came from MPI_Comm_split_type, no operation on it is pending, and the caller does
    // not use it again.
    unsafe { ffi::MPI_Comm_free(&mut node) };
}

/// The free bytes of shared memory, as this process sees them.
pub fn free_shared_memory() -> u64 {
    // If it is not mounted, the library uses another place, or fails.
    rustix::fs::statvfs(SHARED_MEMORY)
        .map_or(u64::MAX, |found| found.f_bavail.saturating_mul(found.f_frsize).saturating_sub(MARGIN))
}

/// Whether `mine` is true on all ranks of a communicator.
fn all(communicator: ffi::MPI_Comm, mine: bool) -> bool {
    let (mine, mut least) = (i32::from(mine), 0_i32);
    let kind = i32::equivalent_datatype().as_raw();
    // SAFETY: a null request is only a place to write to.
    let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
    // SAFETY: both numbers live until the request is completed below.
    unsafe {
        let (from, to) = ((&raw const mine).cast::<c_void>(), (&raw mut least).cast::<c_void>());
        ffi::MPI_Iallreduce(from, to, 1, kind, ffi::RSMPI_MIN, communicator, &mut request);
    }
    complete(request, ProgressBackoff::new());
    least == 1
}
