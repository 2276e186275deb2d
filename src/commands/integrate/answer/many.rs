//! The result of `integrate file`: one integral for each line.
//!
//! Stands beside the result of one integral, whose fields a line has, with the same bytes.

use std::io::{self, Write};

use super::IntegrateResult;
use crate::report::record::record;
use crate::report::rounded;
use crate::report::{Answer, Completion, number, text};

/// Lines that a message names.
const MOST_NAMED: usize = 5;

record! {
    /// The integrals of a file.
    #[derive(Clone, Debug, PartialEq)]
    pub struct IntegralsResult {
        /// One for each line that holds an integral, in their order.
        pub integrals: Vec<IntegralOfLine>,
        /// How far the job came.
        pub completion: Completion => .flat().without_column(),
    }
}

record! {
    /// The integral of a line: what `integrate` reports for it alone.
    #[derive(Clone, Debug, PartialEq)]
    pub struct IntegralOfLine {
        /// The line's number in the file, from 1.
        pub line: u64,
        /// Why there is no estimate, if the integrand has a value that is no finite number.
        pub error: Option<String> => .optional(),
        /// The integral; without an estimate if there is an error, or no block is done.
        pub result: IntegrateResult => .flat(),
    }
}

impl IntegralsResult {
    /// A sentence that names the lines that have failed; `None` if there are none.
    pub fn failure(&self) -> Option<String> {
        let failed: Vec<&IntegralOfLine> = self.integrals.iter().filter(|row| row.error.is_some()).collect();
        let named: Vec<String> = failed.iter().take(MOST_NAMED).map(|row| row.line.to_string()).collect();
        let more = failed.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (lines, all) = (if failed.len() == 1 { "line" } else { "lines" }, self.integrals.len());
        (!failed.is_empty()).then(|| {
            let count = text::count(all as u64, "integral");
            format!("{} of {count} failed: {lines} {}{more}; the result says why", failed.len(), named.join(", "))
        })
    }
}

impl IntegralOfLine {
    fn cells(&self) -> Vec<String> {
        let IntegrateResult { estimate, std_error, method, integrand, parameters, .. } = &self.result;
        let estimate = match (estimate, &self.error) {
            (Some(estimate), _) => {
                std_error.map_or_else(|| number(*estimate), |error| rounded::to_error(*estimate, error))
            }
            (None, Some(_)) => "failed".to_owned(),
            (None, None) => "unknown".to_owned(),
        };
        let std_error = match std_error {
            Some(error) => rounded::significant(*error, 2),
            None if self.error.is_some() => String::new(),
            None => "unknown".to_owned(),
        };
        let words: String = parameters.iter().map(|(name, word)| format!(", {name} {word}")).collect();
        vec![self.line.to_string(), estimate, std_error, method.word().to_owned(), format!("{integrand}{words}")]
    }

    /// What to know about it, with its line.
    fn note(&self) -> Option<String> {
        let doubts = self.result.doubts().join("; ");
        let note = self.error.clone().or((!doubts.is_empty()).then_some(doubts));
        note.map(|note| format!("line {}: {note}", self.line))
    }
}

impl Answer for IntegralsResult {
    fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> =
            self.integrals.iter().filter(|row| row.error.is_none()).filter_map(IntegralOfLine::note).collect();
        let more = warnings.len().saturating_sub(MOST_NAMED);
        warnings.truncate(MOST_NAMED);
        warnings.extend((more > 0).then(|| format!("{} more: see the result", text::count(more as u64, "line"))));
        warnings
    }

    fn value(&self) -> String {
        let known = |row: &IntegralOfLine| row.result.estimate.map_or("unknown".to_owned(), number);
        self.integrals.iter().map(known).collect::<Vec<_>>().join(" ")
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let header = ["line", "integral", "standard error", "method", "integrand"].map(str::to_owned).to_vec();
        let rows: Vec<_> = [header].into_iter().chain(self.integrals.iter().map(IntegralOfLine::cells)).collect();
        text::table(&rows, &[3, 4], out)?;
        self.integrals.iter().filter_map(IntegralOfLine::note).try_for_each(|note| writeln!(out, "{note}"))?;
        self.completion.text().map_or(Ok(()), |text| writeln!(out, "not complete  {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::integrate::args::IntegrateMethod;
    use crate::report::testing::{json, written};
    use crate::report::{Format, IntervalKind, Warning};

    fn row(line: u64, estimate: Option<f64>) -> IntegralOfLine {
        let result = IntegrateResult {
            integrand: "ball",
            parameters: vec![("dim", "3".to_owned())],
            estimate,
            training_samples: None,
            points: None,
            degrees_of_freedom: None,
            method: IntegrateMethod::Plain,
            q: None,
            std_error: estimate.map(|_| 0.0004),
            ci95: estimate.map(|_| [4.1879, 4.1895]),
            interval: IntervalKind::Wilson,
            samples: 1_000_000,
            nan_samples: None,
            seed: 3,
            exact: None,
            z: None,
            chi_square: None,
            largest_share: None,
            warning: None,
            target: None,
            completion: Completion::Complete,
            components: Vec::new(),
            histograms: Vec::new(),
        };
        IntegralOfLine { line, error: None, result }
    }

    fn example() -> IntegralsResult {
        let mut doubtful = row(12, Some(-1e-7));
        doubtful.result.warning = Some(Warning::FewSamples);
        let mut failed = IntegralOfLine { error: Some("the integrand is inf at (0)".to_owned()), ..row(4, None) };
        failed.result.completion = Completion::Complete.failed();
        let integrals = vec![row(1, Some(4.1887)), failed, doubtful];
        IntegralsResult { integrals, completion: Completion::Complete }
    }

    #[test]
    fn the_four_forms() {
        insta::assert_snapshot!(written(example(), Format::Text), @"
        line  integral  standard error  method  integrand
           1   4.18870         0.00040  plain   ball, dim 3
           4    failed                  plain   ball, dim 3
          12     -1e-7         0.00040  plain   ball, dim 3
        line 4: the integrand is inf at (0)
        line 12: 1,000,000 samples are too few: the interval may be too narrow
        ");
        insta::assert_snapshot!(written(example(), Format::Csv), @"
        line,error,estimate,std_error,ci95_low,ci95_high,interval,degrees_of_freedom,samples,training_samples,seed,method,points,integrand,parameters,exact,z,chi_square,chi_square_degrees_of_freedom,chi_square_z,q,nan_samples,largest_share,warning,target_error,target_reached,target_unreachable,complete,coverage_done,coverage_blocks,component_number,component_expression,component_estimate,component_std_error,component_ci95_low,component_ci95_high,component_covariances,component_correlations,component_nan_samples,component_warning
        1,,4.1887,0.0004,4.1879,4.1895,wilson,,1000000,,3,plain,,ball,dim=3,,,,,,,,,,,,,true,,,,,,,,,,,,
        4,the integrand is inf at (0),,,,,wilson,,1000000,,3,plain,,ball,dim=3,,,,,,,,,,,,,false,,,,,,,,,,,,
        12,,-1e-7,0.0004,4.1879,4.1895,wilson,,1000000,,3,plain,,ball,dim=3,,,,,,,,,few-samples,,,,true,,,,,,,,,,,,
        ");
        assert_eq!(written(example(), Format::Value), "4.1887 unknown -1e-7\n");
        let json = json(example());
        assert_eq!(json["integrals"][0]["estimate"], 4.1887);
        assert!(json["integrals"][0].get("error").is_none());
        assert_eq!(json["integrals"][1]["error"], "the integrand is inf at (0)");
        assert!(json["integrals"][1]["estimate"].is_null());
        assert_eq!((&json["complete"], &json["integrals"][2]["line"]), (&true.into(), &12.into()));
    }

    #[test]
    fn a_stopped_job_says_so() {
        let stopped = IntegralsResult { integrals: vec![row(1, None)], completion: Completion::of(0, 9) };
        insta::assert_snapshot!(written(stopped, Format::Text), @"
        line  integral  standard error  method  integrand
           1   unknown         unknown  plain   ball, dim 3
        not complete  0 of 9 blocks (0 %)
        ");
    }

    #[test]
    fn messages_name_a_few_lines() {
        assert_eq!(example().failure().as_deref(), Some("1 of 3 integrals failed: line 4; the result says why"));
        assert_eq!(example().warnings().len(), 1);
        let rows = |error: Option<&str>, warning| {
            let of = |line| {
                let mut row = IntegralOfLine { error: error.map(str::to_owned), ..row(line, Some(1.0)) };
                row.result.warning = warning;
                row
            };
            IntegralsResult { integrals: (1..=8).map(of).collect(), completion: Completion::Complete }
        };
        let failed = rows(Some("no"), None);
        assert_eq!(
            failed.failure().as_deref(),
            Some("8 of 8 integrals failed: lines 1, 2, 3, 4, 5 and 3 more; the result says why")
        );
        assert!(failed.warnings().is_empty(), "an error is no warning");
        let doubtful = rows(None, Some(Warning::Scatter));
        assert_eq!((doubtful.failure(), doubtful.warnings().len()), (None, 6));
        assert_eq!(doubtful.warnings()[5], "3 lines more: see the result");
    }
}
