//! The processes of one launch, found by a mark in their environment.
//!
//! Open MPI gives every rank its own process group, so the launcher's group is not the whole job.
//! All processes that the launcher starts on this host inherit the mark, and no others have it.

use std::{fmt, fs};

use rustix::process::{Pid, Signal, kill_process};

/// The variable that carries the mark.
pub const MARK: &str = "LAUNCH_UNDER_TEST";

/// The variables in which launchers tell a process its rank.
const RANKS: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// A running process.
pub struct Process {
    pub pid: Pid,
    /// Its rank; `None` for the launcher and its daemons.
    pub rank: Option<usize>,
    pub command: String,
}

/// All processes with this mark. A zombie has no environment and does not count.
pub fn marked(mark: &str) -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| process(pid, mark)).collect()
}

fn process(pid: i32, mark: &str) -> Option<Process> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let environment = String::from_utf8_lossy(&environment);
    let variable = |name: &str| environment.split('\0').find_map(|v| v.strip_prefix(name)?.strip_prefix('='));
    if variable(MARK) != Some(mark) {
        return None;
    }
    let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ");
    let rank = RANKS.iter().find_map(|name| variable(name)?.parse().ok());
    Some(Process { pid: Pid::from_raw(pid)?, rank, command })
}

impl Process {
    /// Sends a signal; a process that has ended is no error.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid, signal);
    }

    /// Whether it has a handler for this signal; false if it has ended.
    pub fn catches(&self, signal: Signal) -> bool {
        // One bit per signal, the lowest for signal 1.
        let mask = self.status("SigCgt:").and_then(|mask| u64::from_str_radix(&mask, 16).ok());
        mask.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
    }

    /// Its peak memory in bytes; `None` if it has ended.
    pub fn peak_memory(&self) -> Option<u64> {
        let kib = self.status("VmHWM:")?.strip_suffix(" kB")?.trim().parse::<u64>().ok()?;
        Some(kib * 1024)
    }

    /// The kernel's value in the line that starts with `key`; `None` if it has ended.
    pub fn status(&self, key: &str) -> Option<String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid.as_raw_nonzero())).ok()?;
        status.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.pid.as_raw_nonzero(), self.command.trim())
    }
}
