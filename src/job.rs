//! The engine for the commands, with this program's errors, on which all ranks agree.
//!
//! Stands beside the crate `montesieve_engine`, and adds only the messages.

pub use montesieve_engine::{
    Boundaries, Dealer, Identity, Job, JobError, Ledger, Notice, Overlap, PrefixEnds, Result, SaveSettings, Schedule,
    Session, Span, Tally, Version, YieldNow, atomic_file, backoff, checkpoint, identity_or_before, invariant, profile,
    protocol, record, regular, replay_log, restart, rounds, signals, sink, threads, timeline, transport, unite,
};

use self::checkpoint::LoadError;
use crate::error::Error;

/// Converts an error of the engine; the text names an option that would help.
fn explain(error: montesieve_engine::Error) -> Error {
    use montesieve_engine::Error as Engine;
    match error {
        Engine::AtRoot(Some(error)) => explain(*error),
        Engine::Checkpoint(error) | Engine::Unite(unite::UniteError::File(error)) => match &error {
            LoadError::Absent { .. } => Error::Usage(format!("--resume: {error}")),
            LoadError::Refused { spare: Some(spare), .. } => {
                Error::Run(format!("{error}: --resume-before resumes from {}", spare.display()))
            }
            _ => error.into(),
        },
        error => error.into(),
    }
}

/// Runs jobs; see the engine's module `run`.
pub mod run {
    pub use montesieve_engine::StopCause;
    pub use montesieve_engine::run::*;

    use crate::cluster::Cluster;
    use crate::error::{Error, Result};
    use crate::job::profile::Profile;

    /// The account of a table that the ranks built together before a job. Every rank must call it,
    /// with the elapsed seconds and its own compute seconds; the root gets `Some`.
    ///
    /// # Errors
    /// As [`Cluster::gather_records`].
    pub fn account_of_making(cluster: &Cluster, seconds: f64, compute: f64) -> Result<Option<Account>> {
        let profile = Profile { compute, idle: seconds - compute, ..Profile::default() };
        let profiles = cluster.gather_records(&profile)?;
        Ok(profiles.map(|profiles| Account { seconds, profiles, ..Account::none(cluster.size()) }))
    }

    /// Agrees on the outcome of a run of the engine, with this program's errors. Every rank must
    /// call it: if the root failed, all ranks leave, and the root prints the reason.
    ///
    /// # Errors
    /// [`Error::Reported`] when the root has no outcome; any other error is this rank's alone.
    pub fn agreed<T>(cluster: &Cluster, outcome: montesieve_engine::Result<T>) -> Result<T> {
        cluster.agree_outcome(outcome, super::explain)
    }

    /// The error for a result that breaks an invariant.
    pub fn cannot_be(why: String) -> Error {
        Error::Run(montesieve_engine::run::cannot_be(&why))
    }
}
