//! Standard streams that are closed, full, or without a reader: if a result does not arrive, the
//! exit code is never 0.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

const COMMANDS: [&str; 6] = ["pi 1e4", "primes 1e4 -p", "info", "completions bash", "--help", "--version"];

fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
    path
}

#[test]
fn closed_standard_output_is_an_error() {
    each(COMMANDS, |line| {
        Launch::new(Alone, line).shell("exec \"$0\" \"$@\" >&-").run().expect_code(1).expect_told_once("it is closed");
        let reading = Launch::new(Alone, line).shell("exec \"$0\" \"$@\" 1</dev/null").run();
        reading.expect_code(1).expect_told_once("open for reading only");
    });
    let ended = Launch::new(Launched(2), "pi 1e4 -q").outer("exec \"$0\" \"$@\" >&-").run();
    ended.expect_code(1).expect_said_once("cannot write standard output");
    // The program's own standard output, closed by a wrapper.
    let ended = Launch::new(Launched(2), "pi 1e4 -q").shell("exec \"$0\" \"$@\" >&-").run();
    ended.expect_code(1).expect_said_once("it is closed");
}

#[test]
fn a_result_without_a_reader_is_no_error() {
    for script in ["exec \"$0\" \"$@\" > /dev/null", "exec \"$0\" \"$@\" 1<> /dev/null", "exec \"$0\" \"$@\" 2>&-"] {
        Launch::new(Alone, "pi 1e4").shell(script).run().expect_code(0);
    }
    Launch::new(Launched(2), "pi 1e4").outer("exec \"$0\" \"$@\" > /dev/null").run().expect_code(0);
}

/// A folder on a file system of 64 kB; `None`, with a notice on standard error, if none can be
/// mounted.
fn small_disk() -> Option<SmallDisk> {
    let folder = tempfile::tempdir().expect("a folder");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(folder.path()).status();
    if mounted.is_ok_and(|status| status.success()) {
        return Some(SmallDisk(folder));
    }
    eprintln!("SKIPPED: no small file system can be mounted here (it takes root)");
    None
}

struct SmallDisk(tempfile::TempDir);

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let Some(disk) = small_disk() else { return };
    let file = disk.0.path().join("list");
    for (ranks, flags) in [(Alone, ""), (Launched(2), ""), (Launched(2), "--tag-output")] {
        for redirect in [">", ">>"] {
            let script = format!("exec \"$0\" \"$@\" {redirect} {}", file.display());
            let ended = Launch::new(ranks, "primes 1e6 -p -q").flags(flags).outer(&script).run();
            ended.expect_code(1).expect_said_once("cannot write standard output");
            fs::remove_file(&file).expect("a part of the list");
        }
    }
}

/// Needs no mount, so it also runs without root.
#[test]
fn a_full_device_behind_the_launcher_is_an_error() {
    for line in ["primes 1e6 -p -q", "primes 1e6 --print=2 -q", "pi 1e4 -q"] {
        let ended = Launch::new(Launched(2), line).outer("exec \"$0\" \"$@\" > /dev/full").run();
        ended.expect_code(1).expect_said_once("cannot write standard output");
    }
}

#[test]
fn a_list_that_outgrows_its_disk_leaves_no_file() {
    let Some(disk) = small_disk() else { return };
    let file = disk.0.path().join("list");
    // Written by all ranks in parallel, or through the root; the length of tuplets is not known
    // beforehand.
    for (ranks, line) in
        [(Launched(2), "primes 1e6 -p -q"), (Alone, "primes 1e6 -p -q"), (Launched(2), "primes 1e7 --print=2 -q")]
    {
        let ended = Launch::new(ranks, &format!("{line} --output {}", file.display())).run();
        ended.expect_code(1).expect_told_once(&file.display().to_string());
        assert_eq!(fs::read_dir(disk.0.path()).expect("a folder").count(), 0, "half a list was left: {line}");
    }
}

#[test]
fn a_file_behind_the_launcher_gets_everything_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log");
    // With tags only a short result: Open MPI 4.1.4 truncates pieces that its tags make longer than
    // 8 kB, as with lists of short lines.
    for (flags, line) in [("", "primes 1e6 -p -q"), ("--tag-output", "pi 1e4 -q")] {
        let alone = Launch::new(Alone, line).run().expect_code(0);
        let script = format!("{{ echo before; \"$0\" \"$@\"; echo after; }} > {} 2>&1", file.display());
        Launch::new(Launched(3), line).flags(flags).outer(&script).run().expect_code(0);
        let text = fs::read_to_string(&file).expect("the log").replace("[1,0]<stdout>:", "");
        assert!(text == format!("before\n{}after\n", alone.text()), "{flags}: another text");
    }
}

#[test]
fn a_reader_that_leaves_behind_a_wrapper_ends_the_job_quietly() {
    // Would run for hours; the wrapper stays between the launcher and the program.
    let ended = Launch::new(Launched(2), "primes 1e13 -p -q").shell("\"$0\" \"$@\"; exit $?").head(5).run();
    let ended = ended.expect_code(0);
    assert_eq!((ended.text(), ended.stderr.as_str()), ("2\n3\n5\n7\n11\n", ""), "{ended}");
}

#[test]
fn a_wrapper_may_send_the_output_elsewhere() {
    let file = std::env::temp_dir().join(format!("montesieve-elsewhere-{}", std::process::id()));
    let script = format!("exec \"$0\" \"$@\" > {}", file.display());
    let ended = Launch::new(Launched(1), "primes 100 -p -q").shell(&script).run().expect_code(0);
    assert!(ended.stdout.is_empty() && fs::read_to_string(&file).is_ok_and(|list| list.ends_with("\n97\n")), "{ended}");
    let _ = fs::remove_file(&file);
}

#[test]
fn a_fifo_that_nothing_reads_any_more_ends_the_job() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = fifo(folder.path());
    for ranks in [Alone, Launched(2)] {
        // Open for both, so that nothing waits; then nothing reads what the program finds.
        let both = File::options().read(true).write(true).open(&path).expect("a FIFO");
        let writer = File::options().write(true).open(&path).expect("a FIFO");
        let launch = Launch::new(ranks, "primes 1e13 -p -q").stdout_to(writer);
        drop(both);
        let ended = launch.run().expect_code(0);
        assert_eq!(ended.stderr, "", "{ended}");
    }
}

#[test]
fn the_reader_of_an_output_file_must_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = fifo(folder.path());
    for ranks in [Alone, Launched(2)] {
        let line = format!("primes 1e13 -p -q --output {}", path.display());
        let reading = std::thread::spawn({
            let path = path.clone();
            move || File::open(path).and_then(|mut fifo| fifo.read_exact(&mut [0; 10]))
        });
        let ended = Launch::new(ranks, &line).run().expect_code(1);
        reading.join().expect("a reader").expect("ten bytes");
        ended.expect_told_once(&path.display().to_string());
    }
    // Nothing ever reads it.
    let line = format!("pi 1e15 -q --output {}", path.display());
    Launch::new(Alone, &line).run().expect_code(1).expect_told_once("nothing reads this FIFO");
}

#[test]
fn messages_of_ranks_do_not_run_into_each_other() {
    // Every rank is told to stop, all at once, and each panics.
    let launch = Launch::new(Launched(8), "pi 1e15 -q").env("MONTESIEVE_FAULT", "panic@compute#0");
    let ended = launch.run().expect_failure();
    let lines = ended.stderr.lines().filter(|line| line.contains("panicked"));
    assert!(lines.clone().count() >= 1 && lines.clone().all(|line| line.starts_with("rank ")), "{ended}");
}

#[test]
fn standard_error_that_cannot_be_written_does_not_cost_the_result() {
    let full = ["exec \"$0\" \"$@\" 2>&-", "exec \"$0\" \"$@\" 2>/dev/full", "exec \"$0\" \"$@\" 2</dev/null"];
    let expected = Launch::new(Alone, "pi 1e6").run().expect_code(0);
    each(full, |script| {
        let ended = Launch::new(Alone, "pi 1e6 --per-rank").shell(script).run().expect_code(0);
        assert_eq!(ended.stdout, expected.stdout);
        let ended = Launch::new(Launched(2), "pi 1e6 --per-rank").shell(script).run().expect_code(0);
        assert_eq!(ended.stdout, expected.stdout);
    });
}

#[test]
fn the_first_signal_ends_a_wait_for_input() {
    let cases = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];
    each(
        cases.into_iter().flat_map(|case| ["gcd -", "isprime -"].map(|line| (case, line))),
        |((signal, code), line)| {
            let (reader, mut writer) = std::io::pipe().expect("a pipe");
            writer.write_all(b"12 18\n").expect("written");
            let mut running = Launch::new(Alone, line).stdin_from(File::from(OwnedFd::from(reader))).start();
            running.wait_until_at_work();
            running.signal(*signal);
            running.finish().expect_code(*code).expect_told_once("before the end of standard input");
            drop(writer);
        },
    );
}
