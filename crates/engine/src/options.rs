//! What a caller says about a run: schedule, limits, checkpoint, whom to tell.
//!
//! Stands beside `run`, which does it. Everything has a default.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::checkpoint::Keep;
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
    /// Told how far the job is, at the root, whenever it looks after its messages.
    pub progress: Option<Callback<Progress>>,
    /// Signals that ask for a stop or a save.
    pub signals: Signals,
    /// When to stop, whatever is done by then. The root's clock decides; the others know it to make
    /// their last pieces fit.
    pub deadline: Option<Instant>,
    /// Where to save what is done; jobs without an [`Identity`](crate::Identity) are not saved.
    pub keep: Option<Keep>,
    /// The part of the blocks that this run is about; `None`: all of them.
    pub share: Option<Share>,
    /// Where the timelines of all ranks are wanted: the moment at which this rank's begins. On all
    /// ranks or on none.
    pub traced: Option<Instant>,
    /// Called at each [`Stage`]: for tests that make a rank fail there.
    pub at_stage: Option<AtStage>,
    /// What to do with a warning: a sentence. `None`: it goes to standard error.
    pub warn: Option<fn(&str)>,
}

/// Called with a stage and the rank's number at the beginning of the program.
pub type AtStage = fn(Stage, u64) -> std::result::Result<(), JobError>;

/// A function that is called now and then, on the rank that has it.
#[derive(Clone)]
pub struct Callback<T>(Arc<dyn Fn(T) + Send + Sync>);

impl<T> Callback<T> {
    /// Calls `what`.
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

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Blocks done.
    pub done: u64,
    /// Blocks that this run is about.
    pub of: u64,
    /// The round is over: nothing more is said about it.
    pub is_over: bool,
}

/// Where in a job a rank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the first collective.
    Start,
    /// Before the scatter.
    Scatter,
    /// Before a piece of work.
    Compute,
    /// When it has finished, before the reduction.
    Reduce,
    /// When the outcome is known.
    Report,
}

/// One of `of` equal parts of a job's blocks, `index` from 0: what one of several runs does, each
/// with a checkpoint of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Share {
    /// Which part, below `of`.
    pub index: u64,
    /// How many parts there are.
    pub of: u64,
}

/// As the user writes it: counted from 1.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", u128::from(self.index) + 1, self.of)
    }
}

impl Share {
    /// Its blocks, of `blocks`. The shares of a job are all its blocks, once.
    pub fn span(self, blocks: u64) -> Span {
        let edge = |index: u64| (u128::from(blocks) * u128::from(index) / u128::from(self.of)) as u64;
        Span::new(edge(self.index), edge(self.index + 1))
    }
}
