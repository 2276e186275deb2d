//! Shared parts of the results of `pi` and `integrate`: the kind of an interval, and whether blocks
//! scatter as expected by chance.
//!
//! Each has one spelling in JSON and CSV (`wilson`, `student-t`) and one in text (`Wilson`,
//! `Student t`).

use super::record::{record, words};
use super::{Extra, text};
use crate::montecarlo::chi_square::ChiSquare;

words! {
    /// How a 95 % interval was made.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum IntervalKind {
        /// Wilson's score interval for a proportion.
        Wilson = "wilson",
        /// Student's t.
        StudentT = "student-t",
    }
}

impl IntervalKind {
    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            IntervalKind::Wilson => "Wilson",
            IntervalKind::StudentT => "Student t",
        }
    }
}

words! {
    /// Why the 95 % interval of an estimate may cover less often than it says.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Warning {
        /// A few of many samples carry the estimate.
        HeavyTail = "heavy-tail",
        /// There are too few samples.
        FewSamples = "few-samples",
        /// Blocks scatter more than their errors allow.
        Scatter = "scatter",
    }
}

impl Warning {
    /// For people. `share` is the largest share of the variance, where that is known.
    pub(crate) fn sentence(self, samples: u64, share: Option<f64>) -> String {
        let part = share.map(|share| format!("a few samples make up {:.0} % of the variance", 100.0 * share));
        match self {
            Warning::HeavyTail => format!(
                "{}: rare, large values or an infinite variance; the interval may be far too narrow",
                part.unwrap_or_default()
            ),
            Warning::Scatter => {
                "blocks scatter more than their errors allow: do not trust the interval; use more samples".to_owned()
            }
            Warning::FewSamples => {
                let part = part.map(|part| format!(" ({part})")).unwrap_or_default();
                format!("{} are too few{part}: the interval may be too narrow", text::count(samples, "sample"))
            }
        }
    }
}

record!(for ChiSquare {
    /// The sum.
    value: f64 => .column("").line("chi-square", |chi| Some(chi_square_text(chi))),
    /// Degrees of freedom: the expected value.
    degrees_of_freedom: u64,
    /// How many standard deviations it is off.
    z: f64,
});

/// For people.
fn chi_square_text(chi: &ChiSquare) -> String {
    let ChiSquare { value, degrees_of_freedom, z } = chi;
    let degrees = if *degrees_of_freedom == 1 { "degree" } else { "degrees" };
    format!("{value:.1} for {degrees_of_freedom} {degrees} of freedom (z = {z:.2})")
}

record! {
    /// What an estimate adds to its run.
    pub struct Merit {
        /// 1 / (error^2 * seconds in kernels of all ranks), of an estimate that was all made in
        /// this run: the larger, the more precision a second buys. Of an integral or of pi, in its
        /// own units.
        pub figure_of_merit: Option<f64> => .optional(),
    }
}

/// How much precision a second bought, where that is known.
pub fn merit(figure_of_merit: Option<f64>) -> Extra {
    Extra::of(&Merit { figure_of_merit })
        .with_lines(figure_of_merit.map(|merit| format!("figure of merit {merit:.2e}")))
}
