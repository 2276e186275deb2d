//! Streams to write to: pipes, FIFOs, devices, standard output. Opening one never blocks.
//!
//! Stands beside `stderr`, which is for messages; the engine's `atomic_file` writes regular files.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

/// How long a FIFO may be without a reader: users start both sides within moments.
const READER_LIMIT: Duration = Duration::from_secs(5);
/// Time between two looks for a reader.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A descriptor that accepts every byte, even if it is nonblocking.
#[derive(Debug)]
pub struct Stream(OwnedFd);

impl Stream {
    /// A stream to `descriptor`.
    pub fn new(descriptor: OwnedFd) -> Stream {
        Stream(descriptor)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.0, bytes) {
                // A process that shares the descriptor may have made it nonblocking (Open MPI's
                // mpirun does).
                Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                },
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a FIFO or a device for writing. Waits for a reader of a FIFO, but not for ever.
///
/// # Errors
/// The system's error; an error that says that nothing reads the FIFO.
pub fn open(path: &Path) -> io::Result<Stream> {
    open_within(path, READER_LIMIT)
}

fn open_within(path: &Path, limit: Duration) -> io::Result<Stream> {
    let begun = Instant::now();
    loop {
        match open_now(path) {
            Err(error) if is_without_reader(path, &error) => {
                if begun.elapsed() >= limit {
                    return Err(io::Error::new(error.kind(), "nothing reads this FIFO"));
                }
                sleep(LOOK_EVERY);
            }
            opened => return opened.map(|file| Stream(file.into())),
        }
    }
}

/// As [`open`], without waiting.
///
/// # Errors
/// The system's error: `ENXIO` for a FIFO that nothing reads.
pub fn open_now(path: &Path) -> io::Result<File> {
    let nonblocking = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().write(true).custom_flags(nonblocking.bits() as i32).open(path)?;
    let flags = fcntl_getfl(file.as_fd())?;
    fcntl_setfl(file.as_fd(), flags - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Whether this error of opening `path` means a FIFO that nothing reads.
pub fn is_without_reader(path: &Path, error: &io::Error) -> bool {
    let is_fifo = || path.metadata().is_ok_and(|found| found.file_type().is_fifo());
    error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) && is_fifo()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};
    use std::thread;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn fifo(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("fifo");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
        path
    }

    #[test]
    fn a_fifo_that_nothing_reads_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = open_within(&fifo(folder.path()), Duration::from_millis(30)).expect_err("no reader");
        assert_eq!(error.to_string(), "nothing reads this FIFO");
    }

    #[test]
    fn a_reader_that_is_late_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = fifo(folder.path());
        let also = path.clone();
        let reading = thread::spawn(move || {
            sleep(Duration::from_millis(60));
            std::fs::read(also).expect("readable")
        });
        let mut stream = open_within(&path, Duration::from_secs(60)).expect("a reader comes");
        stream.write_all(b"result").expect("written");
        drop(stream);
        assert_eq!(reading.join().expect("read"), b"result");
    }

    #[test]
    fn a_pipe_that_does_not_block_takes_everything() {
        let (mut reader, writer) = pipe().expect("a pipe");
        let writer = OwnedFd::from(writer);
        fcntl_setfl(&writer, OFlags::NONBLOCK).expect("a pipe");
        let writing = thread::spawn(move || Stream::new(writer).write_all(&vec![7; 1 << 20]));
        sleep(Duration::from_millis(20));
        let mut read = Vec::new();
        reader.read_to_end(&mut read).expect("readable");
        assert_eq!(read.len(), 1 << 20);
        writing.join().expect("no panic").expect("written");
    }

    #[test]
    fn devices_say_what_is_wrong() {
        open(Path::new("/dev/null")).expect("opens").write_all(b"x").expect("takes everything");
        assert!(open(Path::new("/dev/full")).expect("opens").write_all(b"x").is_err());
        assert!(open(Path::new("/nowhere/fifo")).is_err());
    }
}
