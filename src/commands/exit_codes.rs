//! The exit codes: one table for `--help`, the manual pages and docs/reference.md.
//!
//! `crate::error` has the numbers themselves, each beside the error that it belongs to.

/// An exit code, or several with one meaning.
pub struct ExitCode {
    /// The numbers.
    pub codes: &'static str,
    /// A few words for `--help`, with the number that they are about.
    pub short: &'static str,
    /// The meanings, each a row of the table; Markdown.
    pub means: &'static [&'static str],
}

/// All that can be seen.
pub const EXIT_CODES: [ExitCode; 10] = [
    ExitCode { codes: "0", short: "0 right", means: &["success (or the reader of standard output left)"] },
    ExitCode {
        codes: "1",
        short: "1 run-time error",
        means: &["run-time error: a rank failed, the output could not be written"],
    },
    ExitCode { codes: "2", short: "2 usage", means: &["usage: the command line is invalid"] },
    ExitCode {
        codes: "3",
        short: "3 wrong",
        means: &[
            "wrong answer (`integrate ep`, `primes --algorithm both`, `patterns`, `scaling`, `burnin`, `scripts/run`)",
        ],
    },
    ExitCode { codes: "4", short: "4 slow host", means: &["`burnin`: a slow host"] },
    ExitCode {
        codes: "5",
        short: "5 target error not reached",
        means: &["the limit (SAMPLES, `--time-limit`) was reached before the `--target-error`"],
    },
    ExitCode {
        codes: "75",
        short: "75 stopped and saved",
        means: &["stopped and saved: the same command line resumes"],
    },
    ExitCode {
        codes: "76",
        short: "76 stopped and not saved",
        means: &[
            "stopped by a time limit or signal before the end, nothing saved; the partial result is printed",
            "also: `--time-limit` is too short for one block, so no run of that command makes progress",
        ],
    },
    ExitCode {
        codes: "78",
        short: "78 bad launch",
        means: &["bad launch: ranks that do not find each other, or differ in build, command line or presets"],
    },
    ExitCode {
        codes: "129, 130, 140, 143, 152",
        short: "130 Ctrl-C, 143 SIGTERM",
        means: &[
            "ended by SIGHUP, Ctrl-C, SIGUSR2, SIGTERM, SIGXCPU before anything could be reported",
            "130 also when Ctrl-C stopped a saved job",
        ],
    },
];

/// The line of `--help`.
pub fn line() -> String {
    let codes: Vec<&str> = EXIT_CODES.iter().map(|code| code.short).collect();
    format!("Exit codes: {}.", codes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_has_the_same_table() {
        let rows = EXIT_CODES.iter().flat_map(|code| {
            let codes = std::iter::once(code.codes).chain(std::iter::repeat(""));
            code.means.iter().zip(codes).map(|(means, codes)| match codes {
                "" => format!("| | {means} |\n"),
                codes => format!("| {codes} | {means} |\n"),
            })
        });
        let table = "| exit code | means |\n|---|---|\n".to_owned() + &rows.collect::<String>();
        assert!(include_str!("../../docs/reference.md").contains(&table), "docs/reference.md lacks\n{table}");
    }
}
