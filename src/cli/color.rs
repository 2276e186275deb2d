//! Whether to write colours: one rule for help, errors and reports.
//!
//! Under mpirun every rank's stdout looks like a terminal even if it is redirected to a file, so a
//! terminal proves nothing there: no colour unless `CLICOLOR_FORCE` requests it.

use std::ffi::OsString;

/// The properties of an output stream.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// The operating system calls it a terminal.
    pub is_terminal: bool,
    /// A launcher (mpirun, srun) started this process.
    pub under_launcher: bool,
}

/// Whether this stream gets colours. `NO_COLOR` forbids them, otherwise `CLICOLOR_FORCE` requests
/// them, otherwise a terminal without a launcher gets them unless `CLICOLOR=0` or `TERM=dumb`.
/// (<https://no-color.org>, <https://bixense.com/clicolors>.)
///
/// `variable` looks up the environment: `|name| std::env::var_os(name)`.
pub fn wanted(stream: Stream, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is = |name: &str, value: &str| variable(name).is_some_and(|v| v == value);
    let is_set = |name: &str| variable(name).is_some_and(|v| !v.is_empty());
    if is_set("NO_COLOR") {
        return false;
    }
    if is_set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") {
        return true;
    }
    stream.is_terminal && !stream.under_launcher && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted_with(is_terminal: bool, under_launcher: bool, environment: &[(&str, &str)]) -> bool {
        wanted(Stream { is_terminal, under_launcher }, |name| {
            environment.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn a_terminal_has_colour_and_a_launcher_takes_it_away() {
        assert!(wanted_with(true, false, &[]));
        assert!(!wanted_with(false, false, &[]));
        assert!(!wanted_with(true, true, &[]));
        assert!(!wanted_with(true, false, &[("TERM", "dumb")]));
        assert!(!wanted_with(true, false, &[("CLICOLOR", "0")]));
    }

    #[test]
    fn the_environment_decides() {
        assert!(!wanted_with(true, false, &[("NO_COLOR", "1")]));
        assert!(wanted_with(true, false, &[("NO_COLOR", "")]));
        assert!(wanted_with(false, true, &[("CLICOLOR_FORCE", "1")]));
        assert!(!wanted_with(false, true, &[("CLICOLOR_FORCE", "0")]));
        assert!(!wanted_with(false, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    }
}
