//! The program: join the cluster, run one command, leave. The library's front page is the map.

use std::process::ExitCode;
use std::thread;

use montesieve::cluster::memory::AbortOnOom;
use montesieve::cluster::{Cluster, abort, limits};
use montesieve::commands;
use montesieve::fault::{self, Stage};
use montesieve::job::signals::Signals;

/// The stack that the program relies on: Linux's default for the main thread.
const STACK: usize = 8 << 20;

/// Ends the job with one message when memory runs out.
#[global_allocator]
static MEMORY: AbortOnOom = AbortOnOom;

fn main() -> ExitCode {
    if limits::stack().is_none_or(|stack| stack >= STACK as u64) {
        return run();
    }
    // `ulimit -s` bounds only the main thread. From here on this thread is the one that calls MPI.
    match thread::Builder::new().stack_size(STACK).spawn(run) {
        Ok(program) => program.join().unwrap_or(ExitCode::FAILURE),
        Err(_) => run(),
    }
}

fn run() -> ExitCode {
    // Without handlers a request for a save now, or a file that reaches `ulimit -f`, would end the
    // process. A command that needs them installs them again and reports errors.
    let _ = Signals::early();
    match Cluster::join() {
        Ok(mut cluster) => {
            let outcome = commands::run(&mut cluster);
            let rank = cluster.rank();
            // Injects a fault in MPI's last steps, if a test requests it.
            cluster.leave_after(outcome, || drop(fault::at(Stage::End, rank)))
        }
        Err(error) => {
            abort::report_error(&error, 0, 1);
            ExitCode::from(error.exit_code())
        }
    }
}
