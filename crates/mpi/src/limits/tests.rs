//! Control groups as found on systems: files of version 1, version 2, both, in containers, nested.

use std::fs;

use super::*;

const MB: u64 = 1 << 20;

/// A system with these files.
fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    root
}

/// The memory left within each group's limit.
fn left(root: &tempfile::TempDir) -> Vec<(u64, String)> {
    Groups::read(root.path()).memory().into_iter().map(|bound| (bound.left / MB, bound.cause)).collect()
}

const V2: &str = "25 30 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1: &str = "24 30 0:22 / /sys rw - sysfs sysfs rw\n\
    33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
    35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
    40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n";

#[test]
fn version_2_with_limits_at_every_level() {
    let group = "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_0";
    let at = |level: &str, file: &str| format!("sys/fs/cgroup/system.slice/{level}{file}");
    let root = system(&[
        ("proc/self/cgroup", "0::/system.slice/slurmstepd.scope/job_7/step_0\n"),
        ("proc/self/mountinfo", V2),
        (&format!("{group}/memory.max"), "max\n"),
        (&format!("{group}/memory.high"), "max\n"),
        (&format!("{group}/memory.current"), "1048576\n"),
        (&format!("{group}/cpu.max"), "max 100000\n"),
        (&at("slurmstepd.scope/job_7", "/memory.max"), "314572800\n"),
        (&at("slurmstepd.scope/job_7", "/memory.high"), "209715200\n"),
        (&at("slurmstepd.scope/job_7", "/memory.current"), "104857600\n"),
        (&at("slurmstepd.scope/job_7", "/memory.stat"), "anon 5\ninactive_file 20971520\nactive_file 9\n"),
        (&at("slurmstepd.scope/job_7", "/cpu.max"), "250000 100000\n"),
        (&at("", "memory.max"), "1073741824\n"),
        (&at("", "memory.current"), "73741824\n"),
        (&at("", "cpu.max"), "150000 100000\n"),
    ]);
    let job = "the memory limit of control group /system.slice/slurmstepd.scope/job_7 (200 MiB)";
    let slice = "the memory limit of control group /system.slice (1024 MiB)";
    assert_eq!(left(&root), [(120, job.to_owned()), (953, slice.to_owned())]);
    let quota = Groups::read(root.path()).quota().expect("a quota");
    assert_eq!((quota.percent, quota.group.as_str()), (150, "/system.slice"));
}

#[test]
fn version_1_with_a_limit_above_what_can_be_seen() {
    let group = "sys/fs/cgroup/memory/slurm/uid_0/job_7";
    let root = system(&[
        ("proc/self/cgroup", "9:name=systemd:/x\n4:memory:/slurm/uid_0/job_7\n3:cpu,cpuacct:/slurm\n0::/\n"),
        ("proc/self/mountinfo", V1),
        (&format!("{group}/memory.limit_in_bytes"), "524288000\n"),
        (&format!("{group}/memory.usage_in_bytes"), "104857600\n"),
        (
            &format!("{group}/memory.stat"),
            "inactive_file 1\nhierarchical_memory_limit 314572800\ntotal_inactive_file 52428800\n",
        ),
        ("sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "9223372036854771712\n"),
        ("sys/fs/cgroup/memory/slurm/memory.usage_in_bytes", "1\n"),
        ("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "50000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", "100000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
    ]);
    let own = "the memory limit of control group /slurm/uid_0/job_7 (500 MiB)";
    let above = "the memory limit above control group /slurm/uid_0/job_7 (300 MiB)";
    assert_eq!(left(&root), [(450, own.to_owned()), (250, above.to_owned())]);
    // A limit equal to the group's own is reported once.
    let stat = root.path().join(format!("{group}/memory.stat"));
    fs::write(stat, "hierarchical_memory_limit 524288000\n").expect("written");
    assert_eq!(left(&root), [(400, own.to_owned())]);
    assert_eq!(Groups::read(root.path()).quota(), Some(Quota { percent: 50, group: "/slurm".to_owned() }));
}

#[test]
fn hybrid_systems_have_their_limits_in_version_1() {
    let mounts = format!("{V1}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    let root = system(&[
        ("proc/self/cgroup", "4:memory:/a b\n0::/user.slice\n"),
        ("proc/self/mountinfo", &mounts),
        ("sys/fs/cgroup/unified/user.slice/cgroup.procs", "1\n"),
        ("sys/fs/cgroup/memory/a b/memory.limit_in_bytes", "104857600\n"),
        ("sys/fs/cgroup/memory/a b/memory.usage_in_bytes", "0\n"),
    ]);
    assert_eq!(left(&root), [(100, "the memory limit of control group /a b (100 MiB)".to_owned())]);
    assert_eq!(Groups::read(root.path()).quota(), None);
}

#[test]
fn containers_see_a_part_of_the_tree() {
    // Without a control group namespace, the path is the host's and the mount shows the groups
    // below `/docker/abc`.
    let mount = "25 30 0:23 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    let files = [("sys/fs/cgroup/memory.max", "104857600"), ("sys/fs/cgroup/memory.current", "0")];
    for path in ["/docker/abc", "/docker/other", "/../other", "/"] {
        let cgroup = format!("0::{path}\n");
        let own = [("proc/self/cgroup", cgroup.as_str()), ("proc/self/mountinfo", mount)];
        let root = system(&[&own[..], &files[..]].concat());
        assert_eq!(left(&root), [(100, "the memory limit of control group / (100 MiB)".to_owned())], "{path}");
    }
    // With one, `/..` is above everything visible.
    let root = system(&[&[("proc/self/cgroup", "0::/../x\n"), ("proc/self/mountinfo", V2)][..], &files[..]].concat());
    assert_eq!(left(&root).len(), 1);
}

#[test]
fn names_with_blanks_and_files_that_make_no_sense() {
    let mount = "25 30 0:23 / /sys/fs/c\\040group rw - cgroup2 cgroup2 rw\n";
    let root = system(&[
        ("proc/self/cgroup", "0::/a:b\nnonsense\n"),
        ("proc/self/mountinfo", &format!("nonsense\n{mount} \n1 - cgroup\n2 - cgroup2 x y\n")),
        ("sys/fs/c group/a:b/memory.max", "2097152"),
        ("sys/fs/c group/a:b/memory.current", "9999999"),
        ("sys/fs/c group/a:b/cpu.max", "5 0"),
        ("sys/fs/c group/memory.max", "x"),
    ]);
    assert_eq!(left(&root), [(0, "the memory limit of control group /a:b (2 MiB)".to_owned())]);
    assert_eq!(Groups::read(root.path()).quota(), None);
    assert!(left(&system(&[])).is_empty());
}

#[test]
fn this_system_has_memory() {
    let bounds = memory();
    assert!(bounds.iter().all(|bound| bound.left > 0 && !bound.cause.is_empty()), "{bounds:?}");
    assert!(bounds.iter().any(|bound| bound.cause.contains("host")), "{bounds:?}");
}
