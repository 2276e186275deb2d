//! A channel of its own: messages that cannot meet those of the rest of the program.
//!
//! Stands beside `mpi`, whose messages all travel in the world's communicator and are taken by whoever looks. A library, or a part
//! of a program that talks for itself, duplicates the communicator (`MPI_Comm_dup`): the copy has the same ranks, and its
//! messages are seen by those who have the copy alone.

use mpi::traits::*;

use super::heartbeat::{self, Waiting};
use super::mpi::Mpi;
use super::outbox::Outbox;
use super::patience::Patience;

/// Where two numbers at a time can be sent to any rank.
pub struct Channel {
    // Before the communicator, so that it goes first.
    outbox: Outbox,
    copy: mpi::topology::SimpleCommunicator,
}

/// The one tag in it.
const TAG: i32 = 0;

impl Channel {
    /// Opens one. Every rank must call it.
    pub fn open(mpi: &Mpi) -> Channel {
        mpi.meet();
        Channel { outbox: Outbox::default(), copy: mpi.world().duplicate() }
    }

    /// Sends two numbers (`MPI_Isend`); returns at once.
    pub fn send(&self, to: u64, numbers: [u64; 2]) {
        self.outbox.send(&self.copy, to as i32, TAG, numbers);
    }

    /// The sender and the numbers of a message that has arrived, if there is one (`MPI_Iprobe`, `MPI_Recv`).
    pub fn take(&self) -> Option<(u64, [u64; 2])> {
        let status = self.copy.any_process().immediate_probe_with_tag(TAG)?;
        let (from, mut numbers) = (status.source_rank(), [0; 2]);
        self.copy.process_at_rank(from).receive_into_with_tag(&mut numbers[..], TAG);
        Some((from as u64, numbers))
    }

    /// The next message; waits for it politely.
    pub fn wait(&self) -> (u64, [u64; 2]) {
        heartbeat::waiting_for(Waiting::Message, u64::MAX);
        let mut patience = Patience::new();
        loop {
            if let Some(message) = self.take() {
                return message;
            }
            // What was sent moves on only when MPI is called.
            self.outbox.all_sent();
            patience.pause();
        }
    }

    /// Waits until everything sent has left.
    pub fn flush(&self) {
        heartbeat::waiting_for(Waiting::Sending, 0);
        let mut patience = Patience::new();
        while !self.outbox.all_sent() {
            patience.pause();
        }
    }

    /// The communicator.
    pub fn communicator(&self) -> &mpi::topology::SimpleCommunicator {
        &self.copy
    }
}
