//! What a session adds to a run, on 1, 2, 3, 5 and 8 ranks that are threads.
//!
//! Stands beside `ranks`, whose runs receive the finished blocks. `files`: checkpoints are loaded
//! and saved, and refused on every rank. `parts`: shares form the whole, and rounds end at the same
//! block. `adaptive`: rounds depend on earlier ones. Here: the job of these tests, and tests
//! without files.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use montesieve_engine::rounds::Shorten;
use montesieve_engine::transport::Transport;
use montesieve_engine::{
    self as engine, Error, Identity, Job, JobPart, PrefixEnds, Progress, Session, Span, YieldNow, threads,
};

mod adaptive;
mod files;
mod parts;

const RANKS: [u64; 5] = [1, 2, 3, 5, 8];

/// The blocks themselves, in order, and their number: a lost, duplicated or misplaced block shows.
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

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::Powers
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), Blocks> {
        for block in span.first..span.end {
            assert!(block < self.done_from, "block {block} is computed again");
            std::thread::sleep(self.sleep);
            yield_now()?;
        }
        ControlFlow::Continue((span.len(), (span.first..span.end).collect()))
    }
}

impl Shorten for List {
    fn shortened(&self, blocks: u64) -> List {
        List { blocks, ..self.clone() }
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Does a part of the job, so that a file has it.
fn save(path: &Path, job: &List, share: JobPart) {
    let outcome = Session::on_threads(2, |session| session.checkpoint(path).part(share).run(job)).expect("it runs");
    assert!(outcome.account.saved && outcome.done >= share.span(job.blocks).len());
}

/// The root's error, after all ranks got theirs at the same place.
fn refusal(ranks: u64, run: impl Fn(Session<'_>) -> engine::Result<()> + Sync) -> Error {
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
fn without_a_checkpoint_nothing_is_written() {
    let outcome = Session::on_threads(3, |session| session.chunk(7).run(&list(100))).expect("it runs");
    assert_eq!((outcome.total, outcome.account.saved, outcome.account.chunk), (all(100), false, 7));
}

#[test]
fn progress_ends_with_all_blocks_of_the_share() {
    for ranks in RANKS {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        let outcome = Session::on_threads(ranks, |session| {
            let seen = Arc::clone(&seen);
            let session = session.progress(move |progress| seen.lock().expect("no panic").push(progress));
            session.part(JobPart { index: 1, of: 2 }).run(&list(100))
        });
        assert_eq!(outcome.expect("it runs").done, 50);
        let seen = all.lock().expect("no panic");
        assert!(seen.is_sorted_by_key(|progress| progress.done), "{seen:?}");
        assert_eq!(seen.last(), Some(&Progress { done: 50, of: 50, is_over: true }));
        assert_eq!(seen.iter().filter(|progress| progress.is_over).count(), 1);
    }
}

#[test]
fn an_error_on_one_rank_ends_all() {
    /// Fails on rank 1, in a message between ranks.
    struct Failing(u64);

    impl Job for Failing {
        type Tally = ();
        type Workspace = ();

        fn blocks(&self) -> u64 {
            1000
        }

        fn make_progress(&self) -> Result<(), engine::JobError> {
            if self.0 == 1 { Err("no more paper".into()) } else { Ok(()) }
        }

        fn workspace(&self) {}

        fn compute(&self, _: Span, (): &mut (), _: YieldNow<'_>) -> ControlFlow<()> {
            std::thread::sleep(Duration::from_millis(1));
            ControlFlow::Continue(())
        }
    }

    for ranks in [2, 3, 5, 8] {
        let number = AtomicU64::new(0);
        let failed = Session::on_threads(ranks, |session| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            session.run(&Failing(number))
        });
        let error = failed.expect_err("one rank fails");
        assert_eq!(error.to_string(), "no more paper", "and not that a rank was lost");
    }
}
