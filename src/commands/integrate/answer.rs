//! The results of `integrate`: an integral, and the list of integrands.

pub mod ep;

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::report::{Answer, ChiSquareResult, Completion, IntervalKind, TargetResult, Warning, text, wide};

/// An estimate of an integral, with what it takes to judge and to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IntegrateResult {
    /// The integrand's name.
    pub integrand: &'static str,
    /// What was set of it, in the order of its declaration, as words.
    #[serde(serialize_with = "as_map")]
    pub parameters: Vec<(&'static str, String)>,
    /// The estimate.
    pub estimate: f64,
    /// One standard error of it; `None` when nothing is known about it (all samples had the same value).
    pub std_error: Option<f64>,
    /// The 95 % confidence interval, low and high; `None` with it.
    pub ci95: Option<[f64; 2]>,
    /// How the interval was made: `wilson` or `student-t`.
    pub interval: IntervalKind,
    /// Samples taken.
    #[serde(serialize_with = "wide::integer")]
    pub samples: u64,
    /// How many of them are not numbers, where that is no failure.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wide::none_is_null")]
    pub nan_samples: Option<u64>,
    /// What picked the stream of samples.
    #[serde(serialize_with = "wide::integer")]
    pub seed: u64,
    /// The integral, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<f64>,
    /// How many standard errors the estimate lies above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub z: Option<f64>,
    /// How the blocks scatter; `None` for fewer than two, or where nothing is known about the error.
    pub chi_square: Option<ChiSquareResult>,
    /// The largest share of a few samples (one of up to 128) in the sum of squares about the mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_share: Option<f64>,
    /// Why the interval may cover less often than it says: `heavy-tail` or `few-samples`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
    /// The error that it was to have, if one was asked for.
    #[serde(flatten)]
    pub target: Option<TargetResult>,
    /// Whether all samples were taken.
    #[serde(flatten)]
    pub completion: Completion,
}

fn as_map<S: Serializer>(parameters: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(parameters.iter().map(|(name, word)| (name, word)))
}

impl Answer for IntegrateResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let interval = self.interval.title();
        let unknown = || "unknown: all samples have the same value".to_owned();
        let name = std::iter::once(self.integrand.to_owned());
        let words = self.parameters.iter().map(|(name, word)| format!("{name} {word}"));
        let mut lines = vec![
            ("integral", text::number(self.estimate)),
            ("standard error", self.std_error.map_or_else(unknown, text::number)),
            (
                "95 % interval",
                self.ci95.map_or_else(
                    || "unknown".to_owned(),
                    |[low, high]| format!("{} to {} ({interval})", text::number(low), text::number(high)),
                ),
            ),
            ("samples", self.samples.to_string()),
            ("seed", self.seed.to_string()),
            ("integrand", name.chain(words).collect::<Vec<_>>().join(", ")),
        ];
        lines.extend(self.exact.map(|exact| ("exact", text::number(exact))));
        lines.extend(self.z.map(|z| ("z", text::number(z))));
        lines.extend(self.chi_square.as_ref().map(ChiSquareResult::line));
        lines.extend(self.nan_samples.map(|nans| ("not numbers", text::count(nans, "sample"))));
        lines.extend(self.warning.map(|warning| ("warning", warning.sentence(self.samples, self.largest_share))));
        lines.extend(self.target.as_ref().map(TargetResult::line));
        lines.extend(self.completion.line());
        text::aligned(&lines, out)
    }

    fn warnings(&self) -> Vec<String> {
        let doubt = self.warning.map(|warning| warning.sentence(self.samples, self.largest_share));
        doubt.into_iter().chain(self.target.as_ref().and_then(TargetResult::warning)).collect()
    }

    fn columns(&self) -> Vec<(String, String)> {
        let words: Vec<String> = self.parameters.iter().map(|(name, word)| format!("{name}={word}")).collect();
        let end = |i: usize| text::float_cell(self.ci95.map(|ends| ends[i]));
        let mut columns: Vec<(String, String)> = [
            ("integrand", self.integrand.to_owned()),
            ("parameters", words.join(";")),
            ("estimate", text::number(self.estimate)),
            ("std_error", text::float_cell(self.std_error)),
            ("ci95_low", end(0)),
            ("ci95_high", end(1)),
            ("interval", self.interval.name().to_owned()),
            ("samples", self.samples.to_string()),
            ("seed", self.seed.to_string()),
            ("exact", text::float_cell(self.exact)),
            ("z", text::float_cell(self.z)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let scatter = ChiSquareResult::columns(self.chi_square.as_ref());
        columns.extend(scatter.map(|(name, value)| (name.to_owned(), value)));
        columns.extend([
            ("nan_samples".to_owned(), text::cell(self.nan_samples)),
            ("largest_share".to_owned(), text::float_cell(self.largest_share)),
            ("warning".to_owned(), text::cell(self.warning.map(Warning::name))),
        ]);
        columns.extend(TargetResult::columns(self.target.as_ref()));
        columns.extend(self.completion.columns());
        columns
    }
}

/// The integrands there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntegrandList {
    /// Each with one line about it.
    pub integrands: Vec<IntegrandLine>,
}

/// One integrand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntegrandLine {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What may be set.
    pub parameters: Vec<&'static str>,
}

impl Answer for IntegrandList {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let lines: Vec<(&str, String)> =
            self.integrands.iter().map(|line| (line.name, line.about.to_owned())).collect();
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        let names: Vec<&str> = self.integrands.iter().map(|line| line.name).collect();
        vec![("integrands".to_owned(), names.join(" "))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};

    fn example(completion: Completion) -> IntegrateResult {
        IntegrateResult {
            integrand: "ball",
            parameters: vec![("dim", "3".to_owned())],
            estimate: 4.1887,
            std_error: Some(0.0004),
            ci95: Some([4.1879, 4.1895]),
            interval: IntervalKind::Wilson,
            samples: 100_000_000,
            nan_samples: None,
            seed: u64::MAX,
            exact: Some(4.18879),
            z: Some(-0.225),
            chi_square: Some(ChiSquareResult { value: 170.5, degrees_of_freedom: 190, z: -1.0 }),
            largest_share: None,
            warning: None,
            target: None,
            completion,
        }
    }

    fn unknown() -> IntegrateResult {
        IntegrateResult {
            integrand: "expr",
            parameters: vec![("expression", "max(0, 1)".to_owned()), ("bounds", "0:1,0:1".to_owned())],
            estimate: 1.0,
            std_error: None,
            ci95: None,
            interval: IntervalKind::StudentT,
            exact: None,
            z: None,
            chi_square: None,
            ..example(Completion::Complete)
        }
    }

    #[test]
    fn text() {
        insta::assert_snapshot!(written(example(Completion::of(3, 191)), Format::Text));
        insta::assert_snapshot!(written(unknown(), Format::Text));
    }

    #[test]
    fn csv_has_the_same_columns_for_all() {
        let forms = [example(Completion::of(3, 191)), unknown()].map(|result| written(result, Format::Csv));
        insta::assert_snapshot!(forms.join(""));
        assert_eq!(forms[0].lines().next(), forms[1].lines().next());
    }

    #[test]
    fn json_leaves_out_what_is_not_known_but_for_the_error() {
        insta::assert_snapshot!(serde_json::to_string(&example(Completion::Complete)).expect("JSON"));
        insta::assert_snapshot!(serde_json::to_string(&unknown()).expect("JSON"));
        assert!(json(unknown())["std_error"].is_null());
    }

    #[test]
    fn a_list_has_a_line_for_each() {
        let list = IntegrandList {
            integrands: vec![
                IntegrandLine { name: "ball", about: "Volume", parameters: vec!["dim"] },
                IntegrandLine { name: "option", about: "Price", parameters: vec!["style", "spot"] },
            ],
        };
        insta::assert_snapshot!([Format::Text, Format::Csv].map(|format| written(list.clone(), format)).join(""));
        assert_eq!(json(list)["integrands"][1]["parameters"][0], "style");
    }
}
