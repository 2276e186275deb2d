//! Starts the program as a user would, with or without the launcher.

use std::env;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::ended::Ended;
use super::process::MARK;
use super::room::{Room, WHOLE};
use super::running::{Running, read};

/// For Open MPI. Waiting ranks must leave the cores to computing ones (`mpi_yield_when_idle`, in
/// [`Launch::command`]).
const DEFAULT_FLAGS: &str = "--oversubscribe --bind-to none";
/// The default time limit of a launch: it ends launches that hang, and is far more than any needs
/// on a busy machine.
const LIMIT: Duration = Duration::from_secs(100);

/// The number of processes, and how they are started.
#[derive(Clone, Copy, Debug)]
pub enum Ranks {
    /// No launcher, one rank.
    Alone,
    /// No launcher, this many ranks, which are threads.
    Threads(usize),
    /// The launcher with `-n N`.
    Launched(usize),
}

/// Where standard output goes.
enum Sink {
    Keep,
    /// The reader leaves after this many lines, like `head`.
    Head(usize),
    File(File),
}

/// A command line to start.
pub struct Launch {
    ranks: Ranks,
    arguments: Vec<String>,
    /// Additional flags for the launcher.
    flags: String,
    variables: Vec<(String, String)>,
    limit: Duration,
    sink: Sink,
    source: Option<File>,
    /// Seats of the room; `None`: one per rank.
    seats: Option<usize>,
    /// Shell scripts around the program, and around the whole launch.
    shells: [Option<String>; 2],
}

impl Launch {
    pub fn new(ranks: Ranks, line: &str) -> Launch {
        let arguments = line.split_whitespace().map(str::to_owned).collect();
        let (flags, variables) = (String::new(), Vec::new());
        Launch {
            ranks,
            arguments,
            flags,
            variables,
            limit: LIMIT,
            sink: Sink::Keep,
            source: None,
            seats: None,
            shells: [None, None],
        }
    }

    /// Adds one word, which may contain spaces.
    pub fn word(mut self, word: &str) -> Launch {
        self.arguments.push(word.to_owned());
        self
    }

    /// Adds flags for the launcher.
    pub fn flags(mut self, flags: &str) -> Launch {
        self.flags = flags.to_owned();
        self
    }

    /// Each process is started by a shell with this script, in which the program and its arguments
    /// are `"$0" "$@"`.
    pub fn shell(mut self, script: &str) -> Launch {
        self.shells[0] = Some(script.to_owned());
        self
    }

    /// The same for the whole launch: the launcher if there is one.
    pub fn outer(mut self, script: &str) -> Launch {
        self.shells[1] = Some(script.to_owned());
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Launch {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn limit(mut self, seconds: u64) -> Launch {
        self.limit = Duration::from_secs(seconds);
        self
    }

    /// Its ranks mostly wait, and leave the room to others.
    pub fn idle(mut self) -> Launch {
        self.seats = Some(1);
        self
    }

    pub fn head(mut self, lines: usize) -> Launch {
        self.sink = Sink::Head(lines);
        self
    }

    pub fn stdin_from(mut self, file: File) -> Launch {
        self.source = Some(file);
        self
    }

    pub fn stdout_to(mut self, file: File) -> Launch {
        self.sink = Sink::File(file);
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        self.start().finish()
    }

    /// Runs it to its end beside another launch of the same test.
    pub fn run_beside(self, _running: &Running) -> Ended {
        self.start_in(Room::beside()).finish()
    }

    /// Starts it beside launches of other tests; the test watches, stops or signals it.
    pub fn start(self) -> Running {
        let seats = self.seats.unwrap_or(match self.ranks {
            Ranks::Alone => 1,
            Ranks::Threads(ranks) | Ranks::Launched(ranks) => ranks,
        });
        self.start_in(Room::take(seats))
    }

    /// Starts it when no other launch runs or waits, and keeps others from starting: for
    /// measurements.
    pub fn start_alone(self) -> Running {
        self.start_in(Room::take_whole())
    }

    fn start_in(mut self, room: Room) -> Running {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut command = self.command();
        let source = self.source.take().map_or_else(Stdio::null, Stdio::from);
        // Launchers of Open MPI 5.0.11 that start and end at the same time remove each other's
        // folder of sockets (1 of 1400 launches).
        let sockets = tempfile::tempdir().expect("a folder");
        command.env("PRTE_MCA_prte_tmpdir_base", sockets.path());
        command.env(MARK, &mark).stdin(source).stderr(Stdio::piped()).process_group(0);
        match std::mem::replace(&mut self.sink, Sink::Keep) {
            Sink::File(file) => command.stdout(file),
            other => {
                self.sink = other;
                command.stdout(Stdio::piped())
            }
        };
        let mut child = command.spawn().unwrap_or_else(|error| match (error.kind(), self.ranks) {
            (ErrorKind::NotFound, Ranks::Launched(_)) => panic!(
                "there is no launcher '{}': install MPI, or name its mpirun in MONTESIEVE_MPIRUN (these tests are never skipped)",
                launcher()
            ),
            _ => panic!("cannot start {command:?}: {error}"),
        });
        let head = if let Sink::Head(lines) = self.sink { lines } else { usize::MAX };
        let stdout = child.stdout.take().map(|pipe| thread::spawn(move || read(pipe, head)));
        let stderr = child.stderr.take().map(|pipe| thread::spawn(move || read(pipe, usize::MAX)));
        let (limit, began) = (self.limit, Instant::now());
        Running {
            line: format!("{command:?}"),
            ranks: self.ranks,
            child,
            mark,
            limit,
            began,
            stdout,
            stderr,
            _sockets: sockets,
            _room: room,
        }
    }

    fn command(&self) -> Command {
        let binary = env::var("MONTESIEVE_TEST_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_montesieve").to_owned());
        let [shell, outer] = &self.shells;
        let within = |script: &Option<String>| {
            script.iter().flat_map(|script| ["sh".to_owned(), "-c".to_owned(), script.clone()]).collect::<Vec<_>>()
        };
        let mut words = within(outer);
        if let Ranks::Launched(ranks) = self.ranks {
            let flags = env::var("MONTESIEVE_MPIRUN_FLAGS").unwrap_or_else(|_| DEFAULT_FLAGS.to_owned());
            words.push(launcher());
            words.extend(flags.split_whitespace().chain(self.flags.split_whitespace()).map(str::to_owned));
            words.extend(["-n".to_owned(), ranks.to_string()]);
        }
        words.extend(within(shell).into_iter().chain([binary]));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        // Presets in the tester's environment would change what is tested.
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MONTESIEVE_")) {
            command.env_remove(name);
        }
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command
            .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
            .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
            .envs(match self.ranks {
                Ranks::Launched(_) => Some(("OMPI_MCA_mpi_yield_when_idle", "1".to_owned())),
                // A preset, since not every command has the option; that of `scaling` is a list.
                _ if self.arguments.first().is_some_and(|command| command == "scaling") => None,
                Ranks::Alone => Some(("MONTESIEVE_RANKS", "1".to_owned())),
                Ranks::Threads(ranks) => Some(("MONTESIEVE_RANKS", ranks.to_string())),
            })
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(&self.arguments);
        command
    }
}

fn launcher() -> String {
    env::var("MONTESIEVE_MPIRUN").unwrap_or_else(|_| "mpirun".to_owned())
}

/// Runs a check for every case, and fails with the list of failed cases.
pub fn each<C: std::fmt::Debug>(cases: impl IntoIterator<Item = C>, check: impl Fn(&C)) {
    report(cases.into_iter().filter(|case| fails(case, &check)).map(|case| format!("{case:?}")).collect());
}

/// The same for launches that mostly wait: several at once, within the room.
pub fn each_at_once<C: std::fmt::Debug + Send>(
    cases: impl IntoIterator<Item = C, IntoIter: Send>,
    check: impl Fn(&C) + Sync,
) {
    let cases = Mutex::new(cases.into_iter());
    let next = || cases.lock().expect("no check runs while it is held").next();
    let some = || {
        let mine = std::iter::from_fn(next);
        mine.filter(|case| fails(case, &check)).map(|case| format!("{case:?}")).collect::<Vec<_>>()
    };
    report(thread::scope(|scope| {
        let threads: Vec<_> = (0..WHOLE / 2).map(|_| scope.spawn(some)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("panics are caught")).collect()
    }));
}

fn fails<C>(case: &C, check: &impl Fn(&C)) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(case))).is_err()
}

fn report(failed: Vec<String>) {
    assert!(failed.is_empty(), "{} cases failed (each is described above):\n{}", failed.len(), failed.join("\n"));
}

/// Whether the launched program sees the end of standard input: under the mpirun of Open MPI 5 it
/// does not (5.0.11).
pub fn input_ends() -> bool {
    static LIBRARY: OnceLock<String> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        let info = Launch::new(Ranks::Launched(1), "info --format json").run().expect_code(0);
        info.json()["result"]["mpi"].as_str().unwrap_or_default().to_owned()
    });
    !library.starts_with("Open MPI 5")
}
