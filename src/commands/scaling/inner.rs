//! The command that `scaling` runs repeatedly: parsed once, refused if it has no answer to compare,
//! grown for weak scaling.

use std::ffi::OsString;

use super::Scaling;
use crate::cli::{CommandLine, EngineOptions, OrAuto};
use crate::commands::command::Timed;
use crate::commands::context::Context;
use crate::commands::parse;
use crate::error::{Error, Result};
use crate::progress::Mode;

/// Presets of the report or the ranks, which apply to `scaling` here, not to the command.
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
    command: Box<dyn Timed>,
}

impl Inner {
    /// Parses the words after `--`.
    ///
    /// # Errors
    /// [`Error::Usage`] if they are not a computing command, or one whose runs cannot be compared.
    pub(super) fn read(options: &Scaling, words: &CommandLine) -> Result<Inner> {
        let program = [OsString::from("montesieve")];
        let arguments = program.into_iter().chain(options.command.iter().map(OsString::from)).collect();
        let preset = |(name, _): &&(String, OsString)| !NOT_FOR_IT.contains(&name.as_str());
        let variables = words.variables.iter().filter(preset).cloned().collect();
        let cli = parse(&CommandLine { arguments, variables })
            .map_err(|refusal| Error::Usage(format!("after --: {}", refusal.text(false).trim_end())))?;
        let command = cli.command.timed().map_err(|why| Error::Usage(format!("after --: {why}")))?;
        let engine = command.engine();
        let keep = &engine.keep;
        let is_kept = keep.file().is_some() || keep.shard.is_some() || keep.time_limit.is_some();
        if is_kept || engine.destination.output.is_some() {
            return Err(Error::Usage(
                "after --: --checkpoint, --resume, --shard, --time-limit and --output make no sense in a command that is timed"
                    .to_owned(),
            ));
        }
        if engine.ranks != OrAuto::Auto {
            return Err(Error::Usage("after --: --ranks stands before -- here, and may be a list".to_owned()));
        }
        let inner = Inner { command };
        if options.weak {
            inner.grown(1)?;
        }
        Ok(inner)
    }

    /// Its engine options.
    pub(super) fn engine(&self) -> &EngineOptions {
        self.command.engine()
    }

    /// Its engine options, without progress and without an output.
    pub(super) fn quiet_engine(&self) -> EngineOptions {
        EngineOptions { quiet: true, progress: Mode::None, ..self.engine().clone() }
    }

    /// The same with `times` the work, for weak scaling.
    ///
    /// # Errors
    /// [`Error::Usage`] if it has no size, or would be too large.
    pub(super) fn grown(&self, times: u64) -> Result<Inner> {
        let grown = self.command.grown(times).map_err(|why| Error::Usage(format!("--weak: {why}")))?;
        let command = grown.ok_or_else(|| Error::Usage(format!("--weak: {times} times the work is too much")))?;
        Ok(Inner { command })
    }

    /// Runs it. Every rank of the context must call it; returns the exit code.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<u8> {
        self.command.compute(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Commands;

    fn read(line: &str) -> Result<Inner> {
        let words =
            |line: &str| CommandLine { arguments: line.split(' ').map(Into::into).collect(), variables: Vec::new() };
        let cli = parse(&words(&format!("montesieve {line}"))).expect("understood");
        let Commands::Scaling(options) = cli.command else { panic!("not scaling") };
        Inner::read(&options, &CommandLine::default())
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
        let shown = format!("{:?}", grown.command);
        assert!(shown.contains("start: 10, stop: 309"), "{shown}");
        assert!(read("scaling --weak -- primes --nth 5").is_err());
        assert!(read("scaling --weak -- pi 1e19").and_then(|inner| inner.grown(4)).is_err());
    }
}
