//! Where this rank runs: host, CPUs it may use, memory it took. What the system does not tell is empty or zero.

use std::fs;

use serde::{Deserialize, Serialize};

use super::Cluster;
use crate::error::Result;

/// One rank's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The host's name.
    pub host: String,
    /// Logical CPUs that the host has.
    pub cpus: usize,
    /// The CPU's model name.
    pub cpu_model: String,
    /// Logical CPUs that this rank may run on, ascending.
    pub allowed: Vec<usize>,
    /// CPUs' worth of time that the control group grants, in hundredths; `None` without a quota.
    pub quota_percent: Option<u64>,
    /// Largest resident memory so far, in bytes.
    pub peak_memory: u64,
}

impl Place {
    /// Asks the system.
    pub fn here() -> Place {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':')).map(|(_, name)| name);
        Place {
            host: host(),
            cpus: cpu.lines().filter(|line| line.starts_with("processor")).count(),
            cpu_model: model.unwrap_or("unknown").trim().to_owned(),
            allowed: allowed(),
            quota_percent: fs::read_to_string("/sys/fs/cgroup/cpu.max").ok().as_deref().and_then(quota_percent),
            peak_memory: fs::read_to_string("/proc/self/status").ok().as_deref().and_then(peak_memory).unwrap_or(0),
        }
    }

    /// Every rank's place, in rank order, at the root. Every rank must call it.
    ///
    /// # Errors
    /// As [`Cluster::gather_records`].
    pub fn gather(cluster: &Cluster) -> Result<Option<Vec<Place>>> {
        cluster.gather_records(&Place::here())
    }
}

/// The host's name.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Bytes of memory that this process and its neighbours may still take: what the host has left, or its control group grants.
pub fn free_memory() -> Option<u64> {
    let memory = fs::read_to_string("/proc/meminfo").ok();
    let number = |file: &str| fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse::<u64>().ok();
    // "max" is no number: no limit.
    let granted = number("memory.max").zip(number("memory.current")).map(|(most, now)| most.saturating_sub(now));
    let available = memory.as_deref().and_then(|memory| kilobytes(memory, "MemAvailable:"));
    available.into_iter().chain(granted).min()
}

fn allowed() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
}

/// Control group v2: "max 100000" or "150000 100000" (microseconds granted, of a period).
fn quota_percent(text: &str) -> Option<u64> {
    let (granted, period) = text.trim().split_once(' ')?;
    Some(100 * granted.parse::<u64>().ok()? / period.parse::<u64>().ok().filter(|&p| p > 0)?)
}

/// `VmHWM:     12345 kB`
fn peak_memory(status: &str) -> Option<u64> {
    kilobytes(status, "VmHWM:")
}

/// The bytes of a line like `MemAvailable:   12345 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        assert_eq!(quota_percent("max 100000\n"), None);
        assert_eq!(quota_percent("150000 100000\n"), Some(150));
        assert_eq!(quota_percent(""), None);
        assert_eq!(peak_memory("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2048 * 1024));
    }

    #[test]
    fn here_has_a_host_and_a_cpu() {
        let here = Place::here();
        assert!(!here.host.is_empty());
        assert!(!here.allowed.is_empty() && here.peak_memory > 0, "{here:?}");
    }
}
