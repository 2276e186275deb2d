//! The results of `integrate`: an integral, and the list of integrands.

pub mod ep;
pub mod many;

use super::args::{IntegrateMethod, Points};
use crate::montecarlo::chi_square::ChiSquare;
use crate::report::field::{Kind, WIDE};
use crate::report::record::record;
use crate::report::rounded::{self, significant};
use crate::report::{Answer, Completion, IntervalKind, TargetResult, Warning, number, text};

record! {
    /// An estimate of an integral, with what it takes to judge and to repeat it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct IntegrateResult {
        /// The estimate of the integral; null when the job was stopped before it had one.
        pub estimate: Option<f64> => .line("integral", |it| {
            let none = || "no estimate: too few samples that count".to_owned();
            it.alone(it.estimate.map_or_else(none, |x| rounded::estimate(x, it.std_error)))
        }),
        /// One standard error of the estimate; null when nothing is known about it: all samples
        /// have the same value (of strata: those of each box; of antithetic pairs: the means; with
        /// nets: 0), or values so small that their mean is 0.
        pub std_error: Option<f64> => .line("standard error", |it| {
            let estimate = it.estimate?;
            it.std_error.is_none().then(|| it.alone(why_unknown(it.method, estimate).to_owned()))?
        }),
        /// The 95 % confidence interval; null with the standard error.
        pub ci95: Option<[f64; 2]> as Kind::Interval => .line("95 % interval", |it| {
            let degrees = it.degrees_of_freedom.map(|n| format!(", {n} degrees of freedom")).unwrap_or_default();
            let kind = it.interval.title();
            let text = |ends| format!("{} ({kind}{degrees})", rounded::interval(ends, it.std_error));
            it.estimate?;
            it.alone(it.ci95.map_or_else(|| "unknown".to_owned(), text))
        }),
        /// How the interval was made.
        pub interval: IntervalKind,
        /// Degrees of freedom of the standard error, where it comes from the spread of a few
        /// replicates.
        pub degrees_of_freedom: Option<u64> as WIDE => .optional(),
        /// Samples taken, with those that are not in the estimate.
        pub samples: u64 as WIDE => .label("samples"),
        /// Those of them that are not in the estimate: they trained a map, were of a trial or
        /// fitted a control.
        pub training_samples: Option<u64> as WIDE => .optional().label("training"),
        /// The number that picks the stream of samples.
        pub seed: u64 as WIDE => .line("seed", |it| Some(it.seed.to_string())),
        /// How samples were taken.
        pub method: IntegrateMethod => .line("method", |it| {
            let points = it.points.map(|points| format!(": {}", points.title()));
            Some(it.method.word().to_owned() + &points.unwrap_or_default())
        }),
        /// What `--method auto` has chosen.
        pub points: Option<Points> => .optional(),
        /// The integrand's name.
        pub integrand: &'static str => .line("integrand", |it| {
            let words = it.parameters.iter().map(|(name, word)| format!(", {name} {word}"));
            Some(it.integrand.to_owned() + &words.collect::<String>())
        }),
        /// What was set of it, in the order of its declaration; for `lib` also the BLAKE3 hash of
        /// the file.
        pub parameters: Vec<(&'static str, String)>,
        /// The integral, where it is known.
        pub exact: Option<f64> => .optional().line("exact", |it| {
            let (exact, error) = (it.exact?, it.std_error);
            Some(error.map_or_else(|| number(exact), |error| rounded::beyond_error(exact, error)))
        }),
        /// How many standard errors the estimate lies above it.
        pub z: Option<f64> => .optional().line("z", |it| it.z.map(|z| format!("{z:.2}"))),
        /// How the blocks scatter; null for fewer than two, or where nothing is known about the
        /// error.
        pub chi_square: Option<ChiSquare>,
        /// The probability that blocks scatter so much by chance; of `--method vegas`.
        pub q: Option<f64> => .optional().line("Q", |it| it.q.map(|q| significant(q, 2))),
        /// Samples whose value is not a number, where that is no failure.
        pub nan_samples: Option<u64> as WIDE => .optional()
            .line("not numbers", |it| it.alone(text::count(it.nan_samples?, "sample"))),
        /// The largest share of a few samples (one of up to 128) in the sum of squares about the
        /// mean.
        pub largest_share: Option<f64> => .optional(),
        /// Why the interval may cover less often than it says.
        pub warning: Option<Warning> => .optional()
            .lines(|it| it.doubts().into_iter().map(|doubt| ("warning", doubt)).collect()),
        /// The error that was asked for.
        pub target: Option<TargetResult> => .flat(),
        /// How far the job came.
        pub completion: Completion => .flat(),
        /// All components, where there are several; the fields above are of the first.
        pub components: Vec<ComponentResult> => .optional().column("component").lines(component_lines),
        /// The histograms that were asked for.
        pub histograms: Vec<HistogramResult> => .optional().without_column().lines(histogram_lines),
    }
}

record! {
    /// One component of an integral of several.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ComponentResult {
        /// Its number, from 1 on.
        pub component: u64 => .column("number"),
        /// Its expression, where there is one.
        pub expression: Option<String> => .optional(),
        /// See above.
        pub estimate: Option<f64>,
        /// See above.
        pub std_error: Option<f64>,
        /// See above.
        pub ci95: Option<[f64; 2]> as Kind::Interval,
        /// The covariances of its estimate with those of all components, in their order; null where
        /// one is not known.
        pub covariances: Vec<Option<f64>>,
        /// The same as correlations.
        pub correlations: Vec<Option<f64>>,
        /// See above.
        pub nan_samples: Option<u64> as WIDE => .optional(),
        /// See above.
        pub chi_square: Option<ChiSquare> => .without_column(),
        /// See above.
        pub largest_share: Option<f64> => .optional().without_column(),
        /// See above.
        pub warning: Option<Warning> => .optional(),
    }
}

record! {
    /// The parts of an integral over bins of a variable.
    #[derive(Clone, Debug, PartialEq)]
    pub struct HistogramResult {
        /// The variable, x1 for the first one.
        pub variable: String,
        /// The edges of the bins, in ascending order: one more than bins.
        pub edges: Vec<f64>,
        /// The estimates of the integral over each bin; empty where there are none.
        pub estimates: Vec<f64>,
        /// The standard error of each; null where nothing is known about it.
        pub std_errors: Vec<Option<f64>>,
        /// Degrees of freedom of these errors, for Student's t: few where a few blocks give them.
        pub degrees_of_freedom: Option<u64> as WIDE => .optional(),
    }
}

/// Below as many degrees of freedom, the text says how many.
const FEW_DEGREES: u64 = 15;

/// A line for each bin.
fn histogram_lines(result: &IntegrateResult) -> Vec<(&'static str, String)> {
    let of_one = |it: &HistogramResult| -> Vec<_> {
        let bins = it.edges.windows(2).zip(&it.estimates).zip(&it.std_errors);
        let line = |((ends, &estimate), error): ((&[f64], &f64), &Option<f64>)| {
            let (low, high) = (edge(ends[0]), edge(ends[1]));
            ("histogram", format!("{} from {low} to {high}: {}", it.variable, known(estimate, *error)))
        };
        let few = it.degrees_of_freedom.filter(|&degrees| degrees < FEW_DEGREES);
        let few = few.map(|degrees| {
            let count = text::count(degrees, "degree");
            ("histogram", format!("{}: errors with {count} of freedom", it.variable))
        });
        bins.map(line).chain(few).collect()
    };
    result.histograms.iter().flat_map(of_one).collect()
}

/// The edge of a bin without the rounding of its arithmetic: 0.3, not 0.30000000000000004.
fn edge(x: f64) -> String {
    number(format!("{x:.11e}").parse().unwrap_or(x))
}

/// An estimate and its standard error, where that is known.
fn known(estimate: f64, std_error: Option<f64>) -> String {
    std_error.map_or_else(|| format!("{} +- unknown", number(estimate)), |error| rounded::with_error(estimate, error))
}

/// Correlations that a line of text holds.
const MOST_CORRELATIONS: usize = 12;

/// A line for each component, then the lower half of their correlations.
fn component_lines(result: &IntegrateResult) -> Vec<(&'static str, String)> {
    let estimates = result.components.iter().map(|it| {
        let estimate = it.estimate.map_or_else(|| "no estimate".to_owned(), |x| known(x, it.std_error));
        let what = it.expression.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        let nans = it.nan_samples.map(|nans| format!(" ({} not numbers)", text::count(nans, "sample")));
        ("component", format!("{}  {estimate}{what}{}", it.component, nans.unwrap_or_default()))
    });
    let shown = |correlation: &Option<f64>| correlation.map_or_else(|| "-".to_owned(), |r| format!("{r:.3}"));
    let correlations = result.components.iter().take(MOST_CORRELATIONS).skip(1).map(|it| {
        let row = it.correlations.iter().take(it.component as usize - 1);
        ("correlation", format!("{}  {}", it.component, row.map(shown).collect::<Vec<_>>().join(" ")))
    });
    estimates.chain(correlations).collect()
}

impl Answer for IntegrateResult {
    fn warnings(&self) -> Vec<String> {
        self.doubts().into_iter().chain(self.target.as_ref().and_then(TargetResult::warning)).collect()
    }
}

impl IntegrateResult {
    /// A line that components have each for itself: if there is one only.
    fn alone(&self, line: String) -> Option<String> {
        self.components.is_empty().then_some(line)
    }

    /// The doubts about the integral, or about each of its components.
    fn doubts(&self) -> Vec<String> {
        let sentence = |warning: Option<Warning>, share| Some(warning?.sentence(self.samples, share));
        if self.components.is_empty() {
            return sentence(self.warning, self.largest_share).into_iter().collect();
        }
        let of_component = |it: &ComponentResult| {
            Some(format!("component {}: {}", it.component, sentence(it.warning, it.largest_share)?))
        };
        self.components.iter().filter_map(of_component).collect()
    }
}

/// Why nothing is known about the error of an estimate: no two values differ of those whose spread
/// is the error.
fn why_unknown(method: IntegrateMethod, estimate: f64) -> &'static str {
    match method {
        IntegrateMethod::Antithetic => "unknown: all pairs have the same mean, or one too small for an error",
        IntegrateMethod::Control => "unknown: less the control all samples have the same value, up to rounding",
        IntegrateMethod::Stratified | IntegrateMethod::Vegas if estimate == 0.0 => {
            "unknown: all samples of a box have the same value, or one too small for an error"
        }
        IntegrateMethod::Stratified | IntegrateMethod::Vegas => {
            "unknown: all samples of a box have the same value, up to rounding"
        }
        _ if estimate == 0.0 => "unknown: all samples are 0, or too small for an error",
        _ => "unknown: all samples have the same value, up to rounding",
    }
}

record! {
    /// The integrands there are.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct IntegrandList {
        /// Every integrand.
        pub integrands: Vec<IntegrandLine> => .lines(|list| list.integrands.iter().map(|line| (line.name, line.about.to_owned())).collect()),
    }
}

record! {
    /// One integrand.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct IntegrandLine {
        /// The name on the command line.
        pub name: &'static str,
        /// What it is.
        pub about: &'static str,
        /// What may be set.
        pub parameters: Vec<&'static str>,
    }
}

impl Answer for IntegrandList {
    fn value(&self) -> String {
        self.integrands.iter().map(|line| line.name).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{compact, json, written};

    fn example(completion: Completion) -> IntegrateResult {
        IntegrateResult {
            integrand: "ball",
            parameters: vec![("dim", "3".to_owned())],
            estimate: Some(4.1887),
            training_samples: None,
            points: None,
            degrees_of_freedom: None,
            method: IntegrateMethod::Plain,
            q: None,
            std_error: Some(0.0004),
            ci95: Some([4.1879, 4.1895]),
            interval: IntervalKind::Wilson,
            samples: 100_000_000,
            nan_samples: None,
            seed: u64::MAX,
            exact: Some(4.18879),
            z: Some(-0.225),
            chi_square: Some(ChiSquare { value: 170.5, degrees_of_freedom: 190, z: -1.0 }),
            largest_share: None,
            warning: None,
            target: None,
            completion,
            components: Vec::new(),
            histograms: Vec::new(),
        }
    }

    fn unknown() -> IntegrateResult {
        IntegrateResult {
            integrand: "expr",
            parameters: vec![("expression", "max(0, 1)".to_owned()), ("bounds", "0:1,0:1".to_owned())],
            estimate: Some(1.0),
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
        let nothing = IntegrateResult { estimate: Some(0.0), ..unknown() };
        assert!(written(nothing, Format::Text).contains("unknown: all samples are 0, or too small for an error\n"));
        for (method, why) in [
            (IntegrateMethod::Antithetic, "all pairs have the same mean"),
            (IntegrateMethod::Control, "less the control all samples have the same value"),
            (IntegrateMethod::Stratified, "all samples of a box have the same value"),
            (IntegrateMethod::Vegas, "all samples of a box have the same value"),
        ] {
            let text = written(IntegrateResult { method, ..unknown() }, Format::Text);
            assert!(text.contains(&format!("standard error  unknown: {why}")), "{text}");
        }
    }

    fn several() -> IntegrateResult {
        let component = |number: u64, std_error: Option<f64>, r: Option<f64>| ComponentResult {
            component: number,
            expression: Some("x".repeat(number as usize)),
            estimate: Some(0.5),
            std_error,
            ci95: std_error.map(|error| [0.5 - 2.0 * error, 0.5 + 2.0 * error]),
            covariances: vec![std_error.map(|error| error * error), r.map(|r| 0.01 * r)],
            correlations: vec![Some(1.0), r],
            nan_samples: None,
            chi_square: None,
            largest_share: None,
            warning: std_error.is_none().then_some(Warning::FewSamples),
        };
        let components = vec![component(1, Some(0.125), Some(-0.25)), component(2, None, None)];
        IntegrateResult { components, ..unknown() }
    }

    #[test]
    fn several_components_are_lines_of_text_and_rows_of_csv() {
        let forms = [Format::Text, Format::Csv].map(|format| written(several(), format));
        insta::assert_snapshot!(forms.join(""));
        assert_eq!(json(several())["components"][0]["covariances"][1], -0.0025);
        let warning = "component 2: 100,000,000 samples are too few: the interval may be too narrow";
        assert_eq!(several().warnings(), [warning]);
        assert!(written(several(), Format::Text).contains(&format!("warning      {warning}\n")));
        let mut both = several();
        (both.warning, both.components[0].warning) = (Some(Warning::Scatter), Some(Warning::Scatter));
        assert!(both.warnings().len() == 2 && both.warnings()[0].starts_with("component 1: blocks scatter"));
    }

    #[test]
    fn csv_has_the_same_columns_for_all() {
        let forms = [example(Completion::of(3, 191)), unknown()].map(|result| written(result, Format::Csv));
        insta::assert_snapshot!(forms.join(""));
        assert_eq!(forms[0].lines().next(), forms[1].lines().next());
    }

    #[test]
    fn json_leaves_out_what_is_not_known_but_for_the_error() {
        insta::assert_snapshot!(compact(example(Completion::Complete)));
        insta::assert_snapshot!(compact(unknown()));
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
