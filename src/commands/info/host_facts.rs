//! What `info` alone asks of a rank's host: memory, NUMA domains, frequency governor, shared
//! memory. What the system does not report is `None`.
//!
//! Stands beside `cluster/place.rs`, which has what every command needs.

use serde::{Deserialize, Serialize};

use crate::cluster::host_counters;
use crate::cluster::limits::kilobytes;
use crate::cluster::system_file::{self, list_length};

/// The facts of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// Memory of the host, in bytes.
    pub memory_bytes: Option<u64>,
    /// NUMA domains of the host.
    pub numa_domains: Option<u64>,
    /// How this CPU's clock is governed: `performance`, `powersave`.
    pub governor: Option<String>,
    /// Free bytes of `/dev/shm`, through which the ranks of a host exchange messages.
    pub shared_memory_bytes: Option<u64>,
}

impl HostFacts {
    /// Queries the system.
    pub fn here() -> HostFacts {
        let governor = format!("/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", host_counters::cpu());
        let shared = rustix::fs::statvfs("/dev/shm").ok();
        HostFacts {
            memory_bytes: system_file::read("/proc/meminfo").and_then(|text| kilobytes(&text, "MemTotal:")),
            numa_domains: system_file::read("/sys/devices/system/node/online").map(|list| list_length(&list)),
            governor: system_file::read(governor).map(|text| text.trim().to_owned()),
            shared_memory_bytes: shared.map(|system| system.f_bavail * system.f_frsize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_linux_tells_its_memory() {
        assert!(HostFacts::here().memory_bytes.is_some_and(|bytes| bytes > 1 << 20));
    }
}
