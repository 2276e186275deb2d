//! `montesieve burnin`: how long, how strict, and where the findings go.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use crate::cli::choices::{TimeLimit, or_auto};
use crate::cli::engine::{Destination, LaunchOptions};
use crate::cli::values;

const EXAMPLES: &str = "\
Examples:
  srun -n 512 montesieve burnin --duration 60s --exclude-file ./bad.txt --junit burnin.xml
  sbatch --exclude=\"$(cat bad.txt)\" job.sh
  mpirun -n 8 montesieve burnin --quick               a prolog

Every rank does the same blocks of work with known answers; messages are checked byte by byte.
Exit codes: 0 nothing found, 3 something is wrong, 4 a host is slow.";

/// The time of `--quick`.
const QUICK: Duration = Duration::from_secs(5);

/// Test every rank and host with work of known answers: which is wrong, which is slow
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct Burnin {
    /// How long to test, as 60s or 10m; at least one round is done (about half a second if every
    /// rank has a core)
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = values::duration)]
    duration: Duration,

    /// 5 seconds: every instruction set, not every block
    #[arg(long, conflicts_with = "duration")]
    quick: bool,

    /// Test until Ctrl-C, a signal or --time-limit; speed is judged by the last hour or so
    #[arg(long, conflicts_with_all = ["duration", "quick"])]
    pub forever: bool,

    /// A host is slow when its blocks take this much longer than the median of its CPU model
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = threshold)]
    threshold: Threshold,

    /// Write the hosts to exclude to FILE, in Slurm's form (node[01-03,07]); empty if there are
    /// none
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub exclude_file: Option<PathBuf>,

    /// Write a JUnit report to FILE: blocks, messages and speed of each host
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub junit: Option<PathBuf>,

    /// Show only hosts with findings (text and CSV)
    #[arg(long, help_heading = "Output")]
    pub only_bad: bool,

    /// Print no line every 10 seconds; wrong answers are still reported at once
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    /// Stop cleanly after this time and report the rounds done; auto: shortly before the scheduler
    /// ends the job
    #[arg(long, value_name = "TIME|auto", value_parser = or_auto(values::duration), allow_negative_numbers = true)]
    pub time_limit: Option<TimeLimit>,

    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,

    /// Always end with exit code 0 (so that mpirun adds no messages)
    #[arg(long, help_heading = "Launch")]
    pub exit_zero: bool,

    /// What the launch check lets pass.
    #[command(flatten)]
    pub launch: LaunchOptions,
}

/// A percentage, in hundredths of a percent: exact as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Threshold(u32);

impl Burnin {
    /// How long; `None`: until it is stopped.
    pub fn duration(&self) -> Option<Duration> {
        (!self.forever).then_some(if self.quick { QUICK } else { self.duration })
    }

    /// 0.05 for 5 %.
    pub fn threshold(&self) -> f64 {
        f64::from(self.threshold.0) / 1e4
    }
}

fn threshold(text: &str) -> Result<Threshold, String> {
    let digits = text.strip_suffix('%').unwrap_or(text).trim();
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let hundredths = values::number(&format!("{digits}e2")).ok().filter(|_| is_plain);
    match hundredths.and_then(|n| u32::try_from(n).ok()) {
        Some(n @ 1..=10_000) => Ok(Threshold(n)),
        _ => Err("not a percentage from 0.01% to 100%; write it like 5% or 2.5%".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact() {
        for (text, hundredths) in
            [("5%", 500), ("5", 500), ("2.5%", 250), ("0.01%", 1), ("100%", 10_000), ("7.25 %", 725)]
        {
            assert_eq!(threshold(text), Ok(Threshold(hundredths)), "{text}");
        }
        for bad in ["", "%", "0", "-5%", "0.001%", "101%", "5e1", "1k", "five", "1+1", "5%%"] {
            assert!(threshold(bad).is_err(), "{bad}");
        }
    }
}
