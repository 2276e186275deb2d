//! The ranks of a program, over MPI or as threads: the only library here that knows MPI.
//!
//! It joins the ranks that a launcher started, refuses launches that cannot be right, and carries
//! the messages of `montesieve_engine`. It detects ranks that hang or die, and ends the job the
//! same way on all ranks. It does not know what is computed. Without the feature `mpi` the ranks
//! are threads of one process, and no MPI library is linked.
//!
//! [`Cluster`] is a concrete enum with one variant for each way to run: over MPI, or as threads of
//! one process. Both are a [`Transport`], whose methods have MPI's names (broadcast, scatter,
//! gather, send, receive) and return [`Lost`](montesieve_engine::transport::Lost) when a rank has
//! died. Rooted operations return `Some` at the root and `None` elsewhere. This replaces `if rank
//! == 0` in the rest of the program.
//!
//! Two rules hold in this crate. Every wait is *polite*: after a short spin it sleeps, so that a
//! waiting rank leaves its core to others (see [`backoff`]). Plain numbers travel as MPI datatypes;
//! only records of variable size are encoded (bincode) and travel as bytes.

pub mod abort;
mod agree;
pub mod aside;
pub mod backoff;
mod channel;
pub mod closed_streams;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod deadline;
pub mod error;
mod first_ranks;
pub mod flag;
mod forward;
pub mod heartbeat;
pub mod host_counters;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
pub mod launch;
mod launcher;
pub mod limits;
mod local;
pub mod losses;
#[cfg(feature = "mpi")]
mod membership;
pub mod memory;
mod messages;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod monitor;
#[cfg(feature = "mpi")]
mod mpi;
#[cfg(feature = "mpi")]
mod node_window;
#[cfg(feature = "mpi")]
pub mod one_sided;
#[cfg(feature = "mpi")]
mod order;
#[cfg(feature = "mpi")]
mod outbox;
pub mod place;
#[cfg(feature = "mpi")]
pub mod polite;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod raw_box;
#[cfg(feature = "mpi")]
mod request;
pub mod shared;
mod shared_words;
mod stall_limit;
pub mod stderr;
pub mod stdout;
pub mod stream;
mod sub_cluster;
pub mod system_file;
#[cfg(feature = "mpi")]
mod tag;
pub mod testing;
mod thread_watch;
#[cfg(feature = "mpi")]
mod ulfm;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod vote;

use std::ops::Deref;

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
pub use self::stall_limit::StallLimit;
pub use self::sub_cluster::SubCluster;
#[cfg(feature = "mpi")]
use self::tag::Tag;

/// The rank that scatters, reduces and reports.
pub(crate) const ROOT: u64 = 0;

/// The processes that run this program together.
#[derive(Debug)]
pub enum Cluster {
    /// Any number of ranks over MPI.
    #[cfg(feature = "mpi")]
    Mpi(Box<Mpi>),
    /// Threads of one process, without MPI.
    Local(Local),
}

/// A cluster is a transport and has its methods.
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
    /// The transport that carries the messages.
    pub fn transport(&self) -> &dyn Transport {
        &**self
    }

    /// Joins the other ranks (`MPI_Init_thread`). Without a launcher, or when built without MPI,
    /// the cluster is this process alone. Must be the first statement of `main`: from here on a
    /// panic on any rank ends the whole job.
    ///
    /// # Errors
    /// [`Error::Launch`] when MPI cannot be initialised.
    pub fn join() -> Result<Cluster> {
        let launch = Launch::detect();
        abort::catch_panics();
        launch.die_with_launcher();
        #[cfg(feature = "mpi")]
        if launch.is_launched() && launch.is_understood_by(&mpi::library(), mpi::speaks_pmix()) {
            return Mpi::join(launch).map(|mpi| Cluster::Mpi(Box::new(mpi)));
        }
        Ok(Cluster::Local(Local::alone(launch)))
    }

    /// Refuses to run as N worlds of one rank. The wrong launcher turns `-n N` into that, with N
    /// answers and exit code 0.
    ///
    /// # Errors
    /// [`Error::Launch`] with advice; [`Error::Reported`] on all but the launcher's first process.
    pub fn check_launch(&self) -> Result<()> {
        let refusal = self.launch().check(self.size(), self.library().as_deref());
        if matches!(refusal, Err(Error::Reported { .. })) {
            // The launcher ends all processes as soon as one fails, so the first must print its
            // message before.
            std::thread::sleep(launch::SILENCE);
        }
        refusal
    }

    /// Initialises MPI without a launcher: this process becomes the only rank of its world
    /// (singleton `MPI_Init`; MPI 3.1, 10.5.2). For commands that call MPI themselves. Does nothing
    /// if MPI is initialised.
    ///
    /// # Errors
    /// [`Error::Launch`] without the feature `mpi`, and under a launcher that the MPI library does
    /// not understand.
    pub fn start_mpi(&mut self) -> Result<()> {
        #[cfg(feature = "mpi")]
        if let Cluster::Local(local) = self {
            if !local.launch().is_alone() {
                return Err(Error::Launch(format!(
                    "this needs MPI, and {} does not know the launcher of this process",
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

    /// The communicator of all ranks, for code written directly on rsmpi; `None` if MPI is not
    /// initialised.
    #[cfg(feature = "mpi")]
    pub fn communicator(&self) -> Option<&::mpi::topology::SimpleCommunicator> {
        match self {
            Cluster::Mpi(mpi) => Some(mpi.world()),
            Cluster::Local(_) => None,
        }
    }

    /// From here on a rank that is silent for `stall` ends the job; zero means that ranks may be
    /// silent for ever. Every rank must call it.
    ///
    /// # Errors
    /// As [`Cluster::gather_records`].
    pub fn watch(&self, stall: StallLimit) -> Result<()> {
        #[cfg(feature = "mpi")]
        if matches!(self, Cluster::Mpi(mpi) if mpi.size() > 1) {
            let all = self.gather_records(&place::host())?;
            let roots = self.broadcast(self.at_root(place::host))?;
            heartbeat::watch(stall, all.unwrap_or_else(|| vec![roots]));
        }
        // Threads are watched from their start (see `Cluster::run_on_threads`).
        let _ = stall;
        Ok(())
    }

    /// How this process was started.
    pub fn launch(&self) -> &Launch {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => mpi.launch(),
            Cluster::Local(local) => local.launch(),
        }
    }

    /// The MPI library that this program is linked with (`MPI_Get_library_version`, first line), if
    /// any.
    pub fn library(&self) -> Option<String> {
        #[cfg(feature = "mpi")]
        return Some(mpi::library());
        #[cfg(not(feature = "mpi"))]
        None
    }

    /// Whether the root sees the end of its standard input. Under the `mpirun` of Open MPI 5 it
    /// never does (5.0.11).
    pub fn sees_end_of_stdin(&self) -> bool {
        let library = self.library().unwrap_or_default();
        !(self.launch().launcher == Some("Open MPI mpirun") && library.starts_with("Open MPI 5"))
    }

    /// The version of the MPI standard that the library implements (`MPI_Get_version`).
    pub fn standard(&self) -> Option<String> {
        #[cfg(feature = "mpi")]
        return Some(mpi::standard());
        #[cfg(not(feature = "mpi"))]
        None
    }

    /// The number of ranks in this process.
    pub fn threads(&self) -> u64 {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => 1,
            Cluster::Local(local) => local.size(),
        }
    }

    /// Returns `Some(f())` at the root, `None` elsewhere. Sends no message.
    pub fn at_root<T>(&self, f: impl FnOnce() -> T) -> Option<T> {
        (self.rank() == ROOT).then(f)
    }

    /// Sends the root's record to every rank (`MPI_Bcast` of its length, then of its bytes). Every
    /// rank must call it; the root passes `Some`, the others `None`; all get the record.
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

    /// Opens a channel (`MPI_Comm_dup`), for a job whose ranks exchange messages outside the
    /// engine. Every rank must call it; `None` if there are no other ranks.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn channel(&self) -> Result<Option<Channel>> {
        (self.size() > 1).then(|| Channel::open(self)).transpose()
    }
}
