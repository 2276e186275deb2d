//! Raw requests and probes that never wait inside MPI. For `node_window` and `one_sided`, whose
//! calls rsmpi does not wrap, and for every wait of `mpi`: rsmpi assumes that no call fails, and
//! reads memory that a failed call did not write.

use std::ffi::c_int;

use mpi::ffi;
use mpi::point_to_point::Status;

use super::backoff::ProgressBackoff;
use super::heartbeat::{self, Waiting};
use crate::error::{Error, Result};

/// Waits for all ranks of a communicator (`MPI_Ibarrier`), with this backoff.
pub fn barrier(communicator: ffi::MPI_Comm, backoff: ProgressBackoff) {
    let _wait = heartbeat::waiting_for(Waiting::Barrier, 0);
    // SAFETY: a null request is only a place to write to.
    let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
    // SAFETY: the communicator exists, and the request is completed below.
    unsafe { ffi::MPI_Ibarrier(communicator, &mut request) };
    complete(request, backoff);
}

/// Waits for an active request, with this backoff.
pub fn complete(request: ffi::MPI_Request, backoff: ProgressBackoff) {
    complete_while(request, backoff, || ());
}

/// As [`complete`], and calls `look` after each test.
pub fn complete_while(mut request: ffi::MPI_Request, mut backoff: ProgressBackoff, look: impl Fn()) -> Status {
    loop {
        if let Some(status) = test(&mut request) {
            look();
            return status;
        }
        look();
        backoff.pause();
    }
}

/// The status of a request once it has completed or failed (`MPI_Test`).
pub fn test(request: &mut ffi::MPI_Request) -> Option<Status> {
    let mut done = 0;
    // SAFETY: a status consists of numbers, for which zero is valid.
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
    // SAFETY: a status consists of numbers, for which zero is valid.
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
