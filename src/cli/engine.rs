//! The options of every computing command: schedule, chunk, destination of the result, progress.
//!
//! Flattened into each of these commands, so that they are the same everywhere.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches, ValueHint};

use super::choices::{Chunk, Ranks, one_of, or_auto};
use super::keep::CheckpointOptions;
use super::values;
use crate::job::Schedule;
use crate::progress::Mode;
use crate::report::Format;

/// How the work is shared out, and how the result is shown.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// Which rank computes which block next; affects the run time, never the answer
    #[arg(long, value_parser = one_of(&SCHEDULES), default_value = "dynamic", value_name = "NAME", help_heading = "Engine")]
    pub schedule: Schedule,

    /// Without a launcher, the number of ranks, which are threads of one process; auto: one per
    /// core that the process may use
    #[arg(long, default_value = "auto", value_name = "N|auto", value_parser = or_auto(ranks), help_heading = "Engine")]
    #[arg(allow_negative_numbers = true)]
    pub ranks: Ranks,

    /// Blocks handed out at a time: a number, or auto (with block, each rank gets its whole share
    /// at once)
    #[arg(long, default_value = "auto", value_name = "N|auto", value_parser = or_auto(values::positive), help_heading = "Engine")]
    #[arg(allow_negative_numbers = true)]
    pub chunk: Chunk,

    /// What is kept of the job.
    #[command(flatten)]
    pub keep: CheckpointOptions,

    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,

    /// Show a table of all ranks: blocks, and seconds computing, idle and in messages
    #[arg(long, help_heading = "Output")]
    pub per_rank: bool,

    /// Progress on stderr; auto: a bar in a terminal, one line every 10 s under a launcher
    #[arg(long, value_parser = one_of(Mode::CHOICES), default_value = "auto", value_name = "KIND", help_heading = "Output")]
    pub progress: Mode,

    /// Print only errors on stderr
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// Always end with exit code 0 (so that mpirun adds no messages)
    #[arg(long, help_heading = "Launch")]
    pub exit_zero: bool,

    /// What the launch check lets pass.
    #[command(flatten)]
    pub launch: LaunchOptions,
}

impl Default for EngineOptions {
    /// Those of a command line that gives none.
    ///
    /// # Panics
    /// Never: no option is required.
    fn default() -> EngineOptions {
        let none = EngineOptions::augment_args(Command::new("none")).try_get_matches_from(["none"]);
        none.and_then(|matches| EngineOptions::from_arg_matches(&matches)).expect("every option may be left out")
    }
}

/// The form of the result, and where it goes.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Form of the result
    #[arg(long, value_parser = one_of(Format::CHOICES), default_value = "text", value_name = "FORM", help_heading = "Output")]
    pub format: Format,

    /// Write the result to FILE instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// What the launch check lets pass, and how long ranks may be silent.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchOptions {
    /// Run even though the launcher's processes do not find each other
    #[arg(long, help_heading = "Launch")]
    pub allow_singleton: bool,

    /// Abort the job when a rank has been silent for this time (at least 1s), after naming it and
    /// its host and saving; 0: never
    #[arg(long, value_name = "TIME", value_parser = stall_timeout, default_value = "5m", help_heading = "Launch")]
    #[arg(allow_negative_numbers = true)]
    pub stall_timeout: Duration,
}

/// The shortest time after which a rank counts as hanging. Ranks ask each other five times within
/// it, and a kernel may not answer for half a second if ranks share a core.
const SHORTEST_STALL: Duration = Duration::from_secs(1);

fn stall_timeout(text: &str) -> Result<Duration, String> {
    let limit = values::duration_or_zero(text)?;
    if limit.is_zero() || limit >= SHORTEST_STALL {
        Ok(limit)
    } else {
        Err("must be at least 1s (or 0: never)".to_owned())
    }
}

/// The schedules by name.
pub const SCHEDULES: [(&str, Schedule, &str); 4] = [
    (
        Schedule::Block.name(),
        Schedule::Block,
        "Equal contiguous shares, scattered by rank 0 and reduced at the end of each round",
    ),
    (Schedule::Cyclic.name(), Schedule::Cyclic, "Chunks in turn, as cards are dealt"),
    (Schedule::Dynamic.name(), Schedule::Dynamic, "The next chunk to the rank that asks"),
    (Schedule::Guided.name(), Schedule::Guided, "Like dynamic, with chunks that shrink towards the end"),
];

/// More threads than any machine has cores.
const MOST_RANKS: u32 = 1024;

fn ranks(text: &str) -> Result<NonZeroU64, String> {
    let count = values::between(1, MOST_RANKS, text)?;
    NonZeroU64::new(count.into()).ok_or_else(|| "must be at least 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::OrAuto;

    #[test]
    fn a_rank_may_be_silent_for_a_second_at_the_least() {
        assert_eq!(stall_timeout("0"), Ok(Duration::ZERO));
        assert_eq!(stall_timeout("0s"), Ok(Duration::ZERO));
        assert_eq!(stall_timeout("1s"), Ok(SHORTEST_STALL));
        for short in ["1ns", "1us", "20ms", "999ms"] {
            assert_eq!(stall_timeout(short), Err("must be at least 1s (or 0: never)".to_owned()), "{short}");
        }
    }

    #[test]
    fn ranks_are_auto_or_as_many_as_a_machine_may_have() {
        let ranks = or_auto(ranks);
        assert_eq!(ranks("auto"), Ok(OrAuto::Auto));
        assert_eq!(ranks("1024").map(|ranks| ranks.to_string()), Ok("1024".to_owned()));
        for refused in ["0", "1025", "1e9"] {
            assert!(ranks(refused).is_err_and(|error| error.ends_with("(or auto)")), "{refused}");
        }
        assert_eq!(ranks("1025"), Err("must be from 1 to 1024 (or auto)".to_owned()));
    }

    #[test]
    fn chunk_is_auto_or_at_least_one() {
        let chunk = or_auto(values::positive);
        assert_eq!(chunk("auto"), Ok(OrAuto::Auto));
        assert_eq!(chunk("1k").map(|blocks| blocks.to_string()), Ok("1000".to_owned()));
        assert_eq!(chunk("0"), Err("must be at least 1 (or auto)".to_owned()));
        assert!(chunk("many").is_err());
    }
}
