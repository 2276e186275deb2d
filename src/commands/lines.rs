//! Files of one thing a line, read at the root: bad lines are named by number, all of them in one message.
//!
//! Empty lines are passed over, and so is what follows a `#`.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;

use super::stdin;
use crate::cluster::Cluster;
use crate::error::{Error, Result};

/// Bad lines that a message names.
const MOST_NAMED: usize = 5;

/// Reads `path`, or standard input for `-`, and parses each line.
///
/// # Errors
/// [`Error::Usage`] for bad lines, for bytes that are no text, and where standard input would never end; [`Error::Io`] when it cannot be read.
pub fn read<T, E: Display>(
    cluster: &Cluster,
    path: &Path,
    parse: impl Fn(&str) -> std::result::Result<T, E>,
) -> Result<Vec<T>> {
    let (name, bytes) = if path.as_os_str() == "-" {
        if !cluster.sees_the_end_of_input() {
            return Err(Error::Usage(
                "the mpirun of Open MPI 5 does not say where standard input ends, so '-' would wait for ever: give a file".into(),
            ));
        }
        ("standard input".to_owned(), Ok(stdin::read_to_end()?))
    } else {
        (path.display().to_string(), fs::read(path))
    };
    let bytes = bytes.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Usage(format!("there is no {name}")),
        _ => Error::Io { context: format!("cannot read {name}"), source: error },
    })?;
    let text = String::from_utf8(bytes).map_err(|_| Error::Usage(format!("{name} is not text")))?;
    parsed(&text, parse).map_err(|complaints| Error::Usage(format!("{name}, {complaints}")))
}

fn parsed<T, E: Display>(
    text: &str,
    parse: impl Fn(&str) -> std::result::Result<T, E>,
) -> std::result::Result<Vec<T>, String> {
    let (mut things, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        match parse(content) {
            Ok(thing) => things.push(thing),
            Err(error) => wrong.push(format!("line {number}: '{content}': {error}")),
        }
    }
    if wrong.is_empty() {
        return Ok(things);
    }
    let more = wrong.len().saturating_sub(MOST_NAMED);
    wrong.truncate(MOST_NAMED);
    let rest = if more > 0 { format!("\nand {more} more bad lines") } else { String::new() };
    Err(wrong.join("\n") + &rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::values::number;
    use crate::cluster::testing::alone;

    #[test]
    fn comments_and_empty_lines_are_passed_over() {
        assert_eq!(parsed("", number), Ok(vec![]));
        assert_eq!(parsed("1\n\n  2^64 # large\r\n#3\n4", number), Ok(vec![1, 1 << 64, 4]));
    }

    #[test]
    fn bad_lines_are_named_by_number() {
        let complaint = parsed("1\nx\n3\n-4\n", number).expect_err("two bad lines");
        let lines: Vec<&str> = complaint.lines().collect();
        assert!(lines[0].starts_with("line 2: 'x': not a number") && lines[1] == "line 4: '-4': must not be negative");
        let complaint = parsed(&"x\n".repeat(9), number).expect_err("nine bad lines");
        assert!(complaint.ends_with("\nand 4 more bad lines") && complaint.lines().count() == 6);
    }

    #[test]
    fn files_that_cannot_be_read_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("missing");
        assert!(matches!(read(&alone(), &missing, number), Err(Error::Usage(text)) if text.contains("there is no")));
        assert!(matches!(read(&alone(), folder.path(), number), Err(Error::Io { .. })));
        let binary = folder.path().join("binary");
        fs::write(&binary, [0xff, 0xfe]).expect("written");
        assert!(matches!(read(&alone(), &binary, number), Err(Error::Usage(text)) if text.ends_with("is not text")));
    }
}
