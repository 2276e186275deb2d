//! The program: join the cluster, run one command, leave. The library's front page is the map.

use std::process::ExitCode;
use std::thread;

use montesieve::cluster::memory::OrEnd;
use montesieve::cluster::{Cluster, ending, limits};
use montesieve::commands;
use montesieve::fault::{self, Stage};
use montesieve::job::signals::Signals;

/// The stack that the program counts on: what Linux gives the main thread where nobody limits it.
const STACK: usize = 8 << 20;

/// Where there is no memory left, the job ends with one message.
#[global_allocator]
static MEMORY: OrEnd = OrEnd;

fn main() -> ExitCode {
    if limits::stack().is_none_or(|stack| stack >= STACK as u64) {
        return run();
    }
    // `ulimit -s` bounds the main thread alone. From here on this thread is the one that talks to MPI.
    match thread::Builder::new().stack_size(STACK).spawn(run) {
        Ok(program) => program.join().unwrap_or(ExitCode::FAILURE),
        Err(_) => run(),
    }
}

fn run() -> ExitCode {
    // Without it a request for a save that comes now, or a file that meets `ulimit -f`, would end the process; a command that needs it asks
    // again and says so.
    let _ = Signals::early();
    match Cluster::join() {
        Ok(mut cluster) => {
            let outcome = commands::run(&mut cluster);
            let rank = cluster.rank();
            // A hidden fault of MPI's last steps, where a test asks for one.
            cluster.leave_after(outcome, || drop(fault::at(Stage::End, rank)))
        }
        Err(error) => {
            ending::tell(&error, 0, 1);
            ExitCode::from(error.exit_code())
        }
    }
}
