//! The result of `--plan`: samples and errors. The time they take is part of the run, not of the
//! result.

use super::field::WIDE;
use super::record::record;
use super::rounded::significant;
use super::{Answer, Extra, duration, text};

record! {
    /// How many samples a job takes.
    #[derive(Clone, Debug, PartialEq)]
    pub struct PlanResult {
        /// Samples to take.
        pub samples: u64 as WIDE => .label("samples"),
        /// The standard error to expect of them.
        pub std_error: f64 => .line("expected error", |plan| Some(significant(plan.std_error, 2))),
        /// The error that was asked for, as it was typed.
        pub target_error: Option<String> => .optional().line("target error", |plan| {
            let enough = if plan.enough? { "enough" } else { "NOT enough" };
            Some(format!("{}: these samples are {enough}", plan.target_error.as_ref()?))
        }),
        /// Whether the samples allowed are enough for it.
        pub enough: Option<bool> => .optional(),
        /// Samples that were taken to say so.
        pub pilot_samples: u64 as WIDE => .line("judged by", |plan| Some(text::count(plan.pilot_samples, "sample"))),
    }
}

impl Answer for PlanResult {}

record! {
    /// The additions of a plan to a run.
    pub struct Planned {
        /// Seconds that the whole job would take on these ranks.
        pub planned_seconds: Option<f64> => .optional(),
    }
}

/// The part of a run with the estimated time of the job; in the text form it is part of the
/// answer. `room` is the memory
/// that it takes.
pub fn planned(seconds: f64, room: Option<String>) -> Extra {
    let room = room.map(|room| format!(", and {room}")).unwrap_or_default();
    let line = format!("that would take about {} here{room}", duration(seconds));
    Extra::of(&Planned { planned_seconds: Some(seconds) }).with_lines_here([line])
}
