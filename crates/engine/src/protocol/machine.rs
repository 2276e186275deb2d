//! One rank's state machine in a round: the sequence from the first piece to the reduction.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::inout::{Input, Output, Settings};
use super::message::{Message, Tree};
use super::piece_size::PieceSize;
use super::poll_schedule::{PollSchedule, Senders};
use super::root::Reply;
use super::root_state::RootState;
use super::worker::Worker;
use crate::transport::ROOT;
use crate::{Ledger, Overlap, Span, StopCause, Tally};

/// Time between two reports of a rank, which bounds the age of progress and checkpoints; shorter
/// where saves are more frequent.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// Added for each rank: keeps the root below a thousand reports a second.
const REPORT_EVERY_RANK: Duration = Duration::from_millis(1);

/// The phase of a round that a rank is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// This rank, or a child, has work.
    Working,
    /// Its branch has finished; other ranks have not.
    Finished,
    /// It sends nothing more except its part of the reduction.
    Closed,
    /// The reduction has gone to its parent; at the root: it has arrived.
    Reduced,
}

/// One rank's state in a round.
#[derive(Debug)]
pub struct Machine<T> {
    settings: Settings,
    tree: Tree,
    worker: Worker<T>,
    root: Option<RootState<T>>,
    phase: Phase,
    /// Children whose branches have not finished, and children that have not reduced.
    unfinished: u64,
    unreduced: u64,
    /// What the children's branches have done, and how many counted messages they have sent.
    branches: Ledger<T>,
    branches_sent: u64,
    /// Counted messages that this rank has sent.
    sent: u64,
    piece: PieceSize,
    poll: PollSchedule,
    report_every: Duration,
    reported: Instant,
    cause: Option<StopCause>,
    messages: u64,
    outputs: VecDeque<Output<T>>,
}

impl<T: Tally> Machine<T> {
    /// A round for a rank that begins with its scattered span. `own` is what this rank has done of
    /// the job in earlier attempts, where ranks may be lost; `root` is the root's part.
    pub fn new(
        settings: Settings,
        first: Span,
        own: Option<Ledger<T>>,
        root: Option<RootState<T>>,
        now: Instant,
    ) -> Self {
        let Settings { rank, ranks, .. } = settings;
        let senders = match ranks {
            1 => Senders::NoRank,
            _ if root.is_some() || settings.in_order => Senders::All,
            _ => Senders::Root,
        };
        let ranks_32 = u32::try_from(ranks).unwrap_or(u32::MAX);
        let slack = settings.slack.unwrap_or(Duration::MAX);
        let mut piece = PieceSize::new(settings.grain, settings.piece.min(slack));
        if let Some(longest) = settings.careful {
            piece = piece.careful(longest);
        }
        let tree = Tree::new(rank, ranks);
        let mut machine = Machine {
            tree,
            worker: Worker::new(first, settings.boundaries.clone()).keeping(own),
            root,
            phase: Phase::Working,
            unfinished: tree.children(),
            unreduced: tree.children(),
            branches: Ledger::with_boundaries(settings.boundaries.clone()),
            branches_sent: 0,
            sent: 0,
            piece,
            poll: PollSchedule::new(senders, now),
            report_every: REPORT_EVERY.min(slack).max(REPORT_EVERY_RANK.saturating_mul(ranks_32)),
            reported: now,
            cause: None,
            messages: 0,
            outputs: VecDeque::new(),
            settings,
        };
        machine.ask();
        machine
    }

    /// Handles an event that happened by `now`.
    ///
    /// # Errors
    /// [`Overlap`] when a block was done twice: a fault of the program.
    pub fn handle(&mut self, input: Input<T>, now: Instant) -> Result<(), Overlap> {
        match input {
            Input::Message(from, message) => self.receive(from, message, now)?,
            Input::Computed(piece, tally, took) => {
                self.piece.took(piece.len(), took);
                self.worker.finished(piece, tally)?;
            }
            Input::Abandoned => self.worker.abandoned(),
            Input::Stop(cause) => self.ask_for_stop(cause),
            Input::Save => self.ask_for_save(now),
            Input::Written => {
                let answers = self.root.as_mut().map(RootState::written);
                self.answer(answers.into_iter().flatten());
            }
            Input::ReaderMoved => {
                if let Some(root) = &mut self.root {
                    root.reader_moved();
                }
            }
            Input::SinkFailed(cause) => {
                if let Some(root) = &mut self.root {
                    root.sink_failed();
                }
                self.stop_all(cause);
            }
            Input::Saved(good) => {
                if let Some(root) = &mut self.root {
                    root.saved(good);
                }
            }
            Input::Time => {}
        }
        self.proceed(now)
    }

    /// The next output; call it until there is none.
    pub fn output(&mut self) -> Option<Output<T>> {
        self.outputs.pop_front()
    }

    /// The next piece to compute, if there is work. [`Input::Computed`] follows, or
    /// [`Input::Abandoned`] if the kernel gave up because the machine [is
    /// stopped](Machine::is_stopped). The round does not end before.
    pub fn next_piece(&mut self, now: Instant) -> Option<Span> {
        let left = self.settings.deadline.map(|deadline| deadline.saturating_duration_since(now));
        self.worker.piece(self.piece.blocks(left))
    }

    /// Whether a poll for messages is due; if so, [`Machine::polled`] follows.
    pub fn is_poll_due(&self, now: Instant) -> bool {
        self.poll.is_due(now, self.worker.has_work())
    }

    /// When the next poll is due while this rank computes; `None`: never.
    pub fn next_poll(&self) -> Option<Instant> {
        self.poll.next()
    }

    /// Notes a poll, and whether it found messages.
    pub fn polled(&mut self, now: Instant, found: bool) {
        self.poll.looked(now, found);
    }

    /// The latest time for the next input; `None`: the machine waits for an event.
    pub fn next_timeout(&self) -> Option<Instant> {
        let reports = self.root.is_none() && self.is_open() && self.worker.has_unreported();
        let report = reports.then(|| self.reported + self.report_every);
        let deadline = self.settings.deadline.filter(|_| self.can_be_stopped());
        let root = self.root.as_ref().and_then(|root| root.next_timeout(deadline));
        report.into_iter().chain(root).min()
    }

    /// Whether the round ends early: then a kernel abandons its piece.
    pub fn is_stopped(&self) -> bool {
        self.worker.is_stopped()
    }

    /// Whether this rank has nothing left to do in the round.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Reduced && self.outputs.is_empty() && self.root.as_ref().is_none_or(RootState::is_over)
    }

    /// The root's part, at the root.
    pub fn root(&self) -> Option<&RootState<T>> {
        self.root.as_ref()
    }

    /// Whether tallies are delivered in order.
    pub fn delivers(&self) -> bool {
        self.settings.in_order
    }

    /// Everything that this rank has ever done of the job, where that is kept.
    pub fn own(&self) -> Option<&Ledger<T>> {
        self.worker.own()
    }

    /// Blocks that this rank has computed in this round.
    pub fn computed(&self) -> u64 {
        self.worker.done()
    }

    /// Messages that this rank has sent in this round.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Why the round ends early, if this rank knows.
    pub fn cause(&self) -> Option<StopCause> {
        self.cause
    }

    /// The root's part, at the end.
    pub fn into_root(self) -> Option<RootState<T>> {
        self.root
    }

    fn receive(&mut self, from: u64, message: Message<T>, now: Instant) -> Result<(), Overlap> {
        if message.is_counted()
            && let Some(root) = &mut self.root
        {
            root.received += 1;
        }
        match message {
            Message::Ask => {
                let answer = self.root.as_mut().and_then(|root| root.round.asked(from));
                self.answer(answer);
            }
            Message::Report(ledger) => {
                if let Some(root) = &mut self.root {
                    root.round.reported(ledger)?;
                }
            }
            Message::Signal(signal) => self.stop_all(Some(StopCause::Signal(signal))),
            Message::Save => self.ask_for_save(now),
            Message::Give(span) => self.worker.given(span),
            Message::NoMore => self.worker.no_more(),
            Message::Stop => self.worker.stop(),
            Message::Finished => self.unfinished -= 1,
            Message::Close => self.phase = Phase::Closed,
            Message::Reduce { sent, ledger } => {
                self.unreduced -= 1;
                self.branches_sent += sent;
                self.branches.absorb(ledger)?;
            }
        }
        Ok(())
    }

    /// Everything that follows from the state and the time.
    fn proceed(&mut self, now: Instant) -> Result<(), Overlap> {
        if self.root.as_ref().is_some_and(|root| root.time_is_up(self.settings.deadline, now)) {
            self.stop_all(Some(StopCause::TimeLimit));
        }
        self.report(now)?;
        self.ask();
        if let Some(root) = &mut self.root {
            root.proceed(now, self.cause, &mut self.outputs);
        }
        self.end(now)
    }

    /// The end of a round, step by step.
    fn end(&mut self, now: Instant) -> Result<(), Overlap> {
        if self.phase == Phase::Working && self.unfinished == 0 && self.worker.is_finished() {
            self.phase = Phase::Finished;
            match self.tree.parent() {
                Some(parent) => self.send(parent, Message::Finished),
                None => {
                    (1..self.settings.ranks).for_each(|rank| self.send(rank, Message::Close));
                    self.phase = Phase::Closed;
                }
            }
        }
        if self.phase == Phase::Closed && self.unreduced == 0 {
            self.phase = Phase::Reduced;
            let mut ledger = self.worker.take_unreported();
            ledger.absorb(std::mem::take(&mut self.branches))?;
            let sent = self.sent + self.branches_sent;
            match (&mut self.root, self.tree.parent()) {
                (Some(root), _) => {
                    root.round.reported(ledger)?;
                    root.expected = Some(sent);
                    return self.proceed(now);
                }
                (None, Some(parent)) => self.send(parent, Message::Reduce { sent, ledger }),
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Reports what this rank has done, if a report is due.
    fn report(&mut self, now: Instant) -> Result<(), Overlap> {
        let is_due = self.root.is_some()
            || self.settings.in_order
            || now.saturating_duration_since(self.reported) >= self.report_every;
        if !is_due || !self.is_open() {
            return Ok(());
        }
        self.reported = now;
        let Some(ledger) = self.worker.report() else { return Ok(()) };
        match &mut self.root {
            Some(root) => root.round.reported(ledger)?,
            None => self.send(ROOT, Message::Report(ledger)),
        }
        Ok(())
    }

    /// Asks for the next span, unless one is in hand.
    fn ask(&mut self) {
        if self.worker.asks() {
            match &mut self.root {
                Some(root) => {
                    let answer = root.round.asked(self.settings.rank);
                    self.answer(answer);
                }
                None => self.send(ROOT, Message::Ask),
            }
        }
    }

    /// At the root: answers questions, including its own.
    fn answer(&mut self, answers: impl IntoIterator<Item = Reply>) {
        for answer in answers {
            match answer {
                Reply::Give(rank, span) if rank == self.settings.rank => self.worker.given(span),
                Reply::Give(rank, span) => self.send(rank, Message::Give(span)),
                Reply::NoMore(rank) if rank == self.settings.rank => self.worker.no_more(),
                Reply::NoMore(rank) => self.send(rank, Message::NoMore),
            }
        }
    }

    /// Something on this rank asks for a stop: the root stops all ranks; another rank reports it to
    /// the root, once.
    fn ask_for_stop(&mut self, cause: StopCause) {
        match (&self.root, cause) {
            (Some(_), _) => self.stop_all(Some(cause)),
            (None, StopCause::Signal(signal)) if self.is_open() && self.cause.is_none() => {
                self.cause = Some(cause);
                self.send(ROOT, Message::Signal(signal));
            }
            (None, _) => {}
        }
    }

    /// At the root: ends the round early. Once all ranks have finished, only delivery can still be
    /// stopped.
    fn stop_all(&mut self, cause: Option<StopCause>) {
        if !self.can_be_stopped() {
            return;
        }
        self.cause = self.cause.or(cause);
        let Some(root) = self.root.as_mut().filter(|root| !root.round.is_stopped()) else { return };
        let answers = root.round.stop();
        if self.is_open() {
            self.worker.stop();
            (1..self.settings.ranks).for_each(|rank| self.send(rank, Message::Stop));
            self.answer(answers);
        }
    }

    /// A save is wanted at once: the root saves what it knows, at most a second old; another rank
    /// asks the root.
    fn ask_for_save(&mut self, now: Instant) {
        if let Some(root) = &mut self.root {
            root.save(now, &mut self.outputs);
        } else if self.is_open() {
            self.send(ROOT, Message::Save);
        }
    }

    fn send(&mut self, to: u64, message: Message<T>) {
        self.messages += 1;
        self.sent += u64::from(message.is_counted());
        self.outputs.push_back(Output::Send(to, message));
    }

    /// Whether this rank may still send counted messages.
    fn is_open(&self) -> bool {
        self.phase < Phase::Closed
    }

    fn can_be_stopped(&self) -> bool {
        self.root.as_ref().is_some_and(|root| self.is_open() || root.is_delivering())
    }
}
