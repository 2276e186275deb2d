//! The ranks of a program, over MPI or as threads: the only crate here that knows MPI.
//!
//! It joins the ranks that a launcher started, refuses a launch that cannot be right, carries the
//! messages of `montesieve_engine`, notices ranks that hang or die, and ends the job in one way on
//! all ranks. It knows nothing of what is computed. Without the feature `mpi` the ranks are threads
//! of one process, and there is no MPI library.
//!
//! [`Cluster`] is a concrete enum, one variant a way of running: over MPI, or as threads of one
//! process without any MPI library. Either is a [`Transport`], whose methods have MPI's own words
//! (broadcast, scatter, gather, send, receive) and say [`Lost`](montesieve_engine::transport::Lost)
//! where a rank has died. Rooted operations give `Some` at the root and `None` elsewhere, which
//! replaces `if rank == 0` in the rest of the program.
//!
//! Two rules hold for every wait in this crate. It is *polite*: after a short spin it sleeps, so
//! that ranks which share a core do not burn it (see [`patience`]). And plain numbers travel as MPI
//! datatypes; only records of variable size are encoded (bincode) and travel as bytes.

mod agree;
pub mod aside;
mod channel;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod deadline;
pub mod early;
pub mod ending;
pub mod error;
mod first;
pub mod flag;
mod forward;
pub mod heartbeat;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod held;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
pub mod launch;
mod launcher;
pub mod limits;
mod local;
pub mod losses;
pub mod memory;
mod messages;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod monitor;
#[cfg(feature = "mpi")]
mod mpi;
#[cfg(feature = "mpi")]
pub mod one_sided;
#[cfg(feature = "mpi")]
mod order;
#[cfg(feature = "mpi")]
mod outbox;
mod part;
pub mod patience;
pub mod place;
#[cfg(feature = "mpi")]
pub mod polite;
#[cfg(feature = "mpi")]
mod request;
pub mod shared;
pub mod stderr;
pub mod stdout;
pub mod stream;
#[cfg(feature = "mpi")]
mod survivors;
#[cfg(feature = "mpi")]
mod tag;
pub mod testing;
#[cfg(feature = "mpi")]
mod ulfm;
pub mod vitals;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod vote;
mod watched;
#[cfg(feature = "mpi")]
mod window;
mod words;

use std::ops::Deref;
use std::time::Duration;

use montesieve_engine::record;
use montesieve_engine::transport::Transport;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::channel::Channel;
pub use self::error::{Error, Result};
use self::launch::Launch;
use self::local::Local;
#[cfg(feature = "mpi")]
use self::mpi::Mpi;
pub use self::part::Part;
#[cfg(feature = "mpi")]
use self::tag::Tag;

/// The rank that scatters, reduces and reports.
pub(crate) const ROOT: u64 = 0;

/// The processes that run this program together.
#[derive(Debug)]
pub enum Cluster {
    /// Over MPI, any number of ranks.
    #[cfg(feature = "mpi")]
    Mpi(Box<Mpi>),
    /// Threads of one process, no MPI.
    Local(Local),
}

/// A cluster is a transport, whose methods it has.
impl Deref for Cluster {
    type Target = dyn Transport;

    fn deref(&self) -> &(dyn Transport + 'static) {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => &**mpi,
            Cluster::Local(local) => &**local.transport(),
        }
    }
}

impl Cluster {
    /// What carries the messages.
    pub fn transport(&self) -> &dyn Transport {
        &**self
    }

    /// Joins the other ranks (`MPI_Init_thread`), or is one rank in one process where no launcher
    /// is in sight or MPI was not built in. The first statement of `main`: from here on a panic on
    /// any rank ends the whole job.
    ///
    /// # Errors
    /// [`Error::Launch`] when MPI cannot be initialised.
    pub fn join() -> Result<Cluster> {
        let launch = Launch::detect();
        ending::catch_panics();
        launch.die_with_launcher();
        #[cfg(feature = "mpi")]
        if launch.is_launched() && launch.is_understood_by(&mpi::library(), mpi::speaks_pmix()) {
            return Mpi::join(launch).map(|mpi| Cluster::Mpi(Box::new(mpi)));
        }
        Ok(Cluster::Local(Local::alone(launch)))
    }

    /// Refuses to run as N worlds of one rank: what the wrong launcher makes of `-n N`, with exit
    /// code 0 and N answers.
    ///
    /// # Errors
    /// [`Error::Launch`] with what to do about it; silent ([`Error::Told`]) on all but the
    /// launcher's first process.
    pub fn check_launch(&self) -> Result<()> {
        let refusal = self.launch().check(self.size(), self.library().as_deref());
        if matches!(refusal, Err(Error::Told { .. })) {
            // The launcher ends all processes when one has failed: the first must have spoken.
            std::thread::sleep(launch::SILENCE);
        }
        refusal
    }

    /// Initialises MPI where no launcher is in sight: this process becomes the only rank of a world
    /// of its own (singleton `MPI_Init`; MPI 3.1, 10.5.2). For commands that call MPI themselves.
    /// Does nothing where MPI is initialised.
    ///
    /// # Errors
    /// [`Error::Launch`] without the feature `mpi`, and where a launcher is in sight that the MPI
    /// library does not understand.
    pub fn start_mpi(&mut self) -> Result<()> {
        #[cfg(feature = "mpi")]
        if let Cluster::Local(local) = self {
            if !local.launch().is_alone() {
                return Err(Error::Launch(format!(
                    "this needs MPI, and {} does not understand the launcher that is in sight here",
                    mpi::library()
                )));
            }
            *self = Cluster::Mpi(Box::new(Mpi::join(local.launch().clone())?));
        }
        if cfg!(feature = "mpi") {
            Ok(())
        } else {
            Err(Error::Launch("this needs MPI, and this montesieve was built without it (feature 'mpi')".into()))
        }
    }

    /// The communicator of all ranks, for code that is written on rsmpi itself; `None` where MPI is
    /// not initialised.
    #[cfg(feature = "mpi")]
    pub fn communicator(&self) -> Option<&::mpi::topology::SimpleCommunicator> {
        match self {
            Cluster::Mpi(mpi) => Some(mpi.world()),
            Cluster::Local(_) => None,
        }
    }

    /// From here on a rank that is silent for `limit` ends the job; zero: it may be silent for
    /// ever. Every rank must call it.
    ///
    /// # Errors
    /// As [`Cluster::gather_records`].
    pub fn watch(&self, limit: Duration) -> Result<()> {
        #[cfg(feature = "mpi")]
        if matches!(self, Cluster::Mpi(mpi) if mpi.size() > 1) {
            let all = self.gather_records(&place::host())?;
            let roots = self.broadcast(self.at_root(place::host))?;
            heartbeat::watch(limit, all.unwrap_or_else(|| vec![roots]));
        }
        // Threads are watched from their start: see `Cluster::spread`.
        let _ = limit;
        Ok(())
    }

    /// How we were started.
    pub fn launch(&self) -> &Launch {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => mpi.launch(),
            Cluster::Local(local) => local.launch(),
        }
    }

    /// The MPI library that is built in (`MPI_Get_library_version`, first line), if there is one.
    pub fn library(&self) -> Option<String> {
        #[cfg(feature = "mpi")]
        return Some(mpi::library());
        #[cfg(not(feature = "mpi"))]
        None
    }

    /// Whether the root's standard input comes to an end: under the `mpirun` of Open MPI 5 it never
    /// does (5.0.11).
    pub fn sees_the_end_of_input(&self) -> bool {
        let library = self.library().unwrap_or_default();
        !(self.launch().launcher == Some("Open MPI mpirun") && library.starts_with("Open MPI 5"))
    }

    /// The version of the MPI standard that the library follows (`MPI_Get_version`).
    pub fn standard(&self) -> Option<String> {
        #[cfg(feature = "mpi")]
        return Some(mpi::standard());
        #[cfg(not(feature = "mpi"))]
        None
    }

    /// The ranks in this process.
    pub fn threads(&self) -> u64 {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => 1,
            Cluster::Local(local) => local.size(),
        }
    }

    /// `Some(f())` at the root, `None` elsewhere. No message is sent.
    pub fn at_root<T>(&self, f: impl FnOnce() -> T) -> Option<T> {
        (self.rank() == ROOT).then(f)
    }

    /// Sends the root's record to every rank (`MPI_Bcast`: its length, then its bytes). Every rank
    /// must call it; the root passes `Some`, the others `None`; all get the record.
    ///
    /// # Errors
    /// [`Error::Lost`]; [`Error::Run`] when the record cannot be encoded or decoded.
    pub fn broadcast<T: Serialize + DeserializeOwned>(&self, value: Option<T>) -> Result<T> {
        let bytes = self.transport().broadcast(value.map(|value| record::encode(&value)).transpose()?)?;
        Ok(record::decode(&bytes)?)
    }

    /// Collects a record from every rank, in rank order, at the root (`MPI_Gather` of the lengths,
    /// then `MPI_Gatherv` of the bytes). Every rank must call it; the root gets `Some`.
    ///
    /// # Errors
    /// [`Error::Lost`]; [`Error::Run`] when a record cannot be encoded or decoded.
    pub fn gather_records<T: Serialize + DeserializeOwned>(&self, mine: &T) -> Result<Option<Vec<T>>> {
        let all = self.gather(record::encode(mine)?)?;
        Ok(all
            .map(|all| all.iter().map(|bytes| record::decode(bytes)).collect::<montesieve_engine::Result<_>>())
            .transpose()?)
    }

    /// Opens a channel (`MPI_Comm_dup`), for a job whose ranks talk besides the engine. Every rank
    /// must call it; `None` where there are no other ranks.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn channel(&self) -> Result<Option<Channel>> {
        (self.size() > 1).then(|| Channel::open(self)).transpose()
    }
}
