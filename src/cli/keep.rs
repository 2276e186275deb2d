//! The options by which a job outlives its process: checkpoints, and the time limit that goes with them.
//!
//! Part of [`super::Engine`], in a file of its own because they belong together.

use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};

use super::values;

/// The exit code of a job that was stopped and saved, unless the user wants another: EX_TEMPFAIL of sysexits.h.
pub const SAVED: u8 = 75;

/// What is kept of a job, where, and until when it may run.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Save what is done in FILE, and go on from it when it is there; the save before stays as FILE.before
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Checkpoint")]
    pub checkpoint: Option<PathBuf>,

    /// Time between two saves
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "30s", help_heading = "Checkpoint")]
    #[arg(allow_negative_numbers = true)]
    pub checkpoint_interval: Duration,

    /// Go on from FILE, which must be there; saves go to --checkpoint, or to FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Checkpoint")]
    pub resume: Option<PathBuf>,

    /// Stop after this time, in good order, with what is done by then: 90s, 10m, 24h
    #[arg(long, value_name = "TIME", value_parser = values::duration, help_heading = "Checkpoint")]
    #[arg(allow_negative_numbers = true)]
    pub time_limit: Option<Duration>,

    /// Exit code of a job that was stopped and saved
    #[arg(long, value_name = "N", default_value_t = NonZeroU8::new(SAVED).expect("not 0"), help_heading = "Checkpoint")]
    #[arg(allow_negative_numbers = true)]
    pub requeue_exit_code: NonZeroU8,
}

impl Keep {
    /// The file that is saved to.
    pub fn file(&self) -> Option<&Path> {
        self.checkpoint.as_deref().or(self.resume.as_deref())
    }
}
