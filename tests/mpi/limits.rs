//! Limits of the job: signals that announce them, file sizes, memory. Nothing is lost, and jobs
//! that do not fit are refused with the numbers.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use super::ended::{Ended, integer};
use super::launch::Ranks::{self, Alone, Launched};
use super::launch::{Launch, each};

const LONG: &str = "pi 1e17 -q";

/// Starts it with a checkpoint, sends the signal, and checks that everything is saved.
fn saved_after(ranks: Ranks, script: Option<&str>, signal: Signal) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    let launch = Launch::new(ranks, &format!("{LONG} --checkpoint {}", file.display()));
    let mut running = match script {
        Some(script) => launch.shell(script).start(),
        None => launch.start(),
    };
    running.wait_until_at_work();
    running.signal(signal);
    let ended = running.finish();
    assert!(file.exists(), "nothing was saved: {ended}");
    ended
}

#[test]
fn a_limit_of_cpu_time_and_a_lost_terminal_save_and_stop() {
    each([(Signal::XCPU, "SIGXCPU"), (Signal::HUP, "SIGHUP")], |&(signal, name)| {
        saved_after(Alone, None, signal).expect_code(75).expect_said_once(&format!("stopped by {name}"));
    });
}

#[test]
fn the_limit_of_cpu_time_itself_saves() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    let line = format!("{LONG} --checkpoint {}", file.display());
    let ended = Launch::new(Alone, &line).shell("ulimit -S -t 1; exec \"$0\" \"$@\"").run();
    ended.expect_code(75).expect_said_once("stopped by SIGXCPU");
    assert!(file.exists());
}

#[test]
fn nohup_is_heard() {
    let launch = Launch::new(Alone, LONG).shell("trap '' HUP; exec \"$0\" \"$@\"");
    let mut running = launch.start();
    running.wait_until_at_work();
    running.signal(Signal::HUP);
    std::thread::sleep(Duration::from_millis(400));
    assert!(!running.has_ended(), "SIGHUP was ignored from the start");
    running.signal(Signal::TERM);
    running.finish().expect_failure();
}

#[test]
fn a_limit_of_file_size_is_a_full_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let (list, kept) = (folder.path().join("list"), folder.path().join("job.ckpt"));
    // In blocks of 512 bytes. More under a launcher, for MPI's own files.
    for (ranks, blocks, stop) in [(Alone, 16, "1e6"), (Launched(2), 40_000, "5e7")] {
        let line = format!("primes {stop} -p -q --output {}", list.display());
        let limit = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let ended = Launch::new(ranks, &line).shell(&limit).run().expect_code(1);
        assert!(ended.stderr.contains("File too large"), "{ended}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "a temporary file is left: {ended}");
        // Standard output likewise.
        let script = format!("{limit} > {}", list.display());
        let ended = Launch::new(ranks, &format!("primes {stop} -p -q")).outer(&script).run().expect_code(1);
        assert!(ended.stderr.contains("cannot write standard output"), "{ended}");
        fs::remove_file(&list).expect("a part of the list");
    }
    // A checkpoint that cannot be written does not cost the result.
    let line = format!("pi 1e7 --checkpoint {}", kept.display());
    let expected = Launch::new(Alone, "pi 1e7").run().expect_code(0);
    let ended = Launch::new(Alone, &line).shell("ulimit -f 0; exec \"$0\" \"$@\"").run();
    assert_eq!(ended.stdout, expected.stdout, "{ended}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "a temporary file is left: {ended}");
}

#[test]
fn a_limit_of_address_space_is_refused_with_the_numbers() {
    let limit = "ulimit -v 200000; exec \"$0\" \"$@\"";
    for line in ["primes 3e20 -q", "primes 1e18 1e18+3e9 --sum -q", "primes 1e18 1e18+3e9 -p -q"] {
        let ended = Launch::new(Alone, line).shell(limit).run();
        ended.expect_code(1).expect_told_once("the limit of address space (ulimit -v, 195 MiB)");
    }
}

#[test]
fn a_small_stack_is_enough_for_the_usual_jobs() {
    for line in ["pi 1e6 -q", "primes 1e9 -q", "primes 1e13 -q", "info"] {
        Launch::new(Alone, line).shell("ulimit -s 64; exec \"$0\" \"$@\"").run().expect_code(0);
    }
}

/// A control group with this much memory; removed at the end.
struct Group(PathBuf);

impl Group {
    /// `None`, with a notice on standard error, if none can be made.
    fn with_memory(bytes: u64) -> Option<Group> {
        let name = format!("montesieve-test-{}", std::process::id());
        // Version 1, then version 2 with the memory controller enabled for children of the root.
        let places = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];
        for (mount, limit) in places {
            let folder = PathBuf::from(mount).join(&name);
            if fs::create_dir(&folder).is_err() {
                continue;
            }
            let group = Group(folder);
            if group.0.join(limit).exists() && fs::write(group.0.join(limit), bytes.to_string()).is_ok() {
                return Some(group);
            }
        }
        eprintln!(
            "SKIPPED: no control group with a limit of memory can be made here (it takes root, and a writable hierarchy)"
        );
        None
    }

    /// A command prefix that runs a command in the group.
    fn script(&self) -> String {
        format!("echo $$ > {}/cgroup.procs && exec \"$0\" \"$@\"", self.0.display())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Killed processes leave the group within moments.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_control_groups_memory_is_refused_with_the_numbers() {
    let Some(group) = Group::with_memory(300 << 20) else { return };
    let name = group.0.file_name().expect("a name").to_string_lossy().into_owned();
    for ranks in [Alone, Launched(2)] {
        for line in ["primes 3e20 -q", "primes 1e18 1e18+3e9 -p -q"] {
            let ended = Launch::new(ranks, line).outer(&group.script()).run().expect_code(1);
            let ended = ended.expect_said_once("of the memory limit of control group");
            assert!(ended.stderr.contains(&name) && ended.stderr.contains("(300 MiB)"), "{ended}");
        }
        Launch::new(ranks, "primes 1e12 -q").outer(&group.script()).run().expect_code(0);
    }
    let info = Launch::new(Launched(2), "info --format json").outer(&group.script()).run().expect_code(0);
    let host = &info.json()["result"]["hosts"][0];
    assert!(integer(&host["memory_available_bytes"]).is_some_and(|left| left <= 300 << 20), "{info}");
    assert!(host["memory_bound"].as_str().is_some_and(|cause| cause.contains(&name)), "{info}");
}
