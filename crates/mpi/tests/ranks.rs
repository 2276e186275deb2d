//! The transport over MPI under a real launcher: the conformance suite, and the example
//! `own_job_mpi`, killed and resumed.
//!
//! Stands beside the program's `tests/mpi`, which starts commands. This tests what other programs
//! use of this crate. Each rank is this test program again, with [`ROLE`] in its environment, so
//! the file has its own `main`. The launcher is that of `tests/mpi`: `MONTESIEVE_MPIRUN` with
//! `MONTESIEVE_MPIRUN_FLAGS`.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};

use libtest_mimic::{Arguments, Failed, Trial};
use montesieve_engine::conformance;
use montesieve_engine::transport::{Channel, ROOT};
use montesieve_mpi::Cluster;
use montesieve_mpi::flag::Kind;
use rustix::process::Signal;

use self::process::{MARK, marked};

#[path = "../examples/own_job_mpi.rs"]
#[expect(dead_code, reason = "this file has its own main")]
mod own_job_mpi;
#[path = "../../../tests/mpi/process.rs"]
#[expect(dead_code, reason = "tests/mpi uses more of it")]
mod process;

/// The environment variable that tells a rank what to do.
const ROLE: &str = "MONTESIEVE_TEST_ROLE";
/// How long a launch may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A launch that ends with its test, even if the test fails.
struct Launch {
    child: Child,
    mark: String,
    began: Instant,
    out: File,
    said: File,
}

impl Launch {
    /// Starts this program on `ranks` ranks.
    fn of(role: &str, ranks: u64, argument: Option<&Path>) -> Result<Launch, Failed> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let launcher = env::var("MONTESIEVE_MPIRUN").unwrap_or_else(|_| "mpirun".to_owned());
        let flags = env::var("MONTESIEVE_MPIRUN_FLAGS").unwrap_or_else(|_| "--oversubscribe --bind-to none".to_owned());
        let (out, said) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let mut command = Command::new(&launcher);
        command.args(flags.split_whitespace()).args(["-n", &ranks.to_string()]);
        command.arg(env::current_exe()?).args(argument);
        command.env(ROLE, role).env(MARK, &mark).env("OMPI_MCA_mpi_yield_when_idle", "1");
        command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(said.try_clone()?);
        let child = command.spawn().map_err(|error| format!("cannot start '{launcher}': {error}"))?;
        Ok(Launch { child, mark, began: Instant::now(), out, said })
    }

    /// Its exit status; `None` while it runs, for at most [`LIMIT`].
    fn end(&mut self) -> Result<Option<ExitStatus>, Failed> {
        let end = self.child.try_wait()?;
        if end.is_none() && self.began.elapsed() > LIMIT {
            return Err(format!("it still ran after {LIMIT:?}").into());
        }
        sleep(Duration::from_millis(5));
        Ok(end)
    }

    fn wait(&mut self) -> Result<ExitStatus, Failed> {
        loop {
            if let Some(end) = self.end()? {
                return Ok(end);
            }
        }
    }

    /// Waits for the end and returns its standard output, if it succeeded.
    fn answer(mut self) -> Result<String, Failed> {
        let status = self.wait()?;
        let [out, said] = [&mut self.out, &mut self.said].map(|file| {
            let mut text = String::new();
            file.rewind().and_then(|()| file.read_to_string(&mut text)).map(|_| text)
        });
        if status.success() { Ok(out?) } else { Err(format!("{status}\n{}{}", out?, said?).into()) }
    }

    /// Kills one of its ranks; the launcher ends the others.
    fn kill_a_rank(&mut self) -> Result<(), Failed> {
        let rank = marked(&self.mark).into_iter().find(|process| process.rank.is_some()).ok_or("no rank was found")?;
        rank.signal(Signal::KILL);
        if self.wait()?.success() { Err("a rank was killed, and it succeeded".into()) } else { Ok(()) }
    }
}

impl Drop for Launch {
    fn drop(&mut self) {
        marked(&self.mark).iter().for_each(|process| process.signal(Signal::KILL));
        let _ = self.child.wait();
    }
}

/// The suite passes on `ranks` ranks.
fn conforms(ranks: u64) -> Result<(), Failed> {
    Launch::of("conformance", ranks, None)?.answer().map(drop)
}

/// Killed after each save, each time on another number of ranks, it prints the same as an
/// undisturbed run.
fn own_job_is_killed() -> Result<(), Failed> {
    let whole = Launch::of("own_job", 2, None)?.answer()?;
    if whole.lines().count() != 17 {
        return Err(format!("17 periods, not\n{whole}").into());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sweep.ckpt");
    let save = || fs::metadata(&path).ok().map(|found| found.ino());
    let mut kills = 0;
    for ranks in [3, 2, 5] {
        let before = save();
        let mut launch = Launch::of("own_job", ranks, Some(&path))?;
        let mut end = None;
        while save() == before && end.is_none() {
            end = launch.end()?;
        }
        if end.is_some() {
            launch.answer()?;
            break;
        }
        launch.kill_a_rank()?;
        kills += 1;
    }
    let answer = Launch::of("own_job", 2, Some(&path))?.answer()?;
    if kills == 0 || answer != whole {
        Err(format!("after {kills} kills\n{answer}not\n{whole}").into())
    } else {
        Ok(())
    }
}

/// Every rank learns what the last one finds, with every kind of flag.
fn flags(cluster: &Cluster) -> montesieve_mpi::Result<()> {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::None) {
        let mut flag = cluster.flag(&kind)?;
        if cluster.rank() + 1 == cluster.size() {
            flag.lower(50)?;
        }
        while flag.known() != 50 {
            flag.look()?;
            flag.make_progress()?;
        }
        // Ranks that know keep taking part until all do.
        let mut left = if cluster.rank() == ROOT { cluster.size() } else { 1 };
        let send = |to| cluster.send(to, Channel::Job, Vec::new());
        send(ROOT)?;
        while left > 0 {
            flag.make_progress()?;
            let heard = cluster.poll(Channel::Job, None)?;
            left -= u64::from(heard.is_some());
        }
        if cluster.rank() == ROOT {
            (1..cluster.size()).try_for_each(send)?;
        }
        flag.close()?;
    }
    Ok(())
}

/// The work of a rank; returns its exit code.
fn rank(cluster: &Cluster, role: &str) -> montesieve_mpi::Result<u8> {
    match role {
        "return" => {
            cluster.barrier()?;
            Ok(0)
        }
        "flags" => flags(cluster).map(|()| 0),
        "conformance" => Ok(conformance::check(cluster.transport()).map(|()| 0)?),
        _ => own_job_mpi::run(cluster),
    }
}

fn main() -> ExitCode {
    if let Ok(role) = env::var(ROLE) {
        return match Cluster::join() {
            Ok(cluster) => {
                let code = rank(&cluster, &role);
                // A program may omit `leave`.
                if role == "return" { ExitCode::SUCCESS } else { cluster.leave(code) }
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(error.exit_code())
            }
        };
    }
    let suite =
        [1, 2, 3, 5, 8].map(|ranks| Trial::test(format!("conformance::on_{ranks}_ranks"), move || conforms(ranks)));
    let returns = Trial::test("a_program_that_just_returns", || Launch::of("return", 2, None)?.answer().map(drop));
    let flags = Trial::test("flags_reach_every_rank", || Launch::of("flags", 3, None)?.answer().map(drop));
    let own_job = Trial::test("own_job::killed_and_resumed", own_job_is_killed);
    libtest_mimic::run(&Arguments::from_args(), suite.into_iter().chain([returns, flags, own_job]).collect())
        .exit_code()
}
