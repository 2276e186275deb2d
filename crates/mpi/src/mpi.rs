//! The cluster over MPI, through rsmpi. Every wait is a test in a polite loop (see `patience`).

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
use super::heartbeat::{self, Waiting};
use super::launch::Launch;
use super::outbox::Outbox;
use super::patience::Patience;
use super::request;
use super::survivors::{self, Survivors};
use super::ulfm;
use super::window::{Open, Windows};
use crate::error::{Error, Result};

/// The world of all ranks, or a part of it.
pub struct Mpi {
    // Before the universe, so that they go first.
    outbox: Outbox,
    windows: Windows,
    world: SimpleCommunicator,
    launch: Launch,
    /// Where MPI was started for losses; `None` in a part.
    survivors: Option<Rc<Survivors>>,
    /// `None` in a part, which ends before the whole.
    _universe: Option<Universe>,
}

/// For a program that just returns. Communicators must not be freed after `MPI_Finalize`, and what
/// belongs to the thread outlives this.
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

/// Rank and size for whoever has no [`Mpi`] at hand; `None` before and after MPI.
pub fn world() -> Option<(u64, u64)> {
    is_up().then(|| {
        let world = SimpleCommunicator::world();
        (world.rank() as u64, world.size() as u64)
    })
}

/// `MPI_Abort` on the world, if MPI is up. Where MPI was started for losses that would end this
/// process alone: all agree to leave instead.
pub fn abort(code: u8) {
    if is_up() {
        survivors::leave_together(code);
        SimpleCommunicator::world().abort(i32::from(code));
    }
}

fn is_up() -> bool {
    let (mut begun, mut over) = (0, 0);
    // SAFETY: both may be called at any time, before MPI_Init and after MPI_Finalize.
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
        let (outbox, windows) = (Outbox::default(), Windows::default());
        let world = universe.world();
        let mut mpi = Mpi { outbox, windows, world, launch, survivors: None, _universe: Some(universe) };
        mpi.find_survivors()?;
        heartbeat::start(&mpi.world);
        Ok(mpi)
    }

    /// Begins a request, and waits politely until it is complete.
    fn wait<'a, D: ?Sized + 'a, S: Scope<'a>>(
        &self,
        what: Waiting,
        begin: impl FnOnce() -> Pending<'a, D, S>,
    ) -> std::result::Result<Status, Lost> {
        self.wait_for(what, 0, begin)
    }

    /// The same, for what comes from this rank.
    ///
    /// In a world that has lost somebody a call fails without having made a request, which rsmpi
    /// does not see: so it is asked before.
    fn wait_for<'a, D: ?Sized + 'a, S: Scope<'a>>(
        &self,
        what: Waiting,
        from: u64,
        begin: impl FnOnce() -> Pending<'a, D, S>,
    ) -> std::result::Result<Status, Lost> {
        self.check_whole()?;
        // SAFETY: it is completed before this returns, and what it reads and writes is borrowed
        // until then.
        let (request, _data, _scope) = unsafe { begin().into_raw() };
        let _wait = heartbeat::waiting_for(what, from);
        let status = request::complete_while(request, Patience::new(), || self.look());
        self.check_whole().map(|()| status)
    }

    /// The first `ranks` ranks (`MPI_Comm_split`, which waits by spinning: so all ranks meet in a
    /// polite barrier before it).
    pub fn first(&self, ranks: u64) -> std::result::Result<Option<Mpi>, Lost> {
        self.barrier()?;
        let color = if self.rank() < ranks { Color::with_value(0) } else { Color::undefined() };
        let world = self.world.split_by_color_with_key(color, self.world.rank());
        let (outbox, windows) = (Outbox::default(), Windows::default());
        let launch = self.launch.clone();
        Ok(world.map(|world| Mpi { outbox, windows, world, launch, survivors: None, _universe: None }))
    }

    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    pub fn world(&self) -> &SimpleCommunicator {
        &self.world
    }

    /// No window where losses are survived: what ranks of a node share cannot be taken apart
    /// without the dead.
    pub fn open_window(&self, words: usize) -> Result<Option<Open<'_>>> {
        if self.survivors().is_some_and(Survivors::outlives) {
            return Ok(None);
        }
        self.windows.open(&self.world, words)
    }

    pub fn most_shared_bytes(&self) -> u64 {
        self.windows.most_bytes()
    }
}
