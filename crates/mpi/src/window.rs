//! Shared-memory windows: raw `MPI_Win_allocate_shared`, which rsmpi does not wrap. All `unsafe` of
//! shared memory is here.
//!
//! A window's life, in calls that all ranks of a node make together:
//! 1. `MPI_Comm_split_type`: the ranks that can share memory. Errors on it come back as codes, not
//!    as the job's end.
//! 2. `MPI_Win_allocate_shared`: all of it at the node's first rank, so that it is one piece;
//!    `MPI_Win_shared_query` gives the others its address. `MPI_Win_lock_all` opens the one epoch
//!    in which everything happens.
//! 3. Each rank claims the pages of its part (`MADV_POPULATE_WRITE`): this places them in its own
//!    NUMA domain, and returns an error where memory is short; a write would end the process.
//! 4. Each rank writes its part; `MPI_Win_sync`, barrier, `MPI_Win_sync`: from here on all read,
//!    none writes.
//! 5. Barrier, `MPI_Win_unlock_all`, `MPI_Win_free`, `MPI_Comm_free`: when all ranks ask for it, or
//!    when the cluster is left.
//!
//! Ranks agree on each step that may fail on one of them before the next, so either all ranks of a
//! node have the window or none has. Nodes may differ: it changes where words are kept, not the
//! words. Steps 2 and 5 wait inside MPI, by spinning; so all ranks first meet in a polite barrier.
//!
//! With Open MPI 4.1.4 and MPICH 5.0.2 a rank or launcher that dies leaves no file of the window
//! behind (small ones of the library's own messages may stay). Where the table does not fit into
//! `/dev/shm`, step 2 of Open MPI prints a page of text and never returns. So free memory is
//! checked before, though another process may take it in between.
//!
//! Stands beside `one_sided`, whose windows ranks read and write at any time.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::SimpleCommunicator;

use super::patience::Patience;
use super::request::{barrier, check, complete, is_good};
use crate::error::{Error, Result};

/// What is left to the MPI library's own shared memory, in bytes: some MB a rank, most of which it
/// has already.
const MARGIN: u64 = 16 << 20;

/// Where MPI libraries on Linux put shared memory.
const SHARED_MEMORY: &str = "/dev/shm";

/// The windows that this rank has open. When dropped, frees those that are left, in the order in
/// which they were opened.
#[derive(Default)]
pub struct Windows {
    held: RefCell<Vec<Window>>,
    most: Cell<u64>,
}

/// One window: the same at all ranks of a node but for the address.
struct Window {
    node: ffi::MPI_Comm,
    window: ffi::MPI_Win,
    words: NonNull<[u64]>,
}

/// A window whose words are being written: each rank has a part.
pub struct Open<'w> {
    windows: &'w Windows,
    window: Window,
    rank: usize,
    size: usize,
}

/// A window whose words can be read.
pub struct View<'w> {
    windows: &'w Windows,
    window: ffi::MPI_Win,
    words: NonNull<[u64]>,
}

/// A window of one word, which every rank of the node may read and write at any time.
pub struct Word<'w> {
    windows: &'w Windows,
    window: ffi::MPI_Win,
    word: NonNull<u64>,
}

impl Windows {
    /// Opens a window of `length` words. `None` where memory is short. Every rank of `world` must
    /// call it.
    pub fn open(&self, world: &SimpleCommunicator, length: usize) -> Result<Option<Open<'_>>> {
        barrier(world.as_raw(), Patience::new());
        let (node, rank, size) = node(world)?;
        let fits = all(node, 8 * length as u64 <= free_shared_memory());
        let window = if fits { Window::allocate(node, length, rank)? } else { None };
        let Some(window) = window else {
            free_communicator(node);
            return Ok(None);
        };
        let open = Open { windows: self, window, rank, size };
        if !all(node, open.claim()) {
            open.window.free();
            return Ok(None);
        }
        Ok(Some(open))
    }

    /// Frees one of them. Every rank of its node must call it.
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

impl Drop for Windows {
    fn drop(&mut self) {
        self.held.take().into_iter().for_each(Window::free);
    }
}

impl<'w> Open<'w> {
    /// This rank's number in the node.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The node's number of ranks.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Words to be written by this rank and no other, zero until then (MPI promises nothing about
    /// their first content).
    ///
    /// # Panics
    /// When the window has fewer words.
    pub fn part(&mut self, words: Range<usize>) -> &mut [u64] {
        assert!(words.start <= words.end && words.end <= self.window.words.len());
        // SAFETY: they are in the window, which is there as long as `self`. Ranks ask for disjoint
        // parts (see `Cluster::shared`), and none reads those of others before `publish`.
        let part = unsafe {
            let start = self.window.words.cast::<u64>().add(words.start);
            NonNull::slice_from_raw_parts(start, words.len()).as_mut()
        };
        part.fill(0);
        part
    }

    /// All ranks of the node have written their parts: from here on all read all of it. Waits for
    /// them, politely.
    pub fn publish(self) -> View<'w> {
        let view = View { windows: self.windows, window: self.window.window, words: self.window.words };
        self.hold();
        view
    }

    /// The first word has been written by the rank that has it: from here on all read and write it.
    /// Waits for them, politely.
    ///
    /// # Panics
    /// When there is no word.
    pub fn share_word(self) -> Word<'w> {
        assert!(!self.window.words.is_empty());
        let word = Word { windows: self.windows, window: self.window.window, word: self.window.words.cast() };
        self.hold();
        word
    }

    /// Makes what was written visible to all, and keeps the window.
    fn hold(self) {
        let Open { windows, window, .. } = self;
        window.sync();
        barrier(window.node, Patience::new());
        window.sync();
        let mut held = windows.held.borrow_mut();
        held.push(window);
        let bytes: usize = held.iter().map(|window| 8 * window.words.len()).sum();
        windows.most.set(windows.most.get().max(bytes as u64));
    }

    /// Claims the pages of an equal part of the words; returns whether there is memory for them.
    fn claim(&self) -> bool {
        use rustix::io::Errno;
        use rustix::mm::{Advice, madvise};
        let (bytes, page) = (8 * self.window.words.len(), rustix::param::page_size());
        if bytes == 0 {
            return true;
        }
        let base = self.window.words.cast::<u8>().as_ptr();
        let (from, to) = (bytes * self.rank / self.size, bytes * (self.rank + 1) / self.size);
        // Whole pages: a border between two parts is claimed twice, which does no harm.
        let ahead = base.addr() % page;
        let start = base.wrapping_add(from).wrapping_sub((ahead + from) % page);
        let length = (base.addr() + to - start.addr()).next_multiple_of(page);
        // SAFETY: these are the pages that hold the words from..to of the window, all mapped; their
        // content does not change.
        match unsafe { madvise(start.cast::<c_void>(), length, Advice::LinuxPopulateWrite) } {
            // Linux before 5.14 cannot tell.
            Ok(()) | Err(Errno::INVAL) => true,
            Err(_) => false,
        }
    }
}

impl View<'_> {
    /// All words.
    pub fn words(&self) -> &[u64] {
        // SAFETY: the window is held by `windows`, which lives longer than `self`, and freed by
        // `free` alone, which takes `self`. No rank writes it after `publish`.
        unsafe { self.words.as_ref() }
    }

    /// Frees the window. Every rank of the node must call it.
    pub fn free(self) {
        self.windows.free(self.window);
    }
}

impl Word<'_> {
    /// The word. The memory is the same for all ranks, so the CPU's own atomic operations are
    /// enough.
    pub fn get(&self) -> &AtomicU64 {
        // SAFETY: the window is held by `windows`, which lives longer than `self`, and freed by
        // `free` alone, which takes `self`. MPI aligns windows to more than a word, and after
        // `share_word` every rank reaches it through here only.
        unsafe { AtomicU64::from_ptr(self.word.as_ptr()) }
    }

    /// Frees the window. Every rank of the node must call it.
    pub fn free(self) {
        self.windows.free(self.window);
    }
}

impl Window {
    /// `None` when the library cannot: then at all ranks of the node.
    fn allocate(node: ffi::MPI_Comm, length: usize, rank: usize) -> Result<Option<Window>> {
        let bytes = ffi::MPI_Aint::try_from(8 * length).map_err(|_| Error::Run("such a window is too long".into()))?;
        let mut base: *mut u64 = ptr::null_mut();
        // SAFETY: a null handle is only a place to write to.
        let mut window = unsafe { ffi::RSMPI_WIN_NULL };
        let mine = if rank == 0 { bytes } else { 0 };
        // SAFETY: `node` is a communicator whose ranks share memory; MPI writes an address and a
        // handle to the two places.
        let code = unsafe {
            let base = (&raw mut base).cast::<c_void>();
            ffi::MPI_Win_allocate_shared(mine, 8, ffi::RSMPI_INFO_NULL, node, base, &mut window)
        };
        if !all(node, is_good(code)) {
            // A window that only some ranks have is left as it is: to free it would wait for the
            // others for ever.
            return Ok(None);
        }
        let (mut size, mut unit) = (0, 0);
        // SAFETY: the window was made above; MPI writes a size, a unit and an address to the three
        // places.
        check("MPI_Win_shared_query", unsafe {
            let base = (&raw mut base).cast::<c_void>();
            ffi::MPI_Win_shared_query(window, 0, &mut size, &mut unit, base)
        })?;
        // SAFETY: the window was made above, and is locked once.
        check("MPI_Win_lock_all", unsafe { ffi::MPI_Win_lock_all(0, window) })?;
        // A window without bytes may have no address.
        let start = NonNull::new(base).unwrap_or(NonNull::dangling());
        Ok(Some(Window { node, window, words: NonNull::slice_from_raw_parts(start, length) }))
    }

    /// Makes what this rank wrote visible to others, and what they wrote to this one.
    fn sync(&self) {
        // SAFETY: the window is locked from `allocate` to `free`.
        unsafe { ffi::MPI_Win_sync(self.window) };
    }

    /// Every rank of the node must call it, for the same window.
    fn free(mut self) {
        // Others may still be reading, and MPI_Win_free would wait for them by spinning.
        barrier(self.node, Patience::new());
        // SAFETY: the window was locked in `allocate`; `self` is used up, and no view is left (see
        // `View::words`).
        unsafe {
            ffi::MPI_Win_unlock_all(self.window);
            ffi::MPI_Win_free(&mut self.window);
        }
        free_communicator(self.node);
    }
}

/// The ranks that can share memory with this one: communicator, this rank's number, and how many
/// they are.
fn node(world: &SimpleCommunicator) -> Result<(ffi::MPI_Comm, usize, usize)> {
    let (mut rank, mut size) = (0, 0);
    // SAFETY: a null handle is only a place to write to.
    let mut node = unsafe { ffi::RSMPI_COMM_NULL };
    // SAFETY: `world` is a communicator, and so is `node` after the first call; MPI writes handle
    // and numbers to the places.
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
    // SAFETY: it came from MPI_Comm_split_type, nothing in it is under way, and the caller does not
    // use it again.
    unsafe { ffi::MPI_Comm_free(&mut node) };
}

/// The bytes that are free in shared memory, as far as this process can see.
pub fn free_shared_memory() -> u64 {
    // Where it is not mounted the library knows another place, or fails.
    rustix::fs::statvfs(SHARED_MEMORY)
        .map_or(u64::MAX, |found| found.f_bavail.saturating_mul(found.f_frsize).saturating_sub(MARGIN))
}

/// Whether all ranks of a communicator say yes.
fn all(communicator: ffi::MPI_Comm, mine: bool) -> bool {
    let (mine, mut least) = (i32::from(mine), 0_i32);
    let kind = i32::equivalent_datatype().as_raw();
    // SAFETY: a null request is only a place to write to.
    let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
    // SAFETY: both numbers stay where they are until the request is completed below.
    unsafe {
        let (from, to) = ((&raw const mine).cast::<c_void>(), (&raw mut least).cast::<c_void>());
        ffi::MPI_Iallreduce(from, to, 1, kind, ffi::RSMPI_MIN, communicator, &mut request);
    }
    complete(request, Patience::new());
    least == 1
}
