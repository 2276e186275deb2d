//! Aborts: one message with rank and host, and the whole job ends within seconds with the right
//! exit code.
//!
//! A rank that unwinds into `MPI_Finalize` while others wait hangs the job, and a rank that exits
//! silently leaves the others waiting. So an error always ends with `MPI_Abort`, under a deadline.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::ffi::c_int;
use std::fmt;
use std::io::{self, Cursor, Write};
use std::os::fd::BorrowedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use montesieve_engine::awake;

#[cfg(feature = "mpi")]
use super::deadline::Deadline;
use super::place::host;
use crate::error::Error;
use crate::stderr;

/// How long `MPI_Abort` may take before the process ends without it. It takes 0.1 to 0.5 s.
#[cfg(feature = "mpi")]
const ABORT_LIMIT: Duration = Duration::from_secs(3);
/// The same with fault tolerance: all ranks must vote first, each at the end of its current piece.
#[cfg(feature = "mpi")]
const VOTE_LIMIT: Duration = Duration::from_secs(10);
/// How long a panic may take to print its message and end the job.
const PANIC_LIMIT: Duration = Duration::from_secs(12);
/// How long a launcher may take to end the job on request. Open MPI 5 ends its ranks within a
/// second.
const LAUNCHER_LIMIT: Duration = Duration::from_secs(5);

/// Whether the launcher keeps a job running when one of its processes ends.
static IS_SURVIVED: AtomicBool = AtomicBool::new(false);

/// Makes a panic on this rank end the job: a message with rank and host, then an abort. Prints a
/// backtrace only if `RUST_BACKTRACE` requests one.
pub fn catch_panics() {
    // A unit test that joins a cluster shares its process with tests that panic on purpose.
    if cfg!(test) {
        return;
    }
    let last = LastDeadline::ready();
    std::panic::set_hook(Box::new(move |panic| {
        // Before anything else, since what follows needs memory and locks, which may be
        // unavailable.
        last.start();
        let place = panic.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        let text = panic.payload().downcast_ref::<&str>().copied();
        let what = text.or(panic.payload().downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        let (rank, _) = world();
        stderr::message(&format!(
            "rank {rank} on {}: panicked{place}: {what} (a fault of montesieve, please report it)",
            host()
        ));
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            stderr::message(&trace.to_string());
        }
        abort(1);
    }));
}

/// The text to append to an error about options ([`explain_options`]).
static EXPLANATION: OnceLock<Explain> = OnceLock::new();

/// Maps the text of an error to the text to append, which may be empty.
type Explain = Box<dyn Fn(&str) -> String + Send + Sync>;

/// From now on `explain` appends to errors about options, for example the variables that preset
/// them.
pub fn explain_options(explain: impl Fn(&str) -> String + Send + Sync + 'static) {
    // A restarted command sets the same function again.
    let _ = EXPLANATION.set(Box::new(explain));
}

/// A deadline that starts without allocating: its thread exists from the start.
struct LastDeadline(Option<thread::Thread>);

/// Whether it has started.
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

impl LastDeadline {
    fn ready() -> LastDeadline {
        let sleeper = thread::Builder::new().name("last deadline".into()).stack_size(64 << 10).spawn(|| {
            while !HAS_BEGUN.load(Relaxed) {
                thread::park();
            }
            awake::sleep(PANIC_LIMIT, || false);
            end_all(1)
        });
        LastDeadline(sleeper.ok().map(|sleeper| sleeper.thread().clone()))
    }

    /// Gives the process a few seconds to end by itself.
    fn start(&self) {
        HAS_BEGUN.store(true, Relaxed);
        if let Some(sleeper) = &self.0 {
            sleeper.unpark();
        }
    }
}

/// Reports an error to the user: once, on stderr, with rank and host if there are several ranks.
pub fn report_error(error: &Error, rank: u64, size: u64) {
    match error {
        Error::Reported { .. } | Error::ClosedPipe => {}
        Error::Usage(text) => {
            stderr::message(&(text.clone() + &EXPLANATION.get().map(|explain| explain(text)).unwrap_or_default()));
        }
        Error::Run(_) | Error::Io { .. } if size > 1 => stderr::message(&format!("rank {rank} on {}: {error}", host())),
        _ => stderr::message(&error.to_string()),
    }
}

/// From now on the job survives a process that ends.
#[cfg(feature = "mpi")]
pub(super) fn survive() {
    IS_SURVIVED.store(true, Relaxed);
}

/// Ends the whole job with `code` (1 to 125), wherever the other ranks are.
pub fn abort(code: u8) -> ! {
    #[cfg(feature = "mpi")]
    {
        // MPI_Abort may hang when the runtime itself has failed.
        let _deadline = limit(code);
        super::mpi::abort(code);
    }
    end_all(code)
}

/// A deadline for the last step of a failed job.
#[cfg(feature = "mpi")]
pub(super) fn limit(code: u8) -> Deadline {
    Deadline::start(if IS_SURVIVED.load(Relaxed) { VOTE_LIMIT } else { ABORT_LIMIT }, move || end_all(code))
}

/// Ends this process without MPI, and the job with it: the launcher notices and ends the others. A
/// launcher with fault tolerance would not, so this sends it a signal. If that fails, the process
/// kills itself: the others learn of a process that dies by a signal, but would wait for one that
/// exits.
pub(super) fn end_all(code: u8) -> ! {
    use rustix::process::{Signal, getpid, getppid, kill_process};
    if IS_SURVIVED.load(Relaxed) {
        if let Some(launcher) = getppid() {
            let _ = kill_process(launcher, Signal::TERM);
        }
        thread::sleep(LAUNCHER_LIMIT);
        let _ = kill_process(getpid(), Signal::KILL);
    }
    exit(code)
}

unsafe extern "C" {
    fn _exit(code: c_int) -> !;
}

/// Ends this process without exit handlers, since MPI's may wait for other ranks.
pub(super) fn exit(code: u8) -> ! {
    // SAFETY: it does not return, and touches no memory of this program.
    unsafe { _exit(c_int::from(code)) }
}

/// Prints one line with this rank and its host, and ends the whole job with exit code 1. Allocates
/// nothing and waits for no lock, so that a process without memory, or a signal handler, may call
/// it. The line is cut at 1 KB.
pub fn end_at_once(text: fmt::Arguments<'_>) -> ! {
    let mut line = Cursor::new([0_u8; 1024]);
    let _ = source(&mut line).and_then(|()| write!(line, ": {text}"));
    let end = (line.position() as usize).min(line.get_ref().len() - 1);
    line.get_mut()[end] = b'\n';
    // SAFETY: the descriptor does not outlive this line. If it is closed, the error cannot be
    // reported.
    let _ = rustix::io::write(unsafe { BorrowedFd::borrow_raw(2) }, &line.get_ref()[..=end]);
    end_all(1)
}

/// The rank and its host if there are several ranks, as in every message.
fn source(line: &mut Cursor<[u8; 1024]>) -> io::Result<()> {
    let (rank, size) = world();
    if size == 1 {
        return line.write_all(b"montesieve");
    }
    let name = rustix::system::uname();
    let host = name.nodename().to_bytes();
    write!(line, "rank {rank} on ")?;
    line.write_all(&host[..host.len().min(64)])
}

/// Rank and size, for code without a `Cluster`.
pub(super) fn world() -> (u64, u64) {
    #[cfg(feature = "mpi")]
    if let Some(world) = super::mpi::world() {
        return world;
    }
    super::local::world()
}
