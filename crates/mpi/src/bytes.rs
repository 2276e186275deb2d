//! Plain bytes: messages whose length both sides know, for tests and measurements of the network
//! itself.
//!
//! Stands apart from the records, which carry their length and are decoded: here a receive is
//! posted into memory that is there already (`MPI_Irecv`), so that time and bytes are those of the
//! message alone.

use super::{Cluster, Tag};

impl Cluster {
    /// Sends bytes to another rank (`MPI_Isend` of `MPI_BYTE`); returns at once.
    ///
    /// # Panics
    /// When there is no other rank.
    pub fn send_bytes(&self, to: u64, bytes: Vec<u8>) {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => mpi.send_bytes(to, Tag::Pattern, bytes),
            Cluster::Local(local) => local.send_bytes(to, Tag::Pattern, bytes),
        }
    }

    /// Receives the bytes of another rank's [`Cluster::send_bytes`] (`MPI_Irecv`); waits politely.
    /// Says how many came, which is at most the length of `bytes`.
    ///
    /// # Panics
    /// When there is no other rank.
    pub fn receive_into(&self, from: u64, bytes: &mut [u8]) -> usize {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => mpi.receive_into(from, Tag::Pattern, bytes),
            Cluster::Local(_) => unreachable!("{} bytes from rank {from}: there is nobody else", bytes.len()),
        }
    }

    /// Sends every rank its part of `bytes`, which has one part of the same length for each, and
    /// gets one part from each, in rank order (`MPI_Ialltoall` of `MPI_BYTE`). Every rank must call
    /// it, with the same length.
    ///
    /// # Panics
    /// When `bytes` cannot be cut into as many parts as there are ranks.
    pub fn all_to_all(&self, bytes: &[u8]) -> Vec<u8> {
        assert!((bytes.len() as u64).is_multiple_of(self.size()), "one part for each rank");
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => mpi.all_to_all(bytes),
            Cluster::Local(_) => bytes.to_vec(),
        }
    }
}
