//! What the user may type: clap structs, and their values parsed into types.
//!
//! The way in is one for every rank: the root collects its [`Words`] (command line and `MONTESIEVE_*` variables) and
//! broadcasts them, every rank calls [`parse`], and the root alone prints a [`Refusal`]. Nothing in this room computes,
//! prints, exits or knows MPI.

mod burnin;
pub mod color;
mod engine;
mod files;
#[cfg(test)]
mod fuzz;
mod gcd;
mod generate;
mod integrate;
mod isprime;
mod keep;
mod merge;
pub mod numeral;
mod parse;
mod patterns;
mod pi;
mod precision;
mod primes;
mod range;
mod scaling;
#[cfg(test)]
mod tests;
pub mod values;
mod words;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint, builder::PossibleValue};
use clap_complete::Shell;

pub use burnin::Burnin;
pub use engine::{Chunk, Destination, Engine, Launch, Progress, Ranks, Schedule};
pub use files::{File, Role, files};
pub use gcd::{Gcd, InputFormat};
pub use generate::{completions, man_pages};
pub use integrate::{ABOUT_EP, Common, EP, Ep, Integrate, NanPolicy, Samples};
pub use isprime::{FIVE, IsPrime, IsPrimeMethod, Subject};
pub use keep::{Keep, Shard, TimeLimit};
pub use merge::Merge;
pub use parse::{Presets, Refusal, parse, presets, unknown_variables};
pub use patterns::Patterns;
pub use pi::{DEFAULT_SEED, Pi, PiAlgorithm, PiMethod};
pub use precision::{Precision, TargetError};
pub use primes::{Counts, Gaps, ListForm, Nth, Primes, PrimesAlgorithm};
pub use range::Range;
pub use scaling::{Scaling, ScalingFrom, ScalingReport, Shown};
pub use words::Words;

use crate::report::Format;

const AFTER_HELP: &str = "\
Examples:
  montesieve pi 1e9                        all cores of this machine
  mpirun -n 8 montesieve pi 1e11           8 ranks, the same answer
  srun montesieve primes 1e12 --per-rank
  srun montesieve burnin                   is a host wrong or slow?

Every option can be preset: MONTESIEVE_SEED=7 stands for --seed=7.
MONTESIEVE_ISA=portable|avx2|avx512 picks the vector instructions.
Exit codes: 0 right, 1 run-time error, 2 usage, 3 wrong, 4 slow host, 5 target error not reached,
75 stopped and saved, 76 stopped and not saved, 78 bad launch, 130 Ctrl-C, 143 SIGTERM.";

/// Monte Carlo and prime numbers over MPI: the same answer on any number of ranks
#[derive(Parser, Clone, Debug, PartialEq, Eq)]
#[command(name = "montesieve", version, after_help = AFTER_HELP, max_term_width = 100, args_override_self = true)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands. Their comments are the help texts.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Estimate pi: by darts thrown at a circle, or by better methods
    Pi(Pi),
    /// Estimate another integral from random samples, with its standard error
    Integrate(Integrate),
    /// Count or print the primes of a range with a sieve
    Primes(Primes),
    /// Say whether numbers are prime: at once, or by trial division over the ranks
    Isprime(IsPrime),
    /// Find the greatest common divisor of each pair in a file, or the numbers of a list that share a factor
    Gcd(Gcd),
    /// The patterns of distributed memory, one by one: from Python's multiprocessing to MPI
    Patterns(Patterns),
    /// Run a command on more and more ranks: speed-up, efficiency, where the time goes, and why
    Scaling(Scaling),
    /// Put the checkpoints of a job's parts together, prove that nothing is missing, and report the whole
    Merge(Merge),
    /// Test every rank and host with work of known answers: which is wrong, which is slow
    Burnin(Burnin),
    /// Show the launcher, the MPI library, hosts, ranks, binding and CPUs, with hints where something is off
    Info(Info),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Write the manual pages into a folder
    Man(ManPages),
}

/// The options of `info`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,
    /// What the launch check lets pass.
    #[command(flatten)]
    pub launch: Launch,
}

/// The options of `completions`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(
    after_help = "Example:\n  montesieve completions bash > ~/.local/share/bash-completion/completions/montesieve"
)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// The options of `man`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "Example:\n  montesieve man ~/.local/share/man/man1")]
pub struct ManPages {
    /// The folder; it is made if it is missing
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

/// The clap command: for parsing, help, completions and pages.
pub fn command() -> clap::Command {
    Cli::command()
}

impl Cli {
    /// The engine options, where the command computes.
    pub fn engine(&self) -> Option<&Engine> {
        match &self.command {
            Command::Pi(pi) => Some(&pi.engine),
            Command::Primes(primes) => Some(&primes.engine),
            Command::Isprime(isprime) => Some(&isprime.engine),
            Command::Gcd(gcd) => Some(&gcd.engine),
            Command::Merge(merge) => Some(&merge.engine),
            Command::Integrate(Integrate::Samples(samples)) => Some(&samples.common.engine),
            Command::Integrate(Integrate::Ep(ep)) => Some(&ep.engine),
            Command::Integrate(Integrate::List(_))
            | Command::Patterns(_)
            | Command::Burnin(_)
            | Command::Info(_)
            | Command::Completions(_)
            | Command::Man(_) => None,
            Command::Scaling(_) => None,
        }
    }

    /// What the launch check lets pass, and how long ranks may be silent; `None`: the command has no
    /// use for ranks.
    pub fn launch(&self) -> Option<&Launch> {
        match &self.command {
            Command::Patterns(patterns) => Some(&patterns.launch),
            Command::Scaling(scaling) => Some(&scaling.launch),
            Command::Burnin(burnin) => Some(&burnin.launch),
            Command::Info(info) => Some(&info.launch),
            _ => self.engine().map(|engine| &engine.launch),
        }
    }

    /// Whether every end is to be reported as exit code 0.
    pub fn exit_zero(&self) -> bool {
        match &self.command {
            Command::Burnin(burnin) => burnin.exit_zero,
            _ => self.engine().is_some_and(|engine| engine.exit_zero),
        }
    }

    /// What no single option can know: whether they fit together.
    fn check(&self) -> Result<(), String> {
        match &self.command {
            Command::Pi(pi) => pi.check(),
            Command::Primes(primes) => primes.check(),
            Command::Isprime(isprime) => isprime.check(),
            Command::Gcd(gcd) => gcd.check(),
            Command::Merge(merge) if merge.engine.keep.file().is_some() => {
                Err("merge reads its FILEs: it does not go with --checkpoint or --resume".to_owned())
            }
            Command::Integrate(integrate) => integrate.check(),
            Command::Scaling(scaling) => scaling.check(),
            _ => Ok(()),
        }
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Format] {
        &[Format::Text, Format::Json, Format::Csv]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
