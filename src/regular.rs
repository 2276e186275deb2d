//! Regular files as they are read: never a FIFO or a device, which would block or never end, and never more than fits.
//!
//! Stands beside `whole`, which writes files. Whatever a user names as an input goes through here.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Opens a regular file for reading, and says how long it is. Links are followed; never blocks.
///
/// # Errors
/// When it cannot be opened, or is no regular file.
pub fn open(path: &Path) -> io::Result<(File, u64)> {
    // Opening a FIFO waits for a writer otherwise, and a terminal may become ours.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(rustix::io::Errno::ISDIR.into());
    }
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok((file, found.len()))
}

/// All bytes of a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open`]; when it is longer; and when there is not enough memory for it.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (file, length) = open(path)?;
    read_on(file, length, Vec::new(), most)
}

/// The bytes behind those in `begun`, of a file of `length` bytes that was opened by [`open`].
///
/// # Errors
/// As [`read`].
pub fn read_on(file: File, length: u64, begun: Vec<u8>, most: u64) -> io::Result<Vec<u8>> {
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
    use super::*;
    use std::fs;

    #[test]
    fn regular_files_of_bounded_length_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("file");
        fs::write(&place, [7; 100]).expect("written");
        assert_eq!(read(&place, 100).expect("short enough"), [7; 100]);
        assert!(read(&place, 99).is_err_and(|error| error.to_string().contains("it has 100 bytes")));
        assert!(read(folder.path(), 99).is_err_and(|error| error.kind() == io::ErrorKind::IsADirectory));
        assert!(read(&folder.path().join("none"), 99).is_err_and(|error| error.kind() == io::ErrorKind::NotFound));
        // Neither blocks, nor is read for ever.
        let fifo = folder.path().join("fifo");
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("a FIFO");
        for path in [fifo.as_path(), Path::new("/dev/zero")] {
            assert!(read(path, 99).is_err_and(|error| error.to_string().contains("not a regular file")));
        }
        // A length of 0 that is none, as in /proc.
        assert!(!read(Path::new("/proc/self/status"), 1 << 20).expect("readable").is_empty());
    }
}
