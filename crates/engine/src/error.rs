//! What can go wrong in the engine, and whose misfortune it is.

use crate::checkpoint::LoadError;
use crate::transport::{Lost, Silent};
use crate::unite::UniteError;

/// An error of the caller's own code, carried through the engine and given back as it is.
pub type JobError = Box<dyn std::error::Error + Send + Sync>;

/// Why a job could not be run to an outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rank died while this one lives. Every living rank gets it.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// A rank has not been heard of for too long. On whichever rank noticed it first.
    #[error("{silent}{}: ending the job", if *is_saved { ", and what is done is saved" } else { "" })]
    Silent {
        /// Which one.
        silent: Silent,
        /// Whether what is done was saved before this came.
        is_saved: bool,
    },
    /// A fault of the program, on this rank alone: a message that cannot be understood, a block
    /// that was computed twice.
    #[error("{0}")]
    Fault(String),
    /// What the job's own code returned, on this rank alone.
    #[error("{0}")]
    Job(JobError),
    /// The root cannot begin, or cannot give the outcome. Every rank gets it, and all ranks are at
    /// the same place then. The root has the reason: a checkpoint that cannot be loaded, what a
    /// sink returned, an answer that cannot be right.
    #[error("{}", .0.as_ref().map_or("the root reports what went wrong".to_owned(), ToString::to_string))]
    AtRoot(Option<Box<Error>>),
    /// A checkpoint cannot be loaded, or not be written.
    #[error(transparent)]
    Checkpoint(#[from] LoadError),
    /// Checkpoints do not unite to a whole job.
    #[error(transparent)]
    Unite(#[from] UniteError),
}

/// `Result` with the engine's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// A fault of the program, in a sentence that says so.
pub(crate) fn fault(what: impl std::fmt::Display) -> Error {
    Error::Fault(format!("{what} (a fault of the program, please report it)"))
}
