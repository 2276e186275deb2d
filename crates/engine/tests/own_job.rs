//! The example `own_job`, killed again and again: finally it prints what an undisturbed run prints.
//!
//! Stands beside `session`, whose runs stop normally. Here a process dies. It is this test program
//! again, running only the ignored test [`child`], since `cargo test --tests` builds no examples.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use montesieve_engine::Session;

#[path = "../examples/own_job.rs"]
#[expect(dead_code, reason = "its main reads the command line")]
mod own_job;

/// For the child: its number of ranks, and its checkpoint if it has one.
const RANKS: &str = "OWN_JOB_RANKS";
const CHECKPOINT: &str = "OWN_JOB_CHECKPOINT";

#[test]
#[ignore = "what the other test starts and kills"]
fn child() {
    let ranks = std::env::var(RANKS).map_or(1, |ranks| ranks.parse().expect("a number"));
    let checkpoint = std::env::var(CHECKPOINT).ok();
    let periods = Session::on_threads(ranks, |session| own_job::sweep(session, checkpoint.as_deref()));
    print!("\n{}", periods.expect("it runs"));
}

fn start(ranks: u64, checkpoint: Option<&Path>) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this test has a path"));
    command.args(["--exact", "--ignored", "--nocapture", "child"]).env(RANKS, ranks.to_string());
    command.envs(checkpoint.map(|path| (CHECKPOINT, path)));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the child starts")
}

/// The histogram, and the messages.
fn ended(child: Child) -> (Vec<String>, String) {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the child ends");
    let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    assert!(status.success(), "{status}: {out}{err}");
    (out.lines().filter(|line| line.starts_with("period")).map(str::to_owned).collect(), err)
}

/// Kills the job once it has saved; returns false if it ended before that.
fn is_killed_after_a_save(ranks: u64, path: &Path) -> bool {
    let save = || fs::metadata(path).ok().map(|found| found.ino());
    let before = save();
    let mut child = start(ranks, Some(path));
    while save() == before {
        if child.try_wait().expect("its state").is_some() {
            ended(child);
            return false;
        }
        sleep(Duration::from_millis(5));
    }
    child.kill().expect("it is ours");
    !child.wait().expect("it is ours").success()
}

#[test]
fn killed_again_and_again_it_prints_the_same() {
    let (whole, _) = ended(start(2, None));
    assert_eq!(whole.len(), 17);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sweep.ckpt");
    let kills = [2, 3, 1].iter().take_while(|ranks| is_killed_after_a_save(**ranks, &path)).count();
    assert!(kills > 0, "it had ended before its first save");
    let (periods, said) = ended(start(2, Some(&path)));
    assert_eq!(periods, whole);
    assert!(said.contains("resuming from "), "{said}");
}
