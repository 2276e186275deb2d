//! The settings of a session: one method each, with its default.
//!
//! Stands beside the methods that run jobs.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Session;
use crate::Schedule;
use crate::checkpoint::SaveSettings;
use crate::options::{Callback, JobPart, Progress};
use crate::resumption::Notice;
use crate::signals::Signals;

impl Session<'_> {
    /// Who computes which blocks next. Default: [`Schedule::default`].
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.options.schedule = schedule;
        self
    }

    /// Blocks handed out at a time. Default: chosen by [`Schedule::auto_chunk`].
    pub fn chunk(mut self, blocks: u64) -> Self {
        self.options.chunk = Some(blocks.max(1));
        self
    }

    /// Saves what is done to this file, and resumes from it if it exists. Only jobs with an
    /// [`Identity`](crate::Identity) are saved, and a file holds one job: of several jobs in a
    /// session, at most one may have an identity.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.keep = Some(SaveSettings { path: path.into(), every: self.interval });
        self.lock = OnceCell::new();
        self
    }

    /// Time between saves, which bounds the work that may be lost. Default: 30 s.
    pub fn checkpoint_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        if let Some(keep) = &mut self.options.keep {
            keep.every = interval;
        }
        self
    }

    /// Resumes from this file, which must exist unless the checkpoint does; if both exist, from
    /// their union. Saves go to the checkpoint, or to this file if there is no checkpoint.
    pub fn resume(mut self, path: impl Into<PathBuf>) -> Self {
        self.resume = Some(path.into());
        self.lock = OnceCell::new();
        self
    }

    /// Resumes from the previous save where a file is damaged. Without it, that is an error.
    pub fn fall_back(mut self, falls_back: bool) -> Self {
        self.falls_back = falls_back;
        self
    }

    /// Computes only this part of the blocks; [`Session::unite`] combines the files of all parts.
    pub fn part(mut self, part: impl Into<Option<JobPart>>) -> Self {
        self.options.part = part.into();
        self
    }

    /// Stops this long from now and keeps what is done by then.
    pub fn time_limit(self, limit: Duration) -> Self {
        let deadline = self.transport.now().checked_add(limit);
        self.deadline(deadline)
    }

    /// Stops at this moment, if given. The root's clock decides; the other ranks use it to fit
    /// their last pieces.
    pub fn deadline(mut self, deadline: Option<Instant>) -> Self {
        self.options.deadline = deadline;
        self
    }

    /// Called at the root with the progress of the job.
    pub fn progress(mut self, tell: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.options.progress = Some(Callback::new(tell));
        self
    }

    /// Stops or saves when these signals ask for it. Default: no signal is handled.
    pub fn signals(mut self, signals: Signals) -> Self {
        self.options.signals = signals;
        self
    }

    /// Receives warnings, each a sentence. Default: they go to standard error.
    pub fn warn(mut self, warn: fn(&str)) -> Self {
        self.options.warn = Some(warn);
        self
    }

    /// Called at the root with what was loaded. Default: [`Notice::Resumes`] is silent, the others
    /// are warnings.
    pub fn notices(mut self, tell: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        self.notices = Some(Callback::new(tell));
        self
    }

    /// Continues although the lock is held: for a program that has lost a rank which may hold it.
    pub fn lock_may_be_held(mut self, may_be: bool) -> Self {
        self.lock_may_be_held = may_be;
        self
    }
}
