//! What a session is set to: one method a setting, each with its default.
//!
//! Stands beside the methods that run jobs.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Session;
use crate::Schedule;
use crate::checkpoint::Keep;
use crate::options::{Callback, Progress, Share};
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
    /// [`Identity`] are saved, and a file holds one job: a session that runs several gives an
    /// identity to one of them at most.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.keep = Some(Keep { path: path.into(), every: self.interval });
        self.lock = OnceCell::new();
        self
    }

    /// Time between two saves, so how much work may be lost. Default: 30 s.
    pub fn checkpoint_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        if let Some(keep) = &mut self.options.keep {
            keep.every = interval;
        }
        self
    }

    /// Resumes from this file, which must exist unless the checkpoint does; of both, from all that
    /// they have together. Saves go to the checkpoint, or to this file where there is no other.
    pub fn resume(mut self, path: impl Into<PathBuf>) -> Self {
        self.resume = Some(path.into());
        self.lock = OnceCell::new();
        self
    }

    /// Resumes from the save before where a file is damaged. Without it, that is an error.
    pub fn fall_back(mut self, falls_back: bool) -> Self {
        self.falls_back = falls_back;
        self
    }

    /// Computes only this part of the blocks; [`Session::unite`] combines the files of all parts.
    pub fn share(mut self, share: impl Into<Option<Share>>) -> Self {
        self.options.share = share.into();
        self
    }

    /// Stops this long from now, with what is done by then.
    pub fn time_limit(self, limit: Duration) -> Self {
        let deadline = self.transport.now().checked_add(limit);
        self.deadline(deadline)
    }

    /// Stops at this moment, if there is one. The root's clock decides; the others know it to make
    /// their last pieces fit.
    pub fn deadline(mut self, deadline: Option<Instant>) -> Self {
        self.options.deadline = deadline;
        self
    }

    /// Told at the root how far a job is.
    pub fn progress(mut self, tell: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.options.progress = Some(Callback::new(tell));
        self
    }

    /// Stops, or saves, when these signals ask for it. Default: no signal is listened to.
    pub fn signals(mut self, signals: Signals) -> Self {
        self.options.signals = signals;
        self
    }

    /// Gets warnings, each a sentence. Default: they go to standard error.
    pub fn warn(mut self, warn: fn(&str)) -> Self {
        self.options.warn = Some(warn);
        self
    }

    /// Told at the root what was loaded. Default: [`Notice::Resumes`] is not said, the others are
    /// warnings.
    pub fn notices(mut self, tell: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        self.notices = Some(Callback::new(tell));
        self
    }

    /// A lock that is held is no obstacle: for a program that has lost a rank which may hold it.
    pub fn lock_may_be_held(mut self, may_be: bool) -> Self {
        self.lock_may_be_held = may_be;
        self
    }
}
