//! The bytes of a file or of standard input.
//!
//! [`crate::regular`] decides which files are accepted, including pipes that end (`<(command)`);
//! this module turns its errors into messages that say what should stand in the file.

use std::io;
use std::path::Path;

use super::shown;
use crate::cluster::Cluster;
use crate::commands::stdin;
use crate::error::{Error, Result};
use crate::regular::{self, Pipes};

/// Bytes of the longest input: 8 million keys of 2,048 bits, in hexadecimal digits.
const MOST: u64 = 4 << 30;

/// The name for messages, and the bytes. `contents` is what a file should hold: `numbers`.
pub(super) fn all(cluster: &Cluster, path: &Path, contents: &str) -> Result<(String, Vec<u8>)> {
    if path.as_os_str() == "-" {
        if !cluster.sees_end_of_stdin() {
            return Err(Error::Usage(
                "the mpirun of Open MPI 5 does not say where standard input ends, so '-' would wait for ever: give a file".into(),
            ));
        }
        return Ok(("standard input".to_owned(), stdin::read_to_end(contents)?));
    }
    let name = shown(&path.display().to_string());
    let refused = |what: &str| Error::Usage(format!("{name} {what}"));
    let bytes = regular::read(path, Pipes::Taken, MOST).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Usage(format!("there is no {name}")),
        io::ErrorKind::IsADirectory => refused(&format!("is a folder, not a file of {contents}")),
        io::ErrorKind::InvalidInput => refused(&format!("is a device, not a file of {contents}")),
        io::ErrorKind::FileTooLarge => refused(&format!("is too long: {error}")),
        // A signal ended the wait for a writer.
        io::ErrorKind::Interrupted => stdin::interrupted(&name),
        _ => Error::Io { context: format!("cannot read {name}"), source: error },
    })?;
    Ok((name, bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cluster::testing::alone;

    #[test]
    fn files_that_cannot_be_read_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("missing");
        let read = |path: &Path| all(&alone(), path, "numbers");
        assert!(matches!(read(&missing), Err(Error::Usage(text)) if text.contains("there is no")));
        assert!(
            matches!(read(folder.path()), Err(Error::Usage(text)) if text.ends_with("is a folder, not a file of numbers"))
        );
        assert!(matches!(read(Path::new("/dev/zero")), Err(Error::Usage(text)) if text.contains("is a device")));
        let path = folder.path().join("numbers");
        fs::write(&path, "12 18\n").expect("written");
        assert_eq!(read(&path).expect("read").1, b"12 18\n");
    }
}
