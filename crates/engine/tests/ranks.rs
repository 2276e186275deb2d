//! Whole jobs on 1, 2, 3, 5 and 8 ranks that are threads: the total of one rank, in every schedule,
//! after stops, in order.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use montesieve_engine::checkpoint::load_alone;
use montesieve_engine::run::{Room, deliver, resume};
use montesieve_engine::sink::{Sink, SinkError, Steps};
use montesieve_engine::transport::Transport;
use montesieve_engine::{
    Cause, Error, Identity, Job, Keep, Ledger, Options, Pulse, Schedule, Span, Tally, Version, threads,
};

const RANKS: [u64; 5] = [1, 2, 3, 5, 8];

/// The blocks themselves, in order: what is lost, doubled or out of order shows.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Blocks(Vec<u64>);

impl Tally for Blocks {
    fn merge(&mut self, next: Blocks) {
        self.0.extend(next.0);
    }
}

/// Sleeps for a time for each block.
struct Sleepy {
    blocks: u64,
    each: Duration,
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

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), pulse: Pulse<'_>) -> ControlFlow<(), Blocks> {
        for _ in span.first..span.end {
            std::thread::sleep(self.each);
            pulse()?;
        }
        ControlFlow::Continue(Blocks((span.first..span.end).collect()))
    }
}

#[test]
fn every_schedule_on_any_number_of_ranks() {
    let job = Sleepy { blocks: 300, each: Duration::ZERO };
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

#[test]
fn stopped_again_and_again_on_other_ranks_it_is_the_same_total() {
    let folder = tempfile::tempdir().expect("a folder");
    let job = Sleepy { blocks: 400, each: Duration::from_millis(1) };
    for schedule in Schedule::ALL {
        let path = folder.path().join(schedule.name());
        let mut runs = 0;
        for ranks in RANKS.into_iter().cycle() {
            let done = load_alone(&path, &job, &job.identity().expect("kept")).unwrap_or_default();
            let before = done.done();
            let keep = Some(Keep { path: path.clone(), every: Duration::from_secs(30) });
            let deadline = Instant::now().checked_add(Duration::from_millis(40));
            let options = Options { schedule, keep, deadline, ..Options::default() };
            let outcomes = threads::run(ranks, |rank| resume(rank, &job, &options, done.clone()).expect("it runs"));
            let outcome = outcomes.into_iter().flatten().next().expect("the root knows");
            assert!(outcome.account.saved && outcome.done > before, "{schedule:?} on {ranks}");
            runs += 1;
            if outcome.is_complete() {
                assert_eq!(outcome.total, Some(Blocks((0..400).collect())), "{schedule:?}");
                break;
            }
            assert_eq!(outcome.cause, Some(Cause::TimeLimit));
        }
        assert!(runs > 1, "{schedule:?}: no run was stopped");
    }
}

/// Gives what it takes to a channel; fails at a block, or finds its reader gone.
struct Pipe {
    to: Sender<u64>,
    fails_at: Option<(u64, bool)>,
}

impl Sink<Blocks> for Pipe {
    fn take(&mut self, tally: Blocks, steps: &Steps) -> Result<(), SinkError> {
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
    let job = Sleepy { blocks: 200, each: Duration::ZERO };
    for schedule in Schedule::ALL {
        for ranks in RANKS {
            for fails_at in [None, Some((100, false)), Some((100, true))] {
                let (to, from) = channel();
                let sink = Mutex::new(Some(Pipe { to, fails_at }));
                let options = Options { schedule, ..Options::default() };
                let outcomes = threads::run(ranks, |rank| {
                    let sink = (rank.rank() == 0).then(|| sink.lock().expect("no panic").take()).flatten();
                    let (outcome, _) = deliver(rank, &job, &options, Room { block: 8, all: 8 * 64 }, sink)?;
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
                    let cause = fails_at.map(|_| Cause::ReaderGone);
                    assert_eq!((outcome.is_complete(), outcome.cause), (fails_at.is_none(), cause));
                    assert!(outcome.done <= end, "no block counts that was not written");
                }
            }
        }
    }
}
