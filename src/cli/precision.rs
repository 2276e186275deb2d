//! The options for the precision of a Monte Carlo estimate, and for intermediate estimates.
//!
//! Flattened into each command that samples.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueHint};

/// The default seed.
pub const DEFAULT_SEED: u64 = 0;

/// Options besides the estimate itself.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Precision {
    /// Stop when the standard error is at most E, or E times the estimate (1e-6r); SAMPLES is then
    /// a limit
    #[arg(long, value_name = "E", help_heading = "Precision", allow_negative_numbers = true)]
    #[arg(conflicts_with = "shard")]
    pub target_error: Option<TargetError>,

    /// Estimate samples and run time from a short pilot run, then exit
    #[arg(long, help_heading = "Precision", conflicts_with_all = ["trace", "plot", "checkpoint", "resume", "shard"])]
    pub plan: bool,

    /// Write the estimate and its interval at powers of two of the samples to FILE, as CSV
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Precision")]
    #[arg(conflicts_with = "shard")]
    pub trace: Option<PathBuf>,

    /// Draw these estimates as a chart (SVG)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Precision")]
    #[arg(conflicts_with = "shard")]
    pub plot: Option<PathBuf>,
}

impl Precision {
    /// The same options without output files.
    pub fn without_files(&self) -> Precision {
        Precision { trace: None, plot: None, ..self.clone() }
    }

    /// Checks that a command with these options can be run repeatedly.
    ///
    /// # Errors
    /// The option that prevents it.
    pub fn check_timed(&self) -> Result<(), String> {
        if self.plan || self.trace.is_some() || self.plot.is_some() {
            return Err("--plan, --trace and --plot make no sense in a command that is timed".to_owned());
        }
        Ok(())
    }

    /// The most samples to take: the user's number, or `default`, or no limit if there is a target.
    pub fn samples(&self, said: Option<u64>, default: u64) -> u64 {
        said.unwrap_or(if self.target_error.is_some() { u64::MAX } else { default })
    }

    /// Whether intermediate estimates are requested.
    pub fn shows_the_way(&self) -> bool {
        self.trace.is_some() || self.plot.is_some()
    }
}

/// A standard error to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetError {
    /// In the estimate's unit.
    Absolute(f64),
    /// As a share of the estimate.
    Relative(f64),
}

// Neither is ever NaN: only positive numbers are read.
impl Eq for TargetError {}

impl TargetError {
    /// The error to reach for an estimate.
    pub fn for_estimate(self, estimate: f64) -> f64 {
        match self {
            TargetError::Absolute(error) => error,
            TargetError::Relative(share) => share * estimate.abs(),
        }
    }
}

impl FromStr for TargetError {
    type Err = String;

    fn from_str(text: &str) -> Result<TargetError, String> {
        let (number, is_relative) = match text.strip_suffix('r') {
            Some(number) => (number, true),
            None => (text, false),
        };
        match number.parse::<f64>() {
            Ok(error) if error.is_normal() && error > 0.0 && is_relative => Ok(TargetError::Relative(error)),
            Ok(error) if error.is_normal() && error > 0.0 => Ok(TargetError::Absolute(error)),
            Ok(f64::INFINITY) => Err("too large; the limit is 1.8e308".to_owned()),
            Ok(_) if is_tiny(number) => Err("too small; the limit is 2.3e-308".to_owned()),
            Ok(error) if error <= 0.0 => Err("must be above 0".to_owned()),
            Ok(_) | Err(_) => Err("not an error; write it like 1e-6, or 1e-6r for a share of the estimate".to_owned()),
        }
    }
}

/// Whether a text is a number above 0 and below the normal ones: 5e-324, or 1e-400.
fn is_tiny(text: &str) -> bool {
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let is_positive = !text.starts_with('-') && digits.contains(|c: char| c.is_ascii_digit() && c != '0');
    is_positive && text.parse::<f64>().is_ok_and(|number| number < f64::MIN_POSITIVE)
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetError::Absolute(error) => write!(f, "{error:e}"),
            TargetError::Relative(share) => write!(f, "{share:e}r"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_and_relative() {
        assert_eq!("1e-6".parse(), Ok(TargetError::Absolute(1e-6)));
        assert_eq!("0.001r".parse(), Ok(TargetError::Relative(0.001)));
        assert_eq!(TargetError::Relative(0.001).for_estimate(-3.0), 0.003);
        assert_eq!(TargetError::Relative(0.001).to_string(), "1e-3r");
        for text in ["", "r", "x", "0", "-1e-6", "nan", "inf", "1e-400"] {
            assert!(text.parse::<TargetError>().is_err(), "{text}");
        }
        for (text, why) in [
            ("5e-324", "too small; the limit is 2.3e-308"),
            ("1e-310r", "too small; the limit is 2.3e-308"),
            ("1e-400", "too small; the limit is 2.3e-308"),
            ("0e-400", "must be above 0"),
            ("0.0r", "must be above 0"),
            ("-1e-400", "must be above 0"),
            ("1e400", "too large; the limit is 1.8e308"),
            ("nan", "not an error; write it like 1e-6, or 1e-6r for a share of the estimate"),
        ] {
            assert_eq!(text.parse::<TargetError>(), Err(why.to_owned()), "{text}");
        }
        assert!("2.3e-308".parse::<TargetError>().is_ok() && "1.7e308r".parse::<TargetError>().is_ok());
    }
}
