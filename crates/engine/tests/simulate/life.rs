//! A life: runs of one job, one after the other, until it is done; and what must hold after each.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use montesieve_engine::checkpoint::load_from;
use montesieve_engine::run::{Outcome, Room, Stage, deliver, resume};
use montesieve_engine::simulated::{self, DiskFaults, End, Ending, Plan, Random, Simulated, SimulatedDisk};
use montesieve_engine::transport::{ROOT, Transport};
use montesieve_engine::{Cause, Error, Job, Keep, Ledger, Options, Result, Share, Span};

use super::coverage::Coverage;
use super::job::{Affine, Blocks, Numbers, OfSpan, Pipe, Reader};
use super::scenario::{Mode, Scenario};

/// Where the checkpoint is, on its simulated disk.
const PATH: &str = "/jobs/numbers.ckpt";
/// Runs in which something may go wrong. Then all goes well, and the job must be done.
const STORMY: u64 = 5;
/// Runs until a job must be done.
const MOST_RUNS: u64 = 20;

/// Lives the life of a seed; panics when anything is not as it must be.
pub fn live(seed: u64) -> Coverage {
    let scenario = Scenario::of(seed);
    if scenario.is_list || matches!(scenario.mode, Mode::Deliver(_)) {
        if let Mode::Deliver(reader) = scenario.mode {
            deliveries(&scenario, reader)
        } else {
            totals::<Blocks>(&scenario)
        }
    } else {
        totals::<Affine>(&scenario)
    }
}

fn job<T>(scenario: &Scenario) -> Numbers<T> {
    Numbers {
        blocks: scenario.blocks,
        grain: scenario.grain,
        piece: scenario.piece,
        within: scenario.within,
        pulses: scenario.pulses,
        whole: scenario.whole,
        has_a_way: scenario.has_a_way,
        kind: PhantomData,
    }
}

fn mark_stage(stage: Stage, _: u64) -> std::result::Result<(), montesieve_engine::JobError> {
    simulated::mark(match stage {
        Stage::Start => "start",
        Stage::Scatter => "scatter",
        Stage::Compute => "compute",
        Stage::Reduce => "reduce",
        Stage::Report => "report",
    });
    Ok(())
}

/// One run's plan: the n-th of a life.
fn plan(scenario: &Scenario, disk: &SimulatedDisk, number: u64) -> Plan {
    let mut random = Random::new(scenario.seed.wrapping_mul(1000) + number);
    let few = scenario.most_ranks.min(if number == 0 { u64::MAX } else { 12 });
    let ranks = if number == 0 { scenario.most_ranks } else { random.between(1, few) };
    let is_stormy = number < STORMY;
    Plan {
        block_times: scenario.block_times.clone(),
        weather: scenario.weather,
        faults: if is_stormy { scenario.faults(&mut random, ranks) } else { Vec::new() },
        disk: disk.clone(),
        survives: scenario.mode == Mode::Survive,
        most_events: 20_000_000,
        ..Plan::new(ranks, random.any())
    }
}

fn options(scenario: &Scenario, rank: &Simulated, number: u64) -> Options {
    let limit = scenario.deadline.filter(|_| number < STORMY);
    Options {
        signals: rank.signals(),
        deadline: limit.map(|limit| rank.now() + limit),
        keep: scenario.keep.map(|every| Keep { path: PATH.into(), every }),
        at_stage: Some(mark_stage),
        ..scenario.options()
    }
}

/// What every run must keep, whatever happened in it.
fn check_end<R>(scenario: &Scenario, plan: &Plan, end: &End<R>, covered: &mut Coverage) {
    let what = || format!("seed {}, {} ranks, {:?}", scenario.seed, plan.ranks, end.struck);
    assert!(end.failure.is_none(), "{:?}: {}", end.failure, what());
    covered.traces.push(end.trace);
    end.struck.iter().for_each(|struck| covered.fault(struck.what, struck.stage));
    let has_died = end.struck.iter().any(|struck| struck.what == "death");
    let killed = end.ranks.iter().filter(|end| matches!(end, Ending::Killed)).count();
    if killed == 0 {
        assert_eq!(end.left, 0, "messages are left: {}", what());
    } else {
        let interrupts = end.struck.iter().filter(|struck| struck.what == "SIGTERM").count();
        assert!(has_died || interrupts > 1, "ended by nobody: {}", what());
        assert!(plan.survives || killed <= plan.ranks as usize);
        covered.event("killed");
    }
}

/// Runs for a total, until the job is done.
fn totals<T: OfSpan>(scenario: &Scenario) -> Coverage {
    let job = job::<T>(scenario);
    let disk = SimulatedDisk::new(scenario.seed, scenario.disk);
    let mut covered = Coverage::of_a_life();
    let shares = if let Mode::Shares(of) = scenario.mode { of } else { 0 };
    let mut share = 0;
    let mut random = Random::new(scenario.seed ^ 0xC4A54);
    for number in 0..MOST_RUNS {
        if number == STORMY {
            disk.mend();
        }
        let before = load(&job, &disk, scenario);
        let plan = plan(scenario, &disk, number);
        let part = (share < shares).then_some(Share { index: share, of: shares });
        let end = simulated::run(&plan, |rank| {
            let options = Options { share: part, ..options(scenario, rank, number) };
            rank.survive(|rank| one_run(rank, &job, &options, &before))
        });
        check_end(scenario, &plan, &end, &mut covered);
        let outcome = check_outcomes(scenario, &plan, end, &before, &mut covered);
        let after = load(&job, &disk, scenario);
        if let Some(outcome) = &outcome {
            check_outcome(scenario, &job, outcome, &before, &after, part, &mut covered);
            let is_done = part.is_some_and(|part| after.covers(part.span(job.blocks)));
            share += u64::from(is_done);
            if outcome.is_complete() {
                disk.struck().into_iter().for_each(|(what, count)| covered.events(what, count));
                covered.event("complete");
                return covered;
            }
        }
        if scenario.crashes && random.chance(1, 2) {
            disk.crash();
            covered.event("crash of the host");
        }
    }
    panic!("seed {}: not done in {MOST_RUNS} runs", scenario.seed);
}

/// A command as a program runs it: the job, then the report, which cannot be taken back.
fn one_run<T: OfSpan>(
    rank: &Simulated,
    job: &Numbers<T>,
    options: &Options,
    done: &Ledger<T>,
) -> Result<Option<Outcome<T>>> {
    // Who the root is may change from attempt to attempt.
    let done = if rank.rank() == ROOT { done.clone() } else { Ledger::new() };
    let outcome = resume(rank, job, options, done)?;
    rank.flush()?;
    rank.confirm_all_alive()?;
    simulated::mark("end");
    rank.barrier()?;
    rank.flush()?;
    Ok(outcome)
}

/// What the disk has; it has at least what it acknowledged.
fn load<T: OfSpan>(job: &Numbers<T>, disk: &SimulatedDisk, scenario: &Scenario) -> Ledger<T> {
    let ours = job.identity().expect("it is kept");
    let path = Path::new(PATH);
    let found = load_from(disk, path, job, &ours, false);
    let found = found.unwrap_or_else(|error| panic!("seed {}: {error}; {:?}", scenario.seed, disk.names()));
    let ledger = found.map_or_else(Ledger::new, |found| found.ledger);
    if let Some(bytes) = disk.acknowledged(path) {
        let copy = SimulatedDisk::new(0, DiskFaults::default());
        copy.put(path, bytes);
        let acknowledged = load_from(&copy, path, job, &ours, false).expect("it was written").expect("it is there");
        for (span, _) in acknowledged.ledger.spans() {
            assert!(ledger.covers(span), "seed {}: {span} was acknowledged and is gone", scenario.seed);
        }
    }
    ledger
}

/// The ranks come to the same; the outcome, if there is one.
fn check_outcomes<T: OfSpan>(
    scenario: &Scenario,
    plan: &Plan,
    end: End<Result<Option<Outcome<T>>>>,
    before: &Ledger<T>,
    covered: &mut Coverage,
) -> Option<Outcome<T>> {
    let seed = scenario.seed;
    let (struck, killed) = (end.struck, end.ranks.iter().filter(|end| matches!(end, Ending::Killed)).count());
    if end.ranks.iter().any(|end| matches!(end, Ending::Left(_))) {
        let stayed = end.ranks.iter().any(|end| matches!(end, Ending::Returned(_)));
        assert!(plan.survives && !stayed, "seed {seed}: some left and some did not");
        covered.event("too few ranks left");
        return None;
    }
    let mut outcomes = Vec::new();
    for (rank, ending) in end.ranks.into_iter().enumerate() {
        let Some(result) = ending.returned() else { continue };
        match result {
            Ok(outcome) => outcomes.extend(outcome.map(|outcome| (rank, outcome))),
            Err(error) => panic!("seed {seed}: rank {rank} of {}: {error}; {struck:?}", plan.ranks),
        }
    }
    if killed > 0 && !plan.survives {
        // The launcher may come when some have returned: theirs is no outcome of the job.
        return None;
    }
    assert!(outcomes.len() <= 1, "seed {seed}: two roots");
    if killed > 0 && !outcomes.is_empty() {
        covered.event("survived a death");
        if outcomes[0].0 != 0 {
            covered.event("survived the death of rank 0");
        }
    }
    let outcome = outcomes.pop().map(|(_, outcome)| outcome);
    assert!(outcome.is_some() || killed > 0, "seed {seed}: nobody has the outcome");
    if killed == 0
        && let Some(outcome) = &outcome
    {
        let computed: u64 = outcome.account.profiles.iter().map(|profile| profile.blocks).sum();
        assert_eq!(computed, outcome.done - before.done(), "seed {seed}: every block once");
    }
    outcome
}

/// An outcome is right, and so is what is on disk.
fn check_outcome<T: OfSpan>(
    scenario: &Scenario,
    job: &Numbers<T>,
    outcome: &Outcome<T>,
    before: &Ledger<T>,
    after: &Ledger<T>,
    part: Option<Share>,
    covered: &mut Coverage,
) {
    let seed = scenario.seed;
    if outcome.is_complete() {
        let total = (job.blocks > 0).then(|| T::of(Span::new(0, job.blocks)));
        assert_eq!(outcome.total, total, "seed {seed}");
    } else {
        assert!(outcome.cause.is_some(), "seed {seed}: it ended early, and nobody knows why");
    }
    assert!(outcome.done >= before.done(), "seed {seed}: a run undid something");
    match outcome.cause {
        Some(Cause::Signal(_)) => covered.event("stopped by a signal"),
        Some(Cause::TimeLimit) => covered.event("stopped by a time limit"),
        Some(Cause::ShareDone) => {
            covered.event("share done");
            let span = part.expect("a share").span(job.blocks);
            assert!(outcome.done >= span.len(), "seed {seed}: the share is not done");
        }
        _ => {}
    }
    if before.done() > 0 {
        covered.event("resumed");
    }
    if outcome.account.saved {
        assert_eq!(after.done(), outcome.done, "seed {seed}: saved, it says");
    }
}

/// In-order deliveries: a run that is stopped is the end.
fn deliveries(scenario: &Scenario, reader: Reader) -> Coverage {
    let mut covered = Coverage::of_a_life();
    let job = job::<Blocks>(scenario);
    let disk = SimulatedDisk::new(scenario.seed, scenario.disk);
    let plan = plan(scenario, &disk, 0);
    let read = Arc::new(Mutex::new(Vec::new()));
    let mut random = Random::new(scenario.seed ^ 0x800);
    let room = Room { block: 8, all: 8 * random.between(1, 4 * plan.ranks * 20) };
    let end = simulated::run(&plan, |rank| {
        let sink = (rank.rank() == ROOT).then(|| Pipe { read: Arc::clone(&read), reader });
        let options = Options { keep: None, ..options(scenario, rank, 0) };
        let outcome = deliver(rank, &job, &options, room, sink).map(|(outcome, _)| outcome);
        rank.flush()?;
        simulated::mark("end");
        rank.barrier()?;
        rank.flush()?;
        outcome
    });
    check_end(scenario, &plan, &end, &mut covered);
    let read = read.lock().expect("no panic").clone();
    let seed = scenario.seed;
    assert!(read.iter().copied().eq(0..read.len() as u64), "seed {seed}: out of order: {read:?}");
    if end.ranks.iter().any(|end| matches!(end, Ending::Killed)) {
        return covered;
    }
    let refused = end.ranks.iter().filter(|end| matches!(end, Ending::Returned(Err(Error::AtRoot(_))))).count();
    let ranks = end.ranks.len();
    let results: Vec<_> = end.ranks.into_iter().filter_map(Ending::returned).collect();
    if refused > 0 {
        assert_eq!(refused, ranks, "seed {seed}: {results:?}");
        assert!(matches!(reader, Reader::FailsAt(_)), "seed {seed}: {:?}", results[0]);
        covered.event("sink failed");
        return covered;
    }
    let mut outcomes =
        results.into_iter().filter_map(|result| result.unwrap_or_else(|error| panic!("seed {seed}: {error}")));
    let outcome = outcomes.next().unwrap_or_else(|| panic!("seed {seed}: nobody has the outcome"));
    assert!(outcome.done <= read.len() as u64, "seed {seed}: a block counts that was not read");
    if outcome.is_complete() {
        assert_eq!(read.len() as u64, job.blocks, "seed {seed}");
        covered.event("delivered");
    } else {
        assert!(outcome.cause.is_some(), "seed {seed}: it ended early, and nobody knows why");
    }
    if outcome.cause == Some(Cause::ReaderGone) {
        assert!(matches!(reader, Reader::GoesAt(_)), "seed {seed}");
        covered.event("reader gone");
    }
    assert!(end.most_unread as u64 <= 40 * plan.ranks + 200, "seed {seed}: {} messages wait", end.most_unread);
    let _ = Duration::ZERO;
    covered
}
