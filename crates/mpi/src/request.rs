//! Raw requests and probes, without waiting inside MPI. For `window` and `rma`, whose calls rsmpi
//! does not wrap, and for every wait of `mpi`: rsmpi takes it that no call fails, and reads what a
//! call that failed did not write.

use std::ffi::c_int;

use mpi::ffi;
use mpi::point_to_point::Status;

use super::heartbeat::{self, Waiting};
use super::patience::Patience;
use crate::error::{Error, Result};

/// Waits for all ranks of a communicator, in this manner.
pub fn barrier(communicator: ffi::MPI_Comm, manner: Patience) {
    let _wait = heartbeat::waiting_for(Waiting::Barrier, 0);
    // SAFETY: a null request is only a place to write to.
    let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
    // SAFETY: the communicator is there, and the request is completed below.
    unsafe { ffi::MPI_Ibarrier(communicator, &mut request) };
    complete(request, manner);
}

/// Waits for a request that was begun and has not completed, in this manner.
pub fn complete(request: ffi::MPI_Request, manner: Patience) {
    complete_while(request, manner, || ());
}

/// The same, and looks around while it waits, and when it has waited.
pub fn complete_while(mut request: ffi::MPI_Request, mut manner: Patience, look: impl Fn()) -> Status {
    loop {
        if let Some(status) = test(&mut request) {
            look();
            return status;
        }
        look();
        manner.pause();
    }
}

/// Its status, once a request has completed, for good or ill (`MPI_Test`).
pub fn test(request: &mut ffi::MPI_Request) -> Option<Status> {
    let mut done = 0;
    // SAFETY: a status is numbers, for which zero will do.
    let mut status: ffi::MPI_Status = unsafe { std::mem::zeroed() };
    // SAFETY: the request was begun by the caller, or is null, which is complete; MPI writes a flag
    // and a status.
    unsafe { ffi::MPI_Test(request, &mut done, &mut status) };
    (done != 0).then(|| Status::from_raw(status))
}

/// The status of a message that is there, of this sender and tag or of any (`MPI_Iprobe`).
pub fn probe(communicator: ffi::MPI_Comm, from: Option<c_int>, tag: Option<c_int>) -> Option<Status> {
    // SAFETY: both are numbers that the library has.
    let (any_source, any_tag) = unsafe { (ffi::RSMPI_ANY_SOURCE, ffi::RSMPI_ANY_TAG) };
    let (from, tag) = (from.unwrap_or(any_source), tag.unwrap_or(any_tag));
    let mut found = 0;
    // SAFETY: a status is numbers, for which zero will do.
    let mut status: ffi::MPI_Status = unsafe { std::mem::zeroed() };
    // SAFETY: the communicator is there; MPI writes a flag and a status.
    let code = unsafe { ffi::MPI_Iprobe(from, tag, communicator, &mut found, &mut status) };
    (is_good(code) && found != 0).then(|| Status::from_raw(status))
}

/// Whether a call that returned this went well.
pub fn is_good(code: c_int) -> bool {
    code == ffi::MPI_SUCCESS as c_int
}

/// An error that names the call, if it went wrong.
pub fn check(call: &str, code: c_int) -> Result<()> {
    if is_good(code) { Ok(()) } else { Err(Error::Run(format!("{call} failed"))) }
}
