//! The errors that can end a run early, and their exit codes.
//!
//! One enum for the whole program, so that one place assigns exit codes; docs/reference.md has them
//! as a table. It is in this crate because ranks agree on exit codes. Errors of the engine are
//! converted here; the program adds advice about options.

use montesieve_engine::checkpoint::LoadError;
use montesieve_engine::sink::SinkError;
use montesieve_engine::transport;
use montesieve_engine::unite::UniteError;
use montesieve_engine::{Error as Engine, JobError};

/// `Result` with the program's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a run has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Bad input, found before any work. Every rank finds the same error, and only the root prints
    /// it.
    #[error("{0}")]
    Usage(String),
    /// The launcher did not start the ranks it promised (for example, it made N worlds of one
    /// rank).
    #[error("{0}")]
    Launch(String),
    /// Something failed while running, on this rank.
    #[error("{0}")]
    Run(String),
    /// Reading or writing failed; the text names the file.
    #[error("{context}: {source}")]
    Io {
        /// The operation, and its file.
        context: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The error has been reported, and every rank has agreed to leave with this exit code.
    #[error("exit code {code}")]
    Reported {
        /// The agreed exit code.
        code: u8,
    },
    /// Another rank died, and MPI lets this one continue: the command must restart without it.
    #[error("a rank was lost")]
    Lost,
    /// The reader of standard output left (`| head`): a quiet end, not a fault.
    #[error("standard output was closed")]
    ClosedPipe,
}

impl Error {
    /// Exit code of a wrong answer.
    pub const WRONG: u8 = 3;

    /// Exit code of a slow host.
    pub const SLOW: u8 = 4;

    /// Exit code of an estimate that missed its target error.
    pub const TARGET: u8 = 5;

    /// Exit code of a run that was stopped early and saved nothing.
    pub const STOPPED: u8 = 76;

    /// Exit code of a bad launch.
    pub const LAUNCH: u8 = 78;

    /// The process exit code (docs/reference.md, "Exit codes").
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => 2,
            Error::Launch(_) => Error::LAUNCH,
            Error::Run(_) | Error::Io { .. } | Error::Lost => 1,
            Error::ClosedPipe => 0,
            Error::Reported { code } => *code,
        }
    }

    /// Converts an I/O error.
    pub fn io(context: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let context = context.into();
        move |source| Error::Io { context, source }
    }

    /// Converts an I/O error of standard output: a closed pipe becomes [`Error::ClosedPipe`].
    pub fn of_stdout(source: std::io::Error) -> Error {
        match source.kind() {
            std::io::ErrorKind::BrokenPipe => Error::ClosedPipe,
            _ => Error::Io { context: "cannot write standard output".to_owned(), source },
        }
    }
}

impl From<Engine> for Error {
    fn from(error: Engine) -> Error {
        match error {
            Engine::Lost(_) => Error::Lost,
            Engine::Job(error) => of_job(error),
            Engine::AtRoot(Some(error)) => (*error).into(),
            Engine::Checkpoint(error) | Engine::Unite(UniteError::File(error)) => error.into(),
            error => Error::Run(error.to_string()),
        }
    }
}

/// An error of this type that passed through the engine, or one of a library.
fn of_job(error: JobError) -> Error {
    error.downcast().map_or_else(|error| Error::Run(error.to_string()), |error| *error)
}

impl From<transport::Lost> for Error {
    fn from(transport::Lost: transport::Lost) -> Error {
        Error::Lost
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Error {
        let text = error.to_string();
        if error.is_misuse() { Error::Usage(text) } else { Error::Run(text) }
    }
}

impl From<Error> for SinkError {
    fn from(error: Error) -> SinkError {
        match error {
            Error::ClosedPipe => SinkError::ReaderGone,
            error => SinkError::Failed(error.into()),
        }
    }
}
