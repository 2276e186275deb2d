//! A life: runs of one job, one after the other, until it is done.
//!
//! Stands beside `scenario`, which a seed decides, and `check`, which must hold after each run.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Arc, Mutex};

use montesieve_engine::checkpoint;
use montesieve_engine::run::{DeliveryMemory, Outcome, Stage, deliver, resume};
use montesieve_engine::simulated::{self, DiskFaults, Random, RankEnd, RunPlan, Simulated, SimulatedDisk};
use montesieve_engine::transport::{ROOT, Transport};
use montesieve_engine::{Error, Job, JobError, JobPart, Ledger, Options, Result, SaveSettings};

use super::bounds;
use super::check::{self, CheckedRun};
use super::coverage::FaultCoverage;
use super::job::{AffineMap, BlockJob, Blocks, OfSpan, RecordingSink, TestReader};
use super::scenario::{LifeKind, Scenario};

/// The path of the checkpoint, on its simulated disk.
const PATH: &str = "/jobs/numbers.ckpt";
/// Runs with possible faults. Later runs have none, and the job must be done.
const STORMY: u64 = 5;
/// Runs within which a job must be done.
const MOST_RUNS: u64 = STORMY + 6;

/// Runs the life of a seed; panics when a check fails.
pub fn live(seed: u64) -> FaultCoverage {
    let scenario = Scenario::of(seed);
    match scenario.kind {
        LifeKind::Deliver(reader) => deliveries(&scenario, reader),
        _ if scenario.is_list => totals::<Blocks>(&scenario),
        _ => totals::<AffineMap>(&scenario),
    }
}

fn job<T>(scenario: &Scenario) -> BlockJob<T> {
    BlockJob {
        blocks: scenario.blocks,
        grain: scenario.grain,
        piece: scenario.piece,
        within: scenario.within.clone(),
        yields: scenario.yields,
        whole: if matches!(scenario.kind, LifeKind::Deliver(_)) { scenario.blocks } else { scenario.whole },
        keeps_prefixes: scenario.keeps_prefixes,
        log: Arc::default(),
        ahead: None,
        kind: PhantomData,
    }
}

fn mark_stage(stage: Stage, _: u64) -> std::result::Result<(), JobError> {
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
fn plan(scenario: &Scenario, disk: &SimulatedDisk, number: u64) -> RunPlan {
    let mut random = Random::new(scenario.seed.wrapping_mul(1000) + number);
    let ranks = if number == 0 { scenario.most_ranks } else { random.between(1, scenario.most_ranks.min(12)) };
    RunPlan {
        block_times: scenario.block_times.clone(),
        weather: scenario.weather,
        faults: if number < STORMY { scenario.faults(&mut random, ranks) } else { Vec::new() },
        disk: disk.clone(),
        silence: scenario.silence.filter(|_| number < STORMY),
        survives: scenario.kind == LifeKind::Survive,
        most_events: 20_000_000,
        ..RunPlan::new(ranks, random.any())
    }
}

fn options(scenario: &Scenario, rank: &Simulated, number: u64) -> Options {
    let limit = scenario.deadline.filter(|_| number < STORMY);
    Options {
        signals: rank.signals(),
        deadline: limit.map(|limit| rank.now() + limit),
        keep: scenario.keep.map(|every| SaveSettings { path: PATH.into(), every }),
        at_stage: Some(mark_stage),
        ..scenario.options()
    }
}

/// Runs for a total, until the job is done.
fn totals<T: OfSpan>(scenario: &Scenario) -> FaultCoverage {
    let whole = job::<T>(scenario);
    // Half of the life may be that of a shorter job: its last block differs from that of the longer
    // one.
    let mut job = match scenario.shorter {
        Some(blocks) => BlockJob { blocks, whole: blocks - scenario.seed % 2, ..whole.clone() },
        None => whole.clone(),
    };
    let disk = SimulatedDisk::new(scenario.seed, scenario.disk);
    let mut covered = FaultCoverage::of_a_life();
    let mut random = Random::new(scenario.seed ^ 0xC4A54);
    let shares = if let LifeKind::Shares(of) = scenario.kind { of } else { 0 };
    let mut share = 0;
    // What was reported as saved, and so must survive whatever happens to the host.
    let mut promised = Ledger::<()>::new();
    for number in 0..MOST_RUNS + shares {
        if number == STORMY {
            disk.mend();
        }
        if number == 2 && scenario.shorter.is_some() {
            job = whole.clone();
            promised = Ledger::new();
        }
        let before = load(&job, &disk, scenario);
        for (span, _) in promised.spans() {
            assert!(before.covers(span), "seed {}: {span} was saved, it was said, and is gone", scenario.seed);
        }
        let plan = plan(scenario, &disk, number);
        let part = (share < shares).then_some(JobPart { index: share, of: shares });
        let (reports, accusations) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        job.log.lock().expect("no panic").clear();
        let end = simulated::run(&plan, |rank| {
            let options = Options { part, ..options(scenario, rank, number) };
            rank.survive(|rank| command(rank, &job, &options, &before, &reports)).inspect_err(|error| {
                if let Error::Silent { silent, .. } = error {
                    accusations.lock().expect("no panic").push(silent.to_string());
                }
                abort_for(rank, error);
            })
        });
        let killed = (0..).zip(&end.ranks).filter(|(_, end)| matches!(end, RankEnd::Killed));
        let dead: Vec<u64> = killed.map(|(rank, _)| rank).collect();
        let run = CheckedRun::of(scenario, &plan, &end, number < STORMY);
        check::end(&run, &end, &mut covered);
        check::accusations(&run, &accusations.into_inner().expect("no panic"), &mut covered);
        let outcome = check::reports(&run, end.ranks, reports.into_inner().expect("no panic"), &mut covered);
        let after = load(&job, &disk, scenario);
        if plan.survives {
            check::work_twice(&run, &job, &dead);
        }
        bounds::loses_little(&run, &job, &after);
        bounds::saves_in_time(&run, &disk.take_created());
        if let Some(outcome) = &outcome {
            check::outcome(&run, &job, outcome, [&before, &after], part, &mut covered);
            share += u64::from(part.is_some_and(|part| after.covers(part.span(job.blocks))));
            if outcome.account.saved && !scenario.disk.no_folder_sync {
                promised = Ledger::new();
                after.spans().for_each(|(span, _)| promised.record(span, ()).expect("disjoint"));
            }
            if outcome.is_complete() && job.blocks == whole.blocks {
                disk.struck().into_iter().for_each(|(what, count)| covered.events(what, count));
                covered.event("complete");
                return covered;
            }
        }
        if scenario.crashes && random.chance(1, 2) {
            disk.crash();
            covered.event("crash of the host");
        }
        let path = Path::new(PATH);
        let has_spare = disk.names().contains(&checkpoint::before(path));
        if scenario.rots && has_spare && random.chance(1, 2) && disk.damage(path) {
            covered.event("damaged file");
            promised = Ledger::new();
        }
    }
    panic!("seed {}: not done in {MOST_RUNS} runs", scenario.seed);
}

/// A command as a program runs it: the job, then the report, which cannot be taken back.
fn command<T: OfSpan>(
    rank: &Simulated,
    job: &BlockJob<T>,
    options: &Options,
    done: &Ledger<T>,
    reports: &Mutex<Vec<Outcome<T>>>,
) -> Result<()> {
    // The root may change from attempt to attempt.
    let done = if rank.rank() == ROOT { done.clone() } else { Ledger::new() };
    let outcome = resume(rank, job, options, done)?;
    rank.flush(None)?;
    rank.confirm_all_alive()?;
    simulated::mark("end");
    reports.lock().expect("no panic").extend(outcome);
    // Where losses are survived, all ranks meet once more, and none waits for anything before that.
    if rank.replay_log().is_none() {
        rank.end_watch()?;
    }
    Ok(())
}

/// How a program handles an error of one rank alone.
fn abort_for(rank: &Simulated, error: &Error) {
    if matches!(error, Error::Silent { .. }) {
        rank.abort();
    }
}

/// The contents of the disk, which must include everything it acknowledged.
fn load<T: OfSpan>(job: &BlockJob<T>, disk: &SimulatedDisk, scenario: &Scenario) -> Ledger<T> {
    let ours = job.identity().expect("it is kept");
    let path = Path::new(PATH);
    let found = checkpoint::load(disk, path, job, &ours, scenario.rots);
    let found = found.unwrap_or_else(|error| panic!("seed {}: {error}; {:?}", scenario.seed, disk.names()));
    let ledger = found.map_or_else(Ledger::new, |found| found.ledger);
    if let Some(bytes) = disk.acknowledged(path) {
        let copy = SimulatedDisk::new(0, DiskFaults::default());
        copy.put(path, bytes);
        let acknowledged =
            checkpoint::load(&copy, path, job, &ours, false).expect("it was written").expect("it is there");
        for (span, _) in acknowledged.ledger.spans() {
            assert!(ledger.covers(span), "seed {}: {span} was acknowledged and is gone", scenario.seed);
        }
    }
    ledger
}

/// A delivery in order: one run, whatever its result.
fn deliveries(scenario: &Scenario, reader: TestReader) -> FaultCoverage {
    let mut covered = FaultCoverage::of_a_life();
    let job = job::<Blocks>(scenario);
    let disk = SimulatedDisk::new(scenario.seed, scenario.disk);
    let plan = plan(scenario, &disk, 0);
    let read = Arc::new(Mutex::new(Vec::new()));
    let mut random = Random::new(scenario.seed ^ 0x800);
    let window = random.between(1, 4 * plan.ranks * 20);
    let room = DeliveryMemory { block: 8, all: 8 * window };
    let job = BlockJob { ahead: Some((Arc::clone(&read), window)), ..job };
    let end = simulated::run(&plan, |rank| {
        let sink = (rank.rank() == ROOT).then(|| RecordingSink { read: Arc::clone(&read), reader });
        let options = Options { keep: None, ..options(scenario, rank, 0) };
        let outcome = deliver(&**rank, &job, &options, room, sink).map(|(outcome, _)| outcome);
        if let Err(error) = &outcome {
            abort_for(rank, error);
        }
        rank.flush(None)?;
        simulated::mark("end");
        rank.end_watch()?;
        outcome
    });
    let run = CheckedRun::of(scenario, &plan, &end, true);
    check::end(&run, &end, &mut covered);
    check::delivery(&run, &job, end.ranks, reader, &read.lock().expect("no panic"), &mut covered);
    covered
}
