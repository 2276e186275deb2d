//! Stops of the commands that are no jobs of the engine (`burnin`, `patterns`, `scaling`): by a signal or by the time, agreed on by all ranks
//! between two steps, so that what is known by then is reported.

use std::time::Instant;

use super::context::{deadline, signals};
use crate::cli::TimeLimit;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::job::run::StopCause;
use crate::job::signals::{self, Signals};
use crate::stderr;

/// For the time limit in a number that is a signal's otherwise.
const TIME: u64 = 1 << 16;

/// What may ask for a stop.
pub struct Stop {
    signals: Signals,
    /// By this rank's clock; the first that is late stops all.
    deadline: Option<Instant>,
}

impl Stop {
    /// Listens from now on; the time counts from now, too. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Told`] when the system refuses handlers, or the scheduler does not say when the job ends.
    pub fn listen(cluster: &Cluster, limit: Option<TimeLimit>) -> Result<Stop> {
        let signals = signals(cluster)?;
        Ok(Stop { signals, deadline: deadline(cluster, limit, Instant::now())? })
    }

    /// Whether this rank knows of a reason to stop. What it has in hand it may cut short, if the others do not need it.
    pub fn is_asked(&self) -> bool {
        self.mine() > 0
    }

    /// Whether any rank has a reason to stop, and which; the same at all (`MPI_Allreduce`). Every rank must call it.
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

    /// The time limit for what the engine runs in between.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn mine(&self) -> u64 {
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        self.signals.pending().map_or(if is_late { TIME } else { 0 }, |signal| signal as u64)
    }
}

/// Says what stopped it, and how far it came; at the root.
pub fn tell(cause: StopCause, done: &str) {
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
