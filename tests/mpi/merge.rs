//! Parts of a job, and `merge`: combines checkpoints, and checks that no block is missing or
//! duplicated.

use super::ended::Ended;
use super::launch::Launch;
use super::launch::Ranks::{self, Alone, Threads};

fn run(ranks: Ranks, line: &str) -> Ended {
    Launch::new(ranks, line).run()
}

#[test]
fn parts_merge_to_the_whole() {
    for job in
        ["primes 4e8 --gaps=all --count 1,2,3 --sum --digest", "pi 1e9 --seed 9", "primes 1e14 1e14+6e8 --count 1,2"]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let part = |i: usize| folder.path().join(format!("part {i}")).display().to_string();
        let expected = run(Alone, &format!("{job} --format json")).expect_code(0);
        for (i, ranks) in [Threads(1), Threads(3), Alone].into_iter().enumerate() {
            let shard = format!("{job} --shard {}/3", i + 1);
            let ended = Launch::new(ranks, &shard).word("--checkpoint").word(&part(i)).run().expect_code(0);
            assert!(ended.stderr.contains("this part of the job is done"), "{ended}");
        }
        let merge = |files: &[usize], ranks: Ranks| {
            files.iter().fold(Launch::new(ranks, "merge --format json"), |launch, &i| launch.word(&part(i))).run()
        };
        for ranks in [Alone, Threads(2)] {
            let merged = merge(&[2, 0, 1], ranks).expect_code(0);
            assert_eq!(merged.json_result(), expected.json_result());
        }
        merge(&[0, 2], Threads(2)).expect_code(1).expect_told_once("no file is of part 2/3");
        merge(&[0, 1, 1, 2], Threads(2)).expect_code(1).expect_told_once("part 2/3 is duplicated: blocks ");
    }
}

#[test]
fn a_job_array_says_which_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<String> = (0..4).map(|task| folder.path().join(task.to_string()).display().to_string()).collect();
    for (task, file) in files.iter().enumerate() {
        Launch::new(Threads(2), &format!("pi 1e9 --shard auto --checkpoint {file}"))
            .env("SLURM_ARRAY_TASK_ID", &task.to_string())
            .env("SLURM_ARRAY_TASK_MIN", "0")
            .env("SLURM_ARRAY_TASK_MAX", "3")
            .run()
            .expect_code(0);
    }
    let merged = run(Alone, &format!("merge {}", files.join(" "))).expect_code(0);
    assert_eq!(merged.stdout, run(Alone, "pi 1e9").expect_code(0).stdout);
    assert!(!merged.stderr.contains("/s\n"), "no rate where nothing was computed: {}", merged.stderr);
    // Task 3 submitted again alone: the scheduler knows no other task, so the user must give the
    // number of parts.
    let alone = |shard: &str| {
        Launch::new(Threads(2), &format!("pi 1e9 --shard {shard} --checkpoint {}", files[2]))
            .env("SLURM_ARRAY_TASK_ID", "3")
            .env("SLURM_ARRAY_TASK_MIN", "3")
            .env("SLURM_ARRAY_TASK_MAX", "3")
            .run()
    };
    alone("auto").expect_code(2).expect_told_once("write --shard auto/N for task 3 of N");
    alone("auto/4").expect_code(0);
    run(Threads(2), "pi 1e9 --shard auto --checkpoint x").expect_code(2).expect_told_once("no scheduler says");
    // Where it ends depends on all parts.
    run(Threads(2), "pi --target-error 1e-4 --shard 1/2 --checkpoint x")
        .expect_code(2)
        .expect_told_once("'--target-error <E>' cannot be used with '--shard <I/N|auto/N|auto>'");
}

#[test]
fn a_part_that_is_not_finished_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |i: usize| folder.path().join(i.to_string()).display().to_string();
    run(Alone, &format!("pi 1e9 --shard 1/2 --checkpoint {}", file(1))).expect_code(0);
    let long = format!("pi 1e13 --shard 2/2 --time-limit 500ms --checkpoint {}", file(2));
    run(Alone, &long).expect_code(75);
    run(Threads(2), &format!("merge {}", file(2))).expect_code(1).expect_told_once("not finished: part 2/2 in ");
    // Two lengths, and so two jobs.
    run(Alone, &format!("merge {} {}", file(1), file(2))).expect_failure();
}

/// A command line in a file is not executed: its output files stay unchanged, and results without
/// blocks as proof are refused.
#[test]
fn merge_proves_and_does_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (trace, plot, file) = (at("trace.csv"), at("plot.svg"), at("job.ckpt"));
    let line = format!("pi 1e8 --seed 9 --trace {trace} --plot {plot} --checkpoint {file}");
    let expected = run(Threads(2), &line).expect_code(0);
    for place in [&trace, &plot] {
        std::fs::write(place, "mine").expect("written");
    }
    for ranks in [Alone, Threads(2)] {
        let merged = run(ranks, &format!("merge {file}")).expect_code(0);
        assert_eq!(merged.stdout, expected.stdout);
    }
    for place in [&trace, &plot] {
        assert_eq!(std::fs::read(place).expect("there"), b"mine");
    }
    let small = at("isprime.ckpt");
    let divided = run(Alone, &format!("isprime 1000000007 --method trial --checkpoint {small}")).expect_code(0);
    assert_eq!(run(Alone, &format!("merge {small}")).expect_code(0).stdout, divided.stdout);
    run(Threads(2), &format!("merge {file} --output {file}")).expect_code(2).expect_told_once("are the same file");
}
