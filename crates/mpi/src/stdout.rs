//! Standard output, with and without a launcher: a result that does not arrive is an error.
//!
//! A rank's standard output is a pseudo-terminal that the launcher reads and copies. Open MPI's
//! `mpirun` does not survive a reader that leaves (`| head`): it aborts or crashes, with a page of
//! text. It does not report a full disk behind its output. If rank 0 runs on the launcher's host,
//! this module writes directly to the launcher's standard output (see `launcher`). Then a closed
//! pipe or a full disk is an ordinary error, and a long list does not pass through a
//! pseudo-terminal. If only the launcher can move the file's position, the output goes through the
//! launcher, and its bytes are counted at the end. Otherwise (rank 0 on another host than `mpirun`,
//! or `srun`) it is plain stdout.

use std::fs::Metadata;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use montesieve_engine::awake;

use super::launcher::{Launcher, Output};
use super::{Cluster, closed_streams};
use crate::error::{Error, Result};
use crate::stream::Stream;

/// Bytes collected before a write: one megabyte keeps the number of system calls small, and is
/// small against a block.
const BUFFER: usize = 1 << 20;
/// A launcher whose position does not move for this time awake has lost its input.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// Time between two looks at the launcher's position.
const LOOK_EVERY: Duration = Duration::from_millis(5);

impl Cluster {
    /// Where this rank writes results: standard output, buffered. Flush it and check the outcome.
    ///
    /// # Errors
    /// When standard output is closed, or open for reading only.
    pub fn stdout(&self) -> Result<Box<dyn Write + Send>> {
        let cannot = |error: io::Error| Error::Run(format!("cannot write standard output: {error}"));
        let own = own().map_err(cannot)?;
        let launcher = if self.launch().is_forwarded() { Launcher::of_stdout() } else { None };
        let Some(launcher) = launcher else { return Ok(buffered(own)) };
        Ok(match launcher.stdout().map_err(cannot)? {
            Output::Direct(descriptor) => buffered(Stream::new(descriptor)),
            Output::Counted => buffered(Counted::new(own, launcher, LOST_AFTER)),
            Output::Abandoned => Box::new(Abandoned),
            Output::Left => buffered(own),
        })
    }

    /// Device and inode of the regular file that standard output goes to, if any.
    pub fn stdout_file(&self) -> Option<(u64, u64)> {
        let launcher = if self.launch().is_forwarded() { Launcher::of_stdout() } else { None };
        let path = launcher.map_or_else(|| "/proc/self/fd/1".into(), Launcher::path);
        let found = path.metadata().ok().filter(Metadata::is_file)?;
        Some((found.dev(), found.ino()))
    }

    /// Writes all of `bytes` to standard output.
    ///
    /// # Errors
    /// As [`Cluster::stdout`]; [`Error::Io`]; [`Error::ClosedPipe`] when its reader is gone.
    pub fn print(&self, bytes: &[u8]) -> Result<()> {
        let mut out = self.stdout()?;
        out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::of_stdout)
    }
}

fn buffered(stream: impl Write + Send + 'static) -> Box<dyn Write + Send> {
    Box::new(BufWriter::with_capacity(BUFFER, stream))
}

/// This process's standard output. The standard library's treats an error on an unwritable
/// descriptor as success.
fn own() -> io::Result<Stream> {
    use rustix::fs::{OFlags, fcntl_getfl};
    let stdout = io::stdout();
    if closed_streams::was_closed(1) {
        return Err(io::Error::other("it is closed"));
    }
    if fcntl_getfl(&stdout)? & OFlags::RWMODE == OFlags::RDONLY {
        return Err(io::Error::other("it is open for reading only"));
    }
    // A number above those of the three standard streams.
    Ok(Stream::new(rustix::io::fcntl_dupfd_cloexec(&stdout, 3)?))
}

/// A stream that the launcher copies to a file. Everything has arrived when the launcher's position
/// has moved by the bytes written.
struct Counted<W> {
    through: W,
    launcher: Launcher,
    begun: Option<u64>,
    written: u64,
    limit: Duration,
}

impl<W: Write> Counted<W> {
    fn new(through: W, launcher: Launcher, limit: Duration) -> Counted<W> {
        Counted { through, launcher, begun: launcher.position(), written: 0, limit }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.through.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.through.flush()?;
        let lost = || io::Error::other("the launcher did not write all of it (a full disk, a quota?)");
        // Without the position at the start there is nothing to compare with.
        let Some(begun) = self.begun else { return Ok(()) };
        let left = || awake::Limit::new(self.limit, Instant::now());
        let (mut last, mut limit) = (begun, left());
        loop {
            let position = self.launcher.position().ok_or_else(lost)?;
            if position >= begun + self.written {
                return Ok(());
            }
            if position != last {
                (last, limit) = (position, left());
            }
            if limit.is_over(Instant::now()) {
                return Err(lost());
            }
            sleep(LOOK_EVERY);
        }
    }
}

/// A FIFO whose reader went away before anything was written.
struct Abandoned;

impl Write for Abandoned {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A launcher that copies what it reads to `file`.
    fn copying(script: &str, file: &File) -> Child {
        let stdout = file.try_clone().expect("a file");
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::null());
        shell.spawn().expect("a shell")
    }

    fn counted(child: &mut Child) -> Counted<impl Write + use<>> {
        let stdin = child.stdin.take().expect("a pipe");
        Counted::new(stdin, Launcher::of_pid(child.id() as i32), Duration::from_millis(300))
    }

    #[test]
    fn what_has_arrived_is_no_error() {
        let file = tempfile::tempfile().expect("a file");
        let mut child = copying("printf before; exec cat", &file);
        let mut counted = counted(&mut child);
        counted.write_all(&[b'x'; 100_000]).expect("written");
        counted.flush().expect("all of it arrives");
        drop(counted);
        child.wait().expect("ended");
        assert_eq!(file.metadata().expect("a file").len(), 100_006);
    }

    #[test]
    fn what_the_launcher_could_not_write_is_an_error() {
        // dd continues after an error, as mpirun does; output beyond `ulimit -f` is lost.
        let file = tempfile::tempfile().expect("a file");
        let mut child =
            copying("trap '' XFSZ; ulimit -f 8; while dd bs=4096 count=1 status=none; :; do :; done", &file);
        let mut counted = counted(&mut child);
        counted.write_all(&[b'x'; 50_000]).expect("written");
        assert!(counted.flush().is_err_and(|error| error.to_string().contains("did not write all")));
        let _ = child.kill();
        child.wait().expect("ended");
        assert!(file.metadata().expect("a file").len() <= 8192);
    }

    #[test]
    fn a_launcher_that_has_gone_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = File::create(folder.path().join("list")).expect("a file");
        let mut child = copying("exec head -c 10", &file);
        let mut counted = counted(&mut child);
        // More than a pipe holds: some of it is never read.
        let written = counted.write_all(&[b'x'; 200_000]).and_then(|()| counted.flush());
        child.wait().expect("ended");
        assert!(written.is_err() || counted.flush().is_err());
        assert_eq!(fs::read(folder.path().join("list")).expect("a file").len(), 10);
    }
}
