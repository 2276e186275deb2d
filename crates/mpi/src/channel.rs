//! A channel of its own: messages that cannot meet those of the rest of the program.
//!
//! Stands beside the transport's channels, which the engine uses. A library, or a part of a program
//! that talks for itself, duplicates the communicator (`MPI_Comm_dup`): the copy has the same
//! ranks, and its messages are seen by those who have the copy alone. Threads have one channel for
//! jobs.

use montesieve_engine::transport;

use super::Cluster;
use super::heartbeat::{self, Waiting};
use super::local::Local;
use super::patience::Patience;
use crate::error::Result;

/// Where two numbers at a time can be sent to any rank.
pub enum Channel {
    /// Over MPI.
    #[cfg(feature = "mpi")]
    Mpi(copy::Copy),
    /// Between threads.
    Local(Local),
}

impl Channel {
    /// Opens one. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn open(cluster: &Cluster) -> Result<Channel> {
        Ok(match cluster {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => Channel::Mpi(copy::Copy::of(mpi)?),
            Cluster::Local(local) => Channel::Local(local.clone()),
        })
    }

    /// Sends two numbers (`MPI_Isend`); returns at once.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn send(&self, to: u64, numbers: [u64; 2]) -> Result<()> {
        match self {
            #[cfg(feature = "mpi")]
            Channel::Mpi(copy) => copy.send(to, numbers)?,
            Channel::Local(local) => {
                local.transport().send(to, transport::Channel::Job, numbers.map(u64::to_le_bytes).concat())?;
            }
        }
        Ok(())
    }

    /// The sender and the numbers of a message that has arrived, if there is one (`MPI_Iprobe`,
    /// `MPI_Recv`).
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn take(&self) -> Result<Option<(u64, [u64; 2])>> {
        Ok(match self {
            #[cfg(feature = "mpi")]
            Channel::Mpi(copy) => copy.take()?,
            Channel::Local(local) => local.transport().poll(transport::Channel::Job, None)?.map(|message| {
                let numbers: &[[u8; 8]] = message.bytes.as_chunks().0;
                (message.from, [0, 1].map(|i| u64::from_le_bytes(numbers[i])))
            }),
        })
    }

    /// The next message; waits for it politely.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn wait(&self) -> Result<(u64, [u64; 2])> {
        let _wait = heartbeat::waiting_for(Waiting::Message, u64::MAX);
        let mut patience = Patience::new();
        loop {
            if let Some(message) = self.take()? {
                return Ok(message);
            }
            // What was sent moves on only when MPI is called.
            self.all_sent()?;
            self.pause(&mut patience)?;
        }
    }

    /// Waits until everything sent has left.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn flush(&self) -> Result<()> {
        let _wait = heartbeat::waiting_for(Waiting::Sending, 0);
        let mut patience = Patience::new();
        while !self.all_sent()? {
            self.pause(&mut patience)?;
        }
        Ok(())
    }

    /// Lets others run for a moment in a wait; longer the longer it has lasted.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn pause(&self, patience: &mut Patience) -> Result<()> {
        match self {
            #[cfg(feature = "mpi")]
            Channel::Mpi(_) => {
                patience.pause();
                Ok(())
            }
            Channel::Local(local) => Ok(local.transport().pause(patience.backoff(), None)?),
        }
    }

    fn all_sent(&self) -> Result<bool> {
        Ok(match self {
            #[cfg(feature = "mpi")]
            Channel::Mpi(copy) => copy.all_sent()?,
            Channel::Local(local) => local.transport().all_sent(Some(transport::Channel::Job))?,
        })
    }
}

#[cfg(feature = "mpi")]
pub(super) mod copy {
    use std::rc::Rc;

    use montesieve_engine::transport::{Lost, Transport};
    use mpi::topology::SimpleCommunicator;
    use mpi::traits::*;

    use super::super::mpi::Mpi;
    use super::super::outbox::Outbox;
    use super::super::survivors::Survivors;

    /// A copy of the world's communicator.
    pub struct Copy {
        // Before the communicator, so that it goes first.
        outbox: Outbox,
        communicator: SimpleCommunicator,
        survivors: Option<Rc<Survivors>>,
    }

    /// The one tag in it.
    const TAG: i32 = 0;

    impl Copy {
        pub fn of(mpi: &Mpi) -> Result<Copy, Lost> {
            mpi.barrier()?;
            let (outbox, communicator) = (Outbox::default(), mpi.world().duplicate());
            Ok(Copy { outbox, communicator, survivors: mpi.shared_survivors() })
        }

        pub fn send(&self, to: u64, numbers: [u64; 2]) -> Result<(), Lost> {
            self.outbox.send(&self.communicator, to as i32, TAG, numbers);
            self.check_whole()
        }

        pub fn take(&self) -> Result<Option<(u64, [u64; 2])>, Lost> {
            self.check_whole()?;
            let Some(status) = self.communicator.any_process().immediate_probe_with_tag(TAG) else { return Ok(None) };
            let (from, mut numbers) = (status.source_rank(), [0; 2]);
            self.communicator.process_at_rank(from).receive_into_with_tag(&mut numbers[..], TAG);
            self.check_whole().map(|()| Some((from as u64, numbers)))
        }

        /// For what else travels in it.
        pub fn communicator(&self) -> &SimpleCommunicator {
            &self.communicator
        }

        pub fn all_sent(&self) -> Result<bool, Lost> {
            let all_sent = self.outbox.all_sent(None);
            self.check_whole().map(|()| all_sent)
        }

        /// Whether everybody is here, as far as this rank knows.
        ///
        /// # Errors
        /// [`Lost`].
        pub fn check_whole(&self) -> Result<(), Lost> {
            self.survivors.as_deref().map_or(Ok(()), Survivors::check)
        }
    }
}
