//! One run of a program under a campaign: started in its own process group with a mark in its
//! environment, stopped by a time limit, and over only when all that it started is gone.
//!
//! The mark finds the ranks of a launcher, which puts each into a separate process group.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, atomic::AtomicBool};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process};

/// Any error, as the sentence to print.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const MARK: &str = "XTASK_RUN";
/// How long processes may outlive the one that was started.
const AFTERMATH: Duration = Duration::from_secs(10);
/// What a root needs to start ranks in a container, and more ranks than cores to share them.
const LAUNCHED: [(&str, &str); 4] = [
    ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
    ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
    ("OMPI_MCA_mpi_yield_when_idle", "1"),
    ("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"),
];

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/xtask")
}

/// The program under test: MONTESIEVE_TEST_BINARY, or the release build.
pub fn program() -> OsString {
    env::var_os("MONTESIEVE_TEST_BINARY").unwrap_or_else(|| {
        let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        target.unwrap_or_else(|| root().join("target")).join("release/montesieve").into()
    })
}

/// The program `name` of this machine.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether this machine has the program `name`.
pub fn have(name: &str) -> bool {
    find(name).is_some()
}

/// `program` with `words`: on `ranks` ranks of the launcher in MONTESIEVE_MPIRUN, as in tests/mpi,
/// or for 0 without it. Not inherited: what another launcher says to its ranks, and all that
/// changes what montesieve does.
pub fn launch<W: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    ranks: usize,
    words: impl IntoIterator<Item = W>,
) -> Command {
    launch_with(&[], program, ranks, words)
}

/// `launch`, with more flags for the launcher.
pub fn launch_with<W: AsRef<OsStr>>(
    flags: &[&str],
    program: impl AsRef<OsStr>,
    ranks: usize,
    words: impl IntoIterator<Item = W>,
) -> Command {
    let setting = |name, otherwise: &str| env::var(name).unwrap_or_else(|_| otherwise.into());
    let mut command = Command::new(program.as_ref());
    if ranks > 0 {
        command = Command::new(setting("MONTESIEVE_MPIRUN", "mpirun"));
        let usual = setting("MONTESIEVE_MPIRUN_FLAGS", "--oversubscribe --bind-to none");
        command.args(usual.split_whitespace()).args(flags);
        command.args(["-n", &ranks.to_string()]).arg(program).envs(LAUNCHED);
    }
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        let of_launcher = starts(&["OMPI_", "PRTE_"]) && !starts(&["OMPI_MCA_", "PRTE_MCA_"]);
        let is_allowed = LAUNCHED.iter().any(|(allowed, _)| *allowed == name);
        if (of_launcher && !is_allowed) || starts(&["PMIX_", "PMI_", "MONTESIEVE_"]) {
            command.env_remove(&*name);
        }
    }
    command.args(words).stdin(Stdio::null());
    command
}

/// Set by the first SIGINT or SIGTERM; a second one ends this program at once.
pub fn stop_flag() -> &'static Arc<AtomicBool> {
    static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    STOP.get_or_init(Arc::default)
}

/// Whether the campaign was told to stop.
pub fn is_stopped() -> bool {
    stop_flag().load(Ordering::Relaxed)
}

/// How a run ended.
pub struct Ended {
    /// The exit code, or minus the signal that ended it.
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl Ended {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// The bytes of `result` in a report as JSON; none where there is no whole report.
    pub fn result(&self) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once("\"result\": ")?;
        Some(rest.rsplit_once("\"run\": ")?.0.into())
    }

    /// Standard output, where the exit code is 0; otherwise how it ended.
    pub fn success(self) -> std::result::Result<Vec<u8>, String> {
        match self.code {
            0 => Ok(self.out),
            code => Err(format!("exit code {code}: {}", self.err.trim())),
        }
    }
}

/// A run. Dropped before its end, it is killed with all that it started.
pub struct Run {
    child: Child,
    mark: String,
    limit: Duration,
    started: Instant,
    output: Option<[JoinHandle<Vec<u8>>; 2]>,
}

/// Reads to the end, so that a full pipe never holds the run up.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    })
}

impl Run {
    /// Starts `command`, which may take `limit` seconds.
    pub fn start(command: &mut Command, limit: u64) -> Result<Run> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{number}", std::process::id());
        command.env(MARK, &mark).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let child = command.spawn();
        let mut child =
            child.map_err(|e| format!("{}: {e}", command.get_program().to_string_lossy()))?;
        let output = Some([collect(child.stdout.take()), collect(child.stderr.take())]);
        let limit = Duration::from_secs(limit);
        Ok(Run { child, mark, limit, started: Instant::now(), output })
    }

    /// Whether the process that was started has ended.
    pub fn is_over(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// All processes of this run, with the rank of each; none for the launcher and its daemons.
    fn processes(&self) -> Vec<(Pid, Option<usize>)> {
        let mark = format!("{MARK}={}", self.mark);
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let of_this_run = |id: i32| {
            let variables = fs::read(format!("/proc/{id}/environ")).ok()?;
            let mut variables = variables.split(|&byte| byte == 0);
            variables.clone().find(|variable| *variable == mark.as_bytes())?;
            let rank = variables.find_map(|v| v.strip_prefix(b"OMPI_COMM_WORLD_RANK="));
            let rank = rank.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            Some((Pid::from_raw(id)?, rank))
        };
        ids.filter_map(of_this_run).collect()
    }

    /// The processes that are ranks.
    pub fn ranks(&self) -> BTreeMap<usize, Pid> {
        self.processes().into_iter().filter_map(|(pid, rank)| Some((rank?, pid))).collect()
    }

    /// Kills these ranks, where they still are.
    pub fn kill_ranks(&self, victims: &[usize]) {
        let ranks = self.ranks();
        for pid in victims.iter().filter_map(|rank| ranks.get(rank)) {
            let _ = kill_process(*pid, Signal::KILL);
        }
    }

    /// Sends the process that was started a signal, where it still is.
    pub fn signal(&mut self, signal: Signal) {
        if !self.is_over() {
            let _ = kill_process(Pid::from_child(&self.child), signal);
        }
    }

    /// Waits for `seconds`, or the end.
    pub fn sleep(&mut self, seconds: f64) {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        while Instant::now() < until && !self.is_over() && !is_stopped() {
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until `is_there` says so, the end, or the time limit.
    pub fn wait_until(&mut self, is_there: impl Fn(&Run) -> bool) {
        let is_late = |run: &Run| is_stopped() || run.started.elapsed() > run.limit;
        while !is_late(self) && !self.is_over() && !is_there(self) {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the end of all processes. An error: a process was left, the time was up, or the
    /// campaign was stopped.
    pub fn end(mut self) -> Result<Ended> {
        while !self.is_over() {
            if is_stopped() {
                return Err("stopped".into());
            }
            if self.started.elapsed() > self.limit {
                return Err(format!("did not end within {} s", self.limit.as_secs()).into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        let ended = Instant::now();
        while let left @ 1.. = self.processes().len() {
            if ended.elapsed() > AFTERMATH {
                let seconds = AFTERMATH.as_secs();
                return Err(format!("{left} processes outlived theirs by {seconds} s").into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        let status = self.child.wait()?;
        let code = status.code().or(status.signal().map(|signal| -signal)).unwrap_or(-1);
        let [out, err] = self.output.take().expect("ended once").map(|thread| thread.join());
        let err = String::from_utf8_lossy(&err.unwrap_or_default()).into_owned();
        Ok(Ended { code, out: out.unwrap_or_default(), err })
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.output.is_some() {
            // Again until none is left: one may have started another since the list was read, and a
            // killed one takes a moment to go.
            let killed = Instant::now();
            while let processes @ [_, ..] = &*self.processes() {
                for (pid, _) in processes {
                    let _ = kill_process(*pid, Signal::KILL);
                }
                let _ = self.child.try_wait();
                if killed.elapsed() > AFTERMATH {
                    break;
                }
                thread::sleep(Duration::from_millis(5));
            }
            let _ = self.child.wait();
        }
    }
}

/// Runs `command` to its end.
pub fn run(command: &mut Command, limit: u64) -> Result<Ended> {
    Run::start(command, limit)?.end()
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    shlex::try_join(words.iter().map(|word| &**word)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(code: &str) -> Command {
        launch("sh", 0, ["-c", code])
    }

    #[test]
    fn a_run_tells_how_it_ended() {
        let ended = run(&mut shell("echo out; echo err >&2; exit 7"), 60).expect("started");
        assert_eq!((ended.code, &*ended.text(), &*ended.err), (7, "out\n", "err\n"));
        assert_eq!(run(&mut shell("kill -9 $$"), 60).expect("started").code, -9);
        assert!(run(&mut launch("/nowhere", 0, [""]), 60).is_err());
    }

    #[test]
    fn a_time_limit_ends_all_processes() {
        let mut started = Run::start(&mut shell("setsid sleep 300 & sleep 300"), 0).expect("sh");
        started.wait_until(|run| run.processes().len() == 3);
        while started.processes().len() < 3 {
            thread::sleep(Duration::from_millis(5));
        }
        let mark = started.mark.clone();
        assert!(started.end().is_err_and(|error| error.to_string().contains("did not end")));
        let mut other = Run::start(&mut shell("true"), 60).expect("sh");
        other.mark = mark;
        assert!(other.processes().is_empty());
    }

    #[test]
    fn the_result_is_what_stands_before_the_run() {
        let out = br#"{"result": {"pi": 3}, "run": {"ranks": 2}}"#.to_vec();
        let ended = Ended { code: 0, out, err: String::new() };
        assert_eq!(ended.result().as_deref(), Some("{\"pi\": 3}, "));
        let ended = Ended { out: br#"{"result": {"pi": 3"#.to_vec(), ..ended };
        assert_eq!(ended.result(), None);
    }
}
