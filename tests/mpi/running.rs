//! A running launch, with a hard time limit.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ExitStatus};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use super::ended::Ended;
use super::launch::Ranks;
use super::process::{self, Process};
use super::room::Room;

/// How long processes may outlive their launcher: an aborted launcher does not wait for them.
const GRACE: Duration = Duration::from_secs(2);

/// How long after the start of its command a rank is assumed to compute.
const AT_WORK: Duration = Duration::from_millis(300);

/// Reads until the end, or up to a number of lines, and then closes the pipe.
pub fn read(pipe: impl Read, lines: usize) -> Vec<u8> {
    let mut reader = BufReader::new(pipe);
    let mut bytes = Vec::new();
    if lines == usize::MAX {
        let _ = reader.read_to_end(&mut bytes);
    } else {
        for _ in 0..lines {
            let _ = reader.read_until(b'\n', &mut bytes);
        }
    }
    bytes
}

pub type Reader = Option<JoinHandle<Vec<u8>>>;

/// A running launch. Its processes end with it, even if the test fails.
pub struct Running {
    pub line: String,
    pub ranks: Ranks,
    pub child: Child,
    pub mark: String,
    pub limit: Duration,
    pub began: Instant,
    pub stdout: Reader,
    pub stderr: Reader,
    pub _sockets: TempDir,
    pub _room: Room,
}

impl Running {
    /// All its processes on this host.
    pub fn processes(&self) -> Vec<Process> {
        process::marked(&self.mark)
    }

    /// Waits until all its processes handle signals, which they do once their command has started,
    /// and a moment more.
    pub fn wait_until_at_work(&mut self) {
        let (is_launched, processes) = match self.ranks {
            Ranks::Launched(ranks) => (true, ranks),
            Ranks::Alone | Ranks::Threads(_) => (false, 1),
        };
        let listens = |process: &Process| process.rank.is_some() == is_launched && process.catches(Signal::TERM);
        let mark = self.mark.clone();
        let is_at_work = || process::marked(&mark).iter().filter(|process| listens(process)).count() >= processes;
        self.wait_until("its ranks are at work", is_at_work);
        thread::sleep(AT_WORK);
    }

    /// Waits until a condition holds, such as the existence of a file, or the launch has ended,
    /// within its time limit.
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn() -> bool) {
        while !is_so() && !self.has_ended() {
            assert!(self.began.elapsed() < self.limit, "{}: {what}: not after {:?}", self.line, self.limit);
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal to the started process: the launcher, or the program itself.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid(), signal);
    }

    /// Whether it has ended; does not wait.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if began.elapsed() >= limit {
                return None;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end until the limit; then ends it.
    pub fn finish(mut self) -> Ended {
        let status = self.wait(self.limit.saturating_sub(self.began.elapsed()));
        let ended = Instant::now();
        let mut left_behind = self.processes();
        while status.is_some() && !left_behind.is_empty() && ended.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(20));
            left_behind = self.processes();
        }
        self.end();
        let joined = |reader: Reader| reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
        let (stdout, stderr) = (joined(self.stdout.take()), joined(self.stderr.take()));
        Ended {
            line: self.line.clone(),
            status,
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            elapsed: ended - self.began,
            left_behind: if status.is_some() { left_behind } else { Vec::new() },
        }
    }

    /// Ends all its processes: first asks the launcher, then kills them.
    fn end(&mut self) {
        if !self.has_ended() {
            let _ = kill_process_group(self.pid(), Signal::TERM);
            if self.wait(Duration::from_secs(4)).is_none() {
                let _ = kill_process_group(self.pid(), Signal::KILL);
                let _ = self.child.wait();
            }
        }
        for process in self.processes() {
            process.signal(Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
