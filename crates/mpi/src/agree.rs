//! How ranks agree on an outcome, and leave the program.
//!
//! Stands beside `abort`, which is for errors and panics of one rank alone.

use std::process::ExitCode;

use super::{Cluster, abort};
use crate::error::{Error, Result};

impl Cluster {
    /// Agrees on the outcome of a step (`MPI_Allreduce` of the exit codes). Every rank must call it
    /// with its own outcome. If all succeeded, each keeps its own. Otherwise every rank gets
    /// [`Error::Reported`] with the worst exit code, and the lowest of the ranks with that code
    /// prints its error, once.
    ///
    /// # Errors
    /// [`Error::Reported`] on every rank when any rank failed.
    pub fn agree<T>(&self, outcome: Result<T>) -> Result<T> {
        if let Err(Error::Lost) = outcome {
            return outcome;
        }
        // The exit code in the high bits, so that the maximum finds the worst. The complement of
        // the rank in the low bits, so that among equals it finds the lowest rank. 0: no failure.
        let mine = match &outcome {
            Ok(_) => 0,
            Err(error) => (error.exit_code() as u64 + 1) << 32 | (u32::MAX as u64 - self.rank()),
        };
        let worst = self.max(mine)?;
        if worst == 0 {
            return outcome;
        }
        if let Err(error) = &outcome
            && worst == mine
        {
            abort::report_error(error, self.original_rank(), self.size());
        }
        Err(Error::Reported { code: ((worst >> 32) - 1) as u8 })
    }

    /// Agrees on the outcome of a run of the engine. Every rank must call it: when the root has no
    /// outcome, all ranks return the same exit code, and the root prints the reason. `explain`
    /// converts the engine's error: `Error::from`, or a function of a program that names its
    /// options.
    ///
    /// # Errors
    /// [`Error::Reported`] when the root has no outcome; any other error is this rank's alone.
    pub fn agree_outcome<T>(
        &self,
        outcome: montesieve_engine::Result<T>,
        explain: impl FnOnce(montesieve_engine::Error) -> Error,
    ) -> Result<T> {
        match outcome {
            Err(montesieve_engine::Error::AtRoot(reason)) => {
                self.agree(reason.map_or(Ok(()), |reason| Err(explain(*reason))))?;
                Err(Error::Run("the root has no outcome, and does not say why".into()))
            }
            outcome => outcome.map_err(explain),
        }
    }

    /// Leaves the cluster: the only way out of the program. After a success, or an outcome that all
    /// ranks agreed on, it finalises MPI within a few seconds. Any other error is printed with rank
    /// and host and ends the whole job (`MPI_Abort`), since the others may be waiting for this
    /// rank.
    pub fn leave(self, outcome: Result<u8>) -> ExitCode {
        self.leave_after(outcome, || {})
    }

    /// As [`Cluster::leave`], and calls `last` in MPI's last steps, where a crash or a hang no
    /// longer changes the exit code; tests check that. `last` is not called without MPI, or after
    /// an error that ends the job.
    pub fn leave_after(self, outcome: Result<u8>, last: impl FnOnce()) -> ExitCode {
        match outcome {
            Ok(code) | Err(Error::Reported { code }) => {
                match &self {
                    #[cfg(feature = "mpi")]
                    Cluster::Mpi(mpi) => mpi.leave(code, last),
                    Cluster::Local(_) => drop(last),
                }
                drop(self);
                ExitCode::from(code)
            }
            Err(error) => {
                abort::report_error(&error, self.original_rank(), self.size());
                abort::abort(error.exit_code())
            }
        }
    }
}
