//! How ranks agree on an end, and the way out.
//!
//! Stands beside `ending`, which is for errors and panics of one rank alone.

use std::process::ExitCode;

use super::{Cluster, ending};
use crate::error::{Error, Result};

impl Cluster {
    /// Agrees on how a step went, at every rank (`MPI_Allreduce` of the exit codes). Every rank
    /// must call it with its own outcome. When all are good each keeps its own. Otherwise the
    /// lowest rank that failed says why, once, and every rank gets [`Error::Told`] with the worst
    /// exit code, so that all leave the same way.
    ///
    /// # Errors
    /// As said: [`Error::Told`] on every rank when any rank failed.
    pub fn agree<T>(&self, outcome: Result<T>) -> Result<T> {
        if let Err(Error::Lost) = outcome {
            return outcome;
        }
        // Exit code above, so that the maximum finds the worst; the complement of the rank below,
        // so that among equals it finds the lowest rank. 0: no failure.
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
            ending::tell(error, self.original_rank(), self.size());
        }
        Err(Error::Told { code: ((worst >> 32) - 1) as u8 })
    }

    /// Agrees on the outcome of a run of the engine. Every rank must call it: when the root has no
    /// outcome, all ranks return the same exit code, and the root prints the reason. `explain`
    /// turns the engine's error into ours: `Error::from`, or the words of a program that has
    /// options to name.
    ///
    /// # Errors
    /// [`Error::Told`] when the root cannot give the outcome; any other error is this rank's alone.
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

    /// Leaves the cluster: the only way out of the program. A good end, or one that all ranks
    /// agreed on, finalises MPI, within some seconds; any other error is told with rank and host
    /// and ends the whole job (`MPI_Abort`), since the others may be waiting for this rank.
    pub fn leave(self, outcome: Result<u8>) -> ExitCode {
        self.leave_after(outcome, || {})
    }

    /// As [`Cluster::leave`], and calls `last` in MPI's last steps, where a crash or a hang no
    /// longer changes the exit code: a test wants to see that. Without MPI, or after an error that
    /// ends the job, it is not called.
    pub fn leave_after(self, outcome: Result<u8>, last: impl FnOnce()) -> ExitCode {
        match outcome {
            Ok(code) | Err(Error::Told { code }) => {
                match &self {
                    #[cfg(feature = "mpi")]
                    Cluster::Mpi(mpi) => mpi.leave(code, last),
                    Cluster::Local(_) => drop(last),
                }
                drop(self);
                ExitCode::from(code)
            }
            Err(error) => {
                ending::tell(&error, self.original_rank(), self.size());
                ending::abort(error.exit_code())
            }
        }
    }
}
