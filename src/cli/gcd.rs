//! `montesieve gcd`: which file, and what of it.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::engine::Engine;

const EXAMPLES: &str = "\
Examples:
  montesieve gcd pairs.txt                 the greatest common divisor of each pair
  echo 1551645 2229620 | montesieve gcd -  pairs from standard input, two numbers below 2^128 on a line
  mpirun -n 8 montesieve gcd pairs.txt --serialise --schedule block
  mpirun -n 8 montesieve gcd --all moduli.txt
                                           which RSA moduli share a factor with another: one on a line, of any size

In lists for --all, numbers are decimal, or hexadecimal with 0x in front. What follows a # is passed over.";

/// The options of `gcd`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct Gcd {
    /// The file, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Find the numbers of a list that have a factor in common with another one
    #[arg(long)]
    pub all: bool,

    /// Report the share of time that went into messages
    #[arg(long, conflicts_with = "all")]
    pub serialise: bool,

    /// Engine options.
    #[command(flatten)]
    pub engine: Engine,
}

impl Gcd {
    /// What no single option can know: whether they fit together.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.engine.keep.file().is_some() {
            return Err("gcd is too short for --checkpoint and --resume".to_owned());
        }
        Ok(())
    }
}
