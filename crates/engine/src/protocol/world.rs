//! The machines of all ranks under virtual time, without transport or threads: up to 100,000 ranks.
//!
//! Stands beside `driver`, which runs one machine for real. Here only the protocol runs; a
//! [`Model`] says how long kernels, messages, disks and readers take. With random times it tests
//! the protocol; with measured ones it predicts how long a job takes on ranks that do not exist.
//!
//! A rank behaves as under the driver: it computes a piece, polls when its machine says so (at the
//! earliest every half millisecond of a kernel), and needs some time for each message.
//!
//! Cost: about 8 events for each span dealt, O(log events) each; a million a second.

mod plan;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

pub use self::plan::{ExternalEvent, Model, RoundPlan, RoundResult};
use super::{Delivery, DeliveryWindow, Input, Machine, Message, Output, PIECE, Root, RootState, Saves, Settings};
use crate::{Dealer, Ledger, Span, StopCause, Tally};

/// Time in nanoseconds.
type Time = u64;

#[derive(Debug)]
enum Happening<T> {
    Arrival {
        from: u64,
        to: u64,
        message: Message<T>,
    },
    /// The rank's kernel has finished, unless it was delayed: then this event repeats.
    Computed(u64),
    /// The rank may poll for messages, or a timer of its machine is due.
    Look(u64),
    Outside(u64, ExternalEvent),
    Saved,
    Read(T),
}

/// What a rank has in work.
struct SimulatedRank<T> {
    machine: Machine<T>,
    mailbox: VecDeque<(u64, Message<T>)>,
    /// The piece, its tally, when it began and when it ends.
    computing: Option<(Span, T, Time, Time)>,
    /// When it has handled the messages that it has taken.
    free: Time,
    /// The next planned look.
    look: Time,
}

struct Simulation<'m, M: Model> {
    model: &'m mut M,
    base: Instant,
    now: Time,
    ranks: Vec<SimulatedRank<M::Tally>>,
    agenda: BinaryHeap<Reverse<(Time, u64)>>,
    happenings: BTreeMap<u64, Happening<M::Tally>>,
    count: u64,
    /// The last arrival of each pair.
    last: BTreeMap<(u64, u64), Time>,
    over: u64,
    read: Option<M::Tally>,
    is_abandoned: bool,
    saves: u64,
    most_held: u64,
}

/// Runs a round to its end on every rank.
///
/// # Panics
/// When the protocol breaks a rule: a rank waits for ever, a message is left over or arrives at a
/// rank that has ended, or a block is done twice.
pub fn run<M: Model>(plan: &RoundPlan, model: &mut M) -> RoundResult<M::Tally> {
    let base = Ledger::with_boundaries(plan.boundaries.clone());
    attempt(plan, model, base, None, None).unwrap_or_else(|_| unreachable!("nothing interrupts it"))
}

/// The same from `done`, by ranks that have done `owns` of it in earlier attempts, until `loss`.
/// Then ranks are lost, the round ends, and it returns what each rank has ever done of the job.
///
/// # Errors
/// The ledgers of all ranks at the loss.
///
/// # Panics
/// As [`run`].
pub fn attempt<M: Model>(
    plan: &RoundPlan,
    model: &mut M,
    done: Ledger<M::Tally>,
    owns: Option<Vec<Ledger<M::Tally>>>,
    loss: Option<Duration>,
) -> Result<RoundResult<M::Tally>, Vec<Ledger<M::Tally>>> {
    let mut world = Simulation::new(plan, model, done, owns);
    let what = || format!("{plan:?}");
    if world.run(loss.map_or(Time::MAX, nanoseconds), &what) {
        return Ok(world.end(&what));
    }
    Err(world.ranks.iter().filter_map(|rank| rank.machine.own().cloned()).collect())
}

impl<'m, M: Model> Simulation<'m, M> {
    fn new(plan: &RoundPlan, model: &'m mut M, done: Ledger<M::Tally>, owns: Option<Vec<Ledger<M::Tally>>>) -> Self {
        let base = Instant::now();
        let holes = done.holes(Span::new(0, plan.blocks));
        let part = plan.window.map(|window| (window / 2).max(1));
        let dealer = Dealer::new(plan.schedule, &holes, plan.ranks, plan.chunk, part);
        let mut root = Root::new(done, dealer, plan.window.map(DeliveryWindow::new));
        let firsts = root.first_spans(plan.ranks);
        let saves = plan.saves.map(|every| Saves::new(every, base));
        let mut root = Some(RootState::new(root, plan.window.map(|_| Delivery::default()), saves, false, base));
        let owns = owns.into_iter().flatten().map(Some).chain(std::iter::repeat_with(|| None));
        let ranks = (0..).zip(firsts).zip(owns).map(|((rank, first), own)| {
            let settings = Settings {
                in_order: plan.window.is_some(),
                piece: plan.piece,
                careful: plan.saves.map(|_| Duration::MAX),
                deadline: plan.time_limit.map(|limit| base + limit),
                ..Settings::new(rank, plan.ranks, plan.boundaries.clone())
            };
            let machine = Machine::new(settings, first, own, root.take(), base);
            SimulatedRank { machine, mailbox: VecDeque::new(), computing: None, free: 0, look: Time::MAX }
        });
        let mut world = Simulation {
            model,
            base,
            now: 0,
            ranks: ranks.collect(),
            agenda: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            count: 0,
            last: BTreeMap::new(),
            over: 0,
            read: None,
            is_abandoned: false,
            saves: 0,
            most_held: 0,
        };
        for &(after, rank, event) in &plan.events {
            world.plan(nanoseconds(after), Happening::Outside(rank, event));
        }
        world
    }

    /// Whether the round ended before `loss`.
    fn run(&mut self, loss: Time, what: &dyn Fn() -> String) -> bool {
        (0..self.ranks.len() as u64).for_each(|rank| self.proceed(rank, Input::Time));
        while self.over < self.ranks.len() as u64 {
            let Some(Reverse((time, id))) = self.agenda.pop() else { panic!("a rank waits for ever: {}", what()) };
            if time >= loss {
                return false;
            }
            self.now = time;
            match self.happenings.remove(&id).expect("planned") {
                Happening::Arrival { from, to, message } => {
                    let rank = &mut self.ranks[to as usize];
                    assert!(!rank.machine.is_over(), "a message arrives after the end of rank {to}: {}", what());
                    rank.mailbox.push_back((from, message));
                    self.look_soon(to);
                }
                Happening::Computed(rank) => self.computed(rank),
                Happening::Look(rank) => {
                    if self.ranks[rank as usize].look == self.now {
                        self.ranks[rank as usize].look = Time::MAX;
                    }
                    self.look(rank);
                }
                Happening::Outside(rank, event) => {
                    let input = match event {
                        ExternalEvent::Signal(signal) => Input::Stop(StopCause::Signal(signal)),
                        ExternalEvent::Save => Input::Save,
                        ExternalEvent::ReaderGone => {
                            self.is_abandoned = true;
                            Input::SinkFailed(Some(StopCause::ReaderGone))
                        }
                    };
                    self.proceed(rank, input);
                }
                Happening::Saved => self.proceed(0, Input::Saved(true)),
                Happening::Read(tally) if !self.is_abandoned => {
                    match &mut self.read {
                        Some(read) => read.merge(tally),
                        None => self.read = Some(tally),
                    }
                    self.proceed(0, Input::Written);
                }
                Happening::Read(_) => {}
            }
        }
        true
    }

    fn end(mut self, what: &dyn Fn() -> String) -> RoundResult<M::Tally> {
        assert!(self.ranks.iter().all(|rank| rank.mailbox.is_empty()), "a message is left: {}", what());
        let on_its_way = |happening: &Happening<M::Tally>| matches!(happening, Happening::Arrival { .. });
        assert!(!self.happenings.values().any(on_its_way), "a message is on its way: {}", what());
        let computed = self.ranks.iter().map(|rank| rank.machine.computed()).sum();
        let messages = self.ranks.iter().map(|rank| rank.machine.messages()).sum();
        let machine = self.ranks.swap_remove(0).machine;
        let (cause, delivers) = (machine.cause(), machine.delivers());
        let root = machine.into_root().expect("rank 0 is the root");
        let (done, done_for_good, is_saved) = (root.done(), root.done_for_good(), root.is_saved());
        let total = if delivers { self.read } else { root.into_ledger().into_total() };
        RoundResult {
            time: Duration::from_nanos(self.now),
            computed,
            done,
            done_for_good,
            total,
            cause,
            saves: self.saves,
            is_saved,
            most_held: self.most_held,
            messages,
        }
    }

    fn plan(&mut self, after: Time, happening: Happening<M::Tally>) {
        self.count += 1;
        self.happenings.insert(self.count, happening);
        self.agenda.push(Reverse((self.now.saturating_add(after), self.count)));
    }

    fn instant(&self, time: Time) -> Instant {
        self.base + Duration::from_nanos(time)
    }

    /// Plans a look for a rank that has a message. An idle rank looks now; in the middle of a
    /// piece, at the end of a half millisecond when its machine wants a poll.
    fn look_soon(&mut self, rank: u64) {
        let me = &self.ranks[rank as usize];
        let at = match &me.computing {
            None => me.free.max(self.now),
            Some((_, _, begun, end)) => {
                let due = me.machine.next_poll().map_or(self.now, |due| self.since_base(due)).max(self.now);
                let piece = nanoseconds(PIECE);
                (begun + (due.max(self.now + 1) - begun).div_ceil(piece) * piece).min(*end)
            }
        };
        self.look_at(rank, at);
    }

    fn look_at(&mut self, rank: u64, at: Time) {
        if at < self.ranks[rank as usize].look {
            self.ranks[rank as usize].look = at;
            self.plan(at - self.now, Happening::Look(rank));
        }
    }

    fn since_base(&self, instant: Instant) -> Time {
        nanoseconds(instant.saturating_duration_since(self.base))
    }

    /// The rank polls for messages, if its machine wants that, and handles them one by one.
    fn look(&mut self, rank: u64) {
        let now = self.instant(self.now);
        let me = &mut self.ranks[rank as usize];
        if me.machine.is_poll_due(now) {
            let messages = std::mem::take(&mut me.mailbox);
            me.machine.polled(now, !messages.is_empty());
            for (from, message) in messages {
                let took = nanoseconds(self.model.handling(&message));
                let me = &mut self.ranks[rank as usize];
                me.free = me.free.max(self.now) + took;
                if let Some((_, _, _, end)) = &mut me.computing {
                    *end += took;
                }
                self.bring(rank, Input::Message(from, message));
            }
        }
        self.proceed(rank, Input::Time);
    }

    fn computed(&mut self, rank: u64) {
        let me = &mut self.ranks[rank as usize];
        match me.computing.take_if(|(_, _, _, end)| *end <= self.now) {
            Some((piece, tally, begun, end)) => {
                let took = Duration::from_nanos(end - begun);
                self.proceed(rank, Input::Computed(piece, tally, took));
            }
            None => {
                let end = me.computing.as_ref().map_or(self.now, |(_, _, _, end)| *end);
                self.plan(end - self.now, Happening::Computed(rank));
            }
        }
    }

    /// Passes the machine an input, and executes its outputs.
    fn bring(&mut self, rank: u64, input: Input<M::Tally>) {
        let now = self.instant(self.now);
        let was_over = self.ranks[rank as usize].machine.is_over();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.ranks[rank as usize].machine.handle(input, now).unwrap_or_else(|overlap| panic!("{overlap}"));
            while let Some(output) = self.ranks[rank as usize].machine.output() {
                inputs.extend(self.apply(rank, output));
            }
        }
        let machine = &self.ranks[rank as usize].machine;
        if machine.delivers() {
            self.most_held = self.most_held.max(machine.root().map_or(0, |root| root.ledger().done()));
        }
        self.over += u64::from(!was_over && machine.is_over());
    }

    /// The same; then the rank computes, waits for messages or for a timer.
    fn proceed(&mut self, rank: u64, input: Input<M::Tally>) {
        self.bring(rank, input);
        let now = self.instant(self.now);
        let me = &mut self.ranks[rank as usize];
        if me.machine.is_over() {
            return;
        }
        let reads = !me.mailbox.is_empty() && me.machine.is_poll_due(now);
        if me.computing.is_none()
            && !reads
            && me.free <= self.now
            && let Some(piece) = me.machine.next_piece(now)
        {
            let (tally, took) = self.model.compute(rank, piece);
            let (took, me) = (nanoseconds(took), &mut self.ranks[rank as usize]);
            me.computing = Some((piece, tally, self.now, self.now + took));
            self.plan(took, Happening::Computed(rank));
            // Within a long piece it polls, and asks.
            let yield_now = nanoseconds(PIECE);
            if took > yield_now {
                self.look_at(rank, self.now + yield_now);
            }
        }
        let me = &self.ranks[rank as usize];
        if !me.mailbox.is_empty() {
            self.look_soon(rank);
        } else if me.computing.is_none() && me.free > self.now {
            self.look_at(rank, me.free);
        }
        if let Some(timeout) = self.ranks[rank as usize].machine.next_timeout() {
            let at = self.since_base(timeout).max(self.now + 1);
            self.look_at(rank, at);
        }
    }

    fn apply(&mut self, rank: u64, output: Output<M::Tally>) -> Option<Input<M::Tally>> {
        match output {
            Output::Send(to, message) => {
                let delay = nanoseconds(self.model.delay(rank, to, &message)).max(1);
                // It sends an answer when it has handled the question.
                let sent = self.ranks[rank as usize].free.max(self.now);
                let last = self.last.entry((rank, to)).or_default();
                *last = (sent + delay).max(*last);
                let after = *last - self.now;
                self.plan(after, Happening::Arrival { from: rank, to, message });
            }
            Output::Save => {
                self.saves += 1;
                if let Some(took) = self.model.save() {
                    self.plan(nanoseconds(took), Happening::Saved);
                }
            }
            Output::Write(tally) => {
                if let Some(took) = self.model.read(&tally) {
                    self.plan(nanoseconds(took), Happening::Read(tally));
                }
            }
            // Nothing is left in a buffer.
            Output::CloseSink => return Some(Input::Written),
            Output::AbandonSink => self.is_abandoned = true,
        }
        None
    }
}

fn nanoseconds(duration: Duration) -> Time {
    Time::try_from(duration.as_nanos()).unwrap_or(Time::MAX)
}
