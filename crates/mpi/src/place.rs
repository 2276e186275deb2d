//! Where this rank runs: its host, the CPUs it may use, the memory it has used. What the system
//! does not report is empty or zero.

use serde::{Deserialize, Serialize};

use super::Cluster;
use super::limits::{self, Bound, kilobytes};
use crate::error::Result;
use crate::system_file;

/// One rank's place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The host's name.
    pub host: String,
    /// Logical CPUs of the host.
    pub cpus: usize,
    /// The CPU's model name.
    pub cpu_model: String,
    /// Logical CPUs that this rank may run on, ascending.
    pub allowed: Vec<usize>,
    /// CPU time that the control group grants, in hundredths of a CPU; `None` without a quota.
    pub quota_percent: Option<u64>,
    /// The control group with that quota: ranks of one group share it.
    pub quota_group: String,
    /// The memory that this rank and its neighbours on the host may still take, and the limit that
    /// sets it.
    pub memory: Option<Bound>,
    /// The largest stack of the main thread, in bytes; `None` without a limit.
    pub stack: Option<u64>,
    /// Largest resident memory so far, in bytes.
    pub peak_memory: u64,
}

impl Place {
    /// Queries the system.
    pub fn here() -> Place {
        let cpu = system_file::read("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':')).map(|(_, name)| name);
        let quota = limits::quota();
        Place {
            host: host(),
            cpus: cpu.lines().filter(|line| line.starts_with("processor")).count(),
            cpu_model: model.unwrap_or("unknown").trim().to_owned(),
            allowed: allowed(),
            quota_percent: quota.as_ref().map(|quota| quota.percent),
            quota_group: quota.map(|quota| quota.group).unwrap_or_default(),
            memory: limits::memory().into_iter().min_by_key(|bound| bound.left),
            stack: limits::stack(),
            peak_memory: system_file::read("/proc/self/status").as_deref().and_then(peak_memory).unwrap_or(0),
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

fn allowed() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
}

/// `VmHWM:     12345 kB`
fn peak_memory(status: &str) -> Option<u64> {
    kilobytes(status, "VmHWM:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        assert_eq!(peak_memory("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2048 * 1024));
    }

    #[test]
    fn here_has_a_host_and_a_cpu() {
        let here = Place::here();
        assert!(!here.host.is_empty());
        assert!(!here.allowed.is_empty() && here.peak_memory > 0, "{here:?}");
    }
}
