//! Reads regular files: never a device, which has no end, and never more than fits.
//!
//! Stands beside `atomic_file`, which writes files.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};

/// How a pipe is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipes {
    /// Refused, as a device is: for what is read again, or may be replaced.
    Refused,
    /// Read to its end. Opening a FIFO waits for a writer, but not for ever.
    Taken,
}

/// Opens a regular file for reading, or a pipe where allowed, and returns its length (0 for a
/// pipe). Follows links; never blocks.
///
/// # Errors
/// When it cannot be opened, or is of another kind.
pub fn open(path: &Path, pipes: Pipes) -> io::Result<(File, u64)> {
    // Without these flags, opening a FIFO waits for a writer, and a terminal may become ours.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(rustix::io::Errno::ISDIR.into());
    }
    let is_pipe = pipes == Pipes::Taken && found.file_type().is_fifo();
    if !found.is_file() && !is_pipe {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    if is_pipe {
        // Reading waits for the writer.
        fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    }
    Ok((file, found.len()))
}

/// Reads the bytes after those in `begun`, of a file of `length` bytes opened by [`open`].
///
/// # Errors
/// When it is longer than `most`, or does not fit into memory.
pub fn read_on(file: impl Read, length: u64, begun: Vec<u8>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = begun;
    let too_long = |length: u64| {
        let said = format!("it has {length} bytes; the most here are {most}");
        io::Error::new(io::ErrorKind::FileTooLarge, said)
    };
    if length > most {
        return Err(too_long(length));
    }
    let left = (length as usize).saturating_sub(bytes.len());
    bytes.try_reserve_exact(left).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    // A file may grow while it is read.
    file.take((most + 1).saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_long(bytes.len() as u64)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, mknodat};

    use super::*;

    #[test]
    fn a_fifo_without_a_writer_blocks_no_rank() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
        let refused = open(&fifo, Pipes::Refused).expect_err("no file");
        assert_eq!(refused.to_string(), "it is not a regular file");
        let (taken, length) = open(&fifo, Pipes::Taken).expect("a pipe");
        assert_eq!(length, 0);
        assert!(!fcntl_getfl(&taken).expect("flags").contains(OFlags::NONBLOCK), "reading waits");
    }

    #[test]
    fn no_more_is_read_than_fits() {
        let read = |bytes: &[u8], length, most| read_on(bytes, length, vec![1], most);
        assert_eq!(read(&[2, 3], 3, 3).expect("it fits"), [1, 2, 3]);
        assert_eq!(read(&[2, 3], 4, 3).expect_err("too long").to_string(), "it has 4 bytes; the most here are 3");
        assert_eq!(read(&[2, 3, 4], 3, 3).expect_err("it has grown").kind(), io::ErrorKind::FileTooLarge);
    }
}
