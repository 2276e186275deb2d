//! Standard error: one message is one write, so that lines of several ranks are never interleaved.
//!
//! Everything that the program prints there goes through this module. A message never costs the
//! result: if standard error is closed or full, or nothing reads it, the message is lost and the
//! program continues.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Bytes that one write to a pipe delivers in one piece (`PIPE_BUF` of Linux).
const PIECE: usize = 4096;
/// How long a message waits for a stopped reader. Later messages do not wait until it reads again.
const WRITE_LIMIT: Duration = Duration::from_secs(2);

/// Whether the last message was dropped.
static IS_STUCK: AtomicBool = AtomicBool::new(false);

/// Prints a message of this program. It starts with the program's name, unless the text names its
/// source, and cannot control the terminal.
pub fn message(text: &str) {
    let text = printable(text.trim_end());
    let prefix = if text.starts_with("error:") || text.starts_with("rank ") { "" } else { "montesieve: " };
    write(io::stderr().as_fd(), format!("{prefix}{text}\n").as_bytes(), &IS_STUCK);
}

/// Prints text of several lines unchanged.
pub fn text(text: &[u8]) {
    write(io::stderr().as_fd(), text, &IS_STUCK);
}

/// The text with control characters escaped: file names, stored words and host names come from
/// outside.
fn printable(text: &str) -> String {
    let is_harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(is_harmless) {
        return text.to_owned();
    }
    text.chars().fold(String::new(), |mut clean, c| {
        match is_harmless(c) {
            true => clean.push(c),
            false => clean.extend(c.escape_default()),
        }
        clean
    })
}

/// Writes whole lines at once, as many as a pipe accepts in one piece. What cannot be written is
/// lost.
fn write(stream: BorrowedFd<'_>, text: &[u8], is_stuck: &AtomicBool) {
    let mut rest = text;
    while !rest.is_empty() {
        let most = &rest[..rest.len().min(PIECE)];
        let end = match most.iter().rposition(|&byte| byte == b'\n') {
            _ if most.len() == rest.len() => most.len(),
            Some(last) => last + 1,
            None => most.len(),
        };
        if !write_piece(stream, &rest[..end], is_stuck) {
            return;
        }
        rest = &rest[end..];
    }
}

fn write_piece(stream: BorrowedFd<'_>, mut piece: &[u8], is_stuck: &AtomicBool) -> bool {
    while !piece.is_empty() {
        if !is_writable(stream, is_stuck) {
            return false;
        }
        match rustix::io::write(stream, piece) {
            Ok(written) => piece = &piece[written..],
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Waits briefly until a write will not block; only once for a stuck stream.
fn is_writable(stream: BorrowedFd<'_>, is_stuck: &AtomicBool) -> bool {
    let limit = if is_stuck.load(Relaxed) { Duration::ZERO } else { WRITE_LIMIT };
    let timeout = Timespec::try_from(limit).ok();
    let is_ready = loop {
        match poll(&mut [PollFd::new(&stream, PollFlags::OUT)], timeout.as_ref()) {
            // A signal restarts the wait; a second one is rare.
            Err(Errno::INTR) => {}
            ready => break ready.is_ok_and(|ready| ready > 0),
        }
    };
    is_stuck.store(!is_ready, Relaxed);
    is_ready
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, Read, pipe};
    use std::os::fd::OwnedFd;

    use super::*;

    fn piped() -> (PipeReader, OwnedFd) {
        let (reader, writer) = pipe().expect("a pipe");
        (reader, writer.into())
    }

    #[test]
    fn a_message_cannot_control_the_terminal() {
        assert_eq!(printable("line 2: 'é\t1'\nand"), "line 2: 'é\t1'\nand");
        assert_eq!(printable("a\u{1b}[2Jb\r\u{9b}"), "a\\u{1b}[2Jb\\r\\u{9b}");
    }

    #[test]
    fn pieces_end_where_lines_end() {
        // A datagram is what one write wrote.
        use std::os::unix::net::UnixDatagram;
        let (reader, writer) = UnixDatagram::pair().expect("a pair of sockets");
        let line = |n: usize| "x".repeat(n - 1) + "\n";
        let text = [line(3000), line(1000), line(97), line(9000), line(1)].concat();
        write(writer.as_fd(), text.as_bytes(), &AtomicBool::new(false));
        drop(writer);
        let (mut lengths, mut packet) = (Vec::new(), vec![0; 20_000]);
        reader.set_nonblocking(true).expect("a socket");
        while let Ok(length) = reader.recv(&mut packet) {
            if length == 0 {
                break;
            }
            lengths.push(length);
        }
        assert_eq!(lengths, [4000, 97, 4096, 4096, 809]);
    }

    #[test]
    fn everything_arrives() {
        let (mut reader, writer) = piped();
        let text = "a message of some length\n".repeat(1000);
        let expected = text.clone();
        let writing = std::thread::spawn(move || write(writer.as_fd(), text.as_bytes(), &AtomicBool::new(false)));
        let mut read = String::new();
        reader.read_to_string(&mut read).expect("UTF-8");
        writing.join().expect("written");
        assert!(read == expected);
    }

    #[test]
    fn a_message_that_nothing_reads_is_given_up() {
        let (mut reader, writer) = piped();
        let is_stuck = AtomicBool::new(true);
        // More than a pipe holds: the write would block for ever.
        write(writer.as_fd(), &vec![b'\n'; 1 << 21], &is_stuck);
        assert!(is_stuck.load(Relaxed));
        write(writer.as_fd(), b"lost\n", &is_stuck);
        let mut some = vec![0; 1 << 16];
        let _ = reader.read(&mut some).expect("what fitted");
        write(writer.as_fd(), b"heard\n", &is_stuck);
        assert!(!is_stuck.load(Relaxed));
        drop(writer);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).expect("readable");
        assert!(rest.ends_with(b"heard\n") && !rest.windows(4).any(|word| word == b"lost"));
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let (reader, writer) = piped();
        drop(reader);
        write(writer.as_fd(), b"nothing reads this\n", &AtomicBool::new(false));
    }
}
