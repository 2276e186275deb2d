//! What the job may use on this host: memory and CPU time granted by control groups, and the limits
//! of this process.
//!
//! A process that uses more memory than its control group grants is killed without a message.
//! Limits may apply at every level from the process's own group upwards (a Slurm step in a job in a
//! user's slice, a systemd scope, a container). They may be of version 1 or 2 of control groups, or
//! of both. So all levels are read, and each is a separate bound. Page cache that can be reclaimed
//! at once (`inactive_file`) counts as free; swap does not count. Reference: kernel.org, "Control
//! Group v2" and "Memory Resource Controller" (v1).

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::{Resource, getrlimit};
use serde::{Deserialize, Serialize};

use crate::system_file::{self, number};

/// Version 1 expresses "no limit" by a number close to 2^63.
const UNLIMITED: u64 = 1 << 60;

/// The memory left within one limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Bytes left.
    pub left: u64,
    /// The limit in words: `the memory limit of control group /job (300 MiB)`.
    pub cause: String,
    /// Whether the limit is this process's alone. Otherwise processes of one host with the same
    /// cause share the bytes left.
    pub is_own: bool,
}

/// CPU time that a control group grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Hundredths of a CPU.
    pub percent: u64,
    /// The group.
    pub group: String,
}

/// All bounds on memory: of the host, of the control groups, of this process.
pub fn memory() -> Vec<Bound> {
    let mut bounds = Vec::new();
    let available = system_file::read("/proc/meminfo").and_then(|text| kilobytes(&text, "MemAvailable:"));
    bounds.extend(available.map(|left| Bound { left, cause: "what the host has free".to_owned(), is_own: false }));
    bounds.extend(Groups::ours().memory());
    let status = system_file::read("/proc/self/status").unwrap_or_default();
    let own = [
        (Resource::As, "VmSize:", "the limit of address space (ulimit -v"),
        (Resource::Data, "VmData:", "the limit of data (ulimit -d"),
    ];
    for (resource, used, name) in own {
        if let Some((limit, used)) = getrlimit(resource).current.zip(kilobytes(&status, used)) {
            let cause = format!("{name}, {} MiB)", limit >> 20);
            bounds.push(Bound { left: limit.saturating_sub(used), cause, is_own: true });
        }
    }
    bounds
}

/// The smallest quota of CPU time; `None` without one.
pub fn quota() -> Option<Quota> {
    Groups::ours().quota()
}

/// The folder of this process's control group for CPU time, if any.
pub fn cpu_group() -> Option<PathBuf> {
    Groups::ours().0.iter().find_map(|group| group.own("cpu").filter(|folder| folder.join("cpu.stat").exists()))
}

/// The largest stack of the main thread, in bytes; `None` without a limit.
pub fn stack() -> Option<u64> {
    getrlimit(Resource::Stack).current
}

/// The bytes of a line like `MemAvailable:   12345 kB`.
pub fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}

/// The control groups of this process, one for each mounted hierarchy.
struct Groups(Vec<Group>);

/// The group in one hierarchy.
struct Group {
    is_v2: bool,
    /// Controllers of version 1; version 2 has files for the enabled ones.
    controllers: Vec<String>,
    /// Where the visible part of the hierarchy is mounted.
    mount: PathBuf,
    /// The group's own folder, at or below the mount.
    folder: PathBuf,
}

impl Groups {
    /// Those of this process, read once: it stays in its groups.
    fn ours() -> &'static Groups {
        static OURS: OnceLock<Groups> = OnceLock::new();
        OURS.get_or_init(|| Groups::read(Path::new("/")))
    }

    /// Reads those of this process, on the system whose files are below `root`.
    fn read(root: &Path) -> Groups {
        let read = |file: &str| system_file::read(root.join(file)).unwrap_or_default();
        let (groups, mounts) = (read("proc/self/cgroup"), read("proc/self/mountinfo"));
        Groups(mounts.lines().filter_map(|mount| Group::of(root, mount, &groups)).collect())
    }

    fn memory(&self) -> Vec<Bound> {
        self.0.iter().filter(|group| group.has("memory")).flat_map(Group::memory).collect()
    }

    fn quota(&self) -> Option<Quota> {
        let groups = self.0.iter().filter(|group| group.has("cpu"));
        groups
            .flat_map(|group| group.levels().filter_map(|folder| group.quota(folder)))
            .min_by_key(|quota| quota.percent)
    }
}

impl Group {
    /// From a line of `/proc/self/mountinfo`, if it mounts control groups:
    /// `36 35 0:30 ROOT MOUNT options [more ...] - cgroup SOURCE rw,memory`.
    fn of(root: &Path, mount: &str, groups: &str) -> Option<Group> {
        let (mount, system) = mount.split_once(" - ")?;
        let mut system = system.split(' ');
        let is_v2 = match system.next()? {
            "cgroup" => false,
            "cgroup2" => true,
            _ => return None,
        };
        let options: Vec<&str> = system.nth(1)?.split(',').collect();
        // `ID:CONTROLLERS:PATH`; version 2 has ID 0 and no controllers.
        let of_this = |line: &&str| {
            let mut fields = line.splitn(3, ':');
            let (id, controllers) = (fields.next(), fields.next().unwrap_or_default());
            if is_v2 { id == Some("0") && controllers.is_empty() } else { names(controllers, &options) }
        };
        let path = groups.lines().find(of_this)?.splitn(3, ':').nth(2)?;
        let mut fields = mount.split(' ').skip(3).map(unescaped);
        let (top, place) = (fields.next()?, fields.next()?);
        let mount = root.join(place.trim_start_matches('/'));
        // In a container the path may be the host's, of which at most the part below `top` is
        // visible.
        let below = Path::new(path).strip_prefix(&top).unwrap_or(Path::new(""));
        let folder =
            if below.components().any(|part| part.as_os_str() == "..") { mount.clone() } else { mount.join(below) };
        Some(Group { is_v2, controllers: options.iter().map(|&name| name.to_owned()).collect(), mount, folder })
    }

    fn has(&self, controller: &str) -> bool {
        self.is_v2 || self.controllers.iter().any(|name| name == controller)
    }

    fn own(&self, controller: &str) -> Option<PathBuf> {
        self.has(controller).then(|| self.folder.clone())
    }

    /// The folders of the group and of all visible groups above it.
    fn levels(&self) -> impl Iterator<Item = &Path> {
        self.folder.ancestors().take_while(|folder| folder.starts_with(&self.mount))
    }

    /// The group's name, relative to the mount.
    fn name(&self, folder: &Path) -> String {
        format!("/{}", folder.strip_prefix(&self.mount).unwrap_or(Path::new("")).display())
    }

    fn memory(&self) -> Vec<Bound> {
        let mut bounds: Vec<Bound> = self.levels().filter_map(|folder| self.bound(folder)).collect();
        // Version 1 also reports limits above the visible groups.
        let seen = self.levels().filter_map(|folder| self.limit(folder)).min().unwrap_or(UNLIMITED);
        let above = number_in(&self.folder.join("memory.stat"), "hierarchical_memory_limit");
        if let Some(limit) = above.filter(|&limit| limit < seen) {
            let used = self.used(&self.folder).unwrap_or(0);
            let cause =
                format!("the memory limit above control group {} ({} MiB)", self.name(&self.folder), limit >> 20);
            bounds.push(Bound { left: limit.saturating_sub(used), cause, is_own: false });
        }
        bounds
    }

    fn limit(&self, folder: &Path) -> Option<u64> {
        let files: &[&str] = if self.is_v2 { &["memory.max", "memory.high"] } else { &["memory.limit_in_bytes"] };
        files.iter().filter_map(|file| number(folder.join(file))).min().filter(|&limit| limit < UNLIMITED)
    }

    fn bound(&self, folder: &Path) -> Option<Bound> {
        let limit = self.limit(folder)?;
        let cause = format!("the memory limit of control group {} ({} MiB)", self.name(folder), limit >> 20);
        Some(Bound { left: limit.saturating_sub(self.used(folder)?), cause, is_own: false })
    }

    /// Bytes in use that cannot be reclaimed at once.
    fn used(&self, folder: &Path) -> Option<u64> {
        let (used, cache) = match self.is_v2 {
            true => ("memory.current", "inactive_file"),
            false => ("memory.usage_in_bytes", "total_inactive_file"),
        };
        let cache = number_in(&folder.join("memory.stat"), cache).unwrap_or(0);
        Some(number(folder.join(used))?.saturating_sub(cache))
    }

    fn quota(&self, folder: &Path) -> Option<Quota> {
        let (granted, period) = if self.is_v2 {
            let text = system_file::read(folder.join("cpu.max"))?;
            let (granted, period) = text.trim().split_once(' ')?;
            (granted.parse().ok()?, period.parse().ok()?)
        } else {
            // -1: no quota.
            (number(folder.join("cpu.cfs_quota_us"))?, number(folder.join("cpu.cfs_period_us"))?)
        };
        Some(Quota { percent: (100 * granted).checked_div(period)?, group: self.name(folder) })
    }
}

/// Whether the `controllers` of a group (`cpu,cpuacct`, or `name=systemd`) match a mount with these
/// options.
fn names(controllers: &str, options: &[&str]) -> bool {
    !controllers.is_empty() && controllers.split(',').all(|name| options.contains(&name))
}

/// Decodes a path of `mountinfo`, where blanks and similar characters are octal.
fn unescaped(path: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(path.to_owned(), |path, (code, text)| path.replace(code, text))
}

/// The number after `name` in a file of such lines.
fn number_in(path: &Path, name: &str) -> Option<u64> {
    let text = system_file::read(path)?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests;
