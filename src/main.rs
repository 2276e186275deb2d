//! The program: join the cluster, run one command, leave. The library's front page is the map.

use std::process::ExitCode;

use montesieve::cluster::{Cluster, ending};
use montesieve::commands;
use montesieve::job::signals::Signals;

fn main() -> ExitCode {
    // Without it a request for a save that comes now, or a file that meets `ulimit -f`, would end the process; a command that needs it asks
    // again and says so.
    let _ = Signals::early();
    match Cluster::join() {
        Ok(mut cluster) => {
            let outcome = commands::run(&mut cluster);
            cluster.leave(outcome)
        }
        Err(error) => {
            ending::tell(&error, 0, 1);
            ExitCode::from(error.exit_code())
        }
    }
}
