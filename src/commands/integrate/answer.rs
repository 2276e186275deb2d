//! The results of `integrate`: an integral, and the list of integrands.

pub mod ep;

use crate::montecarlo::chi_square::ChiSquare;
use crate::report::field::{FLOAT, Field, Fields, Kind, TEXT, WIDE};
use crate::report::value::{Value, asked, found, wide};
use crate::report::{
    Answer, CHI_SQUARE, Completes, Completion, IntervalKind, TargetResult, Targets, Warning, chi_square_text, complete,
    coverage, number, target_error, target_reached, target_unreachable, text,
};

/// An estimate of an integral, with what it takes to judge and to repeat it. [`IntegrateResult::FIELDS`] says what the fields mean.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct IntegrateResult {
    pub integrand: &'static str,
    pub parameters: Vec<(&'static str, String)>,
    pub estimate: f64,
    pub std_error: Option<f64>,
    pub ci95: Option<[f64; 2]>,
    pub interval: IntervalKind,
    pub samples: u64,
    pub nan_samples: Option<u64>,
    pub seed: u64,
    pub exact: Option<f64>,
    pub z: Option<f64>,
    pub chi_square: Option<ChiSquare>,
    pub largest_share: Option<f64>,
    pub warning: Option<Warning>,
    pub target: Option<TargetResult>,
    pub completion: Completion,
}

impl Answer for IntegrateResult {
    const FIELDS: &'static [Field<IntegrateResult>] = &[
        Field::<Self>::new("estimate", FLOAT, "The estimate of the integral.", |it| it.estimate.into()).label("integral"),
        Field::<Self>::new(
            "std_error",
            FLOAT,
            "One standard error of the estimate; null when nothing is known about it (all samples have the same value).",
            |it| it.std_error.into(),
        )
        .nullable()
        .line("standard error", |it| {
            Some(it.std_error.map_or_else(|| "unknown: all samples have the same value".to_owned(), number))
        }),
        Field::<Self>::new("ci95", Kind::Interval, "The 95 % confidence interval; null with the standard error.", |it| {
            found(it.ci95, Value::from_iter)
        })
        .nullable()
        .line("95 % interval", |it| {
            let text = |[low, high]: [f64; 2]| format!("{} to {} ({})", number(low), number(high), it.interval.title());
            Some(it.ci95.map_or_else(|| "unknown".to_owned(), text))
        }),
        Field::<Self>::new("interval", IntervalKind::NAMES, "How the interval was made.", |it| it.interval.name().into()),
        Field::<Self>::new("samples", WIDE, "Samples taken.", |it| wide(it.samples)).label("samples"),
        Field::<Self>::new("seed", WIDE, "The number that picks the stream of samples.", |it| wide(it.seed)).label("seed"),
        Field::<Self>::new("integrand", TEXT, "The integrand's name.", |it| it.integrand.into()).line("integrand", |it| {
            let words = it.parameters.iter().map(|(name, word)| format!(", {name} {word}"));
            Some(it.integrand.to_owned() + &words.collect::<String>())
        }),
        Field::<Self>::new("parameters", Kind::Map, "What was set of it, in the order of its declaration.", |it| {
            Value::Map(it.parameters.iter().map(|(name, word)| ((*name).to_owned(), word.clone())).collect())
        }),
        Field::<Self>::new("exact", FLOAT, "The integral, where it is known.", |it| asked(it.exact, Into::into))
            .optional()
            .label("exact"),
        Field::<Self>::new("z", FLOAT, "How many standard errors the estimate lies above it.", |it| asked(it.z, Into::into))
            .optional()
            .label("z"),
        Field::<Self>::new(
            "chi_square",
            Kind::Record(&CHI_SQUARE),
            "How the blocks scatter; null for fewer than two, or where nothing is known about the error.",
            |it| found(it.chi_square, |chi| CHI_SQUARE.record(&chi)),
        )
        .nullable()
        .line("chi-square", |it| it.chi_square.as_ref().map(chi_square_text)),
        Field::<Self>::new("nan_samples", WIDE, "Samples whose value is not a number, where that is no failure.", |it| {
            asked(it.nan_samples, wide)
        })
        .optional()
        .line("not numbers", |it| it.nan_samples.map(|nans| text::count(nans, "sample"))),
        Field::<Self>::new(
            "largest_share",
            FLOAT,
            "The largest share of a few samples (one of up to 128) in the sum of squares about the mean.",
            |it| asked(it.largest_share, Into::into),
        )
        .optional(),
        Field::<Self>::new("warning", Warning::NAMES, "Why the interval may cover less often than it says.", |it| {
            asked(it.warning.map(Warning::name), Into::into)
        })
        .optional()
        .line("warning", IntegrateResult::doubt),
        target_error(),
        target_reached(),
        target_unreachable(),
        complete(),
        coverage(),
    ];

    fn warnings(&self) -> Vec<String> {
        self.doubt().into_iter().chain(self.target.as_ref().and_then(TargetResult::warning)).collect()
    }
}

impl IntegrateResult {
    fn doubt(&self) -> Option<String> {
        self.warning.map(|warning| warning.sentence(self.samples, self.largest_share))
    }
}

impl Completes for IntegrateResult {
    fn completion(&self) -> Completion {
        self.completion
    }
}

impl Targets for IntegrateResult {
    fn target(&self) -> Option<&TargetResult> {
        self.target.as_ref()
    }
}

/// The integrands there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrandList {
    /// Each with one line about it.
    pub integrands: Vec<IntegrandLine>,
}

/// One integrand.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct IntegrandLine {
    pub name: &'static str,
    pub about: &'static str,
    pub parameters: Vec<&'static str>,
}

static LINE: Fields<IntegrandLine> = Fields(&[
    Field::<IntegrandLine>::new("name", TEXT, "The name on the command line.", |line| line.name.into()),
    Field::<IntegrandLine>::new("about", TEXT, "What it is.", |line| line.about.into()),
    Field::<IntegrandLine>::new("parameters", Kind::List(&TEXT), "What may be set.", |line| {
        line.parameters.iter().copied().collect()
    }),
]);

impl Answer for IntegrandList {
    const FIELDS: &'static [Field<IntegrandList>] =
        &[Field::<Self>::new("integrands", Kind::Rows(&LINE), "Every integrand.", |list| LINE.rows(&list.integrands))
            .lines(|list| list.integrands.iter().map(|line| (line.name, line.about.to_owned())).collect())];

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
            estimate: 4.1887,
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
