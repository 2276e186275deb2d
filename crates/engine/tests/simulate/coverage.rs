//! Which faults struck at which stage: an empty cell shows a test that tests nothing.

use std::collections::BTreeMap;
use std::fmt;

/// Faults of ranks.
const FAULTS: [&str; 5] = ["death", "stop", "SIGTERM", "SIGUSR1", "SIGUSR2"];
/// The stages of a rank: before its first call, the engine's stages, and after the outcome.
pub const STAGES: [&str; 7] = ["before", "start", "scatter", "compute", "reduce", "report", "end"];
/// Other required events.
const EVENTS: [&str; 19] = [
    "ENOSPC",
    "EIO",
    "EINVAL",
    "stall",
    "crash of the host",
    "damaged file",
    "complete",
    "stopped by a signal",
    "stopped by a time limit",
    "killed",
    "survived a death",
    "survived the death of rank 0",
    "too few ranks left",
    "resumed",
    "delivered",
    "reader gone",
    "sink failed",
    "share done",
    "a rank was silent",
];

/// What happened in some lives.
#[derive(Debug, Default)]
pub struct FaultCoverage {
    faults: BTreeMap<(&'static str, &'static str), u64>,
    events: BTreeMap<&'static str, u64>,
    /// Digests of the runs of one life.
    pub traces: Vec<u64>,
    lives: u64,
}

impl FaultCoverage {
    pub fn of_a_life() -> FaultCoverage {
        FaultCoverage { lives: 1, ..FaultCoverage::default() }
    }

    pub fn fault(&mut self, what: &'static str, stage: &'static str) {
        *self.faults.entry((what, stage)).or_default() += 1;
    }

    pub fn event(&mut self, what: &'static str) {
        self.events(what, 1);
    }

    pub fn events(&mut self, what: &'static str, count: u64) {
        if count == 0 {
            return;
        }
        *self.events.entry(what).or_default() += count;
    }

    pub fn join(&mut self, other: FaultCoverage) {
        self.lives += other.lives;
        other.faults.into_iter().for_each(|(cell, count)| *self.faults.entry(cell).or_default() += count);
        other.events.into_iter().for_each(|(what, count)| self.events(what, count));
    }

    /// Every expected cell is filled.
    pub fn assert_full(&self) {
        let cells = FAULTS.iter().flat_map(|fault| STAGES.map(|stage| (*fault, stage)));
        let empty: Vec<_> = cells.filter(|cell| !self.faults.contains_key(cell)).collect();
        let missing: Vec<_> = EVENTS.iter().filter(|event| !self.events.contains_key(*event)).collect();
        assert!(empty.is_empty() && missing.is_empty(), "never met: {empty:?}, {missing:?}");
    }
}

impl fmt::Display for FaultCoverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lives\n{:10}", self.lives, "")?;
        STAGES.iter().try_for_each(|stage| write!(f, "{stage:>9}"))?;
        for fault in FAULTS {
            write!(f, "\n{fault:10}")?;
            for stage in STAGES {
                write!(f, "{:>9}", self.faults.get(&(fault, stage)).copied().unwrap_or(0))?;
            }
        }
        self.events.iter().try_for_each(|(event, count)| write!(f, "\n{count:>9} {event}"))
    }
}
