//! Turns and time: which task runs next, and when it is.
//!
//! A *task* is a rank, or a thread that works beside one. Each has an OS thread, and exactly one
//! runs at a time: a task that waits takes events off the queue until one of them is another task's
//! turn. Events are in the order of their time; at the same time, of a random number. So all that
//! happens, and all random numbers, come in one order that the seed decides.
//!
//! Stands beside `network`, which has the messages, and `strike`, which has the faults.

use std::cell::RefCell;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fmt;
use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::meeting::Meetings;
use super::network::{Network, Route};
use super::random::Random;
use super::strike::Strikes;
use super::{Failure, Plan};
use crate::signals::Signals;
use crate::transport::Channel;

/// Nanoseconds since the run began.
pub(super) type Time = u64;

/// What a task's thread unwinds with when its process has ended.
pub(super) struct Ended;

/// The longest that a call of a transport takes.
const CALL: Time = 1500;
/// The longest from an event that a task waits for to its turn: what an operating system takes.
const WAKE: Time = 20_000;

/// What a task last asked for: what it waits for, if it waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// It has not called anything yet.
    Nothing,
    /// A message of a channel, from one rank or any.
    Message(Channel, Option<u64>),
    /// To send a message.
    Sending(Channel, u64),
    /// That all its messages leave.
    AllSent,
    /// Time, for work.
    Time,
    /// An agreement of all living ranks.
    Agreement,
    /// That all living ranks come together after a loss.
    Shrink,
    /// A thread beside a rank: something to do.
    Work,
    /// A step of a disk.
    Disk(&'static str),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Asked::Nothing => f.write_str("has not called anything yet"),
            Asked::Message(channel, Some(from)) => write!(f, "a message of {channel:?} from rank {from}"),
            Asked::Message(channel, None) => write!(f, "a message of {channel:?} from any rank"),
            Asked::Sending(channel, to) => write!(f, "to send a message of {channel:?} to rank {to}"),
            Asked::AllSent => f.write_str("that its messages leave"),
            Asked::Time => f.write_str("time"),
            Asked::Agreement => f.write_str("that all living ranks agree"),
            Asked::Shrink => f.write_str("that all living ranks come together"),
            Asked::Work => f.write_str("work"),
            Asked::Disk(step) => write!(f, "a disk to {step}"),
        }
    }
}

/// Everything that happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The task's wait of this number is over.
    Resume(usize, u64),
    /// The message of this number has had its delay.
    Ready(Route, u64),
    /// A rank hears that one of its messages has left.
    Sent(usize, u64),
    /// The fault of this number strikes.
    Strike(usize),
    /// A rank hears of a loss in this epoch.
    Notice(usize, usize),
    /// The launcher ends the job because of a death.
    KillAll,
}

/// An event and when it happens.
#[derive(Debug, PartialEq, Eq)]
struct Planned {
    time: Time,
    tie: u64,
    event: Event,
}

impl Ord for Planned {
    fn cmp(&self, other: &Planned) -> Ordering {
        (self.time, self.tie).cmp(&(other.time, other.tie))
    }
}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Planned) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A rank, or a thread beside one.
pub(super) struct Task {
    bell: Arc<Condvar>,
    /// The rank whose process it belongs to.
    pub(super) owner: usize,
    pub(super) has_ended: bool,
    /// Its process has ended: its thread unwinds at its next turn.
    pub(super) is_doomed: bool,
    /// The number of its wait.
    wait: u64,
    /// Whether news end the wait.
    is_listening: bool,
    /// Things that have happened which it may wait for, and those that it knows of.
    news: u64,
    seen: u64,
    stopped_since: Time,
    stopped_until: Time,
    /// When it was last heard of.
    heard: Time,
    /// What it last asked for: what a wait waits for.
    pub(super) asked: Asked,
    pub(super) stage: &'static str,
}

impl Task {
    fn new(owner: usize) -> Task {
        Task {
            bell: Arc::default(),
            owner,
            has_ended: false,
            is_doomed: false,
            wait: 0,
            is_listening: false,
            news: 0,
            seen: 0,
            stopped_since: 0,
            stopped_until: 0,
            heard: 0,
            asked: Asked::Nothing,
            stage: "before",
        }
    }
}

/// All of a run that its tasks share.
pub(super) struct World {
    state: Mutex<State>,
    base: Instant,
}

/// What is behind the lock. Only the running task changes it.
pub(super) struct State {
    pub(super) plan: Plan,
    pub(super) now: Time,
    pub(super) random: Random,
    queue: BinaryHeap<Reverse<Planned>>,
    running: Option<usize>,
    /// The ranks first, by the number at the beginning; then the threads beside them.
    pub(super) tasks: Vec<Task>,
    threads: Vec<JoinHandle<()>>,
    pub(super) network: Network,
    pub(super) meetings: Meetings,
    pub(super) strikes: Strikes,
    pub(super) signals: Vec<Signals>,
    pub(super) failure: Option<Failure>,
    pub(super) events: u64,
    /// A digest of all that happened, in its order.
    pub(super) trace: u64,
}

/// The state, locked.
pub(super) type Guard<'a> = MutexGuard<'a, State>;

thread_local! {
    static CURRENT: RefCell<Option<(Arc<World>, usize)>> = const { RefCell::new(None) };
}

/// The calling thread's task, if it is one.
pub(super) fn current() -> Option<(Arc<World>, usize)> {
    CURRENT.with_borrow(Clone::clone)
}

impl World {
    pub(super) fn new(plan: &Plan) -> Arc<World> {
        let ranks = plan.ranks as usize;
        let mut random = Random::new(plan.seed);
        let mut state = State {
            now: 0,
            queue: BinaryHeap::new(),
            running: None,
            tasks: (0..ranks).map(Task::new).collect(),
            threads: Vec::new(),
            network: Network::new(ranks),
            meetings: Meetings::new(ranks),
            strikes: Strikes::new(plan, &mut random),
            signals: (0..ranks).map(|_| Signals::default()).collect(),
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
        Arc::new(World { state: Mutex::new(state), base: Instant::now() })
    }

    pub(super) fn lock(&self) -> Guard<'_> {
        // A task that unwinds has left the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn instant(&self) -> Instant {
        self.base + Duration::from_nanos(self.lock().now)
    }

    pub(super) fn time(&self, instant: Instant) -> Time {
        nanoseconds(instant.saturating_duration_since(self.base))
    }

    /// The first turn of the run.
    pub(super) fn begin(&self) {
        self.lock().turn();
    }

    /// The calling thread is this task from now on; waits for its first turn.
    pub(super) fn be(self: &Arc<World>, me: usize) {
        CURRENT.set(Some((Arc::clone(self), me)));
        let state = self.lock();
        drop(self.await_turn(state, me));
    }

    /// The calling task has ended.
    pub(super) fn end(&self, me: usize) {
        CURRENT.set(None);
        let mut state = self.lock();
        state.tasks[me].has_ended = true;
        if me < state.plan.ranks as usize {
            state.left(me);
        }
        state.turn();
    }

    /// A thread beside a rank: what it runs begins at its first turn.
    ///
    /// # Errors
    /// What `start` returns.
    pub(super) fn beside(
        self: &Arc<World>,
        owner: usize,
        start: impl FnOnce(usize) -> io::Result<JoinHandle<()>>,
    ) -> io::Result<usize> {
        let mut state = self.lock();
        let task = state.tasks.len();
        // A rank whose process has ended starts nothing; what it leaves must end, though.
        let is_doomed = state.tasks[owner].is_doomed;
        state.tasks.push(Task { is_listening: true, is_doomed, asked: Asked::Work, ..Task::new(owner) });
        if is_doomed {
            state.resume_after(task, 0);
        }
        // The thread waits for its first turn, and the lock.
        let thread = start(task).inspect_err(|_| state.tasks[task].has_ended = true)?;
        state.threads.push(thread);
        Ok(task)
    }

    /// Waits for the threads beside the ranks; all tasks have ended.
    pub(super) fn join(&self) {
        let threads = std::mem::take(&mut self.lock().threads);
        for thread in threads {
            // What went wrong there is in the state.
            let _ = thread.join();
        }
    }

    /// A call of the task `me` begins: it takes a moment, in which others may run.
    pub(super) fn call(&self, me: usize, asked: Asked) -> Guard<'_> {
        let mut state = self.lock();
        state.tasks[me].asked = asked;
        state.tasks[me].heard = state.now;
        let cost = state.random.below(CALL);
        drop(state);
        self.pass(me, cost)
    }

    /// Time passes for the task `me`, whatever happens meanwhile.
    pub(super) fn pass(&self, me: usize, time: Time) -> Guard<'_> {
        let mut state = self.lock();
        if state.tasks[me].is_doomed {
            return self.await_turn(state, me);
        }
        state.strike_at_turn(me);
        state.resume_after(me, time);
        state.turn();
        self.await_turn(state, me)
    }

    /// The task `me` waits for news, or until a moment.
    pub(super) fn listen<'a>(&'a self, mut state: Guard<'a>, me: usize, until: Option<Time>) -> Guard<'a> {
        if state.tasks[me].is_doomed {
            return self.await_turn(state, me);
        }
        let task = &mut state.tasks[me];
        if task.news == task.seen {
            task.wait += 1;
            task.is_listening = true;
            let wait = task.wait;
            let often = state.plan.weather.early;
            let early = state.random.chance(often, 1000).then(|| state.random.below(1_000_000));
            let after = until.map(|until| until.saturating_sub(state.now)).into_iter().chain(early).min();
            if let Some(after) = after {
                state.after(after, Event::Resume(me, wait));
            }
            state.turn();
            state = self.await_turn(state, me);
        }
        let task = &mut state.tasks[me];
        (task.seen, task.is_listening) = (task.news, false);
        state
    }

    /// Waits until it is this task's turn; does not return to a task whose process has ended.
    fn await_turn<'a>(&'a self, mut state: Guard<'a>, me: usize) -> Guard<'a> {
        let bell = Arc::clone(&state.tasks[me].bell);
        while state.running != Some(me) {
            state = bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.tasks[me].is_doomed && !std::thread::panicking() {
            drop(state);
            resume_unwind(Box::new(Ended));
        }
        state
    }
}

impl State {
    /// Plans an event.
    pub(super) fn after(&mut self, after: Time, event: Event) {
        let tie = self.random.any();
        self.queue.push(Reverse(Planned { time: self.now.saturating_add(after), tie, event }));
    }

    fn resume_after(&mut self, task: usize, after: Time) {
        self.tasks[task].wait += 1;
        let wait = self.tasks[task].wait;
        self.after(after, Event::Resume(task, wait));
    }

    /// Something has happened that the task may wait for.
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

    /// The process of every rank ends.
    pub(super) fn doom_all(&mut self) {
        (0..self.plan.ranks as usize).for_each(|rank| self.doom(rank));
    }

    /// A rank does not run for this long.
    pub(super) fn stop(&mut self, rank: usize, time: Time) {
        let until = self.now.saturating_add(time);
        for task in self.tasks.iter_mut().filter(|task| task.owner == rank && !task.is_doomed) {
            if task.stopped_until <= self.now {
                task.stopped_since = self.now;
            }
            task.stopped_until = task.stopped_until.max(until);
        }
    }

    /// A rank has returned, or unwound: the threads beside it end with its process.
    fn left(&mut self, rank: usize) {
        self.doom(rank);
        self.forget_rank(rank);
        self.left_meetings();
    }

    /// Finds the task whose turn is next, and rings its bell. None when all have ended.
    fn turn(&mut self) {
        self.running = None;
        while let Some(planned) = self.next_event() {
            if let Some(task) = self.happen(planned) {
                self.running = Some(task);
                self.tasks[task].bell.notify_one();
                return;
            }
        }
    }

    /// The next event; a queue without one, or a run without an end, ends all that still live.
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
                self.now = planned.time;
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

    /// What an event does; a task if it is that one's turn.
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
            Event::Sent(rank, epoch) => self.has_left(rank, epoch as usize),
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
            Event::Sent(rank, epoch) => [3, rank as u64, epoch],
            Event::Strike(number) => [4, number as u64, 0],
            Event::Notice(rank, epoch) => [5, rank as u64, epoch as u64],
            Event::KillAll => [6, 0, 0],
        };
        for word in words.into_iter().chain([self.now]) {
            self.trace = (self.trace ^ word).wrapping_mul(0x0100_0000_01B3);
        }
    }

    /// What every living task waits for.
    fn report(&self) -> String {
        const MOST: usize = 40;
        let living = || self.tasks.iter().enumerate().filter(|(_, task)| !task.has_ended);
        let mut lines: Vec<String> = living()
            .take(MOST)
            .map(|(number, task)| {
                let who = if number == task.owner { "rank" } else { "a thread beside rank" };
                let unread = self.network.unread(task.owner);
                format!("  {who} {} ({}): {}; {unread}", task.owner, task.stage, task.asked)
            })
            .collect();
        if living().count() > MOST {
            lines.push(format!("  and {} more", living().count() - MOST));
        }
        format!("at {:?}:\n{}", Duration::from_nanos(self.now), lines.join("\n"))
    }

    /// A rank that has been silent for too long: one that is stopped, or computes without a word.
    pub(super) fn silent(&self, asks: usize) -> Option<usize> {
        let most = nanoseconds(self.plan.silence?);
        let members = self.meetings.members();
        members.iter().copied().filter(|&rank| rank != asks).find(|&rank| {
            let task = &self.tasks[rank];
            let since = if task.stopped_until > self.now { task.stopped_since } else { task.heard };
            let is_quiet = task.stopped_until > self.now || !task.is_listening;
            !task.has_ended && is_quiet && self.now - since > most
        })
    }

    /// Whether a rank waits, and so moves its large messages meanwhile.
    pub(super) fn is_waiting(&self, rank: usize) -> bool {
        self.tasks[rank].is_listening
    }

    /// The delay of a message, by this run's weather.
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
