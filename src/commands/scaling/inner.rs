//! The command that `scaling` runs again and again: read once, refused where it has no answer to compare, grown for weak scaling.

use std::ffi::OsString;

use crate::cli::{self, Command, Integrate, Progress, Ranks, Words};
use crate::commands::setting::Setting;
use crate::commands::{integrate, pi, primes};
use crate::error::{Error, Result};

/// Presets that speak of the report or of the ranks, which are `scaling`'s here, not the command's.
const NOT_FOR_IT: [&str; 6] = [
    "MONTESIEVE_FORMAT",
    "MONTESIEVE_OUTPUT",
    "MONTESIEVE_CSV",
    "MONTESIEVE_PLOT",
    "MONTESIEVE_QUIET",
    "MONTESIEVE_RANKS",
];

/// A computing command.
pub(super) struct Inner {
    command: Command,
}

impl Inner {
    /// Reads the words after `--`.
    ///
    /// # Errors
    /// [`Error::Usage`] where they are no computing command, or one whose runs cannot be compared.
    pub(super) fn read(options: &cli::Scaling, words: &Words) -> Result<Inner> {
        let program = [OsString::from("montesieve")];
        let arguments = program.into_iter().chain(options.command.iter().map(OsString::from)).collect();
        let preset = |(name, _): &&(String, OsString)| !NOT_FOR_IT.contains(&name.as_str());
        let variables = words.variables.iter().filter(preset).cloned().collect();
        let cli = cli::parse(&Words { arguments, variables })
            .map_err(|refusal| Error::Usage(format!("after --: {}", refusal.text(false).trim_end())))?;
        let engine = cli.engine().ok_or_else(|| Error::Usage("after --: not a command that computes".to_owned()))?;
        let keep = &engine.keep;
        let is_kept = keep.file().is_some() || keep.shard.is_some() || keep.time_limit.is_some();
        if is_kept || engine.destination.output.is_some() {
            return Err(Error::Usage(
                "after --: --checkpoint, --resume, --shard, --time-limit and --output make no sense in a command that is timed"
                    .to_owned(),
            ));
        }
        if engine.ranks != Ranks::Auto {
            return Err(Error::Usage("after --: --ranks stands before -- here, and may be a list".to_owned()));
        }
        let inner = Inner { command: cli.command };
        inner.check().map_err(Error::Usage)?;
        if options.weak {
            inner.grown(1)?;
        }
        Ok(inner)
    }

    fn check(&self) -> std::result::Result<(), String> {
        let precision = match &self.command {
            Command::Pi(pi) => &pi.precision,
            Command::Integrate(Integrate::Samples(samples)) => &samples.common.precision,
            Command::Integrate(Integrate::Ep(_)) => return Ok(()),
            Command::Primes(primes) if primes.list().is_none() => return Ok(()),
            Command::Primes(_) => {
                return Err("after --: a list of primes is no answer to compare; count them".to_owned());
            }
            _ => return Err("after --: this command cannot be timed; pi, integrate and primes can".to_owned()),
        };
        if precision.plan || precision.trace.is_some() || precision.plot.is_some() {
            return Err("after --: --plan, --trace and --plot make no sense in a command that is timed".to_owned());
        }
        Ok(())
    }

    /// Its engine options.
    pub(super) fn engine(&self) -> &cli::Engine {
        match &self.command {
            Command::Pi(pi) => &pi.engine,
            Command::Primes(primes) => &primes.engine,
            Command::Integrate(Integrate::Samples(samples)) => &samples.common.engine,
            Command::Integrate(Integrate::Ep(ep)) => &ep.engine,
            other => unreachable!("refused before: {other:?}"),
        }
    }

    /// Its engine options, without a word on the way and without a place for results.
    pub(super) fn quiet_engine(&self) -> cli::Engine {
        let mut engine = self.engine().clone();
        engine.quiet = true;
        engine.progress = Progress::None;
        engine
    }

    /// The same with `times` the work, for weak scaling.
    ///
    /// # Errors
    /// [`Error::Usage`] where it has no size, or would be too large.
    pub(super) fn grown(&self, times: u64) -> Result<Inner> {
        let large = || Error::Usage(format!("--weak: {times} times the work is too much"));
        let mut command = self.command.clone();
        match &mut command {
            Command::Pi(pi) if pi.precision.target_error.is_none() => {
                pi.samples = Some(pi.samples().checked_mul(times).ok_or_else(large)?);
            }
            Command::Integrate(Integrate::Samples(samples)) if samples.common.precision.target_error.is_none() => {
                let common = &mut samples.common;
                common.samples = Some(common.samples().checked_mul(times).ok_or_else(large)?);
            }
            Command::Primes(primes) if primes.nth == cli::Nth(None) => {
                let length = (primes.range.stop - primes.range.start).checked_add(1).ok_or_else(large)?;
                let more = length.checked_mul(times.into()).ok_or_else(large)?;
                let stop = primes.range.start.checked_add(more - 1);
                primes.range.stop = stop.filter(|&stop| stop <= u64::MAX.into()).ok_or_else(large)?;
            }
            _ => return Err(Error::Usage("--weak: the work of this command cannot be multiplied".to_owned())),
        }
        Ok(Inner { command })
    }

    /// Runs it. Every rank of the setting must call it; returns the exit code.
    pub(super) fn run(&self, setting: &Setting<'_>) -> Result<u8> {
        match &self.command {
            Command::Pi(options) => pi::run(setting, options),
            Command::Primes(options) => primes::run(setting, options),
            Command::Integrate(Integrate::Samples(samples)) => integrate::integrate(setting, samples),
            Command::Integrate(Integrate::Ep(options)) => integrate::ep::run(setting, options),
            other => unreachable!("refused before: {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Inner> {
        let words = |line: &str| Words { arguments: line.split(' ').map(Into::into).collect(), variables: Vec::new() };
        let cli = cli::parse(&words(&format!("montesieve {line}"))).expect("understood");
        let Command::Scaling(options) = cli.command else { panic!("not scaling") };
        Inner::read(&options, &Words::default())
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        for line in [
            "info",
            "primes 100 --print",
            "pi 1e6 --checkpoint x",
            "pi 1e6 --time-limit 1s",
            "pi 1e6 --output x",
            "pi 1e6 --plan",
            "pie",
            "scaling -- pi",
        ] {
            assert!(matches!(read(&format!("scaling -- {line}")), Err(Error::Usage(_))), "{line}");
        }
        for line in ["pi 1e6", "primes 100", "integrate ep --class S", "primes --nth 10"] {
            assert!(read(&format!("scaling -- {line}")).is_ok(), "{line}");
        }
    }

    #[test]
    fn work_grows_with_the_ranks() {
        let grown = read("scaling --weak -- primes 10 109").and_then(|inner| inner.grown(3)).expect("a range");
        let Command::Primes(primes) = grown.command else { panic!("primes") };
        assert_eq!((primes.range.start, primes.range.stop), (10, 309));
        assert!(read("scaling --weak -- primes --nth 5").is_err());
        assert!(read("scaling --weak -- pi 1e19").and_then(|inner| inner.grown(4)).is_err());
    }
}
