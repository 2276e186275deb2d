//! Checkpoints: a job that is stopped repeatedly, each time on another number of ranks, gives the
//! bytes of an undisturbed one.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use super::ended::Ended;
use super::launch::Ranks::{self, Alone, Launched, Threads};
use super::launch::{Launch, each, each_at_once};

/// Jobs of a few seconds.
const JOBS: [&str; 8] = [
    "pi 2e10 --seed 9",
    "pi 1e9 --method control --seed 5",
    "integrate genz-gaussian 5e8 --seed 3",
    "integrate genz-gaussian 1e8 --method vegas --seed 3",
    "integrate genz-corner-peak 1e8 --method auto --seed 3",
    "integrate genz-gaussian 1e8 --method sobol --seed 3",
    "primes 2e10 --count 1,2,4 --algorithm sieve",
    "primes 1e15 1e15+1e9 --gaps --sum",
];

/// How a run is interrupted.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// SIGKILL to the launcher (or to the only process): nothing can be saved.
    Killed,
    /// SIGKILL to the last rank: the launcher ends the others.
    RankKilled,
    /// A signal to the launcher, which passes it on.
    Signalled(Signal),
    /// `--time-limit`.
    Timed,
}

const CUTS: [Cut; 5] =
    [Cut::Killed, Cut::Signalled(Signal::USR2), Cut::RankKilled, Cut::Timed, Cut::Signalled(Signal::TERM)];
/// Schedules and rank counts cycle with different periods, so that all combinations occur;
/// `scripts/faults` is the long form.
const RANKS: [Ranks; 5] = [Launched(3), Threads(2), Alone, Launched(2), Threads(5)];
const SCHEDULES: [&str; 4] = ["dynamic", "block", "guided", "cyclic"];

fn run(ranks: Ranks, line: &str) -> Ended {
    Launch::new(ranks, line).run()
}

fn line(job: &str, file: &Path) -> String {
    format!("{job} --format json --checkpoint {} --checkpoint-interval 200ms", file.display())
}

/// Identifies the save that a file holds.
fn save(file: &Path) -> Option<(u64, i64, i64)> {
    fs::metadata(file).ok().map(|found| (found.ino(), found.mtime(), found.mtime_nsec()))
}

/// Whether a run with a time limit finished. Otherwise it has saved, or reports that the limit was
/// too short for one block.
#[track_caller]
fn is_done(ended: &Ended) -> bool {
    let is_short = ended.code() == 76 && ended.stderr.contains("too short to do one block");
    assert!(is_short || matches!(ended.code(), 0 | 75), "{ended}");
    ended.code() == 0
}

/// Runs the job until it has saved this often, or for a time that grows likewise; returns whether
/// it finished.
fn cut(ranks: Ranks, line: &str, file: &Path, cut: Cut, saves: u64) -> Option<Ended> {
    if let Cut::Timed = cut {
        let ended = run(ranks, &format!("{line} --time-limit {}ms", 500 * saves));
        return is_done(&ended).then_some(ended);
    }
    let mut running = Launch::new(ranks, line).start();
    for _ in 0..saves {
        let before = save(file);
        running.wait_until("another save", || save(file) != before);
    }
    if running.has_ended() {
        return Some(running.finish().expect_code(0));
    }
    match cut {
        Cut::Killed => running.signal(Signal::KILL),
        Cut::RankKilled => {
            let last = running.processes().into_iter().max_by_key(|process| process.rank);
            last.into_iter().for_each(|process| process.signal(Signal::KILL));
        }
        Cut::Signalled(signal) => running.signal(signal),
        Cut::Timed => {}
    }
    let ended = running.finish();
    // mpirun's code when it was told to end; the program's when the signal was passed on.
    match (cut, ranks) {
        (Cut::Signalled(Signal::USR2), _) | (Cut::Signalled(_), Alone | Threads(_)) => {
            assert!([0, 75].contains(&ended.code()), "{ended}")
        }
        _ => {}
    }
    (ended.code() == 0 && !ended.stdout.is_empty()).then_some(ended)
}

#[test]
fn stopped_again_and_again_it_is_the_same_answer() {
    each_at_once(JOBS, |job| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("job.ckpt");
        let expected = run(Threads(2), &format!("{job} --format json")).expect_code(0);
        for (turn, how) in (0..60).zip(CUTS.into_iter().cycle()) {
            let ranks = RANKS[turn % RANKS.len()];
            let line = format!("{} --schedule {}", line(job, &file), SCHEDULES[turn % SCHEDULES.len()]);
            // Longer after each full cycle: a busy machine does little between two saves.
            if let Some(ended) = cut(ranks, &line, &file, how, 1 + turn as u64 / 5) {
                assert!(turn > 0, "it was never stopped: it must be longer");
                assert_eq!(ended.json_result(), expected.json_result(), "turn {turn}");
                return;
            }
        }
        panic!("{job} made no progress in 60 turns");
    });
}

/// The job is about one chunk, and the limit ends within one.
#[test]
fn a_job_shorter_than_its_chunk_gets_on() {
    let job = "primes 2e10 --count 1,2,4 --format json";
    let expected = run(Threads(2), job).expect_code(0);
    each_at_once([Alone, Threads(2), Launched(2), Threads(4)].into_iter().zip(SCHEDULES), |&(ranks, schedule)| {
        let folder = tempfile::tempdir().expect("a folder");
        let line = format!("{job} --schedule {schedule} --checkpoint {}", folder.path().join("job.ckpt").display());
        let mut done = 0;
        // The first limits may end during start-up, whose time depends on the machine; then the
        // program says so.
        for turn in 0..8 {
            let ended = run(ranks, &format!("{line} --time-limit {}ms", 50 << turn));
            match ended.code() {
                0 => break,
                76 => drop(ended.expect_said_once("too short to do one block")),
                _ => {
                    let ended = ended.expect_code(75);
                    let now = ended.json()["result"]["coverage"]["done"].as_u64();
                    assert!(now > Some(done), "{done} blocks, and then {ended}");
                    done = now.unwrap_or_default();
                }
            }
        }
        let ended = run(ranks, &line).expect_code(0);
        assert_eq!(ended.json_result(), expected.json_result());
    });
}

#[test]
fn a_finished_job_is_reported_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    let line = line("primes 1e8 --gaps", &file);
    let expected = run(Threads(3), &line).expect_code(0);
    each(SCHEDULES, |schedule| {
        let again = run(Threads(2), &format!("{line} --schedule {schedule}")).expect_code(0);
        assert_eq!(again.json_result(), expected.json_result());
    });
}

#[test]
fn a_longer_job_goes_on_from_a_finished_one() {
    let cases = [
        ("pi 3e9 --seed 9", "pi 5e9 --seed 9"),
        ("primes 1e14 1e14+1e9 --algorithm sieve", "primes 1e14 1e14+3e9 --algorithm sieve"),
    ];
    each(cases, |(short, long)| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("job.ckpt");
        run(Threads(3), &line(short, &file)).expect_code(0);
        let expected = run(Alone, &format!("{long} --format json")).expect_code(0);
        let extended = run(Threads(2), &line(long, &file)).expect_code(0);
        assert_eq!(extended.json_result(), expected.json_result());
        assert!(extended.stderr.contains("resuming from "), "{extended}");
        // Each run says what it did itself.
        let amount = |ended: &Ended| -> u64 {
            let work = ended.json()["run"]["work"]["amount"].as_str().map(str::to_owned);
            work.expect("digits").parse().expect("an integer")
        };
        let (own, whole) = (amount(&extended), amount(&expected));
        assert!(own > whole / 4 && own < whole * 3 / 4, "{own} of {whole}");
    });
}

#[test]
fn a_folder_that_goes_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("checkpoints");
    fs::create_dir(&place).expect("a folder");
    let file = place.join("job.ckpt");
    let mut running = Launch::new(Launched(2), &line("pi 1e15 --seed 9", &file)).start();
    running.wait_until("a checkpoint", || file.exists());
    fs::rename(&place, folder.path().join("elsewhere")).expect("renamed");
    running.wait_until("a save that goes nowhere", || !file.exists());
    // Some saves are due meanwhile. Then the folder exists again, and the next save succeeds.
    std::thread::sleep(Duration::from_millis(1500));
    fs::create_dir(&place).expect("a folder");
    running.wait_until("another try", || file.exists());
    running.signal(Signal::USR2);
    running.finish().expect_code(75).expect_said_once("cannot write the checkpoint");
}

#[test]
fn a_disk_that_is_full_is_a_warning_but_for_a_part_of_a_job() {
    // No block fits into the file: the system reports that like a full disk, with another error.
    let folder = tempfile::tempdir().expect("a folder");
    let binary =
        std::env::var("MONTESIEVE_TEST_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_montesieve").to_owned());
    for (part, code) in [("", 0), ("--shard 1/3", 1)] {
        let line = format!("pi 1e8 --checkpoint job.ckpt --checkpoint-interval 10ms {part}");
        let script = format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {line}");
        let mut shell = std::process::Command::new("sh");
        // One process, since an MPI library writes files too.
        let launchers = ["OMPI_", "PMIX_", "PRTE_", "MONTESIEVE_"];
        let of_launcher = |name: &str| launchers.iter().any(|launcher| name.starts_with(launcher));
        for (name, _) in std::env::vars().filter(|(name, _)| of_launcher(name)) {
            shell.env_remove(name);
        }
        let ended = shell.args(["-c", &script, &binary]).current_dir(folder.path()).output().expect("a shell");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{said}");
        assert!(!ended.stdout.is_empty(), "{said}");
        assert_eq!(said.matches("cannot write the checkpoint job.ckpt").count(), 1, "{said}");
        assert_eq!(said.matches("not saved").count(), usize::from(code != 0), "{said}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "half a file was left");
    }
}

/// A stop that arrives when some ranks have finished, and one waits for the root's message.
#[test]
fn a_time_limit_at_the_very_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = "primes 1e15 1e15+1e8 --gaps --sum --schedule dynamic --chunk 1";
    let whole = run(Launched(8), &format!("{line} --format json")).expect_code(0);
    let seconds = whole.json()["run"]["seconds"].as_f64().expect("seconds");
    each(0..24, |i| {
        let file = folder.path().join(i.to_string());
        let limit = (seconds * 1e6 * (0.6 + 0.02 * f64::from(*i))) as u64;
        let ranks = if i % 3 == 0 { Launched(8) } else { Threads(8) };
        let ended = run(ranks, &format!("{line} --time-limit {limit}us --checkpoint {}", file.display()));
        is_done(&ended);
    });
}

#[test]
fn what_a_killed_run_left_half_written_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("result.txt");
    let line = format!("pi 1e15 --output {}", file.display());
    let mut running = Launch::new(Launched(2), &line).start();
    let files = || fs::read_dir(folder.path()).expect("a folder").count();
    running.wait_until("a temporary file", || files() > 0);
    running.signal(Signal::KILL);
    running.finish().expect_failure();
    assert_eq!(files(), 1, "the temporary file of the killed run");
    run(Threads(2), &format!("pi 1e6 --output {}", file.display())).expect_code(0);
    let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.path()).collect();
    assert_eq!(left, [file]);
}

#[test]
fn a_rank_that_hangs_is_named_and_the_work_saved() {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name").trim().to_owned();
    for rank in [2, 0] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("job.ckpt");
        let line = format!("pi 1e15 --seed 9 --stall-timeout 5s --checkpoint {}", file.display());
        let mut running = Launch::new(Launched(4), &format!("{line} --checkpoint-interval 500ms")).start();
        running.wait_until_at_work();
        running.wait_until("a checkpoint", || file.exists());
        let stopped = running.processes().into_iter().find(|process| process.rank == Some(rank)).expect("the rank");
        stopped.signal(Signal::STOP);
        let ended = running.finish().expect_failure();
        let said = format!("rank {rank} on {host} has not been heard of for 5s (--stall-timeout)");
        assert!(ended.stderr.contains(&said), "{ended}");
        assert_eq!(ended.stderr.contains("what is done is saved"), rank != 0, "{ended}");
        let resumed = run(Alone, &format!("{line} --time-limit 500ms")).expect_code(75);
        assert!(resumed.stderr.contains("resuming from "), "{resumed}");
    }
}

#[test]
fn the_schedulers_end_is_a_time_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    let line = format!("pi 1e15 --time-limit auto --checkpoint {}", file.display());
    let end = std::time::SystemTime::now() + Duration::from_secs(2);
    let end = end.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs().to_string();
    let job = Launch::new(Launched(2), &line).env("SLURM_JOB_ID", "17").env("SLURM_JOB_END_TIME", &end);
    let ended = job.run().expect_code(75);
    assert!(ended.stderr.contains("stopped by --time-limit"), "{ended}");
    // No scheduler, and a scheduler whose command is missing.
    run(Threads(2), &line).expect_code(2).expect_told_once("no scheduler is in sight");
    let mute = Launch::new(Threads(2), &line).env("LSB_JOBID", "17").run();
    mute.expect_code(2).expect_told_once("LSF does not say when job 17 ends");
}

#[test]
fn sigusr1_saves_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    let line = format!("pi 1e15 --seed 9 --checkpoint {} --checkpoint-interval 1h", file.display());
    let mut running = Launch::new(Launched(2), &line).start();
    running.wait_until_at_work();
    assert!(!file.exists());
    running.signal(Signal::USR1);
    running.wait_until("a checkpoint", || file.exists());
    running.signal(Signal::USR2);
    let ended = running.finish().expect_code(75);
    assert!(ended.stderr.contains("stopped by SIGUSR2") && ended.stderr.contains("saved in"), "{ended}");
}

#[test]
fn the_code_for_a_requeue_is_the_users() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    let line = format!("pi 1e15 --checkpoint {} --time-limit 1s --requeue-exit-code 99", file.display());
    run(Launched(2), &line).expect_code(99);
}
