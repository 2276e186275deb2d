//! Bad ends: one message with rank and host, and the whole job ends within seconds, with the right
//! exit code.
//!
//! A rank that unwinds into `MPI_Finalize` while others wait hangs the job, and a rank that just
//! exits leaves the others waiting; so the way out of trouble is always `MPI_Abort`, under a
//! watchdog.

use std::backtrace::{Backtrace, BacktraceStatus};
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

/// How long `MPI_Abort` may take before the process ends without it. Seen to take 0.1 to 0.5 s.
#[cfg(feature = "mpi")]
const ABORT_LIMIT: Duration = Duration::from_secs(3);
/// The same where ranks are survived: all of them have to come to a meeting, each at the end of
/// what it is just computing.
#[cfg(feature = "mpi")]
const MEETING_LIMIT: Duration = Duration::from_secs(10);
/// How long a panic may take to say what it has to say and to end the job.
const PANIC_LIMIT: Duration = Duration::from_secs(12);
/// How long a launcher that was asked to end the job may take for it. Open MPI 5 ends its ranks
/// within a second.
const LAUNCHER_LIMIT: Duration = Duration::from_secs(5);

/// Whether the launcher lets a job go on without a process that ends.
static IS_SURVIVED: AtomicBool = AtomicBool::new(false);

/// Makes a panic on this rank end the job: message with rank and host, then abort. A backtrace only
/// where `RUST_BACKTRACE` asks for one.
pub fn catch_panics() {
    // A unit test that joins a cluster shares its process with tests that panic on purpose.
    if cfg!(test) {
        return;
    }
    let last = LastDeadline::ready();
    std::panic::set_hook(Box::new(move |panic| {
        // Before anything else: what follows takes memory and locks, which may be what there is
        // none of.
        last.begin();
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

/// What is to be said behind an error about options ([`explain_options`]).
static EXPLANATION: OnceLock<Explain> = OnceLock::new();

/// From the text of an error to what is to be said behind it, which may be nothing.
type Explain = Box<dyn Fn(&str) -> String + Send + Sync>;

/// From now on an error about options ends with what `explain` says of its text: which variables
/// preset them, say.
pub fn explain_options(explain: impl Fn(&str) -> String + Send + Sync + 'static) {
    // A command that restarts says the same.
    let _ = EXPLANATION.set(Box::new(explain));
}

/// A deadline that takes no memory to begin: its thread is there from the start.
struct LastDeadline(Option<thread::Thread>);

/// Whether it has begun.
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

    /// The process has a few seconds to end by itself.
    fn begin(&self) {
        HAS_BEGUN.store(true, Relaxed);
        if let Some(sleeper) = &self.0 {
            sleeper.unpark();
        }
    }
}

/// Tells the user of an error: once, on stderr, with rank and host where there are several.
pub fn tell(error: &Error, rank: u64, size: u64) {
    match error {
        Error::Told { .. } | Error::ClosedPipe => {}
        Error::Usage(text) => {
            stderr::message(&(text.clone() + &EXPLANATION.get().map(|explain| explain(text)).unwrap_or_default()));
        }
        Error::Run(_) | Error::Io { .. } if size > 1 => stderr::message(&format!("rank {rank} on {}: {error}", host())),
        _ => stderr::message(&error.to_string()),
    }
}

/// From now on the job goes on without a process that ends.
#[cfg(feature = "mpi")]
pub(super) fn survive() {
    IS_SURVIVED.store(true, Relaxed);
}

/// Ends the whole job with `code` (1 to 125), wherever the other ranks are.
pub fn abort(code: u8) -> ! {
    #[cfg(feature = "mpi")]
    {
        // MPI_Abort may hang when the runtime is in trouble itself.
        let _deadline = limit(code);
        super::mpi::abort(code);
    }
    end_all(code)
}

/// How long the last step of a job that ends badly may take.
#[cfg(feature = "mpi")]
pub(super) fn limit(code: u8) -> Deadline {
    Deadline::begin(if IS_SURVIVED.load(Relaxed) { MEETING_LIMIT } else { ABORT_LIMIT }, move || end_all(code))
}

/// Ends this process without MPI, and the job with it: the launcher sees it end, and ends the
/// others. One that lets jobs survive would not, so it is asked to; and if that is of no use, a
/// process that dies by a signal is at least known to be lost, while the others would wait for one
/// that just left.
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

/// Ends this process, and runs nothing of what usually runs then: MPI's part of it may wait for
/// others.
pub(super) fn exit(code: u8) -> ! {
    #[cfg(feature = "mpi")]
    super::ulfm::exit(code);
    #[cfg(not(feature = "mpi"))]
    std::process::exit(i32::from(code))
}

/// Rank and size, also where no `Cluster` is at hand.
pub(super) fn world() -> (u64, u64) {
    #[cfg(feature = "mpi")]
    if let Some(world) = super::mpi::world() {
        return world;
    }
    super::local::world()
}
