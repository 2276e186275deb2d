//! A cluster of the first ranks of another cluster, so that one job can run on 1, 2, 4 and 8 of its
//! ranks in turn.
//!
//! Stands beside `mpi`, whose world is all ranks. The engine and every command take a [`Cluster`],
//! and cannot tell a part from the whole. Ranks outside it return at once; they should wait in a
//! barrier of the whole, which sleeps.
//!
//! Cost: `MPI_Comm_split`, a few messages per rank; 0.1 ms on one host. Reference: MPI 3.1, 6.4.2.

use std::marker::PhantomData;
use std::ops::Deref;

use montesieve_engine::transport::Lost;

use super::Cluster;

/// The first ranks of a cluster, as a cluster. Only its own ranks hold it; they drop it together
/// (`MPI_Comm_free`), before the whole.
#[derive(Debug)]
pub struct SubCluster<'c> {
    cluster: Cluster,
    whole: PhantomData<&'c Cluster>,
}

impl Deref for SubCluster<'_> {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Cluster {
    /// The first `ranks` ranks as a separate cluster, in the same order (`MPI_Comm_split`). Every
    /// rank must call it, with the same number; those ranks get `Some`, the others `None`. Messages
    /// of the part and of the whole are never confused.
    ///
    /// # Errors
    /// [`Lost`].
    ///
    /// # Panics
    /// When `ranks` is zero, or larger than this cluster.
    pub fn first(&self, ranks: u64) -> Result<Option<SubCluster<'_>>, Lost> {
        assert!(1 <= ranks && ranks <= self.size(), "a part of {ranks} of {} ranks", self.size());
        let cluster = match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => mpi.first(ranks)?.map(|mpi| Cluster::Mpi(Box::new(mpi))),
            Cluster::Local(local) => local.first(ranks).map(Cluster::Local),
        };
        Ok(cluster.map(|cluster| SubCluster { cluster, whole: PhantomData }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::alone;
    #[test]
    fn one_process_is_its_own_part() {
        let whole = alone();
        let part = whole.first(1).expect("no rank is lost").expect("it has the first rank");
        assert_eq!((part.rank(), part.size()), (0, 1));
    }
}
