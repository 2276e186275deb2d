//! Results as text, JSON and CSV. Pure: data in, bytes out, to any `Write`; nothing here computes or knows MPI.
//!
//! Two halves, kept apart all the way: the *result* is the same bytes for every rank count, schedule, chunk, instruction set
//! and MPI library; the [`Run`] (times, hosts, ranks) may differ. Text on standard output is the result alone, and
//! [`write_run_text`] goes to standard error. JSON holds both:
//! ```text
//! {"schema": "montesieve/1", "command": "pi", "version": "...", "result": {...}, "run": {...}}
//! ```
//! A new command adds one file with a struct that implements [`Answer`].

mod axis;
pub mod bars;
mod burnin;
pub mod chart;
mod completion;
mod division;
mod ep;
mod gcd;
mod info;
mod integrate;
mod isprime;
mod junit;
mod nth;
mod patterns;
mod pi;
mod picture;
mod plan;
mod primes;
mod primes_plan;
mod run;
mod run_text;
mod scaling;
mod scaling_charts;
mod scaling_forecast;
mod scaling_page;
mod statistics;
mod target;
mod text;
mod wide;

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

pub use burnin::{
    BurninReport, BurninResult, BurninRun, Elsewhere, HostLine, HostVerdict, Link, MessageKind, Verdict, WrongBlock,
    WrongMessage,
};
pub use completion::Completion;
pub use division::{Compared, DivisionRun, Serialised};
pub use ep::EpResult;
pub use gcd::{GcdPair, GcdResult, Partner, SharedFactor, SharedResult};
pub use info::{Host, InfoResult, RankPlace, Scheduler};
pub use integrate::{IntegrandLine, IntegrandList, IntegrateResult};
pub use isprime::{IsPrimeResult, Judged};
pub use nth::NthResult;
pub use patterns::{
    Cost, PatternCosts, PatternEntry, PatternLine, PatternPage, PatternsList, PatternsPages, PatternsResult,
    PatternsRun,
};
pub use pi::PiResult;
pub use plan::PlanResult;
pub use primes::{GapResult, PrimesResult};
pub use primes_plan::PrimesPlan;
pub use run::{Lost, Run, Work, imbalance};
pub use run_text::write_run_text;
pub use scaling::{ScalingReport, ScalingResult, ScalingRun};
pub use statistics::{ChiSquareResult, IntervalKind, Warning};
pub use target::TargetResult;
pub use text::duration;
pub(crate) use text::number;

/// The name and number of the JSON form. A script may rely on it; a change that breaks one counts it up.
pub const SCHEMA: &str = "montesieve/1";

/// The forms of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Aligned lines for people: the result alone.
    #[default]
    Text,
    /// One object: result and run.
    Json,
    /// A header line and a row, or several: the result alone.
    Csv,
}

impl Format {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Csv => "csv",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The result of one command, with its forms. The JSON form is its `Serialize`.
pub trait Answer: Serialize {
    /// For people.
    ///
    /// # Errors
    /// What `out` says.
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Names and values of the CSV form. The names are the same for every answer of the command, so that rows of many runs
    /// can be put below each other.
    fn columns(&self) -> Vec<(String, String)>;

    /// What a user should know of the answer even if it goes to a file: for standard error.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The values of further rows, for an answer about several things.
    fn more_rows(&self) -> Vec<Vec<String>> {
        Vec::new()
    }
}

/// What a command has to say when it is done.
#[derive(Clone, Debug, Serialize)]
pub struct Report<R, M = Run> {
    /// The command's name: `pi`.
    pub command: &'static str,
    /// The answer.
    pub result: R,
    /// How the run went; `None` where nothing ran (`info`). Commands that are no jobs have a form of their own.
    pub run: Option<M>,
}

/// A report as JSON has it: with what is the same for all of them, in this order.
#[derive(Serialize)]
struct Document<'r, R, M> {
    schema: &'static str,
    command: &'static str,
    version: &'static str,
    result: &'r R,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'r M>,
}

/// Writes the JSON form, its last newline with it.
fn write_json<R: Serialize, M: Serialize>(
    command: &'static str,
    result: &R,
    run: Option<&M>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Document { schema: SCHEMA, command, version: env!("CARGO_PKG_VERSION"), result, run };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

impl<R> Report<R> {
    /// Of a command that runs nothing.
    pub fn without_run(command: &'static str, result: R) -> Report<R> {
        Report { command, result, run: None }
    }
}

impl<R: Answer, M: Serialize> Report<R, M> {
    /// Writes the whole report in one form, its last newline with it.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Text => self.result.write_text(out),
            Format::Json => write_json(self.command, &self.result, self.run.as_ref(), out),
            Format::Csv => text::csv(&self.result.columns(), self.result.more_rows(), out),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of every answer need: its three forms, as strings.

    use super::*;

    /// The report of `result` without a run, in one form.
    pub(crate) fn written<R: Answer>(result: R, format: Format) -> String {
        let mut bytes = Vec::new();
        Report { command: "test", result, run: None::<Run> }
            .write(format, &mut bytes)
            .expect("a Vec takes every write");
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The `result` part of the JSON form.
    pub(crate) fn json<R: Answer>(result: R) -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&written(result, Format::Json)).expect("JSON")["result"].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_its_keys_in_order() {
        let result = PrimesResult::count(0, 100, 25, Completion::Complete);
        let mut bytes = Vec::new();
        Report { command: "primes", result, run: Some(run::tests::example()) }
            .write(Format::Json, &mut bytes)
            .expect("a Vec takes every write");
        let text = String::from_utf8(bytes).expect("UTF-8").replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::assert_snapshot!(text);
    }

    /// A stream that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_failed_write_keeps_its_kind() {
        for format in [Format::Text, Format::Json, Format::Csv] {
            let result = PrimesResult::count(0, 100, 25, Completion::Complete);
            let report = Report::without_run("primes", result);
            let error = report.write(format, &mut Full).expect_err("full");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{format}");
        }
    }
}
