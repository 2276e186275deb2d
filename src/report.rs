//! Results as text, JSON and CSV. Pure: data in, bytes out, to any `Write`; nothing here computes
//! or knows MPI.
//!
//! It has two separate halves. The *result* has the same bytes for every rank count, schedule,
//! chunk, instruction set and MPI library; the [`Run`] (times, hosts, ranks) may differ. Text on
//! standard output is only the result, and [`write_run_text`] goes to standard error. JSON holds
//! both:
//! ```text
//! {"schema": "montesieve/1", "command": "pi", "version": "...", "result": {...}, "run": {...}}
//! ```
//! A new command adds one file with a [`record!`](record) that implements [`Answer`].

mod axis;
pub mod chart;
mod completion;
pub mod dots;
pub mod field;
pub mod hostlist;
mod kind;
pub mod lanes;
pub mod picture;
mod plan;
pub mod record;
pub(crate) mod rounded;
mod run;
mod run_text;
pub mod schema;
mod statistics;
mod target;
pub mod text;
pub mod value;

use std::io::{self, Write};

use self::field::{Described, Fields};
use self::record::{Record, words};
use self::value::Value;
pub use completion::Completion;
pub use plan::{PlanResult, Planned, planned};
pub use run::{Extra, LostRank, Run, Work, imbalance};
pub use run_text::write_run_text;
pub use statistics::{IntervalKind, Merit, Warning, merit};
pub use target::TargetResult;
pub use text::duration;
pub(crate) use text::number;

/// The name and version of the JSON form. Scripts may rely on it; a breaking change increments the
/// version.
pub const SCHEMA: &str = "montesieve/1";

words! {
    /// The forms of a report.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Format {
        /// Aligned lines for people: the result alone
        #[default]
        Text = "text",
        /// One object: result and run
        Json = "json",
        /// A header line and a row, or several: the result alone
        Csv = "csv",
        /// One line: the answer to the question, with every digit
        Value = "value",
    }
}

/// The result of one command. Its three forms follow from its fields. CSV has the same columns for
/// every answer of the command, so that rows of many runs can be put below each other.
pub trait Answer: Record {
    /// Warnings about the answer, for standard error even if it goes to a file.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The answer to the question, on one line: the first field, if nothing else.
    fn value(&self) -> String {
        let Value::Record(fields) = self.record() else { return String::new() };
        let cells = match fields.into_iter().next() {
            Some((_, Value::Record(parts))) => parts.iter().map(|(_, value)| value.cell()).collect(),
            first => first.iter().map(|(_, value)| value.cell()).collect::<Vec<_>>(),
        };
        let known: Vec<String> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        if known.is_empty() { "unknown".to_owned() } else { known.join(" ") }
    }

    /// The text form, if it is more than the lines of the fields.
    ///
    /// # Errors
    /// Errors of `out`.
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        text::aligned(&self.lines(), out)
    }
}

/// Writes an answer as CSV: a header line and a row, or a row for each element of a list.
fn write_csv<R: Answer>(answer: &R, out: &mut dyn Write) -> io::Result<()> {
    let (fields, record) = (Fields(R::FIELDS), answer.record());
    let rows = fields.rows(&record);
    write_rows(&fields, (0..rows).map(|row| fields.cells(&record, row)), out)
}

/// Writes records as CSV: a header line, and a row for each.
pub(crate) fn write_csv_rows<R: Record>(records: &[R], out: &mut dyn Write) -> io::Result<()> {
    let fields = Fields(R::FIELDS);
    write_rows(&fields, records.iter().map(|record| fields.cells(&record.record(), 0)), out)
}

fn write_rows(fields: &dyn Described, rows: impl Iterator<Item = Vec<String>>, out: &mut dyn Write) -> io::Result<()> {
    let header = fields.describe().iter().flat_map(|field| field.columns("")).collect();
    text::csv_rows(&[header].into_iter().chain(rows).collect::<Vec<_>>(), out)
}

/// The final report of a command.
#[derive(Clone, Debug)]
pub struct Report<R, M = Run> {
    /// The command's name: `pi`.
    pub command: &'static str,
    /// The answer.
    pub result: R,
    /// How the run went; `None` if nothing ran (`info`). Commands that are not jobs have their own
    /// form.
    pub run: Option<M>,
    /// Lines below the text of the answer that are no part of it: the time of a plan on this
    /// machine, a second way to the same count.
    pub here: Vec<String>,
}

/// Writes the JSON form with its final newline: the parts common to all commands, in this order.
pub(crate) fn write_json<R: Record, M: Record>(
    command: &'static str,
    result: &R,
    run: Option<&M>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let text = |text: &str| Value::Text(text.to_owned());
    let document = Value::Record(vec![
        ("schema", text(SCHEMA)),
        ("command", text(command)),
        ("version", text(env!("CARGO_PKG_VERSION"))),
        ("result", result.record()),
        ("run", run.map_or(Value::Absent, M::record)),
    ]);
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

impl<R> Report<R> {
    /// The report of a command that runs nothing.
    pub fn without_run(command: &'static str, result: R) -> Report<R> {
        Report { command, result, run: None, here: Vec::new() }
    }
}

impl<R: Answer, M: Record> Report<R, M> {
    /// Writes the whole report in one form, its last newline with it.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Text => {
                self.result.write_text(out)?;
                self.here.iter().try_for_each(|line| writeln!(out, "{line}"))
            }
            Format::Json => write_json(self.command, &self.result, self.run.as_ref(), out),
            Format::Csv => write_csv(&self.result, out),
            Format::Value => writeln!(out, "{}", self.result.value()),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Helpers for the tests of every answer: its three forms as strings.

    use super::*;

    /// The report of `result` without a run, in one form.
    pub(crate) fn written<R: Answer>(result: R, format: Format) -> String {
        let mut bytes = Vec::new();
        Report { command: "test", result, run: None::<Run>, here: Vec::new() }
            .write(format, &mut bytes)
            .expect("a Vec takes every write");
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The `result` part of the JSON form, on one line, its keys in order.
    pub(crate) fn compact<R: Answer>(result: R) -> String {
        serde_json::to_string(&result.record()).expect("JSON")
    }

    /// The `result` part of the JSON form.
    pub(crate) fn json<R: Answer>(result: R) -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&written(result, Format::Json)).expect("JSON")["result"].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    record::record! {
        /// The plainest answer.
        struct Count {
            /// How many.
            primes: u64 => .label("primes"),
        }
    }

    impl Answer for Count {}

    #[test]
    fn json_has_its_keys_in_order() {
        let result = Count { primes: 25 };
        let mut bytes = Vec::new();
        Report { command: "primes", result, run: Some(run::tests::example()), here: Vec::new() }
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
        for format in [Format::Text, Format::Json, Format::Csv, Format::Value] {
            let result = Count { primes: 25 };
            let report = Report::without_run("primes", result);
            let error = report.write(format, &mut Full).expect_err("full");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{format:?}");
        }
    }
}
