//! Whole jobs on 1, 2, 3, 5 and 8 ranks that are threads: every schedule, repeated stops and
//! deliveries in order give the total of one rank. Each stopped run makes progress, however long
//! its job's spans are.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use montesieve_engine::checkpoint::load_alone;
use montesieve_engine::disk::FileSystem;
use montesieve_engine::protocol::PIECE;
use montesieve_engine::run::{DeliveryMemory, deliver, resume};
use montesieve_engine::sink::{ReaderSteps, Sink, SinkError};
use montesieve_engine::transport::Transport;
use montesieve_engine::{
    Error, Identity, Job, Ledger, Options, SaveSettings, Schedule, Span, StopCause, Tally, Version, YieldNow, threads,
};

const RANKS: [u64; 5] = [1, 2, 3, 5, 8];

/// The blocks themselves, in order: a lost, duplicated or misplaced block shows.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Blocks(Vec<u64>);

impl Tally for Blocks {
    fn merge(&mut self, next: Blocks) {
        self.0.extend(next.0);
    }
}

/// Sleeps for a time for each block.
#[derive(Default)]
struct Sleepy {
    blocks: u64,
    each: Duration,
    /// Before the first block of a rank.
    set_up: Duration,
    /// Whether it prefers to compute all its blocks at once.
    is_greedy: bool,
}

impl Job for Sleepy {
    type Tally = Blocks;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        let version = Version { cut: 1, stream: 1, block: 1 };
        let (amount, whole) = (self.blocks.into(), self.blocks);
        Some(Identity { kind: "sleepy".into(), version, amount, whole, words: Vec::new(), parts: Vec::new() })
    }

    fn check(&self, span: Span, tally: &Blocks) -> Result<(), String> {
        if tally.0.iter().copied().eq(span.first..span.end) { Ok(()) } else { Err("blocks are not in order".into()) }
    }

    fn grain(&self) -> u64 {
        if self.is_greedy { self.blocks } else { 1 }
    }

    fn piece(&self) -> Duration {
        if self.is_greedy { Duration::from_secs(2) } else { PIECE }
    }

    fn workspace(&self) {
        std::thread::sleep(self.set_up);
    }

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), Blocks> {
        for _ in span.first..span.end {
            std::thread::sleep(self.each);
            yield_now()?;
        }
        ControlFlow::Continue(Blocks((span.first..span.end).collect()))
    }
}

#[test]
fn every_schedule_on_any_number_of_ranks() {
    let job = Sleepy { blocks: 300, ..Sleepy::default() };
    for schedule in Schedule::ALL {
        for ranks in RANKS {
            let options = Options { schedule, ..Options::default() };
            let outcomes = threads::run(ranks, |rank| resume(rank, &job, &options, Ledger::new()).expect("it runs"));
            assert!(outcomes[1..].iter().all(Option::is_none), "only the root knows");
            let outcome = outcomes.into_iter().flatten().next().expect("the root knows");
            assert_eq!(outcome.total, Some(Blocks((0..300).collect())), "{schedule:?} on {ranks}");
            let computed: u64 = outcome.account.profiles.iter().map(|profile| profile.blocks).sum();
            assert_eq!((outcome.account.profiles.len() as u64, computed, outcome.cause), (ranks, 300, None));
        }
    }
}

/// Runs the job with a time limit until it is done, on each of these numbers of ranks in turn.
/// Returns the finished blocks after each run, from the checkpoint.
fn run_on(job: &Sleepy, schedule: Schedule, ranks: &[u64], limit: Duration) -> Vec<u64> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("job.ckpt");
    let identity = job.identity().expect("kept");
    let load = || load_alone(&FileSystem, &path, job, &identity).unwrap_or_default();
    let mut after = Vec::new();
    for &ranks in ranks.iter().cycle() {
        let options = Options {
            schedule,
            deadline: Instant::now().checked_add(limit),
            keep: Some(SaveSettings { path: path.clone(), every: Duration::from_secs(30) }),
            ..Options::default()
        };
        let done = load();
        let outcomes = threads::run(ranks, |rank| resume(rank, job, &options, done.clone()).expect("it runs"));
        let outcome = outcomes.into_iter().flatten().next().expect("the root knows");
        assert!(outcome.account.saved);
        assert_eq!(load().done(), outcome.done, "what is done is saved");
        assert!(outcome.done > after.last().copied().unwrap_or(0), "a run that did nothing: {after:?}");
        after.push(outcome.done);
        if outcome.is_complete() {
            assert_eq!(outcome.total, Some(Blocks((0..job.blocks).collect())), "{schedule:?}");
            return after;
        }
        assert_eq!(outcome.cause, Some(StopCause::TimeLimit));
    }
    unreachable!("the ranks go round for ever")
}

#[test]
fn repeated_stops_on_other_ranks_give_the_same_total() {
    let job = Sleepy { blocks: 400, each: Duration::from_millis(1), ..Sleepy::default() };
    for schedule in Schedule::ALL {
        let after = run_on(&job, schedule, &RANKS, Duration::from_millis(40));
        assert!(after.len() > 1, "{schedule:?}: no run was stopped");
    }
}

#[test]
fn a_span_longer_than_the_limit_is_done_in_a_few_runs() {
    let job = Sleepy { blocks: 200, each: Duration::from_millis(2), is_greedy: true, ..Sleepy::default() };
    for schedule in Schedule::ALL {
        // 0.4 s of work.
        let after = run_on(&job, schedule, &[1], Duration::from_millis(100));
        assert!((4..20).contains(&after.len()), "{schedule:?}: {after:?}");
    }
}

#[test]
fn a_limit_shorter_than_the_set_up_or_a_block_is_enough() {
    for [each, set_up, limit] in
        [[20, 0, 35], [20, 0, 1], [1, 50, 10], [20, 50, 0]].map(|ms| ms.map(Duration::from_millis))
    {
        let after = run_on(&Sleepy { blocks: 6, each, set_up, is_greedy: true }, Schedule::Dynamic, &[1], limit);
        assert!(after.len() <= 6, "{after:?}");
    }
}

/// Passes tallies to a channel; fails at a block, or finds its reader gone.
struct FailingSink {
    to: Sender<u64>,
    fails_at: Option<(u64, bool)>,
}

impl Sink<Blocks> for FailingSink {
    fn take(&mut self, tally: Blocks, steps: &ReaderSteps) -> Result<(), SinkError> {
        for block in tally.0 {
            match self.fails_at {
                Some((at, true)) if at == block => return Err(SinkError::Failed("the disk is full".into())),
                Some((at, false)) if at == block => return Err(SinkError::ReaderGone),
                _ => self.to.send(block).map_err(|_| SinkError::ReaderGone)?,
            }
            steps.step();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn tallies_are_delivered_in_order() {
    let job = Sleepy { blocks: 200, ..Sleepy::default() };
    for schedule in Schedule::ALL {
        for ranks in RANKS {
            for fails_at in [None, Some((100, false)), Some((100, true))] {
                let (to, from) = channel();
                let sink = Mutex::new(Some(FailingSink { to, fails_at }));
                let options = Options { schedule, ..Options::default() };
                let outcomes = threads::run(ranks, |rank| {
                    let sink = (rank.rank() == 0).then(|| sink.lock().expect("no panic").take()).flatten();
                    let (outcome, _) = deliver(rank, &job, &options, DeliveryMemory { block: 8, all: 8 * 64 }, sink)?;
                    Ok(outcome)
                });
                let end = fails_at.map_or(200, |(at, _)| at);
                assert!(from.try_iter().eq(0..end), "{schedule:?} on {ranks}");
                if let Some((_, true)) = fails_at {
                    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Error::AtRoot(_)))));
                    let Err(Error::AtRoot(Some(reason))) = &outcomes[0] else { panic!("the root knows why") };
                    assert_eq!(reason.to_string(), "the disk is full");
                } else {
                    let outcome = outcomes.into_iter().next().expect("a root").expect("it runs");
                    let outcome = outcome.expect("the root knows");
                    let cause = fails_at.map(|_| StopCause::ReaderGone);
                    assert_eq!((outcome.is_complete(), outcome.cause), (fails_at.is_none(), cause));
                    assert!(outcome.done <= end, "no block counts that was not written");
                }
            }
        }
    }
}
