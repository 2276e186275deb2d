//! Messages outside the engine: bytes whose length both sides know, for tests and measurements of
//! the network (`burnin`).
//!
//! Stands beside the records of `lib.rs`, which carry their length and are decoded. Here a receive
//! is posted into existing memory (`MPI_Irecv`), so that time and bytes are those of the message
//! alone. Only ranks over MPI send them: a caller first checks that there is another rank.

use super::Cluster;
#[cfg(feature = "mpi")]
use super::Tag;
use crate::error::Result;

impl Cluster {
    /// Sends bytes to another rank (`MPI_Isend` of `MPI_BYTE`); returns at once.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    ///
    /// # Panics
    /// Where there are no other ranks over MPI.
    pub fn send_bytes(&self, to: u64, bytes: Vec<u8>) -> Result<()> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => Ok(mpi.send_bytes(to, Tag::Bytes, bytes)?),
            Cluster::Local(_) => no_such_rank(to, &bytes.len()),
        }
    }

    /// Receives the bytes of another rank's [`Cluster::send_bytes`] (`MPI_Irecv`); waits politely.
    /// Returns their number, which is at most the length of `bytes`.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    ///
    /// # Panics
    /// Where there are no other ranks over MPI.
    pub fn receive_into(&self, from: u64, bytes: &mut [u8]) -> Result<usize> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => Ok(mpi.receive_into(from, Tag::Bytes, bytes)?),
            Cluster::Local(_) => no_such_rank(from, &bytes.len()),
        }
    }

    /// Sends every rank its part of `bytes`, and receives one part from each, in rank order
    /// (`MPI_Ialltoall` of `MPI_BYTE`). All parts have the same length. Every rank must call it,
    /// with the same length.
    ///
    /// # Errors
    /// [`Error::Lost`](crate::error::Error::Lost).
    ///
    /// # Panics
    /// When the length of `bytes` is not a multiple of the number of ranks.
    pub fn all_to_all(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        assert!((bytes.len() as u64).is_multiple_of(self.size()), "one part for each rank");
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => Ok(mpi.all_to_all(bytes)?),
            Cluster::Local(_) => Ok(bytes.to_vec()),
        }
    }
}

fn no_such_rank(rank: u64, message: &dyn std::fmt::Debug) -> ! {
    panic!("there is no rank {rank} over MPI for {message:?}")
}
