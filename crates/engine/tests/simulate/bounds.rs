//! Upper bounds in virtual time: for saves, stops and whole jobs.
//!
//! Stands beside `check`, whose rules hold in every run. These hold where nothing outside the ranks
//! takes long ([`CheckedRun::is_prompt`]): then only the ranks themselves can cause a delay.

use std::time::Duration;

use montesieve_engine::run::Outcome;
use montesieve_engine::simulated::{DiskFaults, Weather};
use montesieve_engine::{Ledger, SaveSettings, Schedule};

use super::check::CheckedRun;
use super::job::{BlockJob, OfSpan};
use super::scenario::LifeKind;

/// The longest time of a save's steps, each a write to a disk without faults.
const SAVE: Duration = Duration::from_millis(25);
/// The longest time between polls at a root whose pieces are short.
const LOOK: Duration = Duration::from_millis(5);
/// The time of a rank for a message: the calls around it, and the wait for a turn.
const HANDLING: Duration = Duration::from_micros(50);

impl CheckedRun<'_> {
    /// The longest time of a rank for a block.
    pub fn longest_block(&self) -> Duration {
        (0..self.plan.ranks).map(|rank| self.block(rank)).max().unwrap_or_default()
    }

    /// The longest time of this rank for a block.
    fn block(&self, rank: u64) -> Duration {
        let times = &self.scenario.block_times;
        times[rank as usize % times.len()] * 9 / 8 + self.within(rank)
    }

    /// The part of it within the kernel, which polls for messages meanwhile.
    fn within(&self, rank: u64) -> Duration {
        let times = &self.scenario.within;
        times[rank as usize % times.len()]
    }

    /// The disk's effect on the run.
    fn disk(&self) -> DiskFaults {
        if self.is_limited { self.scenario.disk } else { DiskFaults::default() }
    }

    /// Whether nothing outside the ranks takes long.
    pub fn is_prompt(&self) -> bool {
        self.disk().stalls == 0 && self.plan.weather.seconds == 0 && self.has_struck("stop") == 0
    }

    /// Whether saves succeed.
    fn has_good_disk(&self) -> bool {
        DiskFaults { no_folder_sync: false, no_links: false, ..self.disk() } == DiskFaults::default()
    }

    /// The path of a message.
    fn message(&self) -> Duration {
        let weather = self.plan.weather;
        weather.latency + Duration::from_millis(if weather.milliseconds > 0 { 5 } else { 0 })
    }

    /// The time of messages, turns and a save in a prompt run: a tree of ranks, a few times over.
    fn overhead(&self) -> Duration {
        let ranks = self.plan.ranks as u32;
        self.plan.weather.skew + 60 * self.message() + ranks * Duration::from_millis(1) + Duration::from_millis(400)
    }

    /// The time of a rank for one message from every other.
    fn turns(&self) -> Duration {
        4 * HANDLING * self.plan.ranks as u32
    }

    /// The longest time that a rank computes without polling.
    fn unseen(&self, rank: u64) -> Duration {
        let (scenario, block) = (self.scenario, self.block(rank).as_secs_f64());
        let own = self.block(rank) - self.within(rank);
        let blocks = f64::max(scenario.grain as f64, scenario.piece.as_secs_f64() * 9.0 / 8.0 / block);
        own.mul_f64(blocks) + self.within(rank) / scenario.yields
    }

    /// The longest time for a question of this rank to the root and the answer.
    fn answer(&self, rank: u64) -> Duration {
        let Weather { rendezvous, eager_bytes, .. } = self.plan.weather;
        let taken = 2 * self.message() + self.unseen(0) + LOOK + self.turns();
        // Both also wait for their senders' next poll.
        let left = self.unseen(0) + self.unseen(rank);
        if rendezvous > 0 || eager_bytes == 0 { taken + left } else { taken }
    }
}

/// A time limit or a signal ends a run soon.
pub fn stops_in_time(run: &CheckedRun) {
    // A run that has done nothing yet gets a second, a reader that takes nothing gets three.
    let grace = if matches!(run.scenario.kind, LifeKind::Deliver(_)) { 4 } else { 1 };
    let grace = Duration::from_secs(grace) + run.overhead() + 3 * run.longest_block();
    if let Some(limit) = run.scenario.deadline.filter(|_| run.is_limited) {
        let most = limit * 3 / 2 + grace;
        assert!(run.time <= most, "{:?} where {limit:?} is the limit: {}", run.time, run.name());
    }
    // A rank that has finished may have counted its messages: its signal is for the next round.
    let is_heard = |stage, rank| rank == 0 || !matches!(stage, "reduce" | "report" | "end");
    let signals = run.struck.iter().filter(|struck| matches!(struck.what, "SIGTERM" | "SIGUSR2"));
    let signals = signals.filter(|struck| is_heard(struck.stage, struck.rank));
    if let Some(signal) = signals.map(|struck| struck.time).min() {
        let piece = run.scenario.piece + run.scenario.grain as u32 * run.longest_block();
        let most = signal + grace + 2 * piece;
        assert!(run.time <= most, "{:?} where a signal came at {signal:?}: {}", run.time, run.name());
    }
}

/// However a run ends, it loses no more work than the interval of saves allows.
pub fn loses_little<T: OfSpan>(run: &CheckedRun, job: &BlockJob<T>, after: &Ledger<T>) {
    let Some(keep) = keep(run).filter(|_| !run.plan.survives) else { return };
    // A rank reports after a piece, the root reads that after a piece, and saves after another one.
    let piece = run.longest_block().max(keep.longest_piece());
    let grace = keep.every + 3 * piece + run.overhead();
    for &(_, span, computed) in &*job.log.lock().expect("no panic") {
        let is_old = computed + run.longest_block() * span.len() as u32 + grace < run.time;
        assert!(!is_old || after.covers(span), "{span}, of {computed:?}, is lost at {:?}: {}", run.time, run.name());
    }
}

/// How a run is saved, unless something prevents it.
fn keep(run: &CheckedRun) -> Option<SaveSettings> {
    let every = run.scenario.keep.filter(|_| run.has_good_disk() && run.is_prompt())?;
    Some(SaveSettings { path: "".into(), every })
}

/// While a job runs, no more time passes between two saves than their interval and the root's work
/// in hand. Each request for a save is followed by one as soon. `saves` has the start of each.
pub fn saves_in_time(run: &CheckedRun, saves: &[Duration]) {
    let is_disturbed = run.plan.silence.is_some() || run.plan.survives && !run.is_whole;
    let Some(keep) = keep(run).filter(|_| !is_disturbed) else { return };
    let start = run.plan.weather.skew + 20 * run.message() + run.turns() + SAVE;
    // A death ends the other ranks a little later, and a run that ends normally ends with a save.
    let end = if run.is_whole { Duration::ZERO } else { run.time.saturating_sub(run.overhead()) };

    let most = keep.every.max(SAVE) + run.unseen(0) + LOOK + run.turns();
    let mut last = start;
    for &save in saves.iter().chain([&end]) {
        assert!(save <= last + most, "no save from {last:?} to {save:?}, {most:?} is enough: {}", run.name());
        last = last.max(save);
    }

    // The shortest interval is three fifths of the requested one: reports and pieces are the rest.
    let requests = run.has_struck("SIGUSR1") as u128;
    let many = (run.time.as_nanos() * 5 / 3).checked_div(keep.every.as_nanos()).map(|saves| saves + requests + 2);
    assert!(many.is_none_or(|many| saves.len() as u128 <= many), "{} saves: {}", saves.len(), run.name());

    for asked in run.struck.iter().filter(|struck| struck.what == "SIGUSR1") {
        // A rank that has finished may have counted its messages, and the last save has everything.
        let is_last = run.plan.ranks == 1 && saves.last().is_some_and(|&last| last <= asked.time);
        if matches!(asked.stage, "reduce" | "report" | "end") || is_last {
            continue;
        }
        // The rank polls, then the root, and once more when a save was under way.
        let most = run.unseen(asked.rank) + run.answer(asked.rank) + SAVE + run.unseen(0) + LOOK;
        let due = asked.time.max(start) + most;
        let save = saves.iter().find(|&&save| save >= asked.time);
        let is_in_time = save.map_or(!run.is_whole && end <= due, |&save| save <= due);
        assert!(is_in_time, "asked to save at {:?}, saved at {save:?}: {}", asked.time, run.name());
    }
}

/// An undisturbed run takes no longer than its ranks need when they wait only for answers.
pub fn takes_no_longer<T: OfSpan>(run: &CheckedRun, outcome: &Outcome<T>, before: &Ledger<T>) {
    let is_disturbed = run.struck.iter().any(|struck| struck.what != "SIGUSR1");
    if is_disturbed || !run.is_prompt() || outcome.cause.is_some() {
        return;
    }
    let CheckedRun { scenario, plan, .. } = run;
    let (blocks, ranks) = (outcome.done - before.done(), plan.ranks);
    // Where there are holes, spans are shorter than chunks.
    let (chunk, holes) = (outcome.account.chunk.max(1), before.spans().count() as u64 + 1);
    let span = (blocks / (blocks.div_ceil(chunk) + holes)).max(1) as f64;
    // Seconds of each rank for a block and the polls within, or for a question.
    let looks = f64::from(scenario.yields) * 2e-6;
    let given = |rank| if rank == 0 { 0.0 } else { run.answer(rank).as_secs_f64() / span };
    let each = (0..ranks).map(|rank| given(rank).max(run.block(rank).as_secs_f64() * 1.05 + looks));
    let work = match scenario.schedule {
        Schedule::Block | Schedule::Cyclic => each.fold(0.0, f64::max) * (blocks.div_ceil(ranks) + chunk) as f64,
        // Until the last span is given all ranks work; then each has at most two.
        Schedule::Dynamic | Schedule::Guided => {
            let guided = if scenario.schedule == Schedule::Guided { blocks.div_ceil(2 * ranks) } else { 0 };
            let last = (2 * chunk.max(guided)).min(blocks) as f64 * run.longest_block().as_secs_f64();
            blocks as f64 / each.map(f64::recip).sum::<f64>() + last
        }
    };
    let saves = if scenario.keep.is_some() { 3 * SAVE } else { Duration::ZERO };
    let ends = plan.weather.skew + (20 + 10 * ranks.ilog2()) * run.message() + 10 * run.turns() + saves;
    let answer = (0..ranks).map(|rank| run.answer(rank)).max().unwrap_or_default();
    let most = Duration::from_secs_f64(work) + ends + answer + scenario.piece;
    assert!(run.time <= most, "{:?} where {most:?} are enough: {}", run.time, run.name());
}
