//! The contract between the engine and the code that carries its messages.
//!
//! Threads of one process implement it ([`threads`](crate::threads)); a program that uses MPI
//! brings its own.
//!
//! A transport needs seven methods: the rank, the number of ranks, the clock, and how to send,
//! poll, wait, and test that messages have left. The collectives have default forms over these; MPI
//! brings its own.
//!
//! Two rules:
//! - *Messages of one channel between two ranks arrive in the order in which they were sent.*
//!   Nothing else about order is promised: a message of a third rank, or of another channel, may
//!   overtake it.
//! - *Every wait pauses.* A rank that waits calls [`Transport::pause`] between two polls; no
//!   transport blocks anywhere else. There a real transport yields and sleeps, and a simulated one
//!   lets other ranks run and virtual time pass.

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use crate::background::{Background, BackgroundThread};
use crate::backoff::Backoff;
use crate::disk::{Disk, FileSystem};
use crate::replay_log::ReplayLog;
use crate::signals::Signals;

/// The rank that scatters, reduces and reports.
pub const ROOT: u64 = 0;

/// A rank died while this one lives: communication through this transport has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rank was lost")]
pub struct Lost;

/// A rank that has been silent for too long: a sentence that names it and its host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Silent(pub String);

/// Separate streams of messages: polling one returns nothing of the others. (MPI: communicators of
/// the same ranks.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// The engine's: asking for blocks, giving them, reports, the end of a round.
    Round,
    /// Default forms of the collectives.
    Collective,
    /// Other messages between the ranks of a [`Job`](crate::Job).
    Job,
    /// Messages that show which ranks are alive ([`liveness`](crate::liveness)).
    Liveness,
}

impl Channel {
    /// All channels.
    pub const ALL: [Channel; 4] = [Channel::Round, Channel::Collective, Channel::Job, Channel::Liveness];
}

/// A message that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The rank that sent it.
    pub from: u64,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// A value that ranks of one process share.
pub type SharedValue = Arc<dyn Any + Send + Sync>;

/// One rank's view of the ranks that run a program together.
///
/// Once a rank is known to have died, every method that communicates returns [`Lost`], sooner or
/// later at every rank, and from then on. So no wait for a rank that has given up lasts for ever.
pub trait Transport {
    /// This rank's number, from 0 (`MPI_Comm_rank`).
    fn rank(&self) -> u64;

    /// The number of ranks (`MPI_Comm_size`).
    fn size(&self) -> u64;

    /// Sends `bytes` to rank `to`, which may be this one. Returns at once and keeps them until they
    /// have left (`MPI_Isend`).
    ///
    /// # Errors
    /// [`Lost`].
    ///
    /// # Panics
    /// When there is no rank `to`.
    fn send(&self, to: u64, channel: Channel, bytes: Vec<u8>) -> Result<(), Lost>;

    /// Returns the next message of `channel` that has arrived, from rank `from` or from any; `None`
    /// when there is none yet (`MPI_Iprobe`, `MPI_Irecv`). Waits only for the rest of a long
    /// message that has begun to arrive.
    ///
    /// # Errors
    /// [`Lost`]. Also when rank `from` is known to have returned (threads know) and all its
    /// messages are received: waiting for another would never end.
    fn poll(&self, channel: Channel, from: Option<u64>) -> Result<Option<Incoming>, Lost>;

    /// Whether everything that this rank sent, by `channel` or by any, has left it
    /// (`MPI_Testsome`). Never waits. A rank that ends earlier may lose messages. A message may
    /// leave only when its receiver polls: a rank that waits for this must know that the receiver
    /// still polls the channel.
    ///
    /// # Errors
    /// [`Lost`].
    fn all_sent(&self, channel: Option<Channel>) -> Result<bool, Lost>;

    /// The time. Only differences matter.
    fn now(&self) -> Instant;

    /// Pauses in a wait; the pause grows with `backoff`. It should end when a message arrives, but
    /// this is not promised. A simulated transport returns when a message has arrived or at
    /// `until`; without `until`, a wait that nothing can end is a deadlock. Real transports may
    /// return at any time.
    ///
    /// # Errors
    /// [`Lost`].
    fn pause(&self, backoff: &mut Backoff, until: Option<Instant>) -> Result<(), Lost>;

    /// This rank's number at the start of the program, before others were lost.
    fn original_rank(&self) -> u64 {
        self.rank()
    }

    /// Fails when a rank has been silent for too long, where ranks are watched.
    ///
    /// # Errors
    /// [`Silent`].
    fn check_alive(&self) -> Result<(), Silent> {
        Ok(())
    }

    /// Makes sure that no rank was lost, with the same answer at every rank (`MPIX_Comm_agree`):
    /// everything received by then is valid. Every rank must call it. Costs nothing where losses
    /// are not survived.
    ///
    /// # Errors
    /// [`Lost`].
    fn confirm_all_alive(&self) -> Result<(), Lost> {
        Ok(())
    }

    /// Where losses are survived: the log of a command that may restart.
    fn replay_log(&self) -> Option<&ReplayLog> {
        None
    }

    /// Reports progress of this rank: it has computed `blocks` blocks, or waits for a disk or a
    /// reader rather than for a rank. Real time passes by itself; a simulated transport lets
    /// virtual time pass here, and other ranks run.
    ///
    /// # Errors
    /// [`Lost`].
    fn computed(&self, blocks: u64) -> Result<(), Lost> {
        let _ = blocks;
        Ok(())
    }

    /// Where all ranks belong to one process: keeps `value` until `takers` ranks have taken it, and
    /// returns its number. `None` elsewhere.
    fn lend(&self, value: SharedValue, takers: u64) -> Option<u64> {
        let _ = (value, takers);
        None
    }

    /// Takes the value that a rank has lent under this number; once per rank.
    fn take_lent(&self, number: u64) -> Option<SharedValue> {
        let _ = number;
        None
    }

    /// Gives every rank the root's value itself, not a copy, where all ranks belong to one process;
    /// `None` elsewhere. Every rank must call it; the root passes `Some`, the others `None`.
    ///
    /// # Errors
    /// [`Lost`].
    fn share(&self, value: Option<SharedValue>) -> Result<Option<SharedValue>, Lost> {
        let number = value.map(|value| self.lend(value, self.size()).unwrap_or(u64::MAX));
        let bytes = self.broadcast(number.map(|number| number.to_le_bytes().to_vec()))?;
        Ok(self.take_lent(collectives::number(&bytes)))
    }

    /// A worker beside this rank, for slow disks and readers: a thread of this name, or its
    /// counterpart in a simulation.
    ///
    /// # Errors
    /// When the system refuses the thread.
    fn background(&self, name: &str) -> io::Result<Arc<dyn Background>> {
        Ok(Arc::new(BackgroundThread::begin(name)?))
    }

    /// The signals of a rank that shares its process with others, in a simulation; `None`
    /// elsewhere: a process has its own.
    fn own_signals(&self) -> Option<Signals> {
        None
    }

    /// The disk for this rank's checkpoints.
    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(FileSystem)
    }

    /// Waits for the next message of `channel` from rank `from` (`MPI_Recv`).
    ///
    /// # Errors
    /// As [`Transport::poll`].
    fn receive(&self, channel: Channel, from: u64) -> Result<Vec<u8>, Lost> {
        let mut backoff = Backoff::new();
        loop {
            if let Some(message) = self.poll(channel, Some(from))? {
                return Ok(message.bytes);
            }
            self.pause(&mut backoff, None)?;
        }
    }

    /// Waits until everything that this rank sent, by `channel` or by any, has left it
    /// (`MPI_Waitall`).
    ///
    /// # Errors
    /// [`Lost`].
    fn flush(&self, channel: Option<Channel>) -> Result<(), Lost> {
        let mut backoff = Backoff::new();
        while !self.all_sent(channel)? {
            self.pause(&mut backoff, None)?;
        }
        Ok(())
    }

    /// Waits until every rank has called it (`MPI_Ibarrier`). Every rank must call it.
    ///
    /// # Errors
    /// [`Lost`].
    fn barrier(&self) -> Result<(), Lost> {
        self.max(0).map(drop)
    }

    /// Gives every rank the root's bytes (`MPI_Ibcast`). Every rank must call it; the root passes
    /// `Some`, the others `None`.
    ///
    /// The default form is a binomial tree: O(log ranks) steps.
    ///
    /// # Errors
    /// [`Lost`].
    ///
    /// # Panics
    /// When the root passes `None`.
    fn broadcast(&self, bytes: Option<Vec<u8>>) -> Result<Vec<u8>, Lost> {
        collectives::broadcast(self, bytes)
    }

    /// Gives each rank its own pair of the root's list (`MPI_Iscatter` of `MPI_UINT64_T`). Every
    /// rank must call it; the root passes `Some` of one pair for each rank, the others `None`.
    ///
    /// # Errors
    /// [`Lost`].
    ///
    /// # Panics
    /// When the root's list does not have one pair for each rank.
    fn scatter(&self, pairs: Option<&[[u64; 2]]>) -> Result<[u64; 2], Lost> {
        collectives::scatter(self, pairs)
    }

    /// Collects the bytes of every rank, in rank order, at the root (`MPI_Igatherv`). Every rank
    /// must call it; the root gets `Some` of one vector for each rank.
    ///
    /// # Errors
    /// [`Lost`].
    fn gather(&self, bytes: Vec<u8>) -> Result<Option<Vec<Vec<u8>>>, Lost> {
        collectives::gather(self, bytes)
    }

    /// The sum of every rank's numbers, modulo 2^64, at the root (`MPI_Ireduce`, `MPI_SUM`). Every
    /// rank must call it; the root gets `Some`.
    ///
    /// # Errors
    /// [`Lost`].
    fn sum(&self, mine: u64) -> Result<Option<u64>, Lost> {
        collectives::reduce(self, mine, u64::wrapping_add)
    }

    /// The largest of every rank's numbers, at every rank (`MPI_Iallreduce`, `MPI_MAX`). Every rank
    /// must call it.
    ///
    /// # Errors
    /// [`Lost`].
    fn max(&self, mine: u64) -> Result<u64, Lost> {
        let largest = collectives::reduce(self, mine, u64::max)?;
        let bytes = self.broadcast(largest.map(|number| number.to_le_bytes().to_vec()))?;
        Ok(collectives::number(&bytes))
    }
}

mod collectives;
