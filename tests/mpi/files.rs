//! Checkpoints, results and side files as files: which are refused, which stay, and the handling of
//! links, modes and full disks.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::ended::Ended;
use super::launch::Ranks::{self, Alone, Launched, Threads};
use super::launch::{Launch, each};

fn run(ranks: Ranks, line: &str) -> Ended {
    Launch::new(ranks, line).run()
}

fn line(job: &str, file: &Path) -> String {
    format!("{job} --format json --checkpoint {} --checkpoint-interval 200ms", file.display())
}

fn before(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".before");
    name.into()
}

/// The number of blocks that a run says it resumes with.
fn begun_from(ended: &Ended) -> u64 {
    let said = ended.stderr.split("resuming from ").nth(1).and_then(|rest| rest.split(' ').next());
    said.and_then(|blocks| blocks.parse().ok()).unwrap_or_else(|| panic!("{ended}"))
}

#[test]
fn checkpoints_that_do_not_fit_are_refused_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    run(Threads(2), &line("pi 1e8 --seed 9", &file)).expect_code(0);
    let good = fs::read(&file).expect("a checkpoint");
    let place = file.display();
    each([Alone, Launched(4)], |&ranks| {
        for (job, said) in
            [("pi 1e8 --seed 10", "and this is `pi 1e8 --seed 10"), ("primes 1e8", "and this is `primes 1e8")]
        {
            run(ranks, &line(job, &file)).expect_code(2).expect_told_once(said);
        }
        run(ranks, "pi 1e8 --resume /tmp/nowhere.ckpt")
            .expect_code(2)
            .expect_told_once("there is no /tmp/nowhere.ckpt");
        run(ranks, &format!("primes 1e8 --print --checkpoint {place}")).expect_code(2);
        assert_eq!(fs::read(&file).expect("a checkpoint"), good);
    });
    for (name, bytes, said) in [
        ("foreign.ckpt", b"#!/bin/sh\n".repeat(20), "foreign.ckpt is not a checkpoint"),
        ("flipped.ckpt", [&good[..16], &[3], &good[17..]].concat(), "flipped.ckpt is damaged: its digest is wrong"),
    ] {
        let other = folder.path().join(name);
        fs::write(&other, &bytes).expect("written");
        run(Threads(2), &line("pi 1e8 --seed 9", &other)).expect_code(1).expect_told_once(said);
        assert_eq!(fs::read(&other).expect("it is kept"), bytes);
    }
}

#[test]
fn the_one_before_helps_when_the_last_is_damaged_or_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    run(Threads(2), &line("pi 1e8 --seed 9", &file)).expect_code(0);
    fs::copy(&file, before(&file)).expect("copied");
    let good = fs::read(&file).expect("a checkpoint");
    fs::write(&file, &good[..good.len() - 3]).expect("written");
    let line = line("pi 1e8 --seed 9", &file);
    run(Threads(2), &line).expect_code(1).expect_told_once("the previous save is good: --resume-before");
    let resumed = Launch::new(Launched(2), &line).env("MONTESIEVE_RESUME_BEFORE", "1").run().expect_code(0);
    assert!(begun_from(&resumed) > 0 && resumed.stderr.contains("is damaged"), "{resumed}");
    assert_eq!(fs::read(before(&file)).expect("it stays"), good);
    fs::remove_file(&file).expect("there");
    let resumed = run(Threads(2), &line).expect_code(0);
    assert!(begun_from(&resumed) > 0 && resumed.stderr.contains("job.ckpt is not there: this is "), "{resumed}");
    assert_eq!(fs::read(before(&file)).expect("it stays"), good);
}

#[test]
fn the_same_command_line_again_gets_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
    run(Threads(2), &format!("{} --time-limit 600ms", line("pi 1e13 --seed 9", &from))).expect_code(75);
    let again = format!("{} --resume {} --time-limit 600ms", line("pi 1e13 --seed 9", &to), from.display());
    let mut reached = 0;
    for ranks in [Launched(2), Alone, Threads(3)] {
        let stopped = run(ranks, &again).expect_code(75);
        let begun = begun_from(&stopped);
        assert!(begun > reached, "{begun} blocks after {reached}: {stopped}");
        reached = begun;
    }
    // The file it resumed from is no longer needed.
    fs::remove_file(&from).expect("there");
    assert!(begun_from(&run(Threads(2), &again).expect_code(75)) > reached);
}

#[test]
fn two_jobs_do_not_share_a_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    let line = line("pi 1e15 --seed 9", &file);
    let mut running = Launch::new(Launched(2), &line).start();
    running.wait_until("a checkpoint", || file.exists());
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name");
    let link = folder.path().join("link");
    symlink(&file, &link).expect("a link");
    for other in [line.clone(), format!("pi 1e15 --seed 9 --resume {}", link.display())] {
        let refused = Launch::new(Launched(2), &other).run_beside(&running);
        let refused = refused.expect_code(1).expect_told_once("is in use by process ");
        assert!(refused.stderr.contains(host.trim()), "{refused}");
    }
    running.signal(Signal::KILL);
    running.finish().expect_failure();
    // The kernel has released the lock.
    let resumed = run(Threads(2), &format!("{line} --time-limit 500ms")).expect_code(75);
    assert!(begun_from(&resumed) > 0, "{resumed}");
}

#[test]
fn a_checkpoint_that_can_never_be_written_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    for ranks in [Alone, Launched(2)] {
        for place in [folder.path().join("missing/job.ckpt"), folder.path().to_owned(), "/dev/null".into()] {
            run(ranks, &format!("pi 1e15 --checkpoint {}", place.display()))
                .expect_code(1)
                .expect_told_once("cannot write the checkpoint ");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn every_path_is_another_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    symlink("job.ckpt", at("link")).expect("a link");
    for (one, other) in [("checkpoint", "output"), ("trace", "plot"), ("output", "trace")] {
        let line = format!("pi 1e15 --{one} {} --{other} {}", at("job.ckpt"), at("link"));
        run(Threads(2), &line).expect_code(2).expect_told_once("are the same file");
    }
    let line = format!("pi 1e15 --checkpoint {} --output {}", at("job.ckpt"), at("job.ckpt.before"));
    run(Alone, &line).expect_code(2).expect_told_once("are the same file");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    // Standard output is one of them, also under a launcher.
    each([Alone, Launched(2)], |&ranks| {
        fs::write(at("trace"), "old\n").expect("written");
        let to = fs::File::options().append(true).open(at("trace")).expect("a file");
        let launch = Launch::new(ranks, &format!("pi 1e6 --trace {}", at("trace"))).stdout_to(to).run();
        launch.expect_code(2).expect_told_once("standard output and --trace are the same file");
        assert_eq!(fs::read_to_string(at("trace")).expect("text"), "old\n");
    });
}

#[test]
fn links_and_modes_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("far")).expect("a folder");
    for name in ["job.ckpt", "result.json", "trace.csv"] {
        symlink(Path::new("far").join(name), at(name)).expect("a link");
    }
    fs::write(at("far/result.json"), "old").expect("written");
    fs::set_permissions(at("far/result.json"), fs::Permissions::from_mode(0o600)).expect("ours");
    let [result, trace] = ["result.json", "trace.csv"].map(|name| at(name).display().to_string());
    let line = format!("{} --output {result} --trace {trace}", line("pi 1e8", &at("job.ckpt")));
    let mode = |name: &str| fs::metadata(at(name)).expect("there").permissions().mode() & 0o777;
    for set in [None, Some(0o640)] {
        run(Threads(2), &line).expect_code(0);
        if let Some(set) = set {
            assert_eq!(mode("far/job.ckpt"), set);
        }
        fs::set_permissions(at("far/job.ckpt"), fs::Permissions::from_mode(0o640)).expect("ours");
    }
    assert_eq!(mode("far/result.json"), 0o600);
    for name in ["job.ckpt", "result.json", "trace.csv"] {
        assert!(fs::read_link(at(name)).is_ok() && at(&format!("far/{name}")).is_file(), "{name}");
    }
    assert!(at("far/job.ckpt.before").is_file() && !at("job.ckpt.before").exists());
}

#[test]
fn new_files_have_the_mode_that_the_umask_leaves() {
    for (umask, left) in [("027", 0o640), ("077", 0o600), ("002", 0o664)] {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let line = format!("{} --output {}", line("pi 1e7", &at("job.ckpt")), at("result.json").display());
        let script = format!("umask {umask}; exec \"$0\" \"$@\"");
        for ranks in [Launched(2), Alone] {
            Launch::new(ranks, &line).shell(&script).run().expect_code(0);
        }
        for name in ["job.ckpt", "job.ckpt.before", "result.json"] {
            let mode = fs::metadata(at(name)).expect("there").permissions().mode() & 0o777;
            assert_eq!(mode, left, "{name} under umask {umask}");
        }
    }
}

/// Intermediate estimates survive a restart.
#[test]
fn a_trace_is_the_same_after_any_number_of_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let job = |name: &str| format!("pi 1e10 --seed 9 --trace {}", at(name).display());
    run(Threads(2), &job("expected")).expect_code(0);
    let line = line(&job("trace"), &at("job.ckpt"));
    // Longer each time, so that the test ends on any machine.
    let cases = (0..60).zip([Launched(3), Alone, Threads(2)].into_iter().cycle());
    let runs = cases.map(|(i, ranks)| run(ranks, &format!("{line} --time-limit {}ms", 300 + 50 * i)));
    // 76: on a busy machine no block was done in that time.
    let stops = runs.take_while(|ended| ended.code() != 0);
    let stops = stops.inspect(|ended| assert!(matches!(ended.code(), 75 | 76), "{ended}")).count();
    assert!((1..60).contains(&stops), "stopped {stops} times");
    let [expected, trace] = ["expected", "trace"].map(|name| fs::read_to_string(at(name)).expect("written"));
    assert!(expected.lines().count() > 10);
    assert_eq!(trace, expected);
}

/// A file system of 64 KiB, made by the test; `None` if this user may not mount.
struct Small {
    folder: tempfile::TempDir,
}

impl Small {
    fn mount() -> Option<Small> {
        let folder = tempfile::tempdir().expect("a folder");
        let mount = ["-t", "tmpfs", "-o", "size=64k", "tmpfs"];
        let mounted = std::process::Command::new("mount").args(mount).arg(folder.path()).output();
        let is_mounted = mounted.is_ok_and(|mounted| mounted.status.success());
        if !is_mounted {
            eprintln!("skipped: no file system can be mounted here");
        }
        is_mounted.then_some(Small { folder })
    }

    fn fill(&self) {
        use std::io::Write;
        let mut file = fs::File::create(self.folder.path().join("filler")).expect("made");
        while file.write_all(&[0; 4096]).is_ok() {}
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

#[test]
fn a_full_disk_under_a_side_file_loses_nothing() {
    let Some(small) = Small::mount() else { return };
    let at = |name: &str| small.folder.path().join(name).display().to_string();
    small.fill();
    let expected = run(Alone, "pi 1e8 --seed 9").expect_code(0);
    for ranks in [Alone, Launched(2)] {
        let ended = run(ranks, &format!("pi 1e8 --seed 9 --trace {}", at("trace.csv"))).expect_code(1);
        assert_eq!(ended.stdout, expected.stdout);
        assert!(ended.stderr.contains("cannot write ") && ended.stderr.contains("trace.csv"), "{ended}");
        let ended = run(ranks, &format!("pi 1e8 --seed 9 --checkpoint {}", at("job.ckpt"))).expect_code(0);
        assert!(ended.stderr.contains("cannot write the checkpoint"), "{ended}");
        assert_eq!(ended.stdout, expected.stdout);
    }
    let wrong = Launch::new(Launched(2), &format!("burnin --quick --junit {}", at("p.xml")))
        .env("MONTESIEVE_FAULT", "flip:7@burnin#1")
        .run();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name");
    assert_eq!(wrong.code(), 3, "{wrong}");
    assert!(wrong.stderr.contains("p.xml") && String::from_utf8_lossy(&wrong.stdout).contains(host.trim()), "{wrong}");
    let left: Vec<_> = fs::read_dir(small.folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["filler"], "half a file was left");
}

/// The result goes to a FIFO whose reader leaves, so it does not arrive.
#[test]
fn a_fifo_without_a_reader_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().expect("coreutils").success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || {
            use std::io::Read;
            let mut first = [0; 100];
            let _ = fs::File::open(fifo).and_then(|mut fifo| fifo.read(&mut first));
        }
    });
    let line = format!("primes 1e7 --print --output {}", fifo.display());
    run(Alone, &line).expect_code(1).expect_told_once("cannot write ");
    reader.join().expect("it has read");
}
