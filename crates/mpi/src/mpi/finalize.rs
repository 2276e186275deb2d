//! The last steps after the report: whatever MPI does in them, the exit code is that of the job.
//!
//! `MPI_Finalize` of Open MPI 4.1.4 crashes or hangs in about one of some thousand launches
//! (open-mpi/ompi#10117). So it has a deadline. A crash in it, or in the libraries' exit handlers,
//! ends the process with the job's code. A launcher that uses PMIx treats a process that exits
//! without `PMIx_Finalize` as failed, and ends with another code. So the process calls
//! `PMIx_Finalize` first; it is the last step of `MPI_Finalize`.

use std::ffi::{c_int, c_uint, c_void};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering::Relaxed};
use std::time::Duration;

use libloading::os::unix::Library;

use super::super::abort;
use super::super::deadline::Deadline;

/// How long the last steps and `MPI_Finalize` may take. They take 0.1 s.
const LIMIT: Duration = Duration::from_secs(10);
/// How long `PMIx_Finalize` may take, in seconds.
const PMIX_LIMIT: c_uint = 2;
/// SIGALRM.
const ALARM: c_int = 14;
/// Signals of crashes, on Linux: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
const CRASHES: [c_int; 5] = [4, 6, 7, 8, 11];

/// The exit code of the job.
static CODE: AtomicI32 = AtomicI32::new(0);
/// The address of `PMIx_Finalize`, if a loaded library has it.
static PMIX_FINALIZE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

type PmixFinalize = unsafe extern "C" fn(*const c_void, usize) -> c_int;

unsafe extern "C" {
    fn signal(number: c_int, handler: unsafe extern "C" fn(c_int)) -> *mut c_void;
    fn alarm(seconds: c_uint) -> c_uint;
}

/// From here on the process ends with `code`, within seconds.
pub fn guard(code: u8) {
    CODE.store(i32::from(code), Relaxed);
    let program = Library::this();
    // SAFETY: the symbol is looked up, and only called with its own signature; the library stays
    // loaded.
    let found = unsafe { program.get::<*mut c_void>(b"PMIx_Finalize\0") }.map(|symbol| *symbol);
    PMIX_FINALIZE.store(found.unwrap_or(ptr::null_mut()), Relaxed);
    for number in CRASHES {
        // SAFETY: the handler uses atomics, calls a function that has no other place to be called,
        // and does not return.
        unsafe { signal(number, crashed) };
    }
    std::mem::forget(Deadline::start(LIMIT, || leave()));
}

/// Handles a crash after the report.
unsafe extern "C" fn crashed(_: c_int) {
    leave()
}

/// Handles a `PMIx_Finalize` that takes too long.
unsafe extern "C" fn alarmed(_: c_int) {
    abort::exit(CODE.load(Relaxed) as u8)
}

/// Calls `PMIx_Finalize` and ends the process.
fn leave() -> ! {
    let code = CODE.load(Relaxed) as u8;
    // A crash may have left the heap locked: then no thread can start, but an alarm works. SAFETY:
    // both may be called from a handler; the alarm's handler only ends the process.
    unsafe {
        signal(ALARM, alarmed);
        alarm(PMIX_LIMIT);
    }
    let pmix_finalize = PMIX_FINALIZE.swap(ptr::null_mut(), Relaxed);
    if !pmix_finalize.is_null() {
        // SAFETY: the address is that of PMIx_Finalize, called with an empty list. A second call
        // returns an error. In a crashed process it may do anything, which is no worse than the
        // crash.
        unsafe { std::mem::transmute::<*mut c_void, PmixFinalize>(pmix_finalize)(ptr::null(), 0) };
    }
    abort::exit(code)
}
