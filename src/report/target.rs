//! The standard error that an estimate was to have, and whether it has: part of the results of `pi` and `integrate`.

use serde::Serialize;

/// A target, meant to be flattened into a result as an `Option`: nothing stands there when none was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetResult {
    /// The standard error that was asked for, as it was typed.
    pub target_error: String,
    /// Whether it was reached.
    pub target_reached: bool,
    /// Why it cannot be reached, where that is why the run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_unreachable: Option<&'static str>,
}

impl TargetResult {
    /// The line of the text form.
    pub(crate) fn line(&self) -> (&'static str, String) {
        let said = if self.target_reached { "reached" } else { "NOT reached" };
        let why = self.target_unreachable.map(|why| format!(": {why}")).unwrap_or_default();
        ("target error", format!("{}: {said}{why}", self.target_error))
    }

    /// What a user should know.
    pub(crate) fn warning(&self) -> Option<String> {
        self.target_unreachable.map(|why| format!("target error {} not reached: {why}", self.target_error))
    }

    /// The columns of the CSV form: always two.
    pub(crate) fn columns(target: Option<&TargetResult>) -> [(String, String); 2] {
        let (error, reached) =
            target.map(|target| (target.target_error.clone(), target.target_reached.to_string())).unwrap_or_default();
        [("target_error".to_owned(), error), ("target_reached".to_owned(), reached)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_was_missed_is_said() {
        let target = TargetResult { target_error: "1e-6r".to_owned(), target_reached: false, target_unreachable: None };
        assert_eq!(target.line(), ("target error", "1e-6r: NOT reached".to_owned()));
        assert_eq!(TargetResult::columns(Some(&target)).map(|(_, cell)| cell), ["1e-6r", "false"]);
        assert_eq!(TargetResult::columns(None).map(|(_, cell)| cell), ["", ""]);
        assert_eq!(serde_json::to_string(&target).expect("JSON"), r#"{"target_error":"1e-6r","target_reached":false}"#);
    }
}
