//! A receive that was begun before its message is there (`MPI_Irecv`), into memory of its own.

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::SimpleCommunicator;

use super::super::held::Held;
use super::super::request;

/// Two numbers that another rank will send.
pub struct Receive {
    request: ffi::MPI_Request,
    /// Where they will be; `None`: they were taken.
    numbers: Option<Held<[u64; 2]>>,
}

impl Receive {
    /// Begins.
    pub fn begin(world: &SimpleCommunicator, from: i32, tag: i32) -> Receive {
        let numbers = Held::new([0; 2]);
        // SAFETY: a null request is only a place to write to.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        let (place, kind) = (numbers.as_ptr().cast(), u64::equivalent_datatype().as_raw());
        // SAFETY: two numbers have room at the place, which stays until the request is complete
        // (see `drop`).
        unsafe { ffi::MPI_Irecv(place, 2, kind, from, tag, world.as_raw(), &mut request) };
        Receive { request, numbers: Some(numbers) }
    }

    /// The numbers if they are there, else this again.
    pub fn take(mut self) -> Result<[u64; 2], Receive> {
        match self.numbers.take_if(|_| request::test(&mut self.request).is_some()) {
            // SAFETY: the request is complete, so MPI is done with them.
            Some(numbers) => Ok(unsafe { numbers.as_ptr().read() }),
            None => Err(self),
        }
    }
}

impl Drop for Receive {
    fn drop(&mut self) {
        // MPI may still write there.
        std::mem::forget(self.numbers.take());
    }
}
