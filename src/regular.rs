//! Files as they are read: never a device, which would never end, never a wait for a writer, and never more than fits.
//!
//! Stands beside `whole`, which writes files. Whatever a user names as an input goes through here: regular files, and where a
//! command takes them also pipes that end (`<(command)`).

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};

/// What is done with a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipes {
    /// It is refused, as a device is: what must be read again, or may be replaced.
    Refused,
    /// It is read to its end. One that nothing writes to is empty, for the open does not wait.
    Taken,
}

/// Opens a regular file for reading, or a pipe where those are taken, and says how long it is (a pipe: 0). Links are
/// followed; never blocks.
///
/// # Errors
/// When it cannot be opened, or is something else.
pub fn open(path: &Path, pipes: Pipes) -> io::Result<(File, u64)> {
    // Opening a FIFO waits for a writer otherwise, and a terminal may become ours.
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
        // Reading waits for its writer.
        fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    }
    Ok((file, found.len()))
}

/// All bytes of a file of at most `most` bytes.
///
/// # Errors
/// As [`open`]; when it is longer; and when there is not enough memory for it.
pub fn read(path: &Path, pipes: Pipes, most: u64) -> io::Result<Vec<u8>> {
    let (file, length) = open(path, pipes)?;
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
    use std::os::fd::AsRawFd;

    #[test]
    fn regular_files_of_bounded_length_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("file");
        fs::write(&place, [7; 100]).expect("written");
        for pipes in [Pipes::Refused, Pipes::Taken] {
            let read = |path: &Path, most: u64| read(path, pipes, most);
            assert_eq!(read(&place, 100).expect("short enough"), [7; 100]);
            assert!(read(&place, 99).is_err_and(|error| error.to_string().contains("it has 100 bytes")));
            assert!(read(folder.path(), 99).is_err_and(|error| error.kind() == io::ErrorKind::IsADirectory));
            assert!(read(&folder.path().join("none"), 99).is_err_and(|error| error.kind() == io::ErrorKind::NotFound));
            // It would be read for ever.
            assert!(
                read(Path::new("/dev/zero"), 99).is_err_and(|error| error.to_string().contains("not a regular file"))
            );
            // A length of 0 that is none, as in /proc.
            assert!(!read(Path::new("/proc/self/status"), 1 << 20).expect("readable").is_empty());
        }
    }

    #[test]
    fn pipes_are_refused_or_read_to_their_end_and_none_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("fifo");
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("a FIFO");
        assert!(read(&fifo, Pipes::Refused, 99).is_err_and(|error| error.to_string().contains("not a regular file")));
        assert_eq!(read(&fifo, Pipes::Taken, 99).expect("no writer"), b"");
        let (reader, mut writer) = io::pipe().expect("a pipe");
        io::Write::write_all(&mut writer, b"12345\n").expect("written");
        let name = format!("/proc/self/fd/{}", reader.as_raw_fd());
        drop(writer);
        assert_eq!(read(Path::new(&name), Pipes::Taken, 6).expect("read"), b"12345\n");
        let (reader, mut writer) = io::pipe().expect("a pipe");
        io::Write::write_all(&mut writer, b"12345\n").expect("written");
        let name = format!("/proc/self/fd/{}", reader.as_raw_fd());
        // A writer that goes on for ever is not waited for.
        assert!(
            read(Path::new(&name), Pipes::Taken, 5).is_err_and(|error| error.kind() == io::ErrorKind::FileTooLarge)
        );
    }
}
