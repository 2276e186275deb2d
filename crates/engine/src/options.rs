//! A run's options: schedule, limits, checkpoint, callbacks.
//!
//! Stands beside `session`, which builds them, and `run`, which follows them. Everything has a
//! default.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::checkpoint::SaveSettings;
use crate::error::JobError;
use crate::signals::Signals;
use crate::{Schedule, Span};

/// How to run a job.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who computes which blocks next.
    pub schedule: Schedule,
    /// Blocks handed out at a time; `None`: chosen by [`Schedule::auto_chunk`].
    pub chunk: Option<u64>,
    /// Called at the root with the progress of the job, whenever it looks for messages.
    pub progress: Option<Callback<Progress>>,
    /// Signals that ask for a stop or a save.
    pub signals: Signals,
    /// When to stop, however much is done. The root's clock decides; the other ranks use it to fit
    /// their last pieces.
    pub deadline: Option<Instant>,
    /// Where to save what is done; jobs without an [`Identity`](crate::Identity) are not saved.
    pub keep: Option<SaveSettings>,
    /// The part of the blocks that this run computes; `None`: all of them.
    pub part: Option<JobPart>,
    /// The moment at which this rank's timeline begins, where timelines are requested. On all ranks
    /// or on none.
    pub traced: Option<Instant>,
    /// Called at each [`Stage`]: for tests that make a rank fail there.
    pub at_stage: Option<AtStage>,
    /// What to do with a warning: a sentence. `None`: it goes to standard error.
    pub warn: Option<fn(&str)>,
}

/// Called with a stage and the rank's number at the start of the program.
pub type AtStage = fn(Stage, u64) -> std::result::Result<(), JobError>;

/// A callback that runs now and then, on the rank that has it.
#[derive(Clone)]
pub struct Callback<T>(Arc<dyn Fn(T) + Send + Sync>);

impl<T> Callback<T> {
    /// Calls the function.
    pub fn new(what: impl Fn(T) + Send + Sync + 'static) -> Callback<T> {
        Callback(Arc::new(what))
    }

    pub(crate) fn call(&self, with: T) {
        (self.0)(with);
    }
}

impl<T> fmt::Debug for Callback<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a callback")
    }
}

/// The progress of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Blocks done.
    pub done: u64,
    /// Blocks that this run computes.
    pub of: u64,
    /// The round is over: this is the last call.
    pub is_over: bool,
}

/// The stage of a job that a rank is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the first collective.
    Start,
    /// Before the scatter.
    Scatter,
    /// Before a piece of work.
    Compute,
    /// When the rank has finished, before the reduction.
    Reduce,
    /// When the outcome is known.
    Report,
}

/// One of `of` equal parts of a job's blocks, `index` from 0. Each part is a run with its own
/// checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobPart {
    /// The number of this part, below `of`.
    pub index: u64,
    /// How many parts there are.
    pub of: u64,
}

/// As users write it: counted from 1.
impl fmt::Display for JobPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", u128::from(self.index) + 1, self.of)
    }
}

impl JobPart {
    /// Part `number` of `of`, counted from 1; `None` when there is no such part.
    pub fn numbered(number: u64, of: u64) -> Option<JobPart> {
        (1..=of).contains(&number).then(|| JobPart { index: number - 1, of })
    }

    /// The part of task `task` of a job array with a task for every part: `first`, `first + step`,
    /// ..., at most `last`. A step of 0 counts as 1. `None` when the array has no such task.
    ///
    /// ```
    /// use montesieve_engine::JobPart;
    ///
    /// assert_eq!(JobPart::of_task(7, 1, 9, 2), Some(JobPart { index: 3, of: 5 }));
    /// assert_eq!(JobPart::of_task(8, 1, 9, 2), None);
    /// ```
    pub fn of_task(task: u64, first: u64, last: u64, step: u64) -> Option<JobPart> {
        let step = step.max(1);
        let is_task = (first..=last).contains(&task) && (task - first).is_multiple_of(step);
        is_task.then(|| JobPart { index: (task - first) / step, of: ((last - first) / step).saturating_add(1) })
    }

    /// Its blocks, out of `blocks`. Together the parts cover each block exactly once.
    pub fn span(self, blocks: u64) -> Span {
        let edge = |index: u64| (u128::from(blocks) * u128::from(index) / u128::from(self.of)) as u64;
        Span::new(edge(self.index), edge(self.index + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_each_block_once() {
        for (blocks, of) in [(10, 3), (3, 10), (0, 2), (u64::MAX, 7)] {
            let mut next = 0;
            for number in 1..=of {
                let span = JobPart::numbered(number, of).expect("a part").span(blocks);
                assert_eq!(span.first, next);
                next = span.end;
            }
            assert_eq!(next, blocks);
        }
        assert_eq!([(0, 3), (4, 3), (1, 0)].map(|(number, of)| JobPart::numbered(number, of)), [None; 3]);
    }

    #[test]
    fn tasks_of_an_array_are_parts() {
        for (first, last, step, of) in [(0, 3, 1, 4), (1, 4, 0, 4), (1, 9, 2, 5), (1, 10, 2, 5), (5, 5, 3, 1)] {
            let tasks = (first..=last).step_by(step.max(1) as usize);
            let parts: Vec<_> = tasks.map(|task| JobPart::of_task(task, first, last, step)).collect();
            let all: Vec<_> = (0..of).map(|index| Some(JobPart { index, of })).collect();
            assert_eq!(parts, all);
        }
        for (task, first, last, step) in [(0, 1, 4, 1), (5, 1, 4, 1), (2, 1, 9, 2), (1, 2, 0, 1)] {
            assert_eq!(JobPart::of_task(task, first, last, step), None);
        }
        assert_eq!(JobPart::of_task(0, 0, u64::MAX, 1), Some(JobPart { index: 0, of: u64::MAX }));
    }
}
