//! `montesieve patterns [NAME]`: which page of the gallery.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueHint};

use super::ALL;
use crate::cli::choices::{TimeLimit, or_auto};
use crate::cli::engine::{Destination, LaunchOptions};
use crate::cli::values;

const EXAMPLES: &str = "\
Examples:
  montesieve patterns                      what there is
  montesieve patterns counter --explain    its page: in Python, with mpi4py, the MPI calls
  mpirun -n 5 montesieve patterns counter
  mpirun -n 4 montesieve patterns ring --trace     what each rank did when
  mpirun -n 4 montesieve patterns queue --plot F.svg
  mpirun -n 8 montesieve patterns all      all of them; exit code 3 when one is wrong";

/// The patterns of distributed memory, one by one: from Python's multiprocessing to MPI
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct Patterns {
    /// The pattern, or `all`; without it, the list of patterns
    #[arg(value_name = "NAME", value_parser = one_pattern(), hide_possible_values = true)]
    pub name: Option<String>,

    /// Show the pattern's page instead of running it: what it is, in Python, with mpi4py, what goes
    /// wrong, the MPI calls
    #[arg(long, requires = "name", conflicts_with = "time_limit")]
    pub explain: bool,

    /// Show what each rank did when: its waits, its messages and their times
    #[arg(long, requires = "name", conflicts_with = "explain")]
    pub trace: bool,

    /// Draw what each rank of a pattern did when as SVG, with messages as arrows
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "name", conflicts_with = "explain")]
    pub plot: Option<PathBuf>,

    /// Stop cleanly after this time and report the patterns done; auto: shortly before the
    /// scheduler ends the job
    #[arg(long, value_name = "TIME|auto", value_parser = or_auto(values::duration), allow_negative_numbers = true)]
    pub time_limit: Option<TimeLimit>,

    /// Print the result alone, without its costs
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,
    /// What the launch check lets pass.
    #[command(flatten)]
    pub launch: LaunchOptions,
}

/// The word for all patterns.
pub const EVERY: &str = "all";

/// The names, each with what it is in Python; and the word for all.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let patterns = ALL.iter().map(|pattern| (pattern.name, pattern.python));
    patterns.chain([(EVERY, "all of them, one after the other")])
}

/// The parser of a name, from which completions know all names.
fn one_pattern() -> PossibleValuesParser {
    PossibleValuesParser::new(names().map(|(name, python)| PossibleValue::new(name).help(python)))
}
