//! What only the root has in a round besides the distribution of blocks: delivery, saves, the time
//! limit.
//!
//! Stands beside `root`, which answers questions. Here are the root's timers, and its handling of
//! the two slow things for which it must never wait: a sink and a disk.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::inout::Output;
use super::root::{Reply, Root};
use crate::awake;
use crate::{Ledger, StopCause, Tally};

/// How long a reader may pause after a stop by a signal that precedes a kill: under mpirun the kill
/// follows in one or two seconds.
const READER_AT_A_KILL: Duration = Duration::from_secs(1);
/// The same for any other stop.
const READER_AT_A_STOP: Duration = Duration::from_secs(3);
/// How long the end of a round waits for a save: a hanging disk must not lose the result.
const DISK_LIMIT: Duration = Duration::from_secs(100);
/// How long the root waits beyond a time limit for the first block of a run. It is longer than any
/// block that takes no longer than its set-up, and short beside what schedulers grant. Without it,
/// a limit shorter than the set-up would make no progress in any number of runs.
const FIRST_BLOCK: Duration = Duration::from_secs(1);

/// The root's state in a round.
#[derive(Debug)]
pub struct RootState<T> {
    pub(super) round: Root<T>,
    /// Counted messages that have arrived, and how many were sent, once known.
    pub(super) received: u64,
    pub(super) expected: Option<u64>,
    delivery: Option<Delivery>,
    saves: Option<Saves>,
    ending: EndStep,
    begun: Instant,
    /// Blocks done before this round.
    before: u64,
    /// Whether a run that has done nothing yet gets extra time beyond its limit.
    waits_for_first: bool,
}

/// The end of a round at the root, step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndStep {
    /// Some work is not reported yet.
    Collecting,
    /// Everything is reported; what can be delivered is being delivered.
    Delivering,
    /// An earlier save is finishing, within this time.
    OldSave(awake::Limit),
    /// The last save is under way, within this time.
    LastSave(awake::Limit),
    /// The round is over.
    Over,
}

impl<T: Tally> RootState<T> {
    /// The root's part of a round that starts now. `waits_for_first`: finished work outlives a
    /// stop.
    pub fn new(
        round: Root<T>,
        delivery: Option<Delivery>,
        saves: Option<Saves>,
        waits_for_first: bool,
        now: Instant,
    ) -> Self {
        let before = round.done();
        RootState {
            round,
            received: 0,
            expected: None,
            delivery,
            saves,
            ending: EndStep::Collecting,
            begun: now,
            before,
            waits_for_first,
        }
    }

    /// What is done and not delivered.
    pub fn ledger(&self) -> &Ledger<T> {
        self.round.ledger()
    }

    /// Ends the round and returns the ledger.
    pub fn into_ledger(self) -> Ledger<T> {
        self.round.into_ledger()
    }

    /// How many blocks are done: computed, or in a delivery, at least taken for it.
    pub fn done(&self) -> u64 {
        self.round.done()
    }

    /// How many blocks the answer covers: those that are done, or in a delivery, those that are
    /// written.
    pub fn done_for_good(&self) -> u64 {
        if self.delivery.is_some() { self.round.blocks_written() } else { self.round.done() }
    }

    /// Whether everything that is done is saved.
    pub fn is_saved(&self) -> bool {
        self.saves.as_ref().is_some_and(|saves| saves.good && !saves.wanted && !saves.busy)
    }

    /// Whether something may still be delivered.
    pub(super) fn is_delivering(&self) -> bool {
        self.delivery.is_some() && matches!(self.ending, EndStep::Collecting | EndStep::Delivering)
    }

    pub(super) fn is_over(&self) -> bool {
        self.ending == EndStep::Over
    }

    /// Whether to stop the round now. A run without a finished block gets some time for one.
    pub(super) fn time_is_up(&self, deadline: Option<Instant>, now: Instant) -> bool {
        deadline.is_some_and(|deadline| now >= deadline && now >= self.extended(deadline))
    }

    fn extended(&self, deadline: Instant) -> Instant {
        let has_nothing = self.waits_for_first && self.round.done() == self.before;
        if has_nothing { deadline.max(self.begun) + FIRST_BLOCK } else { deadline }
    }

    /// When something is due here; `deadline` is set while the round can still be stopped.
    pub(super) fn next_timeout(&self, deadline: Option<Instant>) -> Option<Instant> {
        let stop = deadline.filter(|_| !self.round.is_stopped()).map(|deadline| self.extended(deadline));
        let save = self.saves.as_ref().filter(|saves| !saves.busy && self.saves_now_and_then());
        let save = save.map(Saves::next);
        let reader = self.delivery.as_ref().and_then(|delivery| delivery.stuck.map(|limit| limit.next()));
        let disk = match self.ending {
            EndStep::OldSave(limit) | EndStep::LastSave(limit) => Some(limit.next()),
            _ => None,
        };
        [stop, save, reader, disk].into_iter().flatten().min()
    }

    fn is_saving(&self) -> bool {
        self.saves.as_ref().is_some_and(|saves| saves.busy)
    }

    fn saves_now_and_then(&self) -> bool {
        matches!(self.ending, EndStep::Collecting | EndStep::Delivering)
    }

    /// Starts a save. If another one is under way, the new one becomes due after it.
    pub(super) fn save(&mut self, now: Instant, outputs: &mut VecDeque<Output<T>>) {
        // The last save has everything: nothing could be added to it.
        if let Some(saves) = &mut self.saves
            && !matches!(self.ending, EndStep::LastSave(_))
            && saves.begin(now)
        {
            outputs.push_back(Output::Save);
        }
    }

    pub(super) fn saved(&mut self, good: bool) {
        if let Some(saves) = &mut self.saves {
            (saves.busy, saves.good) = (false, good);
        }
    }

    /// The sink has written its tally; returns the questions that can be answered now.
    pub(super) fn written(&mut self) -> Vec<Reply> {
        let Some(delivery) = &mut self.delivery else { return Vec::new() };
        delivery.stuck = None;
        if delivery.sink == SinkState::Closing {
            delivery.sink = SinkState::Gone;
            return Vec::new();
        }
        delivery.sink = SinkState::Idle;
        self.round.written()
    }

    /// The sink accepts nothing more; its last tally is not written.
    pub(super) fn sink_failed(&mut self) {
        if let Some(delivery) = &mut self.delivery {
            delivery.sink = if delivery.sink == SinkState::Closing { SinkState::Gone } else { SinkState::Failed };
            delivery.stuck = None;
        }
    }

    /// Everything that follows from the state and the time: deliveries, saves that are due, the end
    /// of the round.
    pub(super) fn proceed(&mut self, now: Instant, cause: Option<StopCause>, outputs: &mut VecDeque<Output<T>>) {
        self.deliver(outputs);
        self.give_up_reader(now, cause, outputs);
        if self.saves_now_and_then() && self.saves.as_ref().is_some_and(|saves| saves.is_due(now)) {
            self.save(now, outputs);
        }
        if self.ending == EndStep::Collecting && self.expected == Some(self.received) {
            self.ending = EndStep::Delivering;
        }
        if self.ending == EndStep::Delivering {
            if self.close_sink(outputs) {
                self.ending = EndStep::OldSave(awake::Limit::new(DISK_LIMIT, now));
            }
            // Only now may the sink have received something to be slow with.
            self.give_up_reader(now, cause, outputs);
        }
        let is_busy = self.is_saving();
        if let EndStep::OldSave(limit) = &mut self.ending
            && (limit.is_over(now) || !is_busy)
        {
            self.save(now, outputs);
            self.ending = EndStep::LastSave(awake::Limit::new(DISK_LIMIT, now));
        }
        let is_busy = self.is_saving();
        if let EndStep::LastSave(limit) = &mut self.ending
            && (limit.is_over(now) || !is_busy)
        {
            self.ending = EndStep::Over;
        }
    }

    /// Gives the sink the next tally, once it has written the last.
    fn deliver(&mut self, outputs: &mut VecDeque<Output<T>>) {
        let Some(delivery) = self.delivery.as_mut().filter(|delivery| delivery.sink == SinkState::Idle) else { return };
        if !self.round.is_stopped()
            && let Some(tally) = self.round.next_in_order()
        {
            delivery.sink = SinkState::Busy;
            outputs.push_back(Output::Write(tally));
        }
    }

    /// A reader may pause for as long as it likes, but must not delay a stop.
    fn give_up_reader(&mut self, now: Instant, cause: Option<StopCause>, outputs: &mut VecDeque<Output<T>>) {
        let Some(delivery) = self.delivery.as_mut() else { return };
        if !self.round.is_stopped() || !matches!(delivery.sink, SinkState::Busy | SinkState::Closing) {
            return;
        }
        let limit = match cause {
            Some(StopCause::Signal(SIGINT | SIGTERM)) => READER_AT_A_KILL,
            _ => READER_AT_A_STOP,
        };
        if delivery.stuck.get_or_insert(awake::Limit::new(limit, now)).is_over(now) {
            delivery.sink = SinkState::Gone;
            delivery.stuck = None;
            outputs.push_back(Output::AbandonSink);
        }
    }

    /// Whether the sink has closed; closes it when it has written everything.
    fn close_sink(&mut self, outputs: &mut VecDeque<Output<T>>) -> bool {
        let Some(delivery) = &mut self.delivery else { return true };
        if matches!(delivery.sink, SinkState::Idle | SinkState::Failed) {
            delivery.sink = SinkState::Closing;
            outputs.push_back(Output::CloseSink);
        }
        delivery.sink == SinkState::Gone
    }

    /// The reader has taken something: its time starts again.
    pub(super) fn reader_moved(&mut self) {
        if let Some(delivery) = &mut self.delivery {
            delivery.stuck = None;
        }
    }
}

/// The state of the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SinkState {
    /// It can receive a tally.
    Idle,
    /// It is writing.
    Busy,
    /// It can write no more, and has not closed.
    Failed,
    /// It writes its last tally.
    Closing,
    /// It has closed, or was abandoned.
    Gone,
}

/// In-order delivery to a sink.
#[derive(Debug)]
pub struct Delivery {
    sink: SinkState,
    /// After a stop: the time left to a reader that takes nothing.
    stuck: Option<awake::Limit>,
}

impl Default for Delivery {
    fn default() -> Delivery {
        Delivery { sink: SinkState::Idle, stuck: None }
    }
}

/// When to save. One save is under way at a time.
#[derive(Debug)]
pub struct Saves {
    /// Time between saves.
    every: Duration,
    saved: Instant,
    busy: bool,
    /// Another save was requested while one was under way.
    wanted: bool,
    good: bool,
}

impl Saves {
    /// A save at this interval, the first one after one interval.
    pub fn new(every: Duration, now: Instant) -> Saves {
        Saves { every, saved: now, busy: false, wanted: false, good: false }
    }

    fn next(&self) -> Instant {
        if self.wanted { self.saved } else { self.saved + self.every }
    }

    fn is_due(&self, now: Instant) -> bool {
        !self.busy && now >= self.next()
    }

    /// Whether a save starts now; otherwise it is due when the one under way is done.
    fn begin(&mut self, now: Instant) -> bool {
        self.wanted = self.busy;
        if !self.busy {
            (self.busy, self.good, self.saved) = (true, false, now);
        }
        !self.wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_is_due_on_time_or_after_the_one_under_way() {
        let every = Duration::from_secs(10);
        let now = Instant::now();
        let mut saves = Saves::new(every, now);
        assert!(!saves.is_due(now + every / 2) && saves.is_due(now + every));
        // This save is early, because of a signal: the next one is due that much earlier.
        let asked = now + every / 2;
        assert!(saves.begin(asked) && !saves.is_due(asked + every), "one at a time");
        assert!(!saves.begin(asked + every / 4) && saves.busy && saves.wanted);
        saves.busy = false;
        assert!(saves.is_due(asked + every / 4), "the second request came too late for the first save");
        assert!(saves.begin(asked + every / 4));
        saves.busy = false;
        assert!(!saves.is_due(asked + every) && saves.is_due(asked + every / 4 + every));
    }
}
