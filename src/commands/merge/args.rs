//! The options of `montesieve merge FILE...`.
//!
//! Not those of the engine: rank 0 reads the files, and no rank computes, so a schedule, a
//! checkpoint or a time limit would change nothing.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::engine::{Destination, EngineOptions, LaunchOptions};

const EXAMPLES: &str = "\
Examples:
  montesieve merge part-*.ckpt
  montesieve merge --format json monday.ckpt tuesday.ckpt

The result is that of the whole job, byte for byte. Overlapping parts and missing blocks are errors.";

/// Combine the checkpoints of a job's parts, prove that no block is missing or duplicated, and
/// report the total
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct Merge {
    /// Checkpoints of one job, or of its parts
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,

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

impl Merge {
    /// The options for the command of the checkpoint, which takes its blocks from the files.
    pub fn engine(&self) -> EngineOptions {
        EngineOptions {
            destination: self.destination.clone(),
            quiet: self.quiet,
            exit_zero: self.exit_zero,
            launch: self.launch,
            ..EngineOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::CommandLine;
    use crate::commands::{Commands, parse};

    fn merge(line: &str, variables: &[(&str, &str)]) -> Result<Merge, String> {
        let words = format!("montesieve merge {line}");
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let words = CommandLine::collect(words.split_whitespace().map(Into::into), variables);
        match parse(&words).map_err(|refusal| refusal.text(false).to_owned())?.command {
            Commands::Merge(merge) => Ok(merge),
            other => panic!("not merge: {other:?}"),
        }
    }

    #[test]
    fn only_options_that_change_something_are_there() {
        let engine =
            merge("a b -q --format json --output o --exit-zero --allow-singleton", &[]).expect("good").engine();
        assert!(engine.quiet && engine.exit_zero && engine.launch.allow_singleton);
        assert_eq!(engine.destination.output, Some("o".into()));
        for option in ["schedule=block", "chunk=1", "checkpoint=x", "resume=x", "shard=1/2", "time-limit=5s", "ranks=2"]
        {
            let error = merge(&format!("a --{option}"), &[]).expect_err(option);
            let name = option.split('=').next().unwrap_or_default();
            assert!(error.starts_with(&format!("error: unexpected argument '--{name}' found\n")), "{error}");
            assert!(error.contains("tip: merge only reads its FILEs"), "{error}");
        }
    }

    #[test]
    fn presets_of_other_commands_are_passed_over() {
        let presets = [("MONTESIEVE_SCHEDULE", "block"), ("MONTESIEVE_CHECKPOINT", "x"), ("MONTESIEVE_QUIET", "1")];
        assert_eq!(merge("a", &presets), merge("a -q", &[]));
    }
}
