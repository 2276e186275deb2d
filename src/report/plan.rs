//! The result of `--plan`: samples and errors. How long they take is no result: it stands in the run.

use std::io::{self, Write};

use serde::Serialize;

use super::{Answer, text, wide};

/// What an estimate takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanResult {
    /// Samples to take.
    #[serde(serialize_with = "wide::integer")]
    pub samples: u64,
    /// The standard error to expect of them.
    pub std_error: f64,
    /// The error that was asked for, as it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_error: Option<String>,
    /// Whether the samples allowed are enough for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enough: Option<bool>,
    /// Samples that were taken to say so.
    #[serde(serialize_with = "wide::integer")]
    pub pilot_samples: u64,
}

impl Answer for PlanResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = vec![("samples", self.samples.to_string()), ("expected error", text::number(self.std_error))];
        let said = |enough| if enough { "enough" } else { "NOT enough" };
        if let (Some(target), Some(enough)) = (&self.target_error, self.enough) {
            lines.push(("target error", format!("{target}: these samples are {}", said(enough))));
        }
        lines.push(("judged by", text::count(self.pilot_samples, "sample")));
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        vec![
            ("samples".to_owned(), self.samples.to_string()),
            ("std_error".to_owned(), text::number(self.std_error)),
            ("target_error".to_owned(), self.target_error.clone().unwrap_or_default()),
            ("enough".to_owned(), self.enough.map(|enough| enough.to_string()).unwrap_or_default()),
            ("pilot_samples".to_owned(), self.pilot_samples.to_string()),
        ]
    }
}
