//! Reads input files and pipes: never waits for a writer for ever, and never reads more than fits.
//!
//! Stands beside the engine's `regular`, which opens them. All inputs that a user names go through
//! here: regular files, and for some commands also pipes that end (`<(command)`).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub use montesieve_engine::regular::{Pipes, open, read_on};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use crate::cluster::heartbeat;
use crate::job::signals::Signals;

/// How long a FIFO may be without a writer: users start both sides within moments.
const WRITER_LIMIT: Duration = Duration::from_secs(5);
/// Time between two looks for a writer.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The file system of unnamed pipes (`PIPEFS_MAGIC`).
const PIPEFS: rustix::fs::FsWord = 0x5049_5045;

/// All bytes of a file of at most `most` bytes.
///
/// # Errors
/// As [`open`]; when it is longer; and when there is not enough memory for it.
pub fn read(path: &Path, pipes: Pipes, most: u64) -> io::Result<Vec<u8>> {
    let (file, length) = open(path, pipes)?;
    let begun = if file.metadata()?.file_type().is_fifo() { first_of(&file, WRITER_LIMIT)? } else { Vec::new() };
    read_on(file, length, begun, most)
}

/// Waits for the writer of a FIFO, not for ever, and returns the first byte if one arrived
/// meanwhile.
fn first_of(file: &File, limit: Duration) -> io::Result<Vec<u8>> {
    // The writer of an unnamed pipe (`<(command)`) started before this process, and may have left.
    if rustix::fs::fstatfs(file)?.f_type == PIPEFS {
        return Ok(Vec::new());
    }
    let signals = Signals::early()?;
    let begun = Instant::now();
    let flags = fcntl_getfl(file)?;
    fcntl_setfl(file, flags | OFlags::NONBLOCK)?;
    let mut byte = [0; 1];
    let first = loop {
        // A read returns 0 bytes while there is no writer, and EAGAIN once there is one.
        match rustix::io::read(file, &mut byte[..]) {
            Ok(0) if has_ended(file)? => break Vec::new(),
            Ok(0) => {}
            Ok(_) => break byte.to_vec(),
            Err(Errno::AGAIN) => break Vec::new(),
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        if begun.elapsed() >= limit {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "nothing writes to this FIFO"));
        }
        if signals.pending().is_some() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        heartbeat::yield_now();
        sleep(LOOK_EVERY);
    };
    fcntl_setfl(file, flags)?;
    Ok(first)
}

/// Whether a writer has come and left since the file was opened.
fn has_ended(file: &File) -> io::Result<bool> {
    let mut polled = [PollFd::new(file, PollFlags::IN)];
    poll(&mut polled, Some(&Timespec::default()))?;
    Ok(polled[0].revents().contains(PollFlags::HUP))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::Mode;
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
            // Reading it would never end.
            assert!(
                read(Path::new("/dev/zero"), 99).is_err_and(|error| error.to_string().contains("not a regular file"))
            );
            // A length of 0 although the file has contents, as in /proc.
            assert!(!read(Path::new("/proc/self/status"), 1 << 20).expect("readable").is_empty());
        }
    }

    #[test]
    fn pipes_are_refused_or_read_to_their_end_and_none_is_waited_for_for_ever() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("fifo");
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("a FIFO");
        assert!(read(&fifo, Pipes::Refused, 99).is_err_and(|error| error.to_string().contains("not a regular file")));
        let (file, _) = open(&fifo, Pipes::Taken).expect("opens");
        assert!(first_of(&file, Duration::from_millis(30)).is_err_and(|error| error.kind() == io::ErrorKind::TimedOut));
        let late = fifo.clone();
        let writing = std::thread::spawn(move || {
            sleep(Duration::from_millis(60));
            let mut writer = fs::OpenOptions::new().write(true).open(late).expect("opens");
            for part in [&b"12 "[..], b"18\n"] {
                sleep(Duration::from_millis(60));
                io::Write::write_all(&mut writer, part).expect("written");
            }
        });
        drop(file);
        assert_eq!(read(&fifo, Pipes::Taken, 99).expect("a late writer"), b"12 18\n");
        writing.join().expect("written");
        let (reader, mut writer) = io::pipe().expect("a pipe");
        io::Write::write_all(&mut writer, b"12345\n").expect("written");
        let name = format!("/proc/self/fd/{}", reader.as_raw_fd());
        drop(writer);
        assert_eq!(read(Path::new(&name), Pipes::Taken, 6).expect("read"), b"12345\n");
        let (reader, mut writer) = io::pipe().expect("a pipe");
        io::Write::write_all(&mut writer, b"12345\n").expect("written");
        let name = format!("/proc/self/fd/{}", reader.as_raw_fd());
        // A writer that never stops is not waited for.
        assert!(
            read(Path::new(&name), Pipes::Taken, 5).is_err_and(|error| error.kind() == io::ErrorKind::FileTooLarge)
        );
    }
}
