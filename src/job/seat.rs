//! A rank's seat in a round: carries out what `manager` and `worker` decide, over the cluster.
//!
//! Stands beside `run`, which says in what order a round goes. Here is what a rank does from its first piece of work to the
//! last reduction, what it looks after in between, and whose time it was; in `talk.rs`, what is said and decided meanwhile.

mod talk;

use signal_hook::consts::SIGUSR1;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::keeper::{Keep, Keeper};
use super::lookout::{Lookout, Watch};
use super::manager::{Action, Event, Manager};
use super::pace::Pace;
use super::profile::{Activity, Profile, Stopwatch};
use super::progress::Progress;
use super::run::{Account, Cause, Ended, Options, Outcome, check};
use super::signals::Signals;
use super::worker::Worker;
use super::writer::Writer;
use super::{Job, Ledger, Overlap, Tally};
use crate::cluster::heartbeat;
use crate::cluster::patience::Patience;
use crate::cluster::{Cluster, ROOT, Tag};
use crate::error::{Error, Result};
use crate::fault::{self, Stage};

/// Between two times that the seat is attended to in the middle of a block, which costs well below a microsecond.
const ATTEND_EVERY: Duration = Duration::from_micros(500);
/// Between two reports of a rank, so that progress and checkpoints are at most this old; less where saves are more frequent.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// How long the root waits beyond a time limit for the first block of a run: more than a block takes that is no longer than
/// its set-up, and little beside what schedulers grant. Without, a limit shorter than the set-up would be in vain for ever.
const FIRST_BLOCK: Duration = Duration::from_secs(1);
/// For each rank that reports: keeps the root below a thousand reports a second.
const REPORT_EVERY_RANK: Duration = Duration::from_millis(1);

/// A rank's seat in a round: the state machines, and what it takes to drive them.
pub(super) struct Seat<'a, T: Tally> {
    cluster: &'a Cluster,
    worker: Worker<T>,
    manager: Option<Manager<T>>,
    in_order: bool,
    writer: Option<Writer<T>>,
    /// What the writer has in work begins at this block; `None`: it has nothing.
    writing: Option<u64>,
    actions: Vec<Action>,
    progress: Option<Progress>,
    keeper: Option<Keeper>,
    signals: &'a Signals,
    /// The root's clock decides; the others only make their last pieces fit.
    deadline: Option<Instant>,
    watch: Stopwatch,
    lookout: Lookout,
    looked: Instant,
    reported: Instant,
    report_every: Duration,
    keep: Option<&'a Keep>,
    /// What is done outlives a stop.
    is_careful: bool,
    begun: Instant,
    /// At the root: blocks done before this round.
    before: u64,
    /// Reports and signals sent to the root, and received from all ranks: they must be equal in the end.
    to_root: u64,
    from_ranks: u64,
    messages: u64,
    cause: Option<Cause>,
    /// What went wrong in the middle of a block, until the kernel has returned.
    failure: Option<Error>,
    /// What the sink refused with: the root's misfortune, told to all at the end of the round.
    refusal: Option<Error>,
    /// A message came since the last rest.
    stirred: bool,
}

/// What stands on the root's desk, and on no other; but for `in_order`, which every rank knows.
pub(super) struct Desk<T: Tally> {
    pub(super) manager: Option<Manager<T>>,
    pub(super) in_order: bool,
    pub(super) writer: Option<Writer<T>>,
    pub(super) progress: Option<Progress>,
    pub(super) keeper: Option<Keeper>,
}

impl<'a, T: Tally> Seat<'a, T> {
    /// Takes a seat, with a worker who has the span that was scattered to this rank.
    pub(super) fn take(cluster: &'a Cluster, options: &'a Options, worker: Worker<T>, desk: Desk<T>) -> Self {
        let Desk { manager, in_order, writer, progress, keeper } = desk;
        let now = Instant::now();
        let ranks = u32::try_from(cluster.size()).unwrap_or(u32::MAX);
        let watch = match cluster.size() {
            1 => Watch::Nobody,
            _ if manager.is_some() || in_order => Watch::All,
            _ => Watch::Root,
        };
        let kept = options.keep.as_ref().map_or(REPORT_EVERY, Keep::slack);
        let report_every = kept.max(REPORT_EVERY_RANK * ranks);
        let before = manager.as_ref().map_or(0, Manager::done);
        Seat {
            cluster,
            worker,
            manager,
            in_order,
            writer,
            writing: None,
            actions: Vec::new(),
            progress,
            keeper,
            signals: &options.signals,
            deadline: options.deadline,
            watch: Stopwatch::start(options.traced),
            lookout: Lookout::new(watch, now),
            looked: now,
            reported: now,
            report_every,
            keep: options.keep.as_ref(),
            is_careful: false,
            begun: now,
            before,
            to_root: 0,
            from_ranks: 0,
            messages: 0,
            cause: None,
            failure: None,
            refusal: None,
            stirred: false,
        }
    }

    /// Computes until there is nothing more to do, and then waits for the others at the barrier.
    pub(super) fn work<J: Job<Tally = T>>(&mut self, job: &J) -> Result<()> {
        let mut workspace = None;
        self.is_careful = job.identity().is_some() && (self.keep.is_some() || self.deadline.is_some());
        let mut pace = self.pace(job);
        let mut patience = Patience::new();
        self.attend(job)?;
        while !self.worker.is_finished() {
            if let Some(piece) = self.worker.piece(pace.blocks(self.time_left())) {
                fault::at(Stage::Compute, self.cluster.first_rank())?;
                heartbeat::progress();
                let (_, start) = self.watch.switch(Activity::Compute);
                let workspace = workspace.get_or_insert_with(|| job.workspace());
                let tally = job.compute(piece, workspace, &mut || self.pulse(job));
                let (_, end) = self.watch.switch(Activity::Comm);
                if let Some(failure) = self.failure.take() {
                    return Err(failure);
                }
                if let ControlFlow::Continue(tally) = tally {
                    pace.took(piece.len(), end - start);
                    self.worker.finished(piece, tally).map_err(fault_of_program)?;
                }
                patience.reset();
            } else {
                self.rest(&mut patience);
            }
            self.attend(job)?;
        }
        self.report()?;
        self.attend(job)?;
        // Everything must have left before the barrier, and the root goes on answering until all are in it.
        self.attend_until(job, |seat| seat.cluster.all_sent())?;
        fault::at(Stage::Reduce, self.cluster.first_rank())?;
        let mut barrier = self.cluster.enter_barrier();
        self.attend_until(job, |_| barrier.is_complete())
    }

    /// Only whole pieces are reported. Where they outlive a stop, a piece must not be what is lost at every one.
    fn pace<J: Job<Tally = T>>(&self, job: &J) -> Pace {
        let [piece, longest] = self.keep.map_or([Duration::MAX; 2], |keep| [keep.slack(), keep.longest_piece()]);
        let pace = Pace::new(job.grain(), job.piece().min(piece));
        if self.is_careful { pace.careful(longest) } else { pace }
    }

    /// Whether the root is to stop the round. A run that has not done a block yet gets some time for one.
    fn time_is_up(&self) -> bool {
        let (Some(deadline), Some(manager)) = (self.deadline, &self.manager) else { return false };
        let has_nothing = self.is_careful && manager.done() == self.before;
        self.looked >= if has_nothing { deadline.max(self.begun) + FIRST_BLOCK } else { deadline }
    }

    fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The end of a round: no message is left on its way, and the tallies that were not yet reported are reduced.
    pub(super) fn end<J: Job<Tally = T>>(&mut self, job: &J) -> Result<()> {
        let sent = self.to_root;
        if let Some(expected) = self.keeping(|cluster| cluster.sum(sent)) {
            self.attend_until(job, |seat| seat.from_ranks == expected)?;
        }
        self.write_all(job)?;
        let is_stopped = self.manager.as_ref().map(Manager::is_stopped);
        let stopped = self.keeping(|cluster| cluster.broadcast(is_stopped))?;
        if stopped && !self.worker.is_stopped() {
            self.hear_until(|seat| seat.worker.is_stopped())?;
        }
        let mine = self.worker.take_unreported();
        let total = self.keeping(|cluster| {
            cluster.reduce(mine, |mut lower: Ledger<T>, upper| {
                lower.absorb(upper).map_err(fault_of_program)?;
                Ok(lower)
            })
        })?;
        if let (Some(manager), Some(total)) = (&mut self.manager, total) {
            manager.handle(Event::Reported(total), &mut self.actions).map_err(fault_of_program)?;
        }
        self.save_all()?;
        self.cluster.flush();
        if let Some(progress) = &self.progress {
            progress.finish();
        }
        Ok(())
    }

    /// Waits for others in a step in which this rank looks after nothing else: should one of them hang, what is done is saved first.
    fn keeping<R>(&mut self, wait: impl FnOnce(&Cluster) -> R) -> R {
        let (manager, keeper) = match (self.manager.take(), self.keeper.take()) {
            (Some(manager), Some(keeper)) => (manager, keeper),
            (manager, keeper) => {
                (self.manager, self.keeper) = (manager, keeper);
                return wait(self.cluster);
            }
        };
        let kept = Rc::new(RefCell::new((manager, keeper)));
        let held = Rc::clone(&kept);
        let will = heartbeat::last_will(move || {
            let (manager, keeper) = &mut *held.borrow_mut();
            keeper.save_now(manager.ledger())
        });
        let result = wait(self.cluster);
        drop(will);
        if let Ok(kept) = Rc::try_unwrap(kept) {
            let (manager, keeper) = kept.into_inner();
            (self.manager, self.keeper) = (Some(manager), Some(keeper));
        }
        result
    }

    /// All that this rank has ever done of the job, where that is kept.
    pub(super) fn own(&self) -> Option<&Ledger<T>> {
        self.worker.own()
    }

    /// Gathers the profiles; at the root, what it all came to.
    pub(super) fn account<J: Job<Tally = T>>(
        mut self,
        job: &J,
        chunk: u64,
        begun: Instant,
    ) -> Result<Option<Ended<T>>> {
        let (_, now) = self.watch.switch(Activity::Comm);
        let profile = Profile {
            compute: self.watch.seconds(Activity::Compute),
            idle: self.watch.seconds(Activity::Idle),
            comm: self.watch.seconds(Activity::Comm),
            blocks: self.worker.done(),
            messages: self.messages,
        };
        let rows = self.cluster.gather(profile.to_numbers());
        let timelines = match self.watch.timeline() {
            Some(row) => self.cluster.gather_records(&row)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let sound = self.manager.as_ref().map_or(Ok(()), |manager| check(job, manager.ledger()));
        self.cluster.agree(self.refusal.take().map_or(sound, Err))?;
        let (Some(rows), Some(manager)) = (rows, self.manager) else { return Ok(None) };
        let account = Account {
            seconds: (now - begun).as_secs_f64(),
            chunk,
            profiles: rows.into_iter().map(Profile::from_numbers).collect(),
            saved: self.keeper.is_some_and(|keeper| keeper.is_good()),
            grain: job.grain(),
            jobs: 1,
            timelines,
        };
        let delivered = || self.writing.unwrap_or(manager.delivered());
        let (done, blocks) = (if self.in_order { delivered() } else { manager.done() }, job.blocks());
        let ledger = manager.into_ledger();
        let way = if job.has_a_way() { ledger.clone() } else { Ledger::new() };
        Ok(Some((Outcome { total: ledger.into_total(), done, blocks, cause: self.cause, account }, way)))
    }

    /// What a kernel calls in the middle of a block.
    fn pulse<J: Job<Tally = T>>(&mut self, job: &J) -> ControlFlow<()> {
        if self.looked.elapsed() < ATTEND_EVERY {
            return ControlFlow::Continue(());
        }
        let (before, _) = self.watch.switch(Activity::Comm);
        heartbeat::progress();
        if let Err(error) = self.attend(job) {
            self.failure = Some(error);
        }
        self.watch.switch(before);
        if self.failure.is_some() || self.worker.is_stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Nothing to do at the moment.
    fn rest(&mut self, patience: &mut Patience) {
        if std::mem::take(&mut self.stirred) {
            patience.reset();
        }
        self.watch.switch(Activity::Idle);
        patience.rest();
        self.watch.switch(Activity::Comm);
    }

    fn attend_until<J: Job<Tally = T>>(&mut self, job: &J, done: impl FnMut(&Self) -> bool) -> Result<()> {
        self.step_until(done, |seat| seat.attend(job))
    }

    /// Waits for messages alone. Whoever has said how much he has sent to the root must send no more: a signal, say, is for the next round.
    fn hear_until(&mut self, done: impl FnMut(&Self) -> bool) -> Result<()> {
        self.step_until(done, |seat| {
            seat.hear()?;
            seat.watch_others()?;
            seat.cluster.check_losses()
        })
    }

    fn step_until(
        &mut self,
        mut done: impl FnMut(&Self) -> bool,
        mut step: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let mut patience = Patience::new();
        while !done(self) {
            step(self)?;
            self.rest(&mut patience);
        }
        Ok(())
    }

    /// The conversation of a round is between the root and each other rank. Who looked for messages of all would find one of a rank that is
    /// further on, in the reduction, while it still waits for the root to say stop.
    fn next_message(&self) -> Option<(u64, Tag)> {
        if self.manager.is_some() { self.cluster.probe() } else { self.cluster.probe_from(ROOT).map(|tag| (ROOT, tag)) }
    }

    /// Takes in what messages there are, and says whether there were any.
    fn hear(&mut self) -> Result<bool> {
        let mut found = false;
        while let Some((from, tag)) = self.next_message() {
            self.receive(from, tag)?;
            found = true;
        }
        self.stirred |= found;
        Ok(found)
    }

    /// Looks after everything but the kernel: messages, signals, questions, reports, delivery, progress.
    fn attend<J: Job<Tally = T>>(&mut self, job: &J) -> Result<()> {
        job.attend()?;
        self.looked = Instant::now();
        if self.lookout.is_due(self.looked, self.worker.has_work()) {
            let found = self.hear()?;
            self.lookout.looked(self.looked, found);
        }
        self.cluster.check_losses()?;
        self.watch_others()?;
        if self.signals.take_save() {
            self.wanted(SIGUSR1)?;
        }
        if let Some(signal) = self.signals.pending() {
            self.interrupted(Cause::Signal(signal))?;
        }
        if self.time_is_up() {
            self.interrupted(Cause::TimeLimit)?;
        }
        if self.manager.is_some() || self.in_order || self.looked - self.reported >= self.report_every {
            self.reported = self.looked;
            self.report()?;
        }
        if self.worker.asks() {
            match &mut self.manager {
                Some(manager) => {
                    let me = self.cluster.rank();
                    manager.handle(Event::Asked(me), &mut self.actions).map_err(fault_of_program)?;
                    self.act();
                }
                None => self.send(0, Tag::Ask, [0, 0]),
            }
        }
        self.deliver()?;
        if let Some(keeper) = &mut self.keeper {
            keeper.poll();
            if keeper.is_due(self.looked) {
                self.save(self.looked);
            }
        }
        if let (Some(progress), Some(manager)) = (&mut self.progress, &self.manager) {
            progress.update(manager.done(), self.looked);
        }
        Ok(())
    }
}

fn fault_of_program(overlap: Overlap) -> Error {
    Error::Run(format!("{overlap} (a fault of montesieve, please report it)"))
}

#[cfg(test)]
mod tests;
