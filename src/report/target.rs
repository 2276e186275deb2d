//! The requested standard error, and whether it was reached: fields of the results of `pi` and
//! `integrate`, omitted without a request.

use super::record::record;

record! {
    /// A target.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct TargetResult {
        /// The standard error that was asked for, as it was typed.
        pub target_error: String => .line("target error", |target| {
            let reached = if target.target_reached { "reached" } else { "NOT reached" };
            let why = target.target_unreachable.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            Some(format!("{}: {reached}{why}", target.target_error))
        }),
        /// Whether the error that was asked for was reached.
        pub target_reached: bool,
        /// Why that error cannot be reached, where the run ended for that reason.
        pub target_unreachable: Option<String> => .optional(),
    }
}

impl TargetResult {
    /// A warning to the user, if any.
    pub fn warning(&self) -> Option<String> {
        self.target_unreachable.as_ref().map(|why| format!("target error {} not reached: {why}", self.target_error))
    }
}
