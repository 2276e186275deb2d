//! The state of a run: events in their order, and the effect of each.
//!
//! Stands beside `world`, whose lock protects it, and where tasks wait for their turn. Events are
//! ordered by time, and at the same time by a random number. So the seed decides the order of all
//! events and all random numbers.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::thread::JoinHandle;
use std::time::Duration;

use super::meeting::Meetings;
use super::network::{Network, Route};
use super::random::Random;
use super::strike::Strikes;
use super::task::Task;
use super::{Failure, RunPlan};
use crate::signals::Signals;
use crate::threads::Lent;
use crate::transport::Channel;

/// Nanoseconds since the run began.
pub(super) type Time = u64;

/// The longest delay from an event to the turn of the task that waits for it: what an operating
/// system takes.
const WAKE: Time = 20_000;

/// The events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The task's wait of this number ends.
    Resume(usize, u64),
    /// The delay of this message has passed.
    Ready(Route, u64),
    /// A rank learns that one of its messages has left.
    Sent(usize, Channel, u64),
    /// The fault of this number strikes.
    Strike(usize),
    /// A rank learns of a loss in this epoch.
    Notice(usize, usize),
    /// The launcher ends the job because of a death.
    KillAll,
}

/// An event and when it happens.
#[derive(Debug, PartialEq, Eq)]
struct QueuedEvent {
    time: Time,
    tie: u64,
    event: Event,
}

impl Ord for QueuedEvent {
    fn cmp(&self, other: &QueuedEvent) -> Ordering {
        (self.time, self.tie).cmp(&(other.time, other.tie))
    }
}

impl PartialOrd for QueuedEvent {
    fn partial_cmp(&self, other: &QueuedEvent) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The state behind the lock. Only the running task changes it.
pub(super) struct State {
    pub(super) plan: RunPlan,
    pub(super) now: Time,
    pub(super) random: Random,
    queue: BinaryHeap<Reverse<QueuedEvent>>,
    pub(super) running: Option<usize>,
    /// The ranks first, by their number at the start; then the threads beside them.
    pub(super) tasks: Vec<Task>,
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) network: Network,
    pub(super) meetings: Meetings,
    pub(super) strikes: Strikes,
    pub(super) signals: Vec<Signals>,
    pub(super) lent: Lent,
    pub(super) failure: Option<Failure>,
    pub(super) events: u64,
    /// A digest of all events, in their order.
    pub(super) trace: u64,
}

impl State {
    /// The start of a run: every rank has its first turn to come.
    pub(super) fn new(plan: &RunPlan) -> State {
        let ranks = plan.ranks as usize;
        let random = Random::new(plan.seed);
        let mut state = State {
            now: 0,
            queue: BinaryHeap::new(),
            running: None,
            tasks: (0..ranks).map(Task::new).collect(),
            threads: Vec::new(),
            network: Network::new(ranks),
            meetings: Meetings::new(ranks),
            strikes: Strikes::new(plan),
            signals: (0..ranks).map(|_| Signals::default()).collect(),
            lent: Lent::default(),
            failure: None,
            events: 0,
            trace: 0xCBF2_9CE4_8422_2325,
            random,
            plan: plan.clone(),
        };
        for rank in 0..ranks {
            let late = nanoseconds(plan.weather.skew);
            let after = state.random.below(late + 1);
            state.resume_after(rank, after);
        }
        state.plan_strikes();
        state
    }

    /// Plans an event.
    pub(super) fn after(&mut self, after: Time, event: Event) {
        let tie = self.random.any();
        self.queue.push(Reverse(QueuedEvent { time: self.now.saturating_add(after), tie, event }));
    }

    pub(super) fn resume_after(&mut self, task: usize, after: Time) {
        self.tasks[task].wait += 1;
        let wait = self.tasks[task].wait;
        self.after(after, Event::Resume(task, wait));
    }

    /// Something has happened for which the task may wait.
    pub(super) fn wake(&mut self, task: usize) {
        self.tasks[task].news += 1;
        if self.tasks[task].is_listening {
            let (wait, after) = (self.tasks[task].wait, self.random.below(WAKE));
            self.after(after, Event::Resume(task, wait));
        }
    }

    /// A process ends, now: its tasks unwind.
    pub(super) fn doom(&mut self, rank: usize) {
        for task in 0..self.tasks.len() {
            if self.tasks[task].owner == rank && !self.tasks[task].has_ended && !self.tasks[task].is_doomed {
                self.tasks[task].is_doomed = true;
                self.tasks[task].stopped_until = 0;
                let after = self.random.below(WAKE);
                self.resume_after(task, after);
            }
        }
    }

    /// The processes of all ranks end.
    pub(super) fn doom_all(&mut self) {
        (0..self.plan.ranks as usize).for_each(|rank| self.doom(rank));
    }

    /// A rank does not run for this long.
    pub(super) fn stop(&mut self, rank: usize, time: Time) {
        let until = self.now.saturating_add(time);
        for task in self.tasks.iter_mut().filter(|task| task.owner == rank && !task.is_doomed) {
            task.stopped_until = task.stopped_until.max(until);
        }
    }

    /// A rank has returned, or unwound: the threads beside it end with its process.
    pub(super) fn left(&mut self, rank: usize) {
        self.doom(rank);
        self.forget_rank(rank);
        self.left_meetings();
    }

    /// Finds the task whose turn is next, and rings its bell. None when all have ended.
    pub(super) fn turn(&mut self) {
        self.running = None;
        while let Some(planned) = self.next_event() {
            if let Some(task) = self.happen(planned) {
                self.running = Some(task);
                self.tasks[task].bell.notify_one();
                return;
            }
        }
    }

    /// The next event; an empty queue, or a run without an end, ends every living task.
    fn next_event(&mut self) -> Option<Event> {
        loop {
            let endless = self.now > nanoseconds(self.plan.most_time) || self.events > self.plan.most_events;
            if endless && self.failure.is_none() {
                self.fail(Failure::Endless(self.report()));
            }
            if self.tasks.iter().all(|task| task.has_ended) {
                return None;
            }
            if let Some(Reverse(planned)) = self.queue.pop() {
                // A look at the clock may have passed it.
                self.now = self.now.max(planned.time);
                self.events += 1;
                self.note(planned.event);
                return Some(planned.event);
            }
            self.fail(Failure::Deadlock(self.report()));
        }
    }

    /// Ends the run.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
        self.doom_all();
    }

    /// Handles an event; returns a task if it is that task's turn.
    fn happen(&mut self, event: Event) -> Option<usize> {
        match event {
            Event::Resume(task, wait) => {
                let found = &self.tasks[task];
                if found.has_ended || found.wait != wait {
                    return None;
                }
                if found.stopped_until > self.now {
                    let after = found.stopped_until - self.now;
                    self.after(after, event);
                    return None;
                }
                self.tasks[task].wait += 1;
                return Some(task);
            }
            Event::Ready(route, number) => self.ready(route, number),
            Event::Sent(rank, channel, epoch) => self.has_left(rank, channel, epoch as usize),
            Event::Strike(number) => self.strike(number),
            Event::Notice(rank, epoch) => self.notice(rank, epoch),
            Event::KillAll => self.doom_all(),
        }
        None
    }

    /// Adds an event to the digest (FNV-1a, by words).
    fn note(&mut self, event: Event) {
        let words = match event {
            Event::Resume(task, wait) => [1, task as u64, wait],
            Event::Ready(route, number) => [2, route.to as u64, number],
            Event::Sent(rank, channel, epoch) => [3, rank as u64 | (channel as u64) << 32, epoch],
            Event::Strike(number) => [4, number as u64, 0],
            Event::Notice(rank, epoch) => [5, rank as u64, epoch as u64],
            Event::KillAll => [6, 0, 0],
        };
        for word in words.into_iter().chain([self.now]) {
            self.trace = (self.trace ^ word).wrapping_mul(0x0100_0000_01B3);
        }
    }

    /// What every living task waits for.
    pub(super) fn report(&self) -> String {
        const MOST: usize = 40;
        let living = || self.tasks.iter().enumerate().filter(|(_, task)| !task.has_ended);
        let mut lines: Vec<String> = living()
            .take(MOST)
            .map(|(number, task)| {
                let who = if number == task.owner { "rank" } else { "a thread beside rank" };
                let unread = self.network.unread(task.owner);
                format!("  {who} {} ({}): {}; {unread}", task.owner, task.stage, task.pending)
            })
            .collect();
        if living().count() > MOST {
            lines.push(format!("  and {} more", living().count() - MOST));
        }
        format!("at {:?}:\n{}", Duration::from_nanos(self.now), lines.join("\n"))
    }

    /// Whether a rank waits, and so moves its large messages.
    pub(super) fn is_waiting(&self, rank: usize) -> bool {
        self.tasks[rank].is_listening
    }

    /// The delay of a message, in this run's weather.
    pub(super) fn delay(&mut self) -> Time {
        let weather = self.plan.weather;
        let most = match self.random.below(100_000) {
            draw if draw < weather.seconds => Duration::from_secs(3),
            draw if draw < weather.seconds + weather.milliseconds => Duration::from_millis(5),
            _ => weather.latency,
        };
        nanoseconds(self.random.up_to(most))
    }
}

pub(super) fn nanoseconds(duration: Duration) -> Time {
    Time::try_from(duration.as_nanos()).unwrap_or(Time::MAX)
}
