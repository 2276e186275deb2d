//! What must hold after a run, whatever happened in it.

use std::time::Duration;

use montesieve_engine::run::Outcome;
use montesieve_engine::simulated::{DiskFaults, RankEnd, RunEnd, RunPlan, Struck};
use montesieve_engine::{Error, JobPart, Ledger, Result, Span, StopCause};

use super::bounds;
use super::coverage::FaultCoverage;
use super::job::{BlockJob, Blocks, OfSpan, TestReader};
use super::scenario::{LifeKind, Scenario};

/// One run of a life.
pub struct CheckedRun<'a> {
    pub scenario: &'a Scenario,
    pub plan: &'a RunPlan,
    /// Whether the time limit applies to it.
    pub is_limited: bool,
    /// Faults that struck.
    pub struck: Vec<Struck>,
    /// When it ended.
    pub time: Duration,
    /// Whether no rank was killed.
    pub is_whole: bool,
}

impl CheckedRun<'_> {
    pub fn of<'a, R>(scenario: &'a Scenario, plan: &'a RunPlan, end: &RunEnd<R>, is_limited: bool) -> CheckedRun<'a> {
        let is_whole = end.ranks.iter().all(|end| !matches!(end, RankEnd::Killed));
        CheckedRun { scenario, plan, is_limited, struck: end.struck.clone(), time: end.time, is_whole }
    }

    pub fn has_struck(&self, what: &str) -> usize {
        self.struck.iter().filter(|struck| struck.what == what).count()
    }

    /// Whether a rank without faults may be silent for too long.
    fn has_long_pauses(&self) -> bool {
        let Some(silence) = self.plan.silence else { return false };
        let piece = self.scenario.piece * 2 + self.longest_block() * (2 * self.scenario.grain + 1) as u32;
        // A keeper reads its disk before it begins, and does nothing else meanwhile.
        let disk = self.scenario.disk;
        piece > silence || disk.stalls > 0 && disk.longest > silence
    }

    pub fn name(&self) -> String {
        format!("seed {}, {} ranks, {:?}", self.scenario.seed, self.plan.ranks, self.plan.faults)
    }
}

/// Every run ends; if no rank was killed, nothing is left of it. Few messages wait for a rank.
pub fn end<R>(run: &CheckedRun, end: &RunEnd<R>, covered: &mut FaultCoverage) {
    assert!(end.failure.is_none(), "{:?}: {}", end.failure, run.name());
    covered.traces.push(end.trace);
    end.struck.iter().for_each(|struck| covered.fault(struck.what, struck.stage));
    let has = |what| run.has_struck(what);
    if !run.is_whole {
        let is_silent = has("stop") > 0 || run.has_long_pauses();
        assert!(has("death") > 0 || has("SIGTERM") > 1 || is_silent, "ended without a cause: {}", run.name());
        covered.event("killed");
    } else {
        assert_eq!(end.left, 0, "messages are left: {}", run.name());
    }
    if run.is_prompt() {
        // While the root computes a block, each rank may ask and report.
        let reports = run.longest_block().as_millis() as u64 / 1000 + 1;
        let window = if matches!(run.scenario.kind, LifeKind::Deliver(_)) { run.scenario.blocks } else { 0 };
        let most = run.plan.ranks * (6 + reports) + 40 + window;
        assert!(end.most_unread as u64 <= most, "{} messages wait: {}", end.most_unread, run.name());
        if run.is_whole && run.plan.silence.is_none() {
            bounds::stops_in_time(run);
        }
    }
}

/// Only a stopped rank is accused, not those that waited for it; a rank that was stopped for long
/// is accused.
pub fn accusations(run: &CheckedRun, accused: &[String], covered: &mut FaultCoverage) {
    covered.events("a rank was silent", accused.len() as u64);
    // Longer than the limit, the turn of the last accuser, and questions that are late.
    let most = run.plan.silence.map_or(Duration::MAX, |limit| 2 * limit + Duration::from_secs(45));
    let is_needed = |stage| ["start", "scatter", "compute"].contains(&stage);
    // The root hears from all ranks, and they from the root.
    let is_awake = |rank| !run.struck.iter().any(|struck| struck.what == "stop" && struck.rank == rank);
    let is_watched = |rank| if rank == 0 { (1..run.plan.ranks).any(is_awake) } else { is_awake(0) };
    let is_unnoticed = |struck: &&Struck| struck.lasts > most && is_needed(struck.stage) && is_watched(struck.rank);
    if let Some(struck) = run.struck.iter().find(is_unnoticed).filter(|_| run.is_whole) {
        panic!("no rank noticed that rank {} was stopped for {:?}: {}", struck.rank, struck.lasts, run.name());
    }
    for text in accused.iter().filter(|_| !run.has_long_pauses()) {
        let was_stopped =
            |struck: &Struck| struck.what == "stop" && text.starts_with(&format!("rank {} ", struck.rank));
        assert!(run.struck.iter().any(was_stopped), "{text}: {}", run.name());
    }
}

/// Where losses are survived, a block is computed twice only for one of two reasons: its rank died,
/// or the loss came before that rank had recorded its last piece.
pub fn work_twice<T: OfSpan>(run: &CheckedRun, job: &BlockJob<T>, dead: &[u64]) {
    let log = job.log.lock().expect("no panic");
    let mut seen = Ledger::<()>::new();
    // From the last piece back: pieces that no longer fit were computed again later.
    let again = |&&(rank, span, _): &&(u64, Span, Duration)| seen.record(span, ()).is_err() && !dead.contains(&rank);
    let again = log.iter().rev().filter(again).count();
    let most = dead.len() * run.plan.ranks as usize;
    assert!(again <= most, "{again} pieces were computed again: {}", run.name());
}

/// All ranks have the same result, and each report is made once.
pub fn reports<T: OfSpan>(
    run: &CheckedRun,
    ranks: Vec<RankEnd<Result<()>>>,
    mut reports: Vec<Outcome<T>>,
    covered: &mut FaultCoverage,
) -> Option<Outcome<T>> {
    assert!(reports.len() <= 1, "reported {} times: {}", reports.len(), run.name());
    let killed = ranks.iter().filter(|end| matches!(end, RankEnd::Killed)).count();
    let too_few = ranks.iter().filter(|end| matches!(end, RankEnd::Left(code) if *code != 0)).count();
    if too_few > 0 {
        assert_eq!(too_few + killed, ranks.len(), "some left and some did not: {}", run.name());
        assert!(reports.is_empty() && run.plan.survives, "{}", run.name());
        covered.event("too few ranks left");
    }
    let is_root_dead = matches!(ranks[0], RankEnd::Killed);
    for result in ranks.into_iter().filter_map(RankEnd::returned) {
        result.unwrap_or_else(|error| panic!("{error}: {}", run.name()));
    }
    let outcome = reports.pop();
    assert!(outcome.is_some() || killed > 0, "no rank has the outcome: {}", run.name());
    if killed > 0 && run.plan.survives && outcome.is_some() {
        covered.event("survived a death");
        if is_root_dead {
            covered.event("survived the death of rank 0");
        }
    }
    outcome
}

/// An outcome is right, and so is the disk.
pub fn outcome<T: OfSpan>(
    run: &CheckedRun,
    job: &BlockJob<T>,
    outcome: &Outcome<T>,
    [before, after]: [&Ledger<T>; 2],
    part: Option<JobPart>,
    covered: &mut FaultCoverage,
) {
    bounds::takes_no_longer(run, outcome, before);
    if outcome.is_complete() {
        let total = (job.blocks > 0).then(|| job.of(Span::new(0, job.blocks)));
        assert_eq!(outcome.total, total, "{}", run.name());
    } else {
        assert!(outcome.cause.is_some(), "it ended early, without a cause: {}", run.name());
    }
    assert!(outcome.done >= before.done(), "a run undid something: {}", run.name());
    if !run.plan.survives {
        let computed: u64 = outcome.account.profiles.iter().map(|profile| profile.blocks).sum();
        assert_eq!(computed, outcome.done - before.done(), "every block once: {}", run.name());
    }
    match outcome.cause {
        Some(StopCause::Signal(_)) => covered.event("stopped by a signal"),
        Some(StopCause::TimeLimit) => covered.event("stopped by a time limit"),
        Some(StopCause::PartDone) => {
            covered.event("share done");
            let span = part.expect("a share").span(job.blocks);
            assert!(outcome.done >= span.len(), "the share is not done: {}", run.name());
        }
        _ => {}
    }
    if before.done() > 0 {
        covered.event("resumed");
    }
    if outcome.account.saved {
        assert_eq!(after.done(), outcome.done, "saved, it says: {}", run.name());
    }
    let is_good = run.scenario.disk == DiskFaults::default() || !run.is_limited;
    assert!(outcome.account.saved || run.scenario.keep.is_none() || !is_good, "not saved: {}", run.name());
}

/// A delivery is in order, without a hole, and reports correctly how many blocks it wrote.
pub fn delivery(
    run: &CheckedRun,
    job: &BlockJob<Blocks>,
    ranks: Vec<RankEnd<Result<Option<Outcome<Blocks>>>>>,
    reader: TestReader,
    read: &[u64],
    covered: &mut FaultCoverage,
) {
    let count = read.len() as u64;
    assert!(read.iter().copied().eq(0..count), "out of order: {read:?}: {}", run.name());
    if ranks.iter().any(|end| matches!(end, RankEnd::Killed)) {
        return;
    }
    let all = ranks.len();
    let results: Vec<_> = ranks.into_iter().filter_map(RankEnd::returned).collect();
    let refused = results.iter().filter(|result| matches!(result, Err(Error::AtRoot(_)))).count();
    if refused > 0 {
        assert!(refused == all && matches!(reader, TestReader::FailsAt(_)), "{results:?}: {}", run.name());
        covered.event("sink failed");
        return;
    }
    let outcomes = results.into_iter().filter_map(|result| result.unwrap_or_else(|error| panic!("{error}")));
    let [outcome] = &outcomes.collect::<Vec<_>>()[..] else { panic!("one root has the outcome: {}", run.name()) };
    assert!(outcome.done <= count, "a block counts that was not read: {}", run.name());
    if outcome.is_complete() {
        assert_eq!(count, job.blocks, "{}", run.name());
        covered.event("delivered");
    } else {
        assert!(outcome.cause.is_some(), "it ended early, without a cause: {}", run.name());
    }
    if outcome.cause == Some(StopCause::ReaderGone) {
        assert!(matches!(reader, TestReader::GoesAt(_)), "{}", run.name());
        covered.event("reader gone");
    }
}
