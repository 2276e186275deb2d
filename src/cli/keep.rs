//! The options that let a job outlive its process: checkpoints and time limits.
//!
//! Part of [`super::EngineOptions`], in a separate file because they belong together.

use std::num::{NonZeroU8, NonZeroU64};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::choices::{TimeLimit, or_auto};
use super::values;
use crate::job::run::JobPart;

/// The exit code of a job that was stopped and saved, unless the user wants another: EX_TEMPFAIL of
/// sysexits.h.
const SAVED: NonZeroU8 = NonZeroU8::new(75).expect("75 is not 0");

/// What is kept of a job, where, and until when it may run.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct CheckpointOptions {
    /// Save progress to FILE and resume from it if it exists; the previous save is kept as
    /// FILE.before
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Checkpoint")]
    pub checkpoint: Option<PathBuf>,

    /// Time between saves
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "30s", help_heading = "Checkpoint")]
    #[arg(allow_negative_numbers = true)]
    pub checkpoint_interval: Duration,

    /// Resume from FILE, which must exist; saves go to --checkpoint, or else to FILE; if both
    /// exist, resume from the blocks of both
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Checkpoint")]
    pub resume: Option<PathBuf>,

    /// Resume from FILE.before if FILE is damaged, for unattended requeues; otherwise a damaged
    /// FILE is an error
    #[arg(long, help_heading = "Checkpoint")]
    pub resume_before: bool,

    /// Stop cleanly after this time and report what is done: 90s, 10m, 24h; auto: shortly before
    /// the scheduler ends the job
    #[arg(long, value_name = "TIME|auto", value_parser = or_auto(values::duration), help_heading = "Checkpoint")]
    #[arg(allow_negative_numbers = true)]
    pub time_limit: Option<TimeLimit>,

    /// Compute part I of N, for merge; auto/N: I is the task ID in the job array (1 to N); auto: N
    /// is the size of the array
    #[arg(long, value_name = "I/N|auto/N|auto", requires = "checkpoint", help_heading = "Checkpoint")]
    pub shard: Option<Shard>,

    /// Exit code of a job that stopped early and was saved
    #[arg(long, value_name = "N", default_value_t = SAVED, value_parser = exit_code, help_heading = "Checkpoint")]
    #[arg(allow_negative_numbers = true)]
    pub requeue_exit_code: NonZeroU8,
}

fn exit_code(text: &str) -> Result<NonZeroU8, String> {
    let code = values::between(1, u8::MAX.into(), text)?;
    u8::try_from(code).ok().and_then(NonZeroU8::new).ok_or_else(|| "must be from 1 to 255".to_owned())
}

/// Which part of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shard {
    /// This task's place in its job array. `Some`: the number of parts, numbered from 1 by their
    /// task IDs, so that a part resubmitted alone stays the same part. `None`: as many parts as the
    /// array has tasks.
    Auto(Option<NonZeroU64>),
    /// One of several; from 0.
    Part(JobPart),
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        if text == "auto" {
            return Ok(Shard::Auto(None));
        }
        let not_a_part = || "not a part; write it like 3/8 (or auto/8, or auto)".to_owned();
        if let Some(of) = text.strip_prefix("auto/") {
            return of.parse().map(|of| Shard::Auto(Some(of))).map_err(|_| not_a_part());
        }
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse::<u64>().ok()?, n.parse::<u64>().ok()?)));
        match numbers {
            Some((_, 0)) => Err("there must be at least 1 part, as in 1/1".to_owned()),
            Some((i, n)) => JobPart::numbered(i, n)
                .map(Shard::Part)
                .ok_or_else(|| format!("the first part is 1/{n}, the last {n}/{n}")),
            None => Err(not_a_part()),
        }
    }
}

impl CheckpointOptions {
    /// The file that is saved to.
    pub fn file(&self) -> Option<&Path> {
        self.checkpoint.as_deref().or(self.resume.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::OrAuto;

    #[test]
    fn time_limits_are_times_or_auto() {
        let limit = or_auto(values::duration);
        assert_eq!(limit("auto"), Ok(OrAuto::Auto));
        assert_eq!(limit("90s"), Ok(OrAuto::Set(Duration::from_secs(90))));
        assert!(limit("90").is_err_and(|error| error.ends_with("(or auto)")));
    }

    #[test]
    fn parts_are_counted_from_one() {
        assert_eq!("auto".parse(), Ok(Shard::Auto(None)));
        assert_eq!("auto/4".parse(), Ok(Shard::Auto(NonZeroU64::new(4))));
        assert_eq!("1/4".parse(), Ok(Shard::Part(JobPart { index: 0, of: 4 })));
        assert_eq!("4/4".parse(), Ok(Shard::Part(JobPart { index: 3, of: 4 })));
        for text in ["", "0/4", "5/4", "1/0", "1", "/", "a/b", "-1/4", "1/4/2", "auto/", "auto/0", "auto/x", "auto4"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("1/0".parse::<Shard>().expect_err("no parts"), "there must be at least 1 part, as in 1/1");
    }
}
