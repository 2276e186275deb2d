//! `gcd`: greatest common divisors: of pairs ([`pairs`]), or of each number of a list with all others ([`list`]).

mod audit;
mod jobs;
mod list;
mod pairs;

use super::setting::Setting;
use crate::cli;
use crate::error::Result;

/// Runs the command. Every rank must call it; returns the exit code.
pub fn run(setting: &Setting<'_>, options: &cli::Gcd) -> Result<u8> {
    if options.all || options.against.is_some() { list::run(setting, options) } else { pairs::run(setting, options) }
}
