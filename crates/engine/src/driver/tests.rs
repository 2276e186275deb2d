//! Jobs on one rank that are stopped again and again: each run gets on, however long a span the job
//! would like.

use std::ops::ControlFlow;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::checkpoint::{Identity, Keep, Version, load_alone};
use crate::run::resume;
use crate::{Cause, Job, Options, Pulse, Schedule, Span, threads};

/// A job that would like to go on with all of its blocks in one go, of which each takes this time.
struct Long {
    blocks: u64,
    each: Duration,
    set_up: Duration,
}

impl Job for Long {
    type Tally = ();
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        let version = Version { cut: 1, stream: 1, block: 1 };
        let (amount, whole) = (self.blocks.into(), self.blocks);
        Some(Identity { kind: "long".into(), version, amount, whole, words: Vec::new(), parts: Vec::new() })
    }

    fn grain(&self) -> u64 {
        self.blocks
    }

    fn piece(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn workspace(&self) {
        sleep(self.set_up);
    }

    fn compute(&self, span: Span, (): &mut (), pulse: Pulse<'_>) -> ControlFlow<()> {
        (span.first..span.end).try_for_each(|_| {
            sleep(self.each);
            pulse()
        })
    }
}

/// Runs it with a time limit as often as it takes; the blocks that are done after each run, as the checkpoint has them.
fn run_on(job: &Long, schedule: Schedule, limit: Duration) -> Vec<u64> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("job.ckpt");
    let identity = job.identity().expect("kept");
    let mut after = Vec::new();
    while after.last() != Some(&job.blocks) {
        let options = Options {
            schedule,
            deadline: Instant::now().checked_add(limit),
            keep: Some(Keep { path: path.clone(), every: Duration::from_secs(30) }),
            ..Options::default()
        };
        let load = || load_alone(&path, job, &identity).unwrap_or_default();
        let outcome = threads::run(1, |rank| resume(rank, job, &options, load()).expect("it runs"))
            .remove(0)
            .expect("at the root");
        assert_eq!(load().done(), outcome.done, "what is done is saved");
        assert!(outcome.is_complete() || outcome.cause == Some(Cause::TimeLimit));
        assert!(outcome.done > after.last().copied().unwrap_or(0), "a run that did nothing: {after:?}");
        after.push(outcome.done);
    }
    after
}

fn job(blocks: u64, each: u64, set_up: u64) -> Long {
    Long { blocks, each: Duration::from_millis(each), set_up: Duration::from_millis(set_up) }
}

#[test]
fn a_span_longer_than_the_limit_is_done_in_a_few_runs() {
    for schedule in Schedule::ALL {
        // 0.4 s of work.
        let after = run_on(&job(200, 2, 0), schedule, Duration::from_millis(100));
        assert!((4..20).contains(&after.len()), "{schedule:?}: {after:?}");
    }
}

#[test]
fn a_limit_shorter_than_the_set_up_or_a_block_is_enough() {
    for [each, set_up, limit] in [[20, 0, 35], [20, 0, 1], [1, 50, 10], [20, 50, 0]] {
        let after = run_on(&job(6, each, set_up), Schedule::Dynamic, Duration::from_millis(limit));
        assert!(after.len() <= 6, "{after:?}");
    }
}
