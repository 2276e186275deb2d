//! The cluster over MPI, through rsmpi. Every wait tests in a polite loop (see `backoff`).

mod finalize;
mod library;
mod losses;
mod messages;
mod transport;

use std::rc::Rc;

use montesieve_engine::transport::{Lost, Transport};
use mpi::environment::Universe;
use mpi::ffi;
use mpi::point_to_point::Status;
use mpi::request::{Request as Pending, Scope};
use mpi::topology::{Color, SimpleCommunicator};
use mpi::traits::*;

pub use self::library::{library, speaks_pmix, standard};
use super::backoff::ProgressBackoff;
use super::heartbeat::{self, Waiting};
use super::launch::Launch;
use super::membership::{self, Membership};
use super::node_window::{NodeWindows, WritableWindow};
use super::outbox::Outbox;
use super::request;
use super::ulfm;
use crate::error::{Error, Result};

/// The world of all ranks, or a sub-cluster.
pub struct Mpi {
    // Declared before the universe, so that they are dropped first.
    outbox: Outbox,
    windows: NodeWindows,
    world: SimpleCommunicator,
    launch: Launch,
    /// `None` if MPI was started without fault tolerance, and in a sub-cluster.
    membership: Option<Rc<Membership>>,
    /// `None` in a sub-cluster, which is dropped before the whole.
    _universe: Option<Universe>,
}

/// For a program that returns without `leave`. Communicators must not be freed after
/// `MPI_Finalize`, and thread-local values outlive this.
impl Drop for Mpi {
    fn drop(&mut self) {
        if self._universe.is_some() {
            heartbeat::stop();
        }
    }
}

impl std::fmt::Debug for Mpi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {}", self.rank(), self.size())
    }
}

/// Rank and size, for code without an [`Mpi`]; `None` before `MPI_Init` and after `MPI_Finalize`.
pub fn world() -> Option<(u64, u64)> {
    is_up().then(|| {
        let world = SimpleCommunicator::world();
        (world.rank() as u64, world.size() as u64)
    })
}

/// `MPI_Abort` on the world, if MPI is initialised. With fault tolerance that would end only this
/// process, so all ranks agree to leave instead.
pub fn abort(code: u8) {
    if is_up() {
        membership::leave_together(code);
        SimpleCommunicator::world().abort(i32::from(code));
    }
}

fn is_up() -> bool {
    let (mut begun, mut over) = (0, 0);
    // SAFETY: both may be called at any time, even before MPI_Init and after MPI_Finalize.
    unsafe {
        ffi::MPI_Initialized(&mut begun);
        ffi::MPI_Finalized(&mut over);
    }
    begun != 0 && over == 0
}

impl Mpi {
    /// `MPI_Init_thread`: only the main thread calls MPI.
    pub fn join(launch: Launch) -> Result<Mpi> {
        ulfm::prepare();
        let (universe, _) = mpi::initialize_with_threading(mpi::Threading::Funneled)
            .ok_or_else(|| Error::Launch("MPI is initialised already".into()))?;
        let (outbox, windows) = (Outbox::default(), NodeWindows::default());
        let world = universe.world();
        let mut mpi = Mpi { outbox, windows, world, launch, membership: None, _universe: Some(universe) };
        mpi.find_membership()?;
        heartbeat::start(&mpi.world);
        Ok(mpi)
    }

    /// Starts a request, and waits politely until it is complete.
    fn wait<'a, D: ?Sized + 'a, S: Scope<'a>>(
        &self,
        what: Waiting,
        start: impl FnOnce() -> Pending<'a, D, S>,
    ) -> std::result::Result<Status, Lost> {
        self.wait_for(what, 0, start)
    }

    /// As `wait`, for a message from rank `from`.
    ///
    /// In a world with a loss a call fails without making a request, and rsmpi does not notice. So
    /// this checks for losses first.
    fn wait_for<'a, D: ?Sized + 'a, S: Scope<'a>>(
        &self,
        what: Waiting,
        from: u64,
        start: impl FnOnce() -> Pending<'a, D, S>,
    ) -> std::result::Result<Status, Lost> {
        self.check_no_loss()?;
        // SAFETY: the request is complete when this returns, and its buffers are borrowed until
        // then.
        let (request, _data, _scope) = unsafe { start().into_raw() };
        let _wait = heartbeat::waiting_for(what, from);
        let status = request::complete_while(request, ProgressBackoff::new(), || self.look());
        self.check_no_loss().map(|()| status)
    }

    /// The first `ranks` ranks (`MPI_Comm_split`). That call spins, so all ranks first wait in a
    /// polite barrier.
    pub fn first(&self, ranks: u64) -> std::result::Result<Option<Mpi>, Lost> {
        self.barrier()?;
        let color = if self.rank() < ranks { Color::with_value(0) } else { Color::undefined() };
        let world = self.world.split_by_color_with_key(color, self.world.rank());
        let (outbox, windows) = (Outbox::default(), NodeWindows::default());
        let launch = self.launch.clone();
        Ok(world.map(|world| Mpi { outbox, windows, world, launch, membership: None, _universe: None }))
    }

    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    pub fn world(&self) -> &SimpleCommunicator {
        &self.world
    }

    /// Opens no window if the job survives losses: shared memory cannot be freed without the dead
    /// ranks.
    pub fn open_window(&self, words: usize) -> Result<Option<WritableWindow<'_>>> {
        if self.membership().is_some_and(Membership::survives_losses) {
            return Ok(None);
        }
        self.windows.open(&self.world, words)
    }

    pub fn most_shared_bytes(&self) -> u64 {
        self.windows.most_bytes()
    }
}
