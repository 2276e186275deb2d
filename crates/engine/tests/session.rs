//! What a session adds to a run, on 1, 2, 3, 5 and 8 ranks that are threads: its checkpoint is
//! loaded and saved, files of other jobs are refused on every rank, shares unite to the whole, and
//! rounds end at the same block.
//!
//! Stands beside `ranks`, whose runs are given what is done.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use montesieve_engine::checkpoint::{LoadError, before, load_alone};
use montesieve_engine::rounds::{Shorten, growing, totals_at_powers};
use montesieve_engine::transport::Transport;
use montesieve_engine::unite::UniteError;
use montesieve_engine::{
    Cause, Error, Identity, Job, Ledger, Notice, Outcome, Pulse, Schedule, Session, Share, Span, threads,
};

const RANKS: [u64; 5] = [1, 2, 3, 5, 8];

/// The blocks themselves, in order, and their number: what is lost, doubled or out of order shows.
#[derive(Clone)]
struct List {
    kind: &'static str,
    blocks: u64,
    /// For each block.
    sleep: Duration,
    /// Blocks from here on are done, and must not be computed.
    done_from: u64,
}

fn list(blocks: u64) -> List {
    List { kind: "list", blocks, sleep: Duration::ZERO, done_from: u64::MAX }
}

type Blocks = (u64, Vec<u64>);

fn all(blocks: u64) -> Option<Blocks> {
    Some((blocks, (0..blocks).collect()))
}

impl Job for List {
    type Tally = Blocks;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        Some(Identity::new(self.kind, self.blocks))
    }

    fn check(&self, span: Span, (count, blocks): &Blocks) -> Result<(), String> {
        let is_right = *count == span.len() && blocks.iter().copied().eq(span.first..span.end);
        if is_right { Ok(()) } else { Err("blocks are not in order".into()) }
    }

    fn has_a_way(&self) -> bool {
        true
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), pulse: Pulse<'_>) -> ControlFlow<(), Blocks> {
        for block in span.first..span.end {
            assert!(block < self.done_from, "block {block} is computed again");
            std::thread::sleep(self.sleep);
            pulse()?;
        }
        ControlFlow::Continue((span.len(), (span.first..span.end).collect()))
    }
}

impl Shorten for List {
    fn shortened(&self, blocks: u64) -> List {
        List { blocks, ..self.clone() }
    }
}

/// What a session says while it loads.
#[derive(Clone, Default)]
struct Notices(Arc<Mutex<Vec<Notice>>>);

impl Notices {
    fn tell(&self) -> impl Fn(Notice) + Send + Sync + 'static {
        let notices = Arc::clone(&self.0);
        move |notice| notices.lock().expect("no panic").push(notice)
    }

    fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Does a part of the job, so that a file has it.
fn save(path: &Path, job: &List, share: Share) {
    let outcome = Session::on_threads(2, |session| session.checkpoint(path).share(share).run(job)).expect("it runs");
    assert!(outcome.account.saved && outcome.done >= share.span(job.blocks).len());
}

fn saved(path: &Path, job: &List) -> Vec<Span> {
    let ledger = load_alone(path, job, &job.identity().expect("it is kept")).expect("a checkpoint");
    let mut whole = Ledger::new();
    whole.absorb(ledger).expect("disjoint");
    whole.spans().map(|(span, _)| span).collect()
}

#[test]
fn a_checkpoint_is_loaded_and_saved() {
    let slow = List { sleep: Duration::from_millis(1), ..list(300) };
    for ranks in RANKS {
        for schedule in Schedule::ALL {
            let folder = folder();
            let path = folder.path().join("list.ckpt");
            let notices = Notices::default();
            let mut runs = 0;
            let last: Outcome<Blocks> = loop {
                let outcome = Session::on_threads(ranks, |session| {
                    let session = session.schedule(schedule).checkpoint(&path).notices(notices.tell());
                    session.time_limit(Duration::from_millis(40)).run(&slow)
                });
                let outcome = outcome.expect("it runs");
                assert!(outcome.account.saved, "{schedule:?} on {ranks}");
                runs += 1;
                let resumed: Vec<Notice> = notices.take();
                assert_eq!(resumed.len(), usize::from(runs > 1), "{resumed:?}");
                if outcome.is_complete() {
                    break outcome;
                }
                assert_eq!(outcome.cause, Some(Cause::TimeLimit));
                assert!(runs < 300, "no run gets on");
            };
            assert_eq!(last.total, all(300));
            assert_eq!(saved(&path, &slow), [Span::new(0, 300)]);
            // Nothing is computed again, neither by this run nor on another number of ranks.
            let done = List { done_from: 0, ..slow.clone() };
            let again = Session::on_threads(3, |session| session.checkpoint(&path).notices(notices.tell()).run(&done));
            assert_eq!(again.expect("it runs").total, all(300));
            assert_eq!(notices.take(), [Notice::Resumes { done: 300, blocks: 300 }]);
        }
    }
}

#[test]
fn without_a_checkpoint_nothing_is_written() {
    let outcome = Session::on_threads(3, |session| session.chunk(7).run(&list(100))).expect("it runs");
    assert_eq!((outcome.total, outcome.account.saved, outcome.account.chunk), (all(100), false, 7));
}

/// The error of the root, after all ranks got theirs and were at the same place.
fn refusal(ranks: u64, run: impl Fn(Session<'_>) -> montesieve_engine::Result<()> + Sync) -> Error {
    let results = threads::run(ranks, |transport| {
        let refused = run(Session::new(transport)).expect_err("refused");
        assert_eq!(transport.max(transport.rank()), Ok(ranks - 1), "the ranks are still together");
        refused
    });
    let mut errors = results.into_iter();
    let Some(Error::AtRoot(Some(error))) = errors.next() else { panic!("the root knows why") };
    assert!(errors.all(|error| matches!(error, Error::AtRoot(None))));
    *error
}

#[test]
fn the_file_of_another_job_is_refused_and_kept() {
    let folder = folder();
    let path = folder.path().join("list.ckpt");
    save(&path, &list(20), Share { index: 0, of: 2 });
    let bytes = fs::read(&path).expect("a file");
    let other = List { kind: "another list", ..list(20) };
    for ranks in RANKS {
        let error = refusal(ranks, |session| session.checkpoint(&path).run(&other).map(drop));
        let Error::Checkpoint(error) = error else { panic!("{error}") };
        assert!(error.is_misuse());
        let said = format!("{} is a checkpoint of `list`, and this is `another list`", path.display());
        assert_eq!(error.to_string(), said);
        assert_eq!(fs::read(&path).expect("a file"), bytes, "it is untouched");
    }
    // A longer job of the same kind resumes.
    let outcome = Session::on_threads(2, |session| session.checkpoint(&path).run(&list(30))).expect("it runs");
    assert_eq!(outcome.total, all(30));
}

#[test]
fn a_file_to_resume_from_must_exist_unless_the_checkpoint_does() {
    let folder = folder();
    let [checkpoint, resume] = ["new.ckpt", "old.ckpt"].map(|name| folder.path().join(name));
    for ranks in RANKS {
        let error = refusal(ranks, |session| session.checkpoint(&checkpoint).resume(&resume).run(&list(9)).map(drop));
        assert!(matches!(error, Error::Checkpoint(LoadError::Absent { .. })), "{error}");
        assert_eq!(error.to_string(), format!("there is no {}", resume.display()));
    }
    save(&checkpoint, &list(9), Share { index: 1, of: 3 });
    let outcome = Session::on_threads(2, |session| session.checkpoint(&checkpoint).resume(&resume).run(&list(9)));
    assert_eq!(outcome.expect("it runs").total, all(9));
}

#[test]
fn two_files_count_together_and_one_is_saved_to() {
    for ranks in RANKS {
        let folder = folder();
        let [checkpoint, resume] = ["new.ckpt", "old.ckpt"].map(|name| folder.path().join(name));
        save(&resume, &list(40), Share { index: 0, of: 2 });
        save(&checkpoint, &list(40), Share { index: 1, of: 4 });
        let old = fs::read(&resume).expect("a file");
        let notices = Notices::default();
        let job = List { done_from: 30, ..list(40) };
        let run = |share, job: &List| {
            Session::on_threads(ranks, |session| {
                let session = session.resume(&resume).checkpoint(&checkpoint).notices(notices.tell());
                session.share(share).run(job)
            })
        };
        // The checkpoint has 10..20 only, which the other file has, too: 20..30 is left to do.
        let third = run(Share { index: 2, of: 4 }, &job).expect("it runs");
        assert_eq!((third.done, notices.take()), (30, vec![Notice::Resumes { done: 20, blocks: 40 }]));
        assert_eq!(fs::read(&resume).expect("a file"), old, "it is only read");
        assert_eq!(saved(&checkpoint, &job), [Span::new(0, 30)]);
        let whole = run(Share { index: 0, of: 1 }, &list(40)).expect("it runs");
        assert_eq!((whole.total, notices.take()), (all(40), vec![Notice::Resumes { done: 30, blocks: 40 }]));
    }
}

#[test]
fn a_file_that_is_resumed_from_alone_is_saved_to() {
    let folder = folder();
    let path = folder.path().join("list.ckpt");
    save(&path, &list(40), Share { index: 0, of: 2 });
    let outcome = Session::on_threads(3, |session| session.resume(&path).run(&list(40))).expect("it runs");
    assert_eq!(outcome.total, all(40));
    assert_eq!(saved(&path, &list(40)), [Span::new(0, 40)]);
    let writer = threads::run(1, |transport| Session::new(transport).resume(&path).previous_identity());
    assert_eq!(writer[0].as_ref().map(|identity| identity.kind.as_str()), Some("list"));
}

#[test]
fn a_damaged_file_falls_back_to_the_save_before_where_that_is_allowed() {
    let folder = folder();
    let path = folder.path().join("list.ckpt");
    save(&path, &list(40), Share { index: 0, of: 2 });
    save(&path, &list(40), Share { index: 2, of: 4 });
    assert!(before(&path).is_file());
    let mut bytes = fs::read(&path).expect("a file");
    *bytes.last_mut().expect("some bytes") ^= 1;
    fs::write(&path, bytes).expect("written");
    for ranks in RANKS {
        let error = refusal(ranks, |session| session.checkpoint(&path).run(&list(40)).map(drop));
        assert!(matches!(error, Error::Checkpoint(LoadError::Refused { spare: Some(_), .. })), "{error}");
    }
    let notices = Notices::default();
    let outcome = Session::on_threads(2, |session| {
        session.checkpoint(&path).fall_back(true).notices(notices.tell()).run(&list(40))
    });
    assert_eq!(outcome.expect("it runs").total, all(40));
    let [Notice::Instead(_), Notice::Resumes { done: 20, .. }] = notices.take()[..] else { panic!("not two notices") };
}

#[test]
fn one_session_has_a_checkpoint_at_a_time() {
    let folder = folder();
    let path = folder.path().join("list.ckpt");
    threads::run(1, |transport| {
        let held = Session::new(transport).checkpoint(&path);
        held.claim().expect("it is free");
        held.claim().expect("it is ours");
        let error = Session::new(transport).checkpoint(&path).claim().expect_err("it is taken");
        let Error::AtRoot(Some(error)) = error else { panic!("{error}") };
        assert!(matches!(*error, Error::Checkpoint(LoadError::InUse { .. })), "{error}");
        Session::new(transport).checkpoint(&path).lock_may_be_held(true).claim().expect("it may be held");
        drop(held);
        Session::new(transport).checkpoint(&path).claim().expect("it is free again");
    });
}

#[test]
fn shares_unite_to_the_whole() {
    for ranks in RANKS {
        let folder = folder();
        let job = list(50);
        let files: Vec<PathBuf> = (0..7).map(|index| folder.path().join(format!("{index}.ckpt"))).collect();
        for (index, path) in (0..).zip(&files) {
            let share = Share { index, of: 7 };
            let part = Session::on_threads(ranks, |session| session.checkpoint(path).share(share).run(&job));
            let part = part.expect("it runs");
            assert_eq!((part.done, part.cause), (share.span(50).len(), Some(Cause::ShareDone)));
        }
        let whole = Session::on_threads(ranks, |session| session.unite(&job, &files)).expect("all are there");
        assert_eq!((whole.total, whole.done, whole.account.profiles.len() as u64), (all(50), 50, ranks));

        let error = refusal(ranks, |session| session.unite(&job, &files[1..]).map(drop));
        let Error::Unite(UniteError::Missing(said)) = error else { panic!("{error}") };
        assert_eq!(said, "7 of 50 blocks are not in any of the files: 0..7 (no file is of part 1/7)");
        let doubled: Vec<PathBuf> = files.iter().chain(&files[3..4]).cloned().collect();
        let error = refusal(ranks, |session| session.unite(&job, &doubled).map(drop));
        let Error::Unite(UniteError::Twice(said)) = error else { panic!("{error}") };
        assert!(said.starts_with("part 4/7 is there twice: "), "{said}");
        let other = List { kind: "another list", ..job };
        let error = refusal(ranks, |session| session.unite(&other, &files).map(drop));
        assert!(matches!(error, Error::Unite(UniteError::File(ref error)) if error.is_misuse()), "{error}");
    }
}

/// Runs rounds until 37 blocks are enough; the blocks of the last round, its total, and the totals
/// on the way there.
fn rounds(ranks: u64, job: &List, path: Option<&Path>) -> (u64, Option<Blocks>, Vec<(u64, Blocks)>) {
    let (outcome, way) = Session::on_threads(ranks, |session| {
        let session = path.into_iter().fold(session, Session::checkpoint);
        session.run_until(job, growing(16), |part, total| {
            assert_eq!(total.map(|total| total.0), Some(part.blocks));
            part.blocks >= 37
        })
    })
    .expect("it runs");
    assert!(outcome.is_complete());
    let way = totals_at_powers(&way, outcome.done);
    (outcome.blocks, outcome.total, way)
}

#[test]
fn rounds_end_at_the_same_block_on_any_number_of_ranks() {
    let way: Vec<_> = [1, 2, 4, 8, 16, 32].into_iter().filter_map(|n| Some((n, all(n)?))).collect();
    for ranks in RANKS {
        assert_eq!(rounds(ranks, &list(100), None), (42, all(42), way.clone()), "16, 20, 24, 29, 35, 42 on {ranks}");
        assert_eq!(rounds(ranks, &list(30), None), (30, all(30), way[..5].to_vec()), "all blocks on {ranks}");
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
        save(&path, &list(22), Share { index: 0, of: 1 });
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
        assert_eq!(outcome.cause, Some(Cause::TimeLimit));
        assert!(outcome.account.jobs >= 1);
    }
}

#[test]
fn an_error_on_one_rank_ends_all() {
    /// Fails on rank 1, by what it exchanges between ranks.
    struct Failing(u64);

    impl Job for Failing {
        type Tally = ();
        type Workspace = ();

        fn blocks(&self) -> u64 {
            1000
        }

        fn attend(&self) -> Result<(), montesieve_engine::JobError> {
            if self.0 == 1 { Err("no more paper".into()) } else { Ok(()) }
        }

        fn workspace(&self) {}

        fn compute(&self, _: Span, (): &mut (), _: Pulse<'_>) -> ControlFlow<()> {
            std::thread::sleep(Duration::from_millis(1));
            ControlFlow::Continue(())
        }
    }

    for ranks in [2, 3, 5, 8] {
        let number = std::sync::atomic::AtomicU64::new(0);
        let failed = Session::on_threads(ranks, |session| {
            let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            session.run(&Failing(number))
        });
        let error = failed.expect_err("one rank fails");
        assert_eq!(error.to_string(), "no more paper", "and not that a rank was lost");
    }
}
