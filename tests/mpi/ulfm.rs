//! Ranks that die while the others continue: any rank, including the root, several at once, one
//! after the other; the same bytes, exit code 0.
//!
//! Needs an MPI built with fault tolerance, and flags that enable it: `MONTESIEVE_ULFM_FLAGS`,
//! which `scripts/test --mpi openmpi5` sets. Without the variable these tests do nothing and say
//! so; with it, an MPI that does not survive losses is a failure.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::ended::Ended;
use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};
use super::running::Running;

/// Jobs that take the release program seconds on two quiet cores: longer than the kills take.
const JOBS: [&str; 4] = [
    "pi 1.2e11 --seed 9",
    "integrate genz-gaussian 3e9 --seed 3",
    "primes 1e11 --count 1,2,4 --algorithm sieve",
    "primes 1e15 1e15+6e9 --gaps --sum",
];
const STAGES: [&str; 5] = ["start", "scatter", "compute", "reduce", "report"];

/// A launch of `ranks` ranks that may die, if these tests are enabled.
fn launch(ranks: usize, line: &str) -> Option<Launch> {
    let Ok(flags) = std::env::var("MONTESIEVE_ULFM_FLAGS") else {
        eprintln!("not asked for: MONTESIEVE_ULFM_FLAGS is not set (scripts/test --mpi openmpi5 sets it)");
        return None;
    };
    Some(Launch::new(Launched(ranks), line).flags(&flags))
}

fn json(line: &str) -> String {
    format!("{line} --format json")
}

/// The result of an undisturbed process.
fn undisturbed(line: &str) -> Ended {
    Launch::new(Alone, &json(line)).run().expect_code(0)
}

/// The launch succeeded with this answer, without these ranks.
#[track_caller]
fn expect_survived(ended: Ended, undisturbed: &Ended, lost: &[usize]) {
    let ended = ended.expect_code(0);
    assert_eq!(ended.json_result(), undisturbed.json_result(), "{ended}");
    let run = &ended.json()["run"];
    let said = run["lost"].as_array().map(Vec::as_slice).unwrap_or_default();
    let said: BTreeSet<u64> = said.iter().filter_map(|lost| lost["rank"].as_u64()).collect();
    assert_eq!(said, lost.iter().map(|&rank| rank as u64).collect(), "{ended}");
}

fn kill(running: &Running, ranks: &[usize]) {
    let those =
        running.processes().into_iter().filter(|process| process.rank.is_some_and(|rank| ranks.contains(&rank)));
    those.for_each(|process| process.signal(Signal::KILL));
}

#[test]
fn any_rank_at_any_stage() {
    let expected = launch(1, "").map(|_| undisturbed("pi 1e8"));
    each(STAGES.into_iter().flat_map(|stage| [0, 2].map(|rank| (stage, rank))), |&(stage, rank)| {
        if let Some((launch, expected)) = launch(4, &json("pi 1e8")).zip(expected.as_ref()) {
            expect_survived(launch.env("MONTESIEVE_FAULT", &format!("kill@{stage}#{rank}")).run(), expected, &[rank]);
        }
    });
}

#[test]
fn several_at_once_and_one_after_the_other() {
    each(JOBS, |job| {
        let Some(launch) = launch(5, &json(job)) else { return };
        let mut running = launch.start();
        running.wait_until_at_work();
        kill(&running, &[0]);
        thread::sleep(Duration::from_millis(300));
        kill(&running, &[2]);
        expect_survived(running.finish(), &undisturbed(job), &[0, 2]);
    });
    each(JOBS, |job| {
        let Some(launch) = launch(8, &json(job)) else { return };
        let mut running = launch.start();
        running.wait_until_at_work();
        kill(&running, &[0, 1, 6]);
        expect_survived(running.finish(), &undisturbed(job), &[0, 1, 6]);
    });
}

#[test]
fn jobs_of_several_rounds() {
    each(
        ["pi 1e9 --target-error 2e-5", "integrate genz-gaussian 3e7 --target-error 1e-5r --seed 3", "primes --nth 1e8"],
        |job| {
            for (stage, rank) in [("compute", 0), ("reduce", 2), ("report", 1)] {
                let Some(launch) = launch(4, &json(job)) else { return };
                let whole = Launch::new(Alone, &json(job)).run();
                let ended = launch.env("MONTESIEVE_FAULT", &format!("kill@{stage}#{rank}")).run();
                assert_eq!((ended.code(), ended.json_result()), (whole.code(), whole.json_result()), "{ended}");
            }
        },
    );
}

#[test]
fn a_checkpoint_is_written_by_the_next_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt");
    let line = format!("{} --checkpoint {} --checkpoint-interval 200ms", JOBS[0], file.display());
    let Some(first) = launch(4, &json(&line)) else { return };
    let expected = undisturbed(JOBS[0]);
    first.word("--time-limit").word("1s").run().expect_code(75);
    let Some(second) = launch(4, &json(&line)) else { return };
    let mut running = second.start();
    running.wait_until_at_work();
    kill(&running, &[0]);
    expect_survived(running.finish(), &expected, &[0]);
    let again = Launch::new(Launched(2), &json(&line)).run().expect_code(0);
    assert_eq!(again.json_result(), expected.json_result());
    assert_eq!(again.json()["run"]["blocks"].as_array().map(|blocks| blocks.iter().all(|n| *n == 0)), Some(true));
}

#[test]
fn most_of_the_ranks_must_be_left() {
    let Some(launch) = launch(4, "pi 1e15") else { return };
    let mut running = launch.start();
    running.wait_until_at_work();
    kill(&running, &[0, 3]);
    running.finish().expect_code(1).expect_told_once("too few ranks are left to continue");
}

#[test]
fn what_cannot_begin_again_ends() {
    for (line, stage) in
        [("primes 1e10 --print --output /dev/null", "compute"), ("isprime 2305843009213693951", "start")]
    {
        each([0, 2], |rank| {
            let Some(launch) = launch(4, line) else { return };
            let ended = launch.env("MONTESIEVE_FAULT", &format!("kill@{stage}#{rank}")).run().expect_code(1);
            ended.expect_said_once("this command cannot restart");
        });
    }
}

#[test]
fn faults_of_the_program_are_no_losses() {
    each(["panic", "error"], |kind| {
        for stage in STAGES {
            let Some(launch) = launch(4, "pi 1e8") else { return };
            let ended = launch.env("MONTESIEVE_FAULT", &format!("{kind}@{stage}#2")).run().expect_code(1);
            assert_eq!(ended.stderr.matches("injected").count(), 1, "{ended}");
            assert!(ended.stdout.is_empty(), "{ended}");
        }
    });
}

/// The launcher of Open MPI 5.0.11 may hang when many processes of such a job end with an exit
/// code, so only one does.
#[test]
fn bad_ends_of_many_ranks_are_ends() {
    for (line, fault, code) in [
        ("primes 10 5", "", 2),
        ("pi 1e15 --time-limit 300ms", "", 76),
        ("pi 1e15", "error@compute#2", 1),
        ("pi 1e15", "panic@compute#0", 1),
        ("isprime 2305843009213693951", "kill@start#0", 1),
    ] {
        each(0..2, |_| {
            let Some(launch) = launch(16, line) else { return };
            launch.env("MONTESIEVE_FAULT", fault).run().expect_code(code);
        });
    }
}

#[test]
fn a_rank_that_hangs_is_still_the_end() {
    let Some(launch) = launch(3, "pi 1e15 --stall-timeout 5s") else { return };
    let mut running = launch.start();
    running.wait_until_at_work();
    let hung = running.processes().into_iter().find(|process| process.rank == Some(1)).expect("the rank");
    hung.signal(Signal::STOP);
    let ended = running.finish().expect_failure();
    assert!(ended.stderr.contains("has not been heard of for 5s"), "{ended}");
}
