//! What the results of `pi` and `integrate` share: how an interval was made, and whether the blocks scatter as chance has it.
//!
//! Each has one spelling for programs (JSON and CSV: `wilson`, `student-t`) and one for people (`Wilson`, `Student t`).

use serde::{Serialize, Serializer};

use super::{text, wide};
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

impl Serialize for IntervalKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
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

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Chi-square over the blocks of a job.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChiSquareResult {
    /// The sum.
    pub value: f64,
    /// What it should be about.
    #[serde(serialize_with = "wide::integer")]
    pub degrees_of_freedom: u64,
    /// How many standard deviations it is off.
    pub z: f64,
}

impl From<ChiSquare> for ChiSquareResult {
    fn from(ChiSquare { value, degrees_of_freedom, z }: ChiSquare) -> ChiSquareResult {
        ChiSquareResult { value, degrees_of_freedom, z }
    }
}

impl ChiSquareResult {
    /// The line for people.
    pub(crate) fn line(&self) -> (&'static str, String) {
        let ChiSquareResult { value, degrees_of_freedom, z } = self;
        let degrees = if *degrees_of_freedom == 1 { "degree" } else { "degrees" };
        ("chi-square", format!("{value:.1} for {degrees_of_freedom} {degrees} of freedom (z = {z:.2})"))
    }

    /// The columns of a table, empty where there is nothing.
    pub(crate) fn columns(this: Option<&ChiSquareResult>) -> [(&'static str, String); 3] {
        [
            ("chi_square", text::float_cell(this.map(|it| it.value))),
            ("chi_square_degrees_of_freedom", text::cell(this.map(|it| it.degrees_of_freedom))),
            ("chi_square_z", text::float_cell(this.map(|it| it.z))),
        ]
    }
}
