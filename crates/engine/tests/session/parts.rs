//! Parts of a job: shares, each with a file, that form the whole; and rounds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use montesieve_engine::rounds::{growing, totals_of_prefixes};
use montesieve_engine::unite::UniteError;
use montesieve_engine::{Error, JobPart, Session, StopCause};

use super::{Blocks, List, RANKS, all, folder, list, refusal, save};

#[test]
fn shares_unite_to_the_whole() {
    for ranks in RANKS {
        let folder = folder();
        let job = list(50);
        let files: Vec<PathBuf> = (0..7).map(|index| folder.path().join(format!("{index}.ckpt"))).collect();
        for (index, path) in (0..).zip(&files) {
            let share = JobPart { index, of: 7 };
            let part = Session::on_threads(ranks, |session| session.checkpoint(path).part(share).run(&job));
            let part = part.expect("it runs");
            assert_eq!((part.done, part.cause), (share.span(50).len(), Some(StopCause::PartDone)));
        }
        let whole = Session::on_threads(ranks, |session| session.unite(&job, &files)).expect("all are there");
        assert_eq!((whole.total, whole.done, whole.account.profiles.len() as u64), (all(50), 50, ranks));

        let error = refusal(ranks, |session| session.unite(&job, &files[1..]).map(drop));
        let Error::Unite(UniteError::Missing(said)) = error else { panic!("{error}") };
        assert_eq!(said, "7 of 50 blocks are not in any of the files: 0..7 (no file is of part 1/7)");
        let doubled: Vec<PathBuf> = files.iter().chain(&files[3..4]).cloned().collect();
        let error = refusal(ranks, |session| session.unite(&job, &doubled).map(drop));
        let Error::Unite(UniteError::Twice(said)) = error else { panic!("{error}") };
        assert!(said.starts_with("part 4/7 is duplicated: "), "{said}");
        let other = List { kind: "another list", ..job };
        let error = refusal(ranks, |session| session.unite(&other, &files).map(drop));
        assert!(matches!(error, Error::Unite(UniteError::File(ref error)) if error.is_misuse()), "{error}");
    }
}

/// Runs rounds until 37 blocks are enough; returns the blocks of the last round, its total, and the
/// totals of the prefixes.
fn rounds(ranks: u64, job: &List, path: Option<&Path>) -> (u64, Option<Blocks>, Vec<(u64, Blocks)>) {
    let (outcome, prefixes) = Session::on_threads(ranks, |session| {
        let session = path.into_iter().fold(session, Session::checkpoint);
        session.run_until(job, growing(16), |part, total| {
            assert_eq!(total.map(|total| total.0), Some(part.blocks));
            part.blocks >= 37
        })
    })
    .expect("it runs");
    assert!(outcome.is_complete());
    let prefixes = totals_of_prefixes(&prefixes, outcome.done);
    (outcome.blocks, outcome.total, prefixes)
}

#[test]
fn rounds_end_at_the_same_block_on_any_number_of_ranks() {
    let prefixes: Vec<_> = [1, 2, 4, 8, 16, 32].into_iter().filter_map(|n| Some((n, all(n)?))).collect();
    for ranks in RANKS {
        assert_eq!(
            rounds(ranks, &list(100), None),
            (42, all(42), prefixes.clone()),
            "16, 20, 24, 29, 35, 42 on {ranks}"
        );
        assert_eq!(rounds(ranks, &list(30), None), (30, all(30), prefixes[..5].to_vec()), "all blocks on {ranks}");
    }
}

#[test]
fn rounds_that_resume_end_there_too_and_compute_nothing_again() {
    for ranks in RANKS {
        let folder = folder();
        let path = folder.path().join("list.ckpt");
        let whole = rounds(ranks, &list(100), Some(&path));
        assert_eq!(whole.0, 42);
        // Finished: nothing is left to do.
        let done = List { done_from: 0, ..list(100) };
        assert_eq!(rounds(ranks, &done, Some(&path)), whole);
        // Stopped within the third round.
        let path = folder.path().join("stopped.ckpt");
        save(&path, &list(22), JobPart { index: 0, of: 1 });
        assert_eq!(rounds(ranks, &list(100), Some(&path)), whole);
    }
}

#[test]
fn a_stop_ends_the_rounds() {
    let job = List { sleep: Duration::from_millis(2), ..list(1000) };
    for ranks in RANKS {
        let (outcome, _) = Session::on_threads(ranks, |session| {
            session.time_limit(Duration::from_millis(50)).run_until(&job, growing(16), |_, _| false)
        })
        .expect("it runs");
        assert!(outcome.done < 1000);
        assert_eq!(outcome.cause, Some(StopCause::TimeLimit));
        assert!(outcome.account.jobs >= 1);
    }
}
