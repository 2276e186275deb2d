//! Reads standard input to its end, for commands that read `-`.
//!
//! It waits in short steps, so that a signal can end the wait: once handlers are installed, a
//! blocking read would continue.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::cluster::{closed_streams, heartbeat};
use crate::error::{Error, Result};
use crate::job::signals::{self, Signals};
use crate::stderr;

/// Time between two checks for a signal that arrived just before the wait.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Bytes of one read.
const BUFFER: usize = 1 << 16;

/// Reads standard input to its end. In a terminal it tells the user to type `contents`.
///
/// # Errors
/// [`Error::Reported`] with the exit code of a signal that arrived meanwhile; [`Error::Io`] when it
/// cannot be read.
pub fn read_to_end(contents: &str) -> Result<Vec<u8>> {
    // Rust puts /dev/null in its place, which would read as an empty input.
    if closed_streams::was_closed(0) {
        return Err(Error::io("cannot read standard input")(io::Error::other("it is closed")));
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        stderr::message(&format!(
            "type {contents}, one item a line; Ctrl-D on an empty line ends the input, Ctrl-C stops"
        ));
    }
    let signals = Signals::early().map_err(Error::io("cannot listen to signals"))?;
    read_until(stdin.as_fd(), || {
        // The other ranks wait for the input.
        heartbeat::yield_now();
        signals.pending()
    })
}

/// Reports that a signal ended the wait for the end of `name`, and returns the error.
fn stopped(signal: i32, name: &str) -> Error {
    stderr::message(&format!("stopped by {} before the end of {name}", signals::name(signal)));
    Error::Reported { code: 128 + signal as u8 }
}

/// The same for another wait, ended by a signal of [`Signals::early`].
pub fn interrupted(name: &str) -> Error {
    match Signals::early().ok().and_then(|signals| signals.pending()) {
        Some(signal) => stopped(signal, name),
        None => Error::io(format!("cannot read {name}"))(io::ErrorKind::Interrupted.into()),
    }
}

fn read_until(input: BorrowedFd<'_>, pending: impl Fn() -> Option<i32>) -> Result<Vec<u8>> {
    let cannot = |error: Errno| Error::io("cannot read standard input")(error.into());
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; BUFFER]);
    let timeout = Timespec::try_from(LOOK_EVERY).ok();
    loop {
        if let Some(signal) = pending() {
            return Err(stopped(signal, "standard input"));
        }
        match poll(&mut [PollFd::new(&input, PollFlags::IN)], timeout.as_ref()) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(cannot(error)),
        }
        match rustix::io::read(input, &mut buffer[..]) {
            Ok(0) => return Ok(bytes),
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(cannot(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs::File;
    use std::io::{Write, pipe};

    use super::*;

    #[test]
    fn everything_is_read() {
        let (reader, mut writer) = pipe().expect("a pipe");
        let text = b"12 18\n".repeat(50_000);
        let expected = text.clone();
        let writing = std::thread::spawn(move || writer.write_all(&text).expect("written"));
        assert!(read_until(reader.as_fd(), || None).is_ok_and(|read| read == expected));
        writing.join().expect("written");
        let empty = File::open("/dev/null").expect("/dev/null");
        assert!(read_until(empty.as_fd(), || None).is_ok_and(|read| read.is_empty()));
    }

    #[test]
    fn a_signal_ends_the_wait() {
        let (reader, _writer) = pipe().expect("a pipe that nothing is written to");
        let looks = Cell::new(0);
        let pending = || (looks.replace(looks.get() + 1) == 2).then_some(2);
        assert!(matches!(read_until(reader.as_fd(), pending), Err(Error::Reported { code: 130 })));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = File::open(folder.path()).expect("opens");
        assert!(matches!(read_until(folder.as_fd(), || None), Err(Error::Io { .. })));
    }
}
