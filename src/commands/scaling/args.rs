//! The options of `montesieve scaling`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::choices::{Chunk, TimeLimit, one_of, or_auto};
use crate::cli::engine::{Destination, LaunchOptions, SCHEDULES};
use crate::cli::values;
use crate::job::Schedule;

const EXAMPLES: &str = "\
Examples:
  mpirun -n 8 montesieve scaling -- primes 1e11
  mpirun -n 8 montesieve scaling --ranks 1,2,4,8 --schedule block,dynamic -- primes 1e11
  mpirun -n 4 montesieve scaling --ranks 4 --chunk 1,10,100,1k,10k --plot saw.svg -- pi 1e10
  mpirun -n 8 montesieve scaling --weak --plot weak.html -- pi 1e10
  mpirun -n 8 montesieve scaling --predict 100000 -- primes 1e12 --algorithm sieve
  montesieve scaling report small.json large.json --plot both.html

COMMAND is any pi, integrate or primes with its options; each of its runs must give the same answer.";

/// Run a command on increasing numbers of ranks: speed-up, efficiency, and where the time goes
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Scaling {
    /// Other ways to get measurements.
    #[command(subcommand)]
    pub from: Option<ScalingFrom>,

    /// Numbers of ranks to compare: with a launcher at most those it started, without one threads
    /// [default: 1, 2, 4 and so on, and all]
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = values::positive)]
    pub ranks: Vec<NonZeroU64>,

    /// Schedules to compare [default: that of COMMAND]
    #[arg(long, value_parser = one_of(&SCHEDULES), value_name = "NAME,..", value_delimiter = ',')]
    pub schedule: Vec<Schedule>,

    /// Chunks to compare, in blocks, or auto [default: that of COMMAND]
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = or_auto(values::positive))]
    pub chunk: Vec<Chunk>,

    /// Scale the work with the ranks: twice the samples or numbers on two ranks
    #[arg(long)]
    pub weak: bool,

    /// Runs of each case; the median counts, and the spread is shown
    #[arg(long, value_name = "N", value_parser = values::positive, default_value = "3")]
    pub repeat: NonZeroU64,

    /// Say where each schedule saturates, up to this many ranks, from what messages and answers
    /// cost here
    #[arg(long, value_name = "RANKS", value_parser = many)]
    pub predict: Option<u64>,

    /// Stop cleanly after this time and report the runs done; auto: shortly before the scheduler
    /// ends the job
    #[arg(long, value_name = "TIME|auto", value_parser = or_auto(values::duration), allow_negative_numbers = true)]
    pub time_limit: Option<TimeLimit>,

    /// Where the measurements go.
    #[command(flatten)]
    pub shown: ReportFiles,

    /// Print only errors on stderr
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// What the launch check lets pass.
    #[command(flatten)]
    pub launch: LaunchOptions,

    /// The command to run, after --
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Where measurements go besides a run of one's own.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum ScalingFrom {
    /// Combine the JSON reports of several jobs into one report
    Report(Reports),
}

/// The options of `scaling report`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Reports {
    /// Reports that `scaling --format json` wrote, of the same COMMAND
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// Where the measurements go.
    #[command(flatten)]
    pub shown: ReportFiles,
}

/// Where measurements go.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ReportFiles {
    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,

    /// Draw the charts into FILE, with what the ranks did when: .html for one page with the table
    /// too, otherwise SVG
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub plot: Option<PathBuf>,

    /// Write the table as CSV to FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub csv: Option<PathBuf>,
}

/// More ranks than any machine has would only be a long table.
fn many(text: &str) -> Result<u64, String> {
    values::between(2, 100_000_000, text).map(u64::from)
}

impl Scaling {
    /// Where the measurements go.
    pub fn shown(&self) -> &ReportFiles {
        match &self.from {
            Some(ScalingFrom::Report(report)) => &report.shown,
            None => &self.shown,
        }
    }

    /// Checks that the options fit together.
    pub fn check(&self) -> Result<(), String> {
        if self.from.is_none() && self.command.is_empty() {
            return Err("COMMAND is missing; it comes after --, as in: scaling -- primes 1e10".to_owned());
        }
        Ok(())
    }
}
