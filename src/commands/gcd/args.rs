//! The options of `montesieve gcd`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::engine::EngineOptions;
use crate::commands::inputs::format::InputFormat;

const EXAMPLES: &str = "\
Examples:
  montesieve gcd pairs.txt                 the greatest common divisor of each pair
  echo 1551645 2229620 | montesieve gcd -  pairs from standard input, two numbers below 2^128 on a line
  mpirun -n 8 montesieve gcd pairs.txt --serialise --schedule block
  mpirun -n 8 montesieve gcd --all moduli.txt
                                           which RSA moduli share a factor with another, which, and with whom
  montesieve gcd key.pem --against moduli.txt
                                           whether a key shares a factor with one of a collection

Numbers are decimal, hexadecimal (when a letter from a to f is seen anywhere in the file), or \
hexadecimal with 0x in front; lists may also be keys and certificates in PEM, lines Modulus=..., \
what openssl -text prints, a column of CSV, or a b-file of the OEIS. --input-format says which, \
where a file could be read in two ways. What follows a # is passed over.";

/// Find the greatest common divisor of each pair in a file, or the numbers of a list that share a
/// factor
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct Gcd {
    /// The file, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Find the numbers of a list that share a factor with another number of the list
    #[arg(long)]
    pub all: bool,

    /// Find the numbers of FILE that share a factor with a number of this collection
    #[arg(long, value_name = "COLLECTION", value_hint = ValueHint::FilePath, conflicts_with = "all")]
    pub against: Option<PathBuf>,

    /// How numbers are written: auto, decimal, hex, openssl, pem, csv[:COLUMN], bfile
    #[arg(long, value_name = "FORM", default_value = "auto")]
    pub input_format: InputFormat,

    /// Report the share of the time spent on messages
    #[arg(long, conflicts_with_all = ["all", "against"])]
    pub serialise: bool,

    /// Engine options.
    #[command(flatten)]
    pub engine: EngineOptions,
}

impl Gcd {
    /// Checks that the options fit together.
    pub fn check(&self) -> Result<(), String> {
        if self.engine.keep.file().is_some() {
            return Err("gcd is too short for --checkpoint and --resume".to_owned());
        }
        if self.against.as_deref() == Some(self.file.as_path()) && self.file.as_os_str() == "-" {
            return Err("standard input cannot be both FILE and COLLECTION".to_owned());
        }
        Ok(())
    }
}
