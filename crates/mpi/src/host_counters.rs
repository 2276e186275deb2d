//! Counters of the host's health: clock rate, CPU quota, other load, thermal throttling, NUMA
//! domains. What the system does not report is `None`.
//!
//! Counters are read twice; the differences show what happened in between. Each is a small file of
//! Linux (`/proc`, `/sys`); in containers and virtual machines many are missing. A reading takes
//! less than 1 ms. Reference: kernel.org, "The /proc filesystem", "CPU performance scaling",
//! "Control group v2".

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::limits;
use super::system_file::{self, number};

/// A reading of the counters.
#[derive(Clone, Copy, Debug, Default)]
pub struct CounterReading {
    /// CPU seconds of all processes of this host together.
    busy: Option<f64>,
    /// Seconds that the hypervisor gave to other guests (steal time).
    stolen: Option<f64>,
    /// Periods in which the control group exhausted its CPU quota.
    quota_stops: Option<u64>,
    /// Times that heat throttled the CPU.
    heat_stops: Option<u64>,
    /// CPU seconds of this process.
    own: f64,
}

/// What happened between two readings, on one rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostCounters {
    /// CPU seconds of all processes of this host together.
    pub busy: Option<f64>,
    /// Seconds that the hypervisor gave to other guests (steal time).
    pub stolen: Option<f64>,
    /// Periods in which the control group exhausted its CPU quota.
    pub quota_stops: Option<u64>,
    /// Times that heat throttled this CPU.
    pub heat_stops: Option<u64>,
    /// CPU seconds of this rank's process.
    pub own: f64,
    /// Maximum clock rate of this CPU, in MHz.
    pub top_mhz: Option<u32>,
    /// NUMA domains that this rank may run on.
    pub domains: Option<u32>,
}

impl CounterReading {
    /// Reads the counters.
    pub fn read() -> CounterReading {
        let stat = system_file::read("/proc/stat").unwrap_or_default();
        let (busy, stolen) = busy_and_stolen(&stat, rustix::param::clock_ticks_per_second() as f64).unzip();
        let throttle = format!("/sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_count", cpu());
        CounterReading {
            busy,
            stolen,
            quota_stops: quota_stops(),
            heat_stops: number(&throttle),
            own: seconds(ClockId::ProcessCPUTime),
        }
    }

    /// What happened since this reading, on a rank that may run on the CPUs `allowed`.
    pub fn until_now(&self, allowed: &[usize]) -> HostCounters {
        let now = CounterReading::read();
        let since = |now: Option<f64>, then: Option<f64>| Some((now? - then?).max(0.0));
        let counted = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        HostCounters {
            busy: since(now.busy, self.busy),
            stolen: since(now.stolen, self.stolen),
            quota_stops: counted(now.quota_stops, self.quota_stops),
            heat_stops: counted(now.heat_stops, self.heat_stops),
            own: now.own - self.own,
            top_mhz: frequency("cpuinfo_max_freq"),
            domains: domains(allowed),
        }
    }
}

/// The logical CPU that this thread runs on at this moment.
pub fn cpu() -> usize {
    rustix::thread::sched_getcpu()
}

/// CPU time of this thread so far.
pub fn thread_time() -> Duration {
    Duration::from_secs_f64(seconds(ClockId::ThreadCPUTime))
}

/// The clock rate of this thread's CPU, in MHz.
pub fn current_mhz() -> Option<u32> {
    frequency("scaling_cur_freq")
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Reads a file in kHz from the folder of this thread's CPU; returns MHz.
fn frequency(file: &str) -> Option<u32> {
    let path = format!("/sys/devices/system/cpu/cpu{}/cpufreq/{file}", cpu());
    u32::try_from(number(&path)? / 1000).ok()
}

/// `cpu  user nice system idle iowait irq softirq steal guest guest_nice`, in ticks; guests are in
/// user already.
fn busy_and_stolen(stat: &str, ticks: f64) -> Option<(f64, f64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields: Vec<f64> = line.split_whitespace().map(|field| field.parse().ok()).collect::<Option<_>>()?;
    let &[user, nice, system, _, _, irq, softirq, stolen, ..] = &fields[..] else { return None };
    Some(((user + nice + system + irq + softirq) / ticks, stolen / ticks))
}

/// `nr_throttled` of this process's control group.
fn quota_stops() -> Option<u64> {
    let stat = system_file::read(limits::cpu_group()?.join("cpu.stat"))?;
    stat.lines().find_map(|line| line.strip_prefix("nr_throttled "))?.trim().parse().ok()
}

/// How many NUMA domains have one of these CPUs.
fn domains(allowed: &[usize]) -> Option<u32> {
    let folder = fs::read_dir("/sys/devices/system/node").ok()?;
    let is_domain = |name: &str| name.strip_prefix("node").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let lists = folder.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_domain));
    let lists = lists.filter_map(|entry| system_file::read(entry.path().join("cpulist")));
    let count = lists.filter(|list| allowed.iter().any(|&cpu| contains(list, cpu))).count();
    u32::try_from(count).ok().filter(|&count| count > 0)
}

/// Whether a list like `0-3,8` has this number.
fn contains(list: &str, number: usize) -> bool {
    list.trim().split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        matches!((first.parse(), last.parse()), (Ok(first), Ok(last)) if (first..=last).contains(&number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let stat = "cpu  100 20 30 4000 50 6 7 80 9 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n";
        assert_eq!(busy_and_stolen(stat, 100.0), Some((1.63, 0.8)));
        assert_eq!(busy_and_stolen("cpu  1 2\n", 100.0), None);
        assert_eq!(busy_and_stolen("", 100.0), None);
    }

    #[test]
    fn lists_of_cpus() {
        for (number, is_in) in [(0, true), (3, true), (4, false), (8, true), (9, false)] {
            assert_eq!(contains("0-3,8\n", number), is_in, "{number}");
        }
        assert!(!contains("\n", 0));
    }

    #[test]
    fn counters_go_forward() {
        let before = CounterReading::read();
        let work: u64 = (0..3_000_000_u64).map(std::hint::black_box).sum();
        let vitals = before.until_now(&[0]);
        assert!(work > 0 && vitals.own > 0.0 && vitals.busy.is_none_or(|busy| busy >= 0.0), "{vitals:?}");
        assert!(thread_time() > Duration::ZERO);
    }
}
