//! Raw requests, completed without waiting inside MPI. For `window` and `rma`, whose calls rsmpi does not wrap.

use std::ffi::c_int;

use mpi::ffi;

use super::patience::Patience;
use crate::error::{Error, Result};

/// Waits for all ranks of a communicator, in this manner.
pub fn barrier(communicator: ffi::MPI_Comm, manner: Patience) {
    // SAFETY: a null request is only a place to write to.
    let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
    // SAFETY: the communicator is there, and the request is completed below.
    unsafe { ffi::MPI_Ibarrier(communicator, &mut request) };
    complete(request, manner);
}

/// Waits for a request that was begun and has not completed, in this manner.
pub fn complete(mut request: ffi::MPI_Request, mut manner: Patience) {
    loop {
        let mut done = 0;
        // SAFETY: the request was begun by the caller and has not completed, or the loop would have ended.
        unsafe { ffi::MPI_Test(&mut request, &mut done, ffi::RSMPI_STATUS_IGNORE) };
        if done != 0 {
            return;
        }
        manner.pause();
    }
}

/// Whether a call that returned this went well.
pub fn is_good(code: c_int) -> bool {
    code == ffi::MPI_SUCCESS as c_int
}

/// An error that names the call, if it went wrong.
pub fn check(call: &str, code: c_int) -> Result<()> {
    if is_good(code) { Ok(()) } else { Err(Error::Run(format!("{call} failed"))) }
}
