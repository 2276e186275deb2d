//! What must hold after a run, whatever happened in it.

use std::time::Duration;

use montesieve_engine::run::Outcome;
use montesieve_engine::simulated::{DiskFaults, End, Ending, Plan};
use montesieve_engine::{Cause, Error, Keep, Ledger, Result, Share, Span};

use super::coverage::Coverage;
use super::job::{Blocks, Numbers, OfSpan, Reader};
use super::scenario::{Mode, Scenario};

/// One run of a life.
pub struct Run<'a> {
    pub scenario: &'a Scenario,
    pub plan: &'a Plan,
    /// Whether the time limit holds in it.
    pub is_limited: bool,
}

impl Run<'_> {
    fn name(&self) -> String {
        format!("seed {}, {} ranks, {:?}", self.scenario.seed, self.plan.ranks, self.plan.faults)
    }

    /// The longest that a rank takes for a block.
    fn longest_block(&self) -> Duration {
        let own = self.scenario.block_times.iter().max().copied().unwrap_or_default();
        own * 9 / 8 + self.scenario.within
    }

    /// Whether nothing outside the ranks takes long: what takes long then is their own doing.
    fn is_prompt(&self) -> bool {
        let disk = self.scenario.disk;
        let has_stops = self.plan.faults.iter().any(|fault| fault.what.name() == "stop");
        disk.stalls == 0 && self.plan.weather.seconds == 0 && !has_stops
    }

    /// What messages, turns and a save may take in a prompt run: a tree of ranks, a few times over.
    fn overhead(&self) -> Duration {
        let ranks = self.plan.ranks as u32;
        let weather = self.plan.weather;
        let message = weather.latency + Duration::from_millis(if weather.milliseconds > 0 { 5 } else { 0 });
        weather.skew + 60 * message + ranks * Duration::from_millis(1) + Duration::from_millis(400)
    }
}

/// Every run ends; if nobody was killed, nothing is left of it. Few messages wait for a rank.
pub fn end<R>(run: &Run, end: &End<R>, covered: &mut Coverage) {
    assert!(end.failure.is_none(), "{:?}: {}", end.failure, run.name());
    covered.traces.push(end.trace);
    end.struck.iter().for_each(|struck| covered.fault(struck.what, struck.stage));
    let has = |what: &str| end.struck.iter().filter(|struck| struck.what == what).count();
    if end.ranks.iter().any(|end| matches!(end, Ending::Killed)) {
        let silence = run.plan.silence.unwrap_or(Duration::MAX);
        let piece = run.scenario.piece * 2 + run.longest_block() * (2 * run.scenario.grain + 1) as u32;
        // A keeper looks at its disk before it begins, and does nothing else meanwhile.
        let disk = run.scenario.disk;
        let is_silent = has("stop") > 0 || piece > silence || disk.stalls > 0 && disk.longest > silence;
        assert!(has("death") > 0 || has("SIGTERM") > 1 || is_silent, "ended by nobody: {}", run.name());
        covered.event("killed");
    } else {
        assert_eq!(end.left, 0, "messages are left: {}", run.name());
    }
    if run.is_prompt() {
        // While the root computes a block, each rank may ask and report.
        let reports = run.longest_block().as_millis() as u64 / 1000 + 1;
        let window = if matches!(run.scenario.mode, Mode::Deliver(_)) { run.scenario.blocks } else { 0 };
        let most = run.plan.ranks * (6 + reports) + 40 + window;
        assert!(end.most_unread as u64 <= most, "{} messages wait: {}", end.most_unread, run.name());
        let is_whole = end.ranks.iter().all(|end| !matches!(end, Ending::Killed));
        if is_whole && run.plan.silence.is_none() {
            stops_in_time(run, end);
        }
    }
}

/// A time limit or a signal ends a run soon.
fn stops_in_time<R>(run: &Run, end: &End<R>) {
    // A run that has done nothing yet gets a second, a reader that takes nothing three.
    let grace = if matches!(run.scenario.mode, Mode::Deliver(_)) { 4 } else { 1 };
    let grace = Duration::from_secs(grace) + run.overhead() + 3 * run.longest_block();
    if let Some(limit) = run.scenario.deadline.filter(|_| run.is_limited) {
        let most = limit * 3 / 2 + grace;
        assert!(end.time <= most, "{:?} where {limit:?} is the limit: {}", end.time, run.name());
    }
    // A rank that has finished may have counted its messages: its signal is for the next round.
    let is_heard = |stage, rank| rank == 0 || !matches!(stage, "reduce" | "report" | "end");
    let signals = end.struck.iter().filter(|struck| matches!(struck.what, "SIGTERM" | "SIGUSR2"));
    let signals = signals.filter(|struck| is_heard(struck.stage, struck.rank));
    if let Some(signal) = signals.map(|struck| struck.time).min() {
        let piece = run.scenario.piece + run.scenario.grain as u32 * run.longest_block();
        let most = signal + grace + 2 * piece;
        assert!(end.time <= most, "{:?} where a signal came at {signal:?}: {}", end.time, run.name());
    }
}

/// Where losses are survived, a block is computed twice only if the rank that had it died, or the
/// loss came before that rank had noted its last piece.
pub fn work_twice<T: OfSpan>(run: &Run, job: &Numbers<T>, dead: &[u64]) {
    let log = job.log.lock().expect("no panic");
    let mut seen = Ledger::<()>::new();
    // From the last piece back: those that fit in no more were computed again later.
    let again = |&&(rank, span, _): &&(u64, Span, Duration)| seen.record(span, ()).is_err() && !dead.contains(&rank);
    let again = log.iter().rev().filter(again).count();
    let most = dead.len() * run.plan.ranks as usize;
    assert!(again <= most, "{again} pieces were computed again: {}", run.name());
}

/// All ranks come to the same, and what is reported is reported once.
pub fn reports<T: OfSpan>(
    run: &Run,
    ranks: Vec<Ending<Result<()>>>,
    mut reports: Vec<Outcome<T>>,
    covered: &mut Coverage,
) -> Option<Outcome<T>> {
    assert!(reports.len() <= 1, "reported {} times: {}", reports.len(), run.name());
    let killed = ranks.iter().filter(|end| matches!(end, Ending::Killed)).count();
    let too_few = ranks.iter().filter(|end| matches!(end, Ending::Left(code) if *code != 0)).count();
    if too_few > 0 {
        assert_eq!(too_few + killed, ranks.len(), "some left and some did not: {}", run.name());
        assert!(reports.is_empty() && run.plan.survives, "{}", run.name());
        covered.event("too few ranks left");
    }
    let is_root_dead = matches!(ranks[0], Ending::Killed);
    for result in ranks.into_iter().filter_map(Ending::returned) {
        result.unwrap_or_else(|error| panic!("{error}: {}", run.name()));
    }
    let outcome = reports.pop();
    assert!(outcome.is_some() || killed > 0, "nobody has the outcome: {}", run.name());
    if killed > 0 && run.plan.survives && outcome.is_some() {
        covered.event("survived a death");
        if is_root_dead {
            covered.event("survived the death of rank 0");
        }
    }
    outcome
}

/// An outcome is right, and so is what is on disk.
pub fn outcome<T: OfSpan>(
    run: &Run,
    job: &Numbers<T>,
    outcome: &Outcome<T>,
    [before, after]: [&Ledger<T>; 2],
    part: Option<Share>,
    time: Duration,
    covered: &mut Coverage,
) {
    if run.plan.faults.is_empty() && run.is_prompt() && outcome.cause.is_none() {
        let most = longest_run(run, outcome, job.blocks - before.done());
        assert!(time <= most, "{time:?} where {most:?} are enough: {}", run.name());
    }
    if outcome.is_complete() {
        let total = (job.blocks > 0).then(|| job.of(Span::new(0, job.blocks)));
        assert_eq!(outcome.total, total, "{}", run.name());
    } else {
        assert!(outcome.cause.is_some(), "it ended early, and nobody knows why: {}", run.name());
    }
    assert!(outcome.done >= before.done(), "a run undid something: {}", run.name());
    if !run.plan.survives {
        let computed: u64 = outcome.account.profiles.iter().map(|profile| profile.blocks).sum();
        assert_eq!(computed, outcome.done - before.done(), "every block once: {}", run.name());
    }
    match outcome.cause {
        Some(Cause::Signal(_)) => covered.event("stopped by a signal"),
        Some(Cause::TimeLimit) => covered.event("stopped by a time limit"),
        Some(Cause::ShareDone) => {
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

/// How long an undisturbed run of so many blocks may take at the most: a rank's share at the speed
/// of the slowest, two chunks more (guided ones are up to half of a share), and for each span that
/// it asks for an answer's time.
fn longest_run<T>(run: &Run, outcome: &Outcome<T>, blocks: u64) -> Duration {
    let (scenario, chunk) = (run.scenario, outcome.account.chunk);
    let each = blocks.div_ceil(run.plan.ranks);
    let share = (2 * each).max(each + 2 * chunk + scenario.grain).min(blocks) as u32;
    let pieces = scenario.piece.max(run.longest_block() * scenario.grain as u32);
    let answer = 2 * run.plan.weather.latency + pieces + Duration::from_millis(5);
    let spans = (each.div_ceil(chunk.max(1)) + 2) as u32;
    share * run.longest_block() + spans * answer + 2 * run.overhead()
}

/// However a run ends, no more work is lost than the interval of saves says.
pub fn lost_work<T: OfSpan>(run: &Run, job: &Numbers<T>, after: &Ledger<T>, time: Duration) {
    let is_good = DiskFaults { no_folder_sync: false, no_links: false, ..run.scenario.disk } == DiskFaults::default();
    let Some(every) = run.scenario.keep.filter(|_| is_good && run.is_prompt() && !run.plan.survives) else { return };
    let keep = Keep { path: "".into(), every };
    // A rank reports behind a piece, the root reads that behind one of its own, and saves behind
    // another one.
    let piece = run.longest_block().max(keep.longest_piece());
    let grace = every + 3 * piece + run.overhead();
    for &(_, span, computed) in &*job.log.lock().expect("no panic") {
        let is_old = computed + run.longest_block() * span.len() as u32 + grace < time;
        assert!(!is_old || after.covers(span), "{span}, of {computed:?}, is lost at {time:?}: {}", run.name());
    }
}

/// A delivery is in order, without a hole, and right about how far it came.
pub fn delivery(
    run: &Run,
    job: &Numbers<Blocks>,
    ranks: Vec<Ending<Result<Option<Outcome<Blocks>>>>>,
    reader: Reader,
    read: &[u64],
    covered: &mut Coverage,
) {
    let count = read.len() as u64;
    assert!(read.iter().copied().eq(0..count), "out of order: {read:?}: {}", run.name());
    if ranks.iter().any(|end| matches!(end, Ending::Killed)) {
        return;
    }
    let all = ranks.len();
    let results: Vec<_> = ranks.into_iter().filter_map(Ending::returned).collect();
    let refused = results.iter().filter(|result| matches!(result, Err(Error::AtRoot(_)))).count();
    if refused > 0 {
        assert!(refused == all && matches!(reader, Reader::FailsAt(_)), "{results:?}: {}", run.name());
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
        assert!(outcome.cause.is_some(), "it ended early, and nobody knows why: {}", run.name());
    }
    if outcome.cause == Some(Cause::ReaderGone) {
        assert!(matches!(reader, Reader::GoesAt(_)), "{}", run.name());
        covered.event("reader gone");
    }
}
