//! Your own job over MPI: the sweep of the engine's example `own_job`, on any number of ranks.
//! Stopped or killed, it resumes from the file, even on another number of ranks. `own_job` can
//! resume from this example's file too.
//!
//! ```text
//! cargo build --release -p montesieve-mpi --example own_job_mpi
//! mpirun -n 8 target/release/examples/own_job_mpi sweep.ckpt
//! ```

use std::process::ExitCode;

use montesieve_engine::Session;
use montesieve_mpi::{Cluster, Error, Result};

#[path = "../../engine/examples/own_job.rs"]
#[expect(dead_code, reason = "its main starts threads")]
mod own_job;

/// The work of every rank; returns the exit code.
pub fn run(cluster: &Cluster) -> Result<u8> {
    let checkpoint = std::env::args().nth(1);
    let periods = own_job::sweep(Session::new(cluster.transport()), checkpoint.as_deref());
    let periods = cluster.agree_outcome(periods, Error::from)?;
    cluster.agree(periods.map_or(Ok(()), |periods| cluster.print(periods.as_bytes())))?;
    Ok(0)
}

fn main() -> ExitCode {
    match Cluster::join() {
        Ok(cluster) => {
            let code = run(&cluster);
            cluster.leave(code)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}
