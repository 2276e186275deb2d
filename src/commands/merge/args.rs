//! The options of `montesieve merge FILE...`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::engine::EngineOptions;

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

    /// Engine options.
    #[command(flatten)]
    pub engine: EngineOptions,
}
