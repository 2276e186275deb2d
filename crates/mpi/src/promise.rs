//! Promises: messages that were asked for before they are there.

#[cfg(feature = "mpi")]
use super::mpi::Receive;

/// A message that was asked for and may not be there: a future.
#[must_use = "a promise that is dropped before it is kept leaves a receive under way"]
pub struct Promise {
    #[cfg(feature = "mpi")]
    pub(super) receive: Receive,
}

impl Promise {
    /// The two numbers, or the promise again (`MPI_Test`).
    ///
    /// # Errors
    /// Itself, while the message is not there.
    pub fn take(self) -> std::result::Result<[u64; 2], Promise> {
        #[cfg(feature = "mpi")]
        return self.receive.take().map_err(|receive| Promise { receive });
        #[cfg(not(feature = "mpi"))]
        Err(self)
    }
}
