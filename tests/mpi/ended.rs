//! How a launch ended, and checks of it.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::LazyLock;
use std::time::Duration;

use super::process::Process;

/// How a launch ended.
#[derive(Debug)]
pub struct Ended {
    pub line: String,
    /// `None`: the limit ended it.
    pub status: Option<ExitStatus>,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub elapsed: Duration,
    pub left_behind: Vec<Process>,
}

impl Ended {
    /// The exit code as a shell reports it: 128+N for a process killed by signal N.
    pub fn code(&self) -> i32 {
        let status = self.status.unwrap_or_else(|| panic!("it did not end in time: {self}"));
        status.code().or(status.signal().map(|n| 128 + n)).unwrap_or(-1)
    }

    #[track_caller]
    pub fn expect_code(self, code: i32) -> Ended {
        assert_eq!(self.code(), code, "exit code of {self}");
        assert!(self.left_behind.is_empty(), "left behind: {:?} by {self}", self.left_behind);
        self
    }

    #[track_caller]
    pub fn expect_failure(self) -> Ended {
        assert_ne!(self.code(), 0, "exit code of {self}");
        assert!(self.left_behind.is_empty(), "left behind: {:?} by {self}", self.left_behind);
        self
    }

    /// It printed this once on stderr, and nothing on stdout.
    #[track_caller]
    pub fn expect_told_once(self, what: &str) -> Ended {
        assert!(self.stdout.is_empty(), "nothing but the result goes to stdout: {self}");
        self.expect_said_once(what)
    }

    /// It printed this once on stderr, without naming its own source files (Open MPI 5 names some
    /// of its C files).
    #[track_caller]
    pub fn expect_said_once(self, what: &str) -> Ended {
        assert_eq!(self.stderr.matches(what).count(), 1, "'{what}' on stderr of {self}");
        for trace in ["backtrace", "panicked at", ".rs:"] {
            assert!(!self.stderr.contains(trace), "'{trace}' on stderr of {self}");
        }
        self
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("UTF-8")
    }

    /// The bytes of `result` in the JSON form.
    #[track_caller]
    pub fn json_result(&self) -> &str {
        let rest = self.text().split_once("\"result\": ").map(|(_, rest)| rest);
        let result = rest.and_then(|rest| rest.split_once("\"run\": ")).map(|(result, _)| result);
        result.unwrap_or_else(|| panic!("no result and run in {self}"))
    }

    /// The JSON, validated against docs/json.schema.json.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
            let schema = serde_json::from_str(include_str!("../../docs/json.schema.json")).expect("JSON");
            jsonschema::validator_for(&schema).expect("a schema")
        });
        let json = serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self}"));
        let wrong: Vec<String> =
            SCHEMA.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{}\n{self}", wrong.join("\n"));
        json
    }
}

/// A number in JSON; one that may exceed 2^53 is a string.
pub fn integer(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A failed --print must not fill the screen.
        let stdout = String::from_utf8_lossy(&self.stdout);
        let shown: String = stdout.chars().take(2000).collect();
        let (status, seconds) = (self.status, self.elapsed.as_secs_f64());
        write!(f, "{}\n{status:?} after {seconds:.2} s\nstdout: {shown}\nstderr: {}", self.line, self.stderr)
    }
}
