//! Stops of commands that are not jobs of the engine (`burnin`, `patterns`, `scaling`), by a signal
//! or a time limit. All ranks agree on a stop between two steps, so that the results so far are
//! reported.

use std::time::Instant;

use super::context::{deadline, signals};
use crate::cli::TimeLimit;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::job::run::StopCause;
use crate::job::signals::{self, Signals};
use crate::stderr;

/// Stands for the time limit, in a number that is otherwise a signal's.
const TIME: u64 = 1 << 16;

/// The possible causes of a stop.
pub struct Stop {
    signals: Signals,
    /// By this rank's clock; the first rank past it stops all.
    deadline: Option<Instant>,
}

impl Stop {
    /// Listens for signals from now on, and starts the time limit. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Reported`] when the system refuses handlers, or the scheduler does not say when the
    /// job ends.
    pub fn listen(cluster: &Cluster, limit: Option<TimeLimit>) -> Result<Stop> {
        let signals = signals(cluster)?;
        Ok(Stop { signals, deadline: deadline(cluster, limit, Instant::now())? })
    }

    /// Whether this rank knows a reason to stop. It may abort its current step if the others do not
    /// need it.
    pub fn is_asked(&self) -> bool {
        self.mine() > 0
    }

    /// The reason of any rank to stop, the same at all (`MPI_Allreduce`). Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn agreed(&self, cluster: &Cluster) -> Result<Option<StopCause>> {
        Ok(match cluster.max(self.mine())? {
            0 => None,
            TIME => Some(StopCause::TimeLimit),
            signal => Some(StopCause::Signal(signal as i32)),
        })
    }

    /// The deadline for jobs of the engine in between.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn mine(&self) -> u64 {
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        self.signals.pending().map_or(if is_late { TIME } else { 0 }, |signal| signal as u64)
    }
}

/// Reports the cause of the stop and the progress, at the root.
pub fn report(cause: StopCause, done: &str) {
    let by = match cause {
        StopCause::Signal(signal) => signals::name(signal),
        _ => "--time-limit",
    };
    stderr::message(&format!("stopped by {by}: {done}"));
}

/// The exit code: a finding is worse than a stop.
pub fn exit_code(cause: Option<StopCause>, found: u8) -> u8 {
    if cause.is_some() && found == 0 { Error::STOPPED } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::choices::or_auto;
    use crate::cli::values;
    use crate::cluster::testing::alone;

    #[test]
    fn the_time_stops_it() -> Result<()> {
        let limit = |text: &str| Some(or_auto(values::duration)(text).expect("a limit"));
        assert_eq!(Stop::listen(&alone(), None)?.agreed(&alone())?, None);
        assert_eq!(Stop::listen(&alone(), limit("1h"))?.agreed(&alone())?, None);
        let stop = Stop::listen(&alone(), limit("1ns"))?;
        assert!(stop.is_asked());
        assert_eq!(stop.agreed(&alone())?, Some(StopCause::TimeLimit));
        Ok(())
    }

    #[test]
    fn a_finding_is_worse_than_a_stop() {
        assert_eq!(exit_code(None, 0), 0);
        assert_eq!(exit_code(Some(StopCause::Signal(15)), 0), 76);
        assert_eq!(exit_code(Some(StopCause::TimeLimit), Error::WRONG), 3);
    }
}
