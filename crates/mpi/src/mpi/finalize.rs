//! The last steps of a job that is reported: whatever MPI does in them, the exit code is that of
//! the job.
//!
//! `MPI_Finalize` of Open MPI 4.1.4 crashes or hangs in about one of some thousand launches
//! (open-mpi/ompi#10117). So it has a deadline, and a crash in it, or in what the libraries do when
//! the process exits, ends the process with the job's code. A launcher that speaks PMIx takes a
//! process that goes without a word for a failure, and ends with another code; so the process says
//! goodbye first (`PMIx_Finalize`, the last thing that `MPI_Finalize` does).

use std::ffi::{c_int, c_uint, c_void};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering::Relaxed};
use std::time::Duration;

use libloading::os::unix::Library;

use super::super::deadline::Deadline;
use super::super::ending;

/// How long the last steps and `MPI_Finalize` may take. Seen to take 0.1 s.
const LIMIT: Duration = Duration::from_secs(10);
/// How long saying goodbye may take, in seconds.
const GOODBYE_LIMIT: c_uint = 2;
/// SIGALRM.
const ALARM: c_int = 14;
/// Signals that a crash ends with, on Linux: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
const CRASHES: [c_int; 5] = [4, 6, 7, 8, 11];

/// The code of the job.
static CODE: AtomicI32 = AtomicI32::new(0);
/// `PMIx_Finalize`, if the library that is at work is known.
static GOODBYE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

type Goodbye = unsafe extern "C" fn(*const c_void, usize) -> c_int;

unsafe extern "C" {
    fn signal(number: c_int, handler: unsafe extern "C" fn(c_int)) -> *mut c_void;
    fn alarm(seconds: c_uint) -> c_uint;
}

/// From here on the process ends with `code`, in some seconds.
pub fn guard(code: u8) {
    CODE.store(i32::from(code), Relaxed);
    let program = Library::this();
    // SAFETY: the symbol is looked for, and called with its own signature alone; the library stays
    // loaded.
    let found = unsafe { program.get::<*mut c_void>(b"PMIx_Finalize\0") }.map(|symbol| *symbol);
    GOODBYE.store(found.unwrap_or(ptr::null_mut()), Relaxed);
    for number in CRASHES {
        // SAFETY: the handler touches atomics, calls a function that must be called from here if at
        // all, and does not return.
        unsafe { signal(number, crashed) };
    }
    std::mem::forget(Deadline::begin(LIMIT, || leave()));
}

/// A crash behind the report.
unsafe extern "C" fn crashed(_: c_int) {
    leave()
}

/// Saying goodbye takes too long.
unsafe extern "C" fn alarmed(_: c_int) {
    ending::exit(CODE.load(Relaxed) as u8)
}

/// Says goodbye to the launcher, and goes.
fn leave() -> ! {
    let code = CODE.load(Relaxed) as u8;
    // A crash may have left the heap locked: no thread can be started, but an alarm can be set.
    // SAFETY: both may be called from a handler; this one only ends the process.
    unsafe {
        signal(ALARM, alarmed);
        alarm(GOODBYE_LIMIT);
    }
    let goodbye = GOODBYE.swap(ptr::null_mut(), Relaxed);
    if !goodbye.is_null() {
        // SAFETY: the address is that of PMIx_Finalize, which takes no list here. It may be called
        // where it was called before: then it says so. In a process that has crashed it may do
        // anything, which is no worse than the crash.
        unsafe { std::mem::transmute::<*mut c_void, Goodbye>(goodbye)(ptr::null(), 0) };
    }
    ending::exit(code)
}
