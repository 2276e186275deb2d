//! The engine, as the commands use it: with this program's errors, on which all ranks agree.
//!
//! Stands beside the crate `montesieve_engine`, which is all of it but for the words.

pub use montesieve_engine::{
    Boundaries, Dealer, Identity, Job, JobError, Ledger, Notice, Overlap, Result, SaveSettings, Schedule, Session,
    Span, Tally, Version, YieldNow, atomic_file, backoff, checkpoint, identity_or_before, invariant, profile, protocol,
    record, regular, replay_log, restart, rounds, signals, sink, threads, timeline, transport, unite,
};

use self::checkpoint::LoadError;
use crate::error::Error;

/// An error of the engine in this program's terms: where an option would help, the text names it.
fn explain(error: montesieve_engine::Error) -> Error {
    use montesieve_engine::Error as Engine;
    match error {
        Engine::AtRoot(Some(error)) => explain(*error),
        Engine::Checkpoint(error) | Engine::Unite(unite::UniteError::File(error)) => match &error {
            LoadError::Absent { .. } => Error::Usage(format!("--resume: {error}")),
            LoadError::Refused { spare: Some(spare), .. } => {
                Error::Run(format!("{error}: --resume-before goes on from {}", spare.display()))
            }
            _ => error.into(),
        },
        error => error.into(),
    }
}

/// Runs jobs; see the engine's module of that name.
pub mod run {
    pub use montesieve_engine::StopCause;
    pub use montesieve_engine::run::*;

    use crate::cluster::Cluster;
    use crate::error::{Error, Result};
    use crate::job::profile::Profile;

    /// The account of what the ranks made together before a job. Every rank must call it, with the seconds since it began and those
    /// that it computed itself; the root gets `Some`.
    ///
    /// # Errors
    /// As [`Cluster::gather_records`].
    pub fn account_of_making(cluster: &Cluster, seconds: f64, compute: f64) -> Result<Option<Account>> {
        let profile = Profile { compute, idle: seconds - compute, ..Profile::default() };
        let profiles = cluster.gather_records(&profile)?;
        Ok(profiles.map(|profiles| Account { seconds, profiles, ..Account::none(cluster.size()) }))
    }

    /// What a run of the engine came to, in this program's terms. Every rank must call it: what the root could not do, all ranks leave for,
    /// and the root says why.
    ///
    /// # Errors
    /// [`Error::Told`] when the root cannot give the outcome; any other error is this rank's alone.
    pub fn agreed<T>(cluster: &Cluster, outcome: montesieve_engine::Result<T>) -> Result<T> {
        cluster.agree_outcome(outcome, super::explain)
    }

    /// What is said of a result that breaks an invariant.
    pub fn cannot_be(why: String) -> Error {
        Error::Run(montesieve_engine::run::cannot_be(&why))
    }
}
