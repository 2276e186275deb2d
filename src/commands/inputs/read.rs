//! The bytes of a file or of standard input.
//!
//! Regular files, and pipes that end (`<(command)`). A named pipe that nothing writes to is an empty file, for the open does not wait; devices
//! are refused. The length is looked at first.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::shown;
use crate::cluster::Cluster;
use crate::commands::stdin;
use crate::error::{Error, Result};

/// Bytes of the longest input: 8 million keys of 2,048 bits, in hexadecimal digits.
const MOST: u64 = 4 << 30;

/// The name for messages, and the bytes.
pub(super) fn all(cluster: &Cluster, path: &Path) -> Result<(String, Vec<u8>)> {
    if path.as_os_str() == "-" {
        if !cluster.sees_the_end_of_input() {
            return Err(Error::Usage(
                "the mpirun of Open MPI 5 does not say where standard input ends, so '-' would wait for ever: give a file".into(),
            ));
        }
        return Ok(("standard input".to_owned(), stdin::read_to_end()?));
    }
    let name = shown(&path.display().to_string());
    let bytes = file(path, MOST).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Usage(format!("there is no {name}")),
        io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge => Error::Usage(format!("{name} {error}")),
        _ => Error::Io { context: format!("cannot read {name}"), source: error },
    })?;
    Ok((name, bytes))
}

fn file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path)?;
    let (kind, length) = file.metadata().map(|metadata| (metadata.file_type(), metadata.len()))?;
    let refused = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, text.to_owned()));
    if kind.is_dir() {
        return refused("is a folder, not a file of numbers");
    }
    if !kind.is_file() && !kind.is_fifo() {
        return refused("is a device, not a file of numbers");
    }
    if kind.is_fifo() {
        let flags = fcntl_getfl(&file)?;
        fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    }
    bounded(&mut file, length, most)
}

fn bounded(file: &mut File, length: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if length <= most {
        file.take(most + 1).read_to_end(&mut bytes)?;
    }
    if length > most || bytes.len() as u64 > most {
        let text = format!("has more than {most} bytes, which is all that is read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
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
        let read = |path: &Path| all(&alone(), path);
        assert!(matches!(read(&missing), Err(Error::Usage(text)) if text.contains("there is no")));
        assert!(
            matches!(read(folder.path()), Err(Error::Usage(text)) if text.ends_with("is a folder, not a file of numbers"))
        );
        assert!(matches!(read(Path::new("/dev/zero")), Err(Error::Usage(text)) if text.contains("is a device")));
        let path = folder.path().join("numbers");
        fs::write(&path, "12 18\n").expect("written");
        assert_eq!(read(&path).expect("read").1, b"12 18\n");
        assert_eq!(file(&path, 6).expect("short enough").len(), 6);
        assert_eq!(file(&path, 5).expect_err("too long").kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn pipes_are_read_to_their_end_and_none_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
        assert_eq!(file(&path, 100).expect("no writer"), b"");
        let (reader, mut writer) = io::pipe().expect("a pipe");
        io::Write::write_all(&mut writer, b"7\n").expect("written");
        drop(writer);
        let name = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        assert_eq!(file(Path::new(&name), 100).expect("read"), b"7\n");
    }
}
