//! A private channel: its messages cannot be confused with those of the rest of the program.
//!
//! Stands beside the transport's channels, which the engine uses. A library, or a part of a program
//! with its own messages, duplicates the communicator (`MPI_Comm_dup`). The duplicate has the same
//! ranks, and only its holders see its messages. Threads have one channel for jobs.

use montesieve_engine::transport;

use super::Cluster;
use super::backoff::ProgressBackoff;
use super::heartbeat::{self, Waiting};
use super::local::Local;
use crate::error::Result;

/// Sends two numbers at a time to any rank.
pub enum Channel {
    /// Over MPI.
    #[cfg(feature = "mpi")]
    Mpi(duplicate::DuplicatedComm),
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
            Cluster::Mpi(mpi) => Channel::Mpi(duplicate::DuplicatedComm::of(mpi)?),
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
            Channel::Mpi(duplicate) => duplicate.send(to, numbers)?,
            Channel::Local(local) => {
                local.transport().send(to, transport::Channel::Job, numbers.map(u64::to_le_bytes).concat())?;
            }
        }
        Ok(())
    }

    /// The sender and the numbers of a message that has arrived, if any (`MPI_Iprobe`, `MPI_Recv`).
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn take(&self) -> Result<Option<(u64, [u64; 2])>> {
        Ok(match self {
            #[cfg(feature = "mpi")]
            Channel::Mpi(duplicate) => duplicate.take()?,
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
        let mut backoff = ProgressBackoff::new();
        loop {
            if let Some(message) = self.take()? {
                return Ok(message);
            }
            // Sends progress only inside calls of MPI.
            self.all_sent()?;
            self.pause(&mut backoff)?;
        }
    }

    /// Waits until all sends are complete.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn flush(&self) -> Result<()> {
        let _wait = heartbeat::waiting_for(Waiting::Sending, 0);
        let mut backoff = ProgressBackoff::new();
        while !self.all_sent()? {
            self.pause(&mut backoff)?;
        }
        Ok(())
    }

    /// Lets other processes run for a moment in a wait, longer as the wait lasts.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    pub fn pause(&self, backoff: &mut ProgressBackoff) -> Result<()> {
        match self {
            #[cfg(feature = "mpi")]
            Channel::Mpi(_) => {
                backoff.pause();
                Ok(())
            }
            Channel::Local(local) => Ok(local.transport().pause(backoff.backoff(), None)?),
        }
    }

    fn all_sent(&self) -> Result<bool> {
        Ok(match self {
            #[cfg(feature = "mpi")]
            Channel::Mpi(duplicate) => duplicate.all_sent()?,
            Channel::Local(local) => local.transport().all_sent(Some(transport::Channel::Job))?,
        })
    }
}

#[cfg(feature = "mpi")]
pub(super) mod duplicate {
    use std::rc::Rc;

    use montesieve_engine::transport::{Lost, Transport};
    use mpi::topology::SimpleCommunicator;
    use mpi::traits::*;

    use super::super::membership::Membership;
    use super::super::mpi::Mpi;
    use super::super::outbox::Outbox;

    /// A duplicate of the world's communicator.
    pub struct DuplicatedComm {
        // Declared before the communicator, so that it is dropped first.
        outbox: Outbox,
        communicator: SimpleCommunicator,
        membership: Option<Rc<Membership>>,
    }

    /// The only tag in it.
    const TAG: i32 = 0;

    impl DuplicatedComm {
        pub fn of(mpi: &Mpi) -> Result<DuplicatedComm, Lost> {
            mpi.barrier()?;
            let (outbox, communicator) = (Outbox::default(), mpi.world().duplicate());
            Ok(DuplicatedComm { outbox, communicator, membership: mpi.shared_membership() })
        }

        pub fn send(&self, to: u64, numbers: [u64; 2]) -> Result<(), Lost> {
            self.outbox.send(&self.communicator, to as i32, TAG, numbers);
            self.check_no_loss()
        }

        pub fn take(&self) -> Result<Option<(u64, [u64; 2])>, Lost> {
            self.check_no_loss()?;
            let Some(status) = self.communicator.any_process().immediate_probe_with_tag(TAG) else { return Ok(None) };
            let (from, mut numbers) = (status.source_rank(), [0; 2]);
            self.communicator.process_at_rank(from).receive_into_with_tag(&mut numbers[..], TAG);
            self.check_no_loss().map(|()| Some((from as u64, numbers)))
        }

        /// For other calls in this communicator.
        pub fn communicator(&self) -> &SimpleCommunicator {
            &self.communicator
        }

        pub fn all_sent(&self) -> Result<bool, Lost> {
            let all_sent = self.outbox.all_sent(None);
            self.check_no_loss().map(|()| all_sent)
        }

        /// Looks for losses.
        ///
        /// # Errors
        /// [`Lost`] when a loss is known.
        pub fn check_no_loss(&self) -> Result<(), Lost> {
            self.membership.as_deref().map_or(Ok(()), Membership::check)
        }
    }
}
