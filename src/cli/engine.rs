//! The options that every computing command has: schedule, chunk, where the result goes, what is said meanwhile.
//!
//! Flattened into each of those commands, so that they cannot differ between two of them.

use std::fmt;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum, ValueHint};

use super::keep::Keep;
use super::values;
use crate::report::Format;

/// How the work is shared out, and how the result is shown.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Who computes which block next; changes the time, never the answer
    #[arg(long, value_enum, default_value_t = Schedule::Dynamic, value_name = "NAME", help_heading = "Engine")]
    pub schedule: Schedule,

    /// Ranks of a program that no launcher starts: threads of one process; auto is one for each core
    /// that it may use
    #[arg(long, default_value_t = Ranks::Auto, value_name = "N|auto", value_parser = ranks, help_heading = "Engine")]
    #[arg(allow_negative_numbers = true)]
    pub ranks: Ranks,

    /// Blocks handed out at a time: a number, or auto (block gives each rank its whole share at once)
    #[arg(long, default_value_t = Chunk::Auto, value_name = "N|auto", value_parser = chunk, help_heading = "Engine")]
    #[arg(allow_negative_numbers = true)]
    pub chunk: Chunk,

    /// What is kept of the job.
    #[command(flatten)]
    pub keep: Keep,

    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,

    /// Show a table of every rank: blocks, seconds computing, idle and on messages
    #[arg(long, help_heading = "Output")]
    pub per_rank: bool,

    /// Progress on stderr; auto is a bar in a terminal, and one line every 10 s under a launcher
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "KIND", help_heading = "Output")]
    pub progress: Progress,

    /// Say nothing on stderr but errors
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// End with exit code 0 whatever happened (mpirun then adds no lines of its own)
    #[arg(long, help_heading = "Launch")]
    pub exit_zero: bool,

    /// What the launch check lets pass.
    #[command(flatten)]
    pub launch: Launch,
}

/// The form of the result, and where it goes.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Form of the result
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM", help_heading = "Output")]
    pub format: Format,

    /// Write the result to FILE instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Format] {
        &[Format::Text, Format::Json, Format::Csv, Format::Value]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// What the launch check lets pass, and how long ranks may be silent.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Run although the launcher's ranks do not find each other
    #[arg(long, help_heading = "Launch")]
    pub allow_singleton: bool,

    /// End the job when a rank was silent for this time, 1s at the least: name it and its host, save,
    /// and abort; 0: never
    #[arg(long, value_name = "TIME", value_parser = stall_timeout, default_value = "5m", help_heading = "Launch")]
    #[arg(allow_negative_numbers = true)]
    pub stall_timeout: Duration,
}

/// The shortest time after which a rank counts as hanging. Ranks ask each other five times within it,
/// and a kernel may be half a second without an answer where ranks share a core.
const SHORTEST_STALL: Duration = Duration::from_secs(1);

fn stall_timeout(text: &str) -> Result<Duration, String> {
    let limit = values::duration_or_zero(text)?;
    if limit.is_zero() || limit >= SHORTEST_STALL {
        Ok(limit)
    } else {
        Err("must be at least 1s (or 0: never)".to_owned())
    }
}

/// The schedules by name; `job` knows what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schedule {
    /// Equal contiguous shares, scattered by rank 0 and reduced at the end of each round
    Block,
    /// Chunks in turn, as cards are dealt
    Cyclic,
    /// The next chunk to whoever asks
    Dynamic,
    /// As dynamic, with chunks that shrink towards the end
    Guided,
}

/// How many ranks there are where no launcher decides that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranks {
    /// One for each core.
    Auto,
    /// This many.
    Count(NonZeroU64),
}

/// More threads than any one machine has cores for.
const MOST_RANKS: u64 = 1024;

/// A number of ranks as it is typed.
fn ranks(text: &str) -> Result<Ranks, String> {
    if text == "auto" {
        return Ok(Ranks::Auto);
    }
    let count = values::amount(text).map_err(|error| format!("{error} (or auto)"))?;
    let count = NonZeroU64::new(count).filter(|count| count.get() <= MOST_RANKS);
    count.map(Ranks::Count).ok_or_else(|| format!("must be from 1 to {MOST_RANKS} (or auto)"))
}

impl fmt::Display for Ranks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ranks::Auto => f.write_str("auto"),
            Ranks::Count(n) => n.fmt(f),
        }
    }
}

/// How many blocks are handed out at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// The engine decides.
    Auto,
    /// This many.
    Blocks(NonZeroU64),
}

/// What is shown on stderr while the job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// A bar where a person started one process in a terminal, plain lines under a launcher
    Auto,
    /// A bar that moves
    Bar,
    /// One line every 10 seconds
    Plain,
    /// Nothing
    None,
}

/// A chunk as it is typed.
pub fn chunk(text: &str) -> Result<Chunk, String> {
    if text == "auto" {
        return Ok(Chunk::Auto);
    }
    let blocks = values::amount(text).map_err(|error| format!("{error} (or auto)"))?;
    Ok(NonZeroU64::new(blocks).map_or(Chunk::Auto, Chunk::Blocks))
}

impl fmt::Display for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Chunk::Auto => f.write_str("auto"),
            Chunk::Blocks(n) => n.fmt(f),
        }
    }
}

/// Writes the name that the command line has for a value.
pub fn write_name(value: &impl ValueEnum, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.to_possible_value() {
        Some(name) => f.write_str(name.get_name()),
        None => Ok(()),
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(self, f)
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_command_line() {
        let names: Vec<String> = Schedule::value_variants().iter().map(Schedule::to_string).collect();
        assert_eq!(names, ["block", "cyclic", "dynamic", "guided"]);
        assert_eq!(Progress::None.to_string(), "none");
    }

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
        assert_eq!(ranks("auto"), Ok(Ranks::Auto));
        assert_eq!(ranks("1024").map(|ranks| ranks.to_string()), Ok("1024".to_owned()));
        assert!(ranks("0").is_err());
        for refused in ["1025", "1e9"] {
            assert_eq!(ranks(refused), Err("must be from 1 to 1024 (or auto)".to_owned()), "{refused}");
        }
        assert!(ranks("all").is_err_and(|error| error.ends_with("(or auto)")));
    }

    #[test]
    fn chunk_is_auto_or_at_least_one() {
        assert_eq!(chunk("auto"), Ok(Chunk::Auto));
        assert_eq!(chunk("1k").map(|c| c.to_string()), Ok("1000".to_owned()));
        assert_eq!(chunk("0"), Err("must be at least 1 (or auto)".to_owned()));
        assert!(chunk("many").is_err());
    }
}
