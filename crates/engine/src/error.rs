//! The engine's errors, and which ranks get them.

use crate::checkpoint::LoadError;
use crate::transport::{Lost, Silent};
use crate::unite::UniteError;

/// An error of the caller's own code, carried through the engine and given back as it is.
pub type JobError = Box<dyn std::error::Error + Send + Sync>;

/// Why a job has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rank died while this one lives. Every living rank gets it.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// A rank has been silent for too long. Returned on the rank that noticed it first.
    #[error("{silent}{}: ending the job", if *is_saved { ", and what is done is saved" } else { "" })]
    Silent {
        /// The silent rank.
        silent: Silent,
        /// Whether finished work was saved before this error.
        is_saved: bool,
    },
    /// A fault of the program, on this rank alone: a message that cannot be understood, a block
    /// that was computed twice.
    #[error("{0}")]
    Fault(String),
    /// What the job's own code returned, on this rank alone.
    #[error("{0}")]
    Job(JobError),
    /// The root cannot start, or cannot deliver the outcome. Every rank gets this error, at the
    /// same point of the program. The root has the reason: a checkpoint that cannot be loaded, an
    /// error of a sink, an impossible answer.
    #[error("{}", .0.as_ref().map_or("the root reports what went wrong".to_owned(), ToString::to_string))]
    AtRoot(Option<Box<Error>>),
    /// A checkpoint cannot be loaded or written.
    #[error(transparent)]
    Checkpoint(#[from] LoadError),
    /// The checkpoints do not form a whole job.
    #[error(transparent)]
    Unite(#[from] UniteError),
}

/// `Result` with the engine's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// A fault of the program, as a sentence that asks for a report.
pub(crate) fn fault(what: impl std::fmt::Display) -> Error {
    Error::Fault(format!("{what} (a fault of the program, please report it)"))
}
