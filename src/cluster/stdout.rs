//! Standard output under a launcher.
//!
//! A rank's standard output is a pseudo-terminal that the launcher reads and copies. Open MPI's `mpirun` does not
//! survive a reader that goes away (`| head`): it aborts, or crashes, with a page of text. Where rank 0 runs beside its
//! `mpirun` and that one's output is a pipe, this file writes into the pipe itself: a closed pipe is then an ordinary
//! error to us, and a long list does not take the way through a pseudo-terminal. Everywhere else it is plain stdout.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileTypeExt;

use super::Cluster;

/// Bytes collected before a write: one megabyte keeps the number of system calls small, and is little beside a block.
const BUFFER: usize = 1 << 20;

/// Names of launchers whose own standard output is the user's.
const LAUNCHERS: [&str; 5] = ["mpirun", "mpiexec", "orterun", "prterun", "prte"];

impl Cluster {
    /// Where this rank writes results: standard output, buffered. Flush it and look at the outcome.
    pub fn stdout(&self) -> Box<dyn Write + Send> {
        let pipe = if self.launch().is_forwarded() { launchers_pipe() } else { None };
        match pipe {
            Some(pipe) => Box::new(BufWriter::with_capacity(BUFFER, pipe)),
            None => Box::new(BufWriter::with_capacity(BUFFER, io::stdout())),
        }
    }
}

/// The pipe that our launcher writes to, if it is our parent, on this host, and was not asked to do anything to output
/// on its way (tags, files, xml).
fn launchers_pipe() -> Option<File> {
    let parent = rustix::process::getppid()?.as_raw_nonzero();
    let name = fs::read_to_string(format!("/proc/{parent}/comm")).ok()?;
    if !LAUNCHERS.contains(&name.trim()) {
        return None;
    }
    let words = fs::read(format!("/proc/{parent}/cmdline")).ok()?;
    let touched = ["output", "tag", "xml", "xterm", "merge", "stdout"];
    let options = words.split(|&byte| byte == 0).filter(|word| word.starts_with(b"-"));
    for option in options.map(String::from_utf8_lossy) {
        if touched.iter().any(|what| option.contains(what)) {
            return None;
        }
    }
    let path = format!("/proc/{parent}/fd/1");
    fs::metadata(&path)
        .ok()?
        .file_type()
        .is_fifo()
        .then(|| fs::OpenOptions::new().write(true).open(path).ok())
        .flatten()
}
