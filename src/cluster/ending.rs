//! Bad ends: one message with rank and host, and the whole job ends within seconds, with the right exit code.
//!
//! A rank that unwinds into `MPI_Finalize` while others wait hangs the job, and a rank that just exits leaves the
//! others waiting; so the way out of trouble is always `MPI_Abort`, under a watchdog.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::process;
use std::time::Duration;

use super::place::host;
use crate::error::Error;

/// How long `MPI_Abort` may take before the process ends without it. Seen to take 0.1 to 0.5 s.
const ABORT_LIMIT: Duration = Duration::from_secs(3);

/// Makes a panic on this rank end the job: message with rank and host, then abort. A backtrace only where
/// `RUST_BACKTRACE` asks for one.
pub fn catch_panics() {
    // A unit test that joins a cluster shares its process with tests that panic on purpose.
    if cfg!(test) {
        return;
    }
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        let text = panic.payload().downcast_ref::<&str>().copied();
        let what = text.or(panic.payload().downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        let (rank, _) = world();
        say(&format!("rank {rank} on {}: panicked{place}: {what} (a fault of montesieve, please report it)", host()));
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            say(&trace.to_string());
        }
        abort(1);
    }));
}

/// Tells the user of an error: once, on stderr, with rank and host where there are several.
pub fn tell(error: &Error, rank: u64, size: u64) {
    match error {
        Error::Told { .. } | Error::ClosedPipe => {}
        Error::Usage(text) => say(text),
        Error::Run(_) | Error::Io { .. } if size > 1 => say(&format!("rank {rank} on {}: {error}", host())),
        _ => say(&error.to_string()),
    }
}

/// Ends the whole job with `code` (1 to 125), wherever the other ranks are.
pub fn abort(code: u8) -> ! {
    limit(code);
    #[cfg(feature = "mpi")]
    super::mpi::abort(code);
    process::exit(i32::from(code))
}

/// Ends this process in some seconds, if it has not ended by then, and the job with it.
pub(super) fn limit(code: u8) {
    #[cfg(feature = "mpi")]
    let survives = super::survivors::are_ours();
    #[cfg(not(feature = "mpi"))]
    let survives = false;
    // MPI_Abort may hang when the runtime is in trouble itself; the launcher then sees this process end, and ends the
    // others. One that lets jobs survive does not: it is asked to.
    std::thread::spawn(move || {
        std::thread::sleep(ABORT_LIMIT);
        if let Some(launcher) = rustix::process::getppid().filter(|_| survives) {
            let _ = rustix::process::kill_process(launcher, rustix::process::Signal::TERM);
        }
        process::exit(i32::from(code));
    });
}

/// Rank and size, also where no `Cluster` is at hand.
fn world() -> (u64, u64) {
    #[cfg(feature = "mpi")]
    return super::mpi::world().unwrap_or((0, 1));
    #[cfg(not(feature = "mpi"))]
    (0, 1)
}

/// One line on stderr. When stderr is gone there is nobody left to tell.
pub(super) fn say(text: &str) {
    let text = text.trim_end();
    let prefix = if text.starts_with("error:") || text.starts_with("rank ") { "" } else { "montesieve: " };
    let _ = writeln!(std::io::stderr(), "{prefix}{text}");
}
