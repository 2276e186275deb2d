//! The result of `--plan`: samples and errors. How long they take is no result: it stands in the run.

use super::field::{BOOL, FLOAT, Field, Fields, TEXT, WIDE};
use super::value::{asked, wide};
use super::{Answer, Extra, duration, text};

/// What an estimate takes. [`PlanResult::FIELDS`] says what the fields mean.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PlanResult {
    pub samples: u64,
    pub std_error: f64,
    pub target_error: Option<String>,
    pub enough: Option<bool>,
    pub pilot_samples: u64,
}

impl Answer for PlanResult {
    const FIELDS: &'static [Field<PlanResult>] = &[
        Field::<Self>::new("samples", WIDE, "Samples to take.", |plan| wide(plan.samples)).label("samples"),
        Field::<Self>::new("std_error", FLOAT, "The standard error to expect of them.", |plan| plan.std_error.into())
            .label("expected error"),
        Field::<Self>::new("target_error", TEXT, "The error that was asked for, as it was typed.", |plan| {
            asked(plan.target_error.clone(), Into::into)
        })
        .optional()
        .line("target error", |plan| {
            let enough = if plan.enough? { "enough" } else { "NOT enough" };
            Some(format!("{}: these samples are {enough}", plan.target_error.as_ref()?))
        }),
        Field::<Self>::new("enough", BOOL, "Whether the samples allowed are enough for it.", |plan| {
            asked(plan.enough, Into::into)
        })
        .optional(),
        Field::<Self>::new("pilot_samples", WIDE, "Samples that were taken to say so.", |plan| {
            wide(plan.pilot_samples)
        })
        .line("judged by", |plan| Some(text::count(plan.pilot_samples, "sample"))),
    ];
}

/// What a plan adds to its run.
pub static PLANNED: Fields<f64> = Fields(&[Field::<f64>::new(
    "planned_seconds",
    FLOAT,
    "Seconds that the whole job would take on these ranks.",
    |&seconds| seconds.into(),
)
.optional()]);

/// That the whole job would take so many seconds on these ranks.
pub fn planned(seconds: f64) -> Extra {
    Extra::of(&PLANNED, &seconds).with_lines([format!("that would take about {} here", duration(seconds))])
}
