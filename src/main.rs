//! The program: join the cluster, run one command, leave. The library's front page is the map.

use std::process::ExitCode;

use montesieve::cluster::{Cluster, ending};
use montesieve::commands;

fn main() -> ExitCode {
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
