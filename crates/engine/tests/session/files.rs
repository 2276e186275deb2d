//! Checkpoints: loaded, saved, combined from two files, locked, refused.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use montesieve_engine::checkpoint::{LoadError, before, load_alone};
use montesieve_engine::disk::FileSystem;
use montesieve_engine::{Error, Job, JobPart, Ledger, Notice, Outcome, Schedule, Session, Span, StopCause, threads};

use super::{Blocks, List, RANKS, all, folder, list, refusal, save};

/// The notices of a session while it loads.
#[derive(Clone, Default)]
struct Notices(Arc<Mutex<Vec<Notice>>>);

impl Notices {
    fn recorder(&self) -> impl Fn(Notice) + Send + Sync + 'static {
        let notices = Arc::clone(&self.0);
        move |notice| notices.lock().expect("no panic").push(notice)
    }

    fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

fn saved(path: &Path, job: &List) -> Vec<Span> {
    let ledger = load_alone(&FileSystem, path, job, &job.identity().expect("it is kept")).expect("a checkpoint");
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
                    let session = session.schedule(schedule).checkpoint(&path).notices(notices.recorder());
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
                assert_eq!(outcome.cause, Some(StopCause::TimeLimit));
                assert!(runs < 300, "no run gets on");
            };
            assert_eq!(last.total, all(300));
            assert_eq!(saved(&path, &slow), [Span::new(0, 300)]);
            // No block is computed again, by this run or on another number of ranks.
            let done = List { done_from: 0, ..slow.clone() };
            let again =
                Session::on_threads(3, |session| session.checkpoint(&path).notices(notices.recorder()).run(&done));
            assert_eq!(again.expect("it runs").total, all(300));
            assert_eq!(notices.take(), [Notice::Resumes { done: 300, blocks: 300 }]);
        }
    }
}

#[test]
fn the_file_of_another_job_is_refused_and_kept() {
    let folder = folder();
    let path = folder.path().join("list.ckpt");
    save(&path, &list(20), JobPart { index: 0, of: 2 });
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
    save(&checkpoint, &list(9), JobPart { index: 1, of: 3 });
    let outcome = Session::on_threads(2, |session| session.checkpoint(&checkpoint).resume(&resume).run(&list(9)));
    assert_eq!(outcome.expect("it runs").total, all(9));
}

#[test]
fn two_files_count_together_and_one_is_saved_to() {
    for ranks in RANKS {
        let folder = folder();
        let [checkpoint, resume] = ["new.ckpt", "old.ckpt"].map(|name| folder.path().join(name));
        save(&resume, &list(40), JobPart { index: 0, of: 2 });
        save(&checkpoint, &list(40), JobPart { index: 3, of: 4 });
        let old = fs::read(&resume).expect("a file");
        let notices = Notices::default();
        let run = |share, job: &List| {
            Session::on_threads(ranks, |session| {
                let session = session.resume(&resume).checkpoint(&checkpoint).notices(notices.recorder());
                session.part(share).run(job)
            })
        };
        // 0..20 and 30..40 are done.
        let third = run(JobPart { index: 2, of: 4 }, &List { done_from: 30, ..list(40) }).expect("it runs");
        assert_eq!((third.done, notices.take()), (40, vec![Notice::Resumes { done: 30, blocks: 40 }]));
        assert_eq!(fs::read(&resume).expect("a file"), old, "it is only read");
        assert_eq!(saved(&checkpoint, &list(40)), [Span::new(0, 40)]);
        let whole = run(JobPart { index: 0, of: 1 }, &List { done_from: 0, ..list(40) }).expect("it runs");
        assert_eq!((whole.total, notices.take()), (all(40), vec![Notice::Resumes { done: 40, blocks: 40 }]));
    }
}

#[test]
fn the_only_file_of_a_resume_is_saved_to() {
    let folder = folder();
    let path = folder.path().join("list.ckpt");
    save(&path, &list(40), JobPart { index: 0, of: 2 });
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
    save(&path, &list(40), JobPart { index: 0, of: 2 });
    save(&path, &list(40), JobPart { index: 2, of: 4 });
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
        session.checkpoint(&path).fall_back(true).notices(notices.recorder()).run(&list(40))
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
