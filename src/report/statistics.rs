//! What the results of `pi` and `integrate` share: how an interval was made, and whether the blocks scatter as chance has it.
//!
//! Each has one spelling for programs (JSON and CSV: `wilson`, `student-t`) and one for people (`Wilson`, `Student t`).

use super::field::{FLOAT, Field, Fields, INTEGER, Kind};
use super::value::asked;
use super::{Extra, text};
use crate::montecarlo::chi_square::ChiSquare;

/// How a 95 % interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalKind {
    /// Wilson's score interval for a proportion.
    Wilson,
    /// Student's t.
    StudentT,
}

impl IntervalKind {
    /// Its names for programs.
    pub const NAMES: Kind = Kind::Words(&["wilson", "student-t"]);

    /// For programs.
    pub fn name(self) -> &'static str {
        match self {
            IntervalKind::Wilson => "wilson",
            IntervalKind::StudentT => "student-t",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            IntervalKind::Wilson => "Wilson",
            IntervalKind::StudentT => "Student t",
        }
    }
}

/// Why the 95 % interval of an estimate may cover less often than it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A few of many samples carry the estimate.
    HeavyTail,
    /// There are too few samples.
    FewSamples,
}

impl Warning {
    /// Its names for programs.
    pub const NAMES: Kind = Kind::Words(&["heavy-tail", "few-samples"]);

    /// For programs.
    pub fn name(self) -> &'static str {
        match self {
            Warning::HeavyTail => "heavy-tail",
            Warning::FewSamples => "few-samples",
        }
    }

    /// For people. `share` is the largest share of the variance, where that is known.
    pub(crate) fn sentence(self, samples: u64, share: Option<f64>) -> String {
        let part = share.map(|share| format!("a few samples make up {:.0} % of the variance", 100.0 * share));
        match self {
            Warning::HeavyTail => format!(
                "{}: rare, large values or an infinite variance; the interval may be far too narrow",
                part.unwrap_or_default()
            ),
            Warning::FewSamples => {
                let part = part.map(|part| format!(" ({part})")).unwrap_or_default();
                format!("{} are too few{part}: the interval may be too narrow", text::count(samples, "sample"))
            }
        }
    }
}

/// Chi-square over the blocks of a job.
pub static CHI_SQUARE: Fields<ChiSquare> = Fields(&[
    Field::<ChiSquare>::new("value", FLOAT, "The sum.", |chi| chi.value.into()).column(""),
    Field::<ChiSquare>::new("degrees_of_freedom", INTEGER, "What it should be about.", |chi| {
        chi.degrees_of_freedom.into()
    }),
    Field::<ChiSquare>::new("z", FLOAT, "How many standard deviations it is off.", |chi| chi.z.into()),
]);

/// For people.
pub fn chi_square_text(chi: &ChiSquare) -> String {
    let ChiSquare { value, degrees_of_freedom, z } = chi;
    let degrees = if *degrees_of_freedom == 1 { "degree" } else { "degrees" };
    format!("{value:.1} for {degrees_of_freedom} {degrees} of freedom (z = {z:.2})")
}

/// What an estimate adds to its run.
pub static MERIT: Fields<Option<f64>> = Fields(&[Field::<Option<f64>>::new(
    "figure_of_merit",
    FLOAT,
    "1 / (error^2 * seconds in kernels of all ranks), of an estimate that was all made in this run: the larger, the more \
     precision a second buys. Of an integral or of pi, in its own units.",
    |&merit| asked(merit, Into::into),
)
.optional()]);

/// How much precision a second bought, where that is known.
pub fn merit(merit: Option<f64>) -> Extra {
    Extra::of(&MERIT, &merit).with_lines(merit.map(|merit| format!("figure of merit {merit:.2e}")))
}
