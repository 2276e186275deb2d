//! Queries of a scheduler: its commands, and the age of its batch script.
//!
//! Stands beside `time_left`, which decides what to query and is pure. Only the root queries, once.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::time_left::{self, Query};
use crate::cluster::launch::Launch;
use crate::error::{Error, Result};

/// How long a scheduler's command may take: a restarting controller does not answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// More ancestors than this are a loop, which arises when one ends during the search.
const DEEPEST: usize = 64;

/// How long this scheduler lets the job run; `None` means without limit.
///
/// # Errors
/// [`Error::Usage`] when it does not tell.
pub(in crate::commands) fn time_limit(launch: &Launch) -> Result<Option<Duration>> {
    let query = Query {
        scheduler: launch.scheduler.as_ref().map(|(name, id)| (*name, id.as_str())),
        variable: &|name| std::env::var(name).ok(),
        command: &output,
        age: &age,
        now: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()),
    };
    time_left::time_limit(&query).map_err(Error::Usage)
}

/// The output of a command, if it succeeds in time.
fn output(words: &[&str]) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let mut pipe = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        // The receiver is gone if it took too long.
        let _ = sender.send(pipe.read_to_string(&mut text).ok().map(|_| text));
    });
    let text = receiver.recv_timeout(PATIENCE).ok().flatten();
    if text.is_none() {
        let _ = child.kill();
    }
    child.wait().is_ok_and(|status| status.success()).then_some(text)?
}

/// The age of the oldest ancestor (or of this process) that has this variable with this value.
fn age(variable: &str, value: &str) -> Option<Duration> {
    let mark = format!("{variable}={value}");
    let (mut pid, mut oldest) = ("self".to_owned(), None);
    for _ in 0..DEEPEST {
        let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { break };
        if !environment.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes()) {
            break;
        }
        let (parent, start) = parent_and_start(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
        (pid, oldest) = (parent, Some(start));
    }
    let up: f64 = fs::read_to_string("/proc/uptime").ok()?.split(' ').next()?.parse().ok()?;
    let start = oldest? as f64 / rustix::param::clock_ticks_per_second() as f64;
    Duration::try_from_secs_f64((up - start).max(0.0)).ok()
}

/// Fields 4 and 22 of a process's `stat`; the second field is a name, which may contain any
/// character.
fn parent_and_start(stat: &str) -> Option<(String, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some(((*fields.get(1)?).to_owned(), fields.get(19)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_print_or_fail() {
        assert_eq!(output(&["echo", "1:30 L"]), Some("1:30 L\n".to_owned()));
        assert_eq!(output(&["false"]), None);
        assert_eq!(output(&["/nowhere/squeue"]), None);
        assert_eq!(output(&[]), None);
    }

    #[test]
    fn a_process_is_as_old_as_the_batch_script_above_it() {
        // Field 22 is in ticks since the machine started.
        let stat = "77 (a) b (c) S 5 77 77 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 4711 1000 2";
        assert_eq!(parent_and_start(stat), Some(("5".to_owned(), 4711)));
        assert_eq!(parent_and_start("77 (x) S"), None);
        let (name, value) = std::env::vars().find(|(_, value)| !value.is_empty()).expect("some variable");
        assert!(age(&name, &value).is_some_and(|age| age < Duration::from_secs(86_400 * 3650)));
        assert_eq!(age("JOB_ID", "no job has this id"), None);
    }
}
