//! The standard error that an estimate was to have, and whether it has: fields of the results of
//! `pi` and `integrate`, left out where none was asked for.

use super::field::{BOOL, Field, TEXT};
use super::value::asked;

/// A target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetResult {
    /// The standard error that was asked for, as it was typed.
    pub target_error: String,
    /// Whether it was reached.
    pub target_reached: bool,
    /// Why it cannot be reached, where that is why the run ended.
    pub target_unreachable: Option<&'static str>,
}

/// A result that may have a target.
pub trait Targets {
    /// The target, if one was asked for.
    fn target(&self) -> Option<&TargetResult>;
}

/// The error that was asked for.
pub const fn target_error<R: Targets>() -> Field<R> {
    let about = "The standard error that was asked for, as it was typed.";
    let get = |result: &R| asked(result.target(), |target| target.target_error.clone().into());
    Field::new("target_error", TEXT, about, get).optional().line("target error", |result| {
        result.target().map(|target| {
            let reached = if target.target_reached { "reached" } else { "NOT reached" };
            let why = target.target_unreachable.map(|why| format!(": {why}")).unwrap_or_default();
            format!("{}: {reached}{why}", target.target_error)
        })
    })
}

/// Whether it was reached.
pub const fn target_reached<R: Targets>() -> Field<R> {
    let get = |result: &R| asked(result.target(), |target| target.target_reached.into());
    Field::new("target_reached", BOOL, "Whether the error that was asked for was reached.", get).optional()
}

/// Why it was not.
pub const fn target_unreachable<R: Targets>() -> Field<R> {
    let about = "Why that error cannot be reached, where the run ended for that reason.";
    let get = |result: &R| asked(result.target().and_then(|target| target.target_unreachable), Into::into);
    Field::new("target_unreachable", TEXT, about, get).optional()
}

impl TargetResult {
    /// What a user should know.
    pub fn warning(&self) -> Option<String> {
        self.target_unreachable.map(|why| format!("target error {} not reached: {why}", self.target_error))
    }
}
