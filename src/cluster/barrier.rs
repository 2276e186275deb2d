//! Barriers: entered without waiting, or waited for politely.

use super::Cluster;
#[cfg(feature = "mpi")]
use super::mpi;

impl Cluster {
    /// Enters a barrier without waiting in it (`MPI_Ibarrier`). Every rank must call it.
    pub fn enter_barrier(&self) -> Barrier {
        #[cfg(feature = "mpi")]
        if let Cluster::Mpi(mpi) = self {
            return Barrier { request: Some(mpi.enter_barrier()) };
        }
        Barrier {
            #[cfg(feature = "mpi")]
            request: None,
        }
    }

    /// Waits politely until every rank is here (`MPI_Ibarrier`). Every rank must call it.
    pub fn barrier(&self) {
        #[cfg(feature = "mpi")]
        if let Cluster::Mpi(mpi) = self {
            mpi.meet();
        }
    }
}

/// A barrier that was entered and may not be complete.
#[derive(Debug)]
#[must_use = "a barrier that is never completed leaves the others waiting"]
pub struct Barrier {
    #[cfg(feature = "mpi")]
    request: Option<mpi::Request>,
}

impl Barrier {
    /// Whether every rank has entered (`MPI_Test`).
    pub fn is_complete(&mut self) -> bool {
        #[cfg(feature = "mpi")]
        {
            if self.request.as_mut().is_some_and(|request| super::request::test(request).is_some()) {
                self.request = None;
            }
            self.request.is_none()
        }
        #[cfg(not(feature = "mpi"))]
        true
    }
}
