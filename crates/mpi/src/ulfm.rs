//! User-level failure mitigation (ULFM): the raw calls with which ranks continue without one that
//! died. All its `unsafe` is here.
//!
//! The calls are looked up in the running program (`dlsym`), so the same binary runs over any MPI.
//! They are used only if the library was started with fault tolerance: then Open MPI 5 sets the
//! attribute `MPI_FT` of the world to 1 (`mpirun --with-ft ulfm`). The `vote` decides what follows
//! a loss, and `membership` carries it out.
//!
//! Reference: W. Bland et al., "Post-failure recovery of MPI communication capability", IJHPCA 27
//! (2013); Open MPI's page "User-Level Fault Mitigation".

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use libloading::os::unix::Library;
use mpi::ffi::{self, MPI_Comm, MPI_Group};
use mpi::raw::{AsRaw, FromRaw};
use mpi::topology::SimpleCommunicator;

use super::request::is_good;

/// The attribute of the world that tells whether the job survives failures. It is in Open MPI 5's
/// `mpi.h`, and in no other header that this crate may be built with.
const MPI_FT: c_int = 12;

type OnComm = unsafe extern "C" fn(MPI_Comm) -> c_int;
type OnFlag = unsafe extern "C" fn(MPI_Comm, *mut c_int) -> c_int;
type ToComm = unsafe extern "C" fn(MPI_Comm, *mut MPI_Comm) -> c_int;
type ToGroup = unsafe extern "C" fn(MPI_Comm, *mut MPI_Group) -> c_int;

/// The calls on one communicator, in any state. Only from the thread that called `MPI_Init`, while
/// the communicator exists.
#[derive(Clone, Copy)]
pub struct Ulfm {
    comm: MPI_Comm,
    revoke: OnComm,
    agree: OnFlag,
    is_revoked: OnFlag,
    shrink: ToComm,
    failed: ToGroup,
}

/// Runs when a call of MPI fails; set by [`on_error`].
type Handler = fn();

thread_local! {
    /// Only one thread calls MPI.
    static ON_ERROR: Cell<Option<Handler>> = const { Cell::new(None) };
}

/// MPI's error handler of watched communicators. The failed call then returns.
unsafe extern "C" fn failed(_: *mut MPI_Comm, _: *mut c_int) {
    if let Some(handler) = ON_ERROR.get() {
        handler();
    }
}

/// From now on MPI calls `handler` after each failed call; `None`: nothing.
pub fn on_error(handler: Option<Handler>) {
    ON_ERROR.set(handler);
}

/// Must be called before `MPI_Init`, while this process has one thread. With fault tolerance, every
/// rank then learns at the start how to reach every other (`mpi_add_procs_cutoff`, unless the user
/// has set it). Otherwise Open MPI looks up a rank's address at the first message to it. For a dead
/// rank that was alone on its host it then waits for ever (5.0.11, 4 of 4).
pub fn prepare() {
    const REACH_ALL: &str = "OMPI_MCA_mpi_add_procs_cutoff";
    if std::env::var_os("OMPI_MCA_mpi_ft_enable").is_some() && std::env::var_os(REACH_ALL).is_none() {
        // SAFETY: no other thread could read the environment meanwhile.
        unsafe { std::env::set_var(REACH_ALL, u32::MAX.to_string()) };
    }
}

impl Ulfm {
    /// The calls, if the library has them and was started with fault tolerance.
    pub fn find(world: &SimpleCommunicator) -> Option<Ulfm> {
        let program = Library::this();
        // SAFETY: names and types are those of the ULFM specification; Open MPI stays loaded.
        let ulfm = unsafe {
            Ulfm {
                comm: world.as_raw(),
                revoke: *program.get::<OnComm>(b"MPIX_Comm_revoke\0").ok()?,
                agree: *program.get::<OnFlag>(b"MPIX_Comm_agree\0").ok()?,
                is_revoked: *program.get::<OnFlag>(b"MPIX_Comm_is_revoked\0").ok()?,
                shrink: *program.get::<ToComm>(b"MPIX_Comm_shrink\0").ok()?,
                failed: *program.get::<ToGroup>(b"MPIX_Comm_get_failed\0").ok()?,
            }
        };
        let (mut value, mut found): (*mut c_int, c_int) = (std::ptr::null_mut(), 0);
        // SAFETY: MPI writes the address of a number that it keeps, and whether there is one.
        let code =
            unsafe { ffi::MPI_Comm_get_attr(world.as_raw(), MPI_FT, (&raw mut value).cast::<c_void>(), &mut found) };
        // SAFETY: the attribute was found, so the address is that of its value.
        let is_on = is_good(code) && found != 0 && !value.is_null() && unsafe { *value } == 1;
        is_on.then_some(ulfm)
    }

    /// The same calls on another communicator.
    pub fn on(self, comm: &SimpleCommunicator) -> Ulfm {
        Ulfm { comm: comm.as_raw(), ..self }
    }

    /// Makes failed calls on this communicator (and on its duplicates) return, instead of ending
    /// the job (`MPI_Comm_set_errhandler`).
    pub fn watch(self) {
        let mut handler = std::mem::MaybeUninit::uninit();
        let function: unsafe extern "C" fn(*mut MPI_Comm, *mut c_int) = failed;
        // SAFETY: MPI passes these two arguments and more, which the function ignores (the C
        // calling convention allows it); the handler is written before it is used.
        unsafe {
            #[allow(clippy::missing_transmute_annotations)]
            ffi::MPI_Comm_create_errhandler(Some(std::mem::transmute(function)), handler.as_mut_ptr());
            ffi::MPI_Comm_set_errhandler(self.comm, handler.assume_init());
        }
    }

    /// Whether no rank is known to be lost, and no other rank has revoked the communicator (0.05 us
    /// on a Zen 4). This knowledge progresses inside calls of MPI.
    pub fn all_alive(self) -> bool {
        let (mut revoked, mut lost) = (0, 0);
        // SAFETY: a null handle is only a place to write to.
        let mut group = unsafe { ffi::RSMPI_GROUP_NULL };
        // SAFETY: the communicator exists; MPI writes a flag, and makes a group that is freed at
        // once.
        unsafe {
            (self.is_revoked)(self.comm, &mut revoked);
            if is_good((self.failed)(self.comm, &mut group)) {
                ffi::MPI_Group_size(group, &mut lost);
                ffi::MPI_Group_free(&mut group);
            }
        }
        revoked == 0 && lost == 0
    }

    /// Ends every pending wait in this communicator, on any rank, with an error
    /// (`MPIX_Comm_revoke`).
    pub fn revoke(self) {
        // SAFETY: the communicator is there.
        unsafe { (self.revoke)(self.comm) };
    }

    /// The bits that any living rank has set, the same at all of them, and whether no rank was lost
    /// (`MPIX_Comm_agree`). Every living rank must call it; waits by spinning.
    pub fn agree(self, bits: u32) -> (u32, bool) {
        // MPI combines the flags by AND.
        let mut flag = !bits as c_int;
        // SAFETY: the communicator exists; MPI reads and writes the flag.
        let code = unsafe { (self.agree)(self.comm, &mut flag) };
        (!flag as u32, is_good(code))
    }

    /// A watched communicator of the living ranks, in the same order (`MPIX_Comm_shrink`). Every
    /// living rank must call it; waits by spinning.
    pub fn shrink(self) -> Option<SimpleCommunicator> {
        // SAFETY: a null handle is only a place to write to.
        let mut living = unsafe { ffi::RSMPI_COMM_NULL };
        // SAFETY: the communicator exists; MPI writes the handle of a new one.
        let code = unsafe { (self.shrink)(self.comm, &mut living) };
        // SAFETY: a call that succeeded has made a communicator of processes.
        let living = is_good(code).then(|| unsafe { SimpleCommunicator::from_raw(living) })?;
        self.on(&living).watch();
        Some(living)
    }

    /// For each rank of this communicator, its number in another (`MPI_Group_translate_ranks`).
    pub fn numbers_in(self, other: Ulfm) -> Vec<usize> {
        let mut size = 0;
        // SAFETY: null handles are only places to write to.
        let (mut from, mut to) = unsafe { (ffi::RSMPI_GROUP_NULL, ffi::RSMPI_GROUP_NULL) };
        // SAFETY: both communicators exist, and MPI writes a number and two groups.
        unsafe {
            ffi::MPI_Comm_size(self.comm, &mut size);
            ffi::MPI_Comm_group(self.comm, &mut from);
            ffi::MPI_Comm_group(other.comm, &mut to);
        }
        let own: Vec<c_int> = (0..size).collect();
        let mut theirs = vec![0; own.len()];
        // SAFETY: both lists have `size` elements, and the groups were made above.
        unsafe {
            ffi::MPI_Group_translate_ranks(from, size, own.as_ptr(), to, theirs.as_mut_ptr());
            ffi::MPI_Group_free(&mut from);
            ffi::MPI_Group_free(&mut to);
        }
        theirs.into_iter().map(|rank| rank as usize).collect()
    }

    /// Waits for all ranks, by spinning (`MPI_Barrier`); all must be alive. Returns whether they
    /// arrived.
    pub fn barrier(self) -> bool {
        // SAFETY: the communicator is there.
        is_good(unsafe { ffi::MPI_Barrier(self.comm) })
    }

    /// This process's rank.
    pub fn rank(self) -> usize {
        let mut rank = 0;
        // SAFETY: the communicator exists, and MPI writes a number.
        unsafe { ffi::MPI_Comm_rank(self.comm, &mut rank) };
        rank as usize
    }
}
