//! Ranks in one process under virtual time: the transport of tests, where a seed decides
//! everything.
//!
//! Stands beside `threads`, whose ranks run in parallel and in real time. Here exactly one rank
//! runs at a time. Each has an OS thread, and hands over in every call of the transport. The seed
//! decides which rank is next, how long each message takes, and when faults strike. So the same
//! seed gives the same run, event by event, on every machine, and five minutes of waiting cost
//! nothing.
//!
//! The real driver and machines run on it, and whole commands can. Only what is outside them is
//! simulated: the network, the clock, the disk, the launcher.
//!
//! - [`run`] runs a closure on every rank, as [`threads::run`](crate::threads::run) does.
//! - [`RunPlan`] sets the number of ranks, the [`Weather`], and which [`InjectedFault`]s strike.
//! - A wait that nothing can end is a [`Failure::Deadlock`], which lists what every rank waits for.
//!
//! | file | holds |
//! |---|---|
//! | `world`, `task` | turns |
//! | `state` | events and time |
//! | `network` | messages under way |
//! | `strike` | faults |
//! | `beside` | workers beside a rank |
//! | `disk` | checkpoints, and what a crash leaves of them |
//! | `meeting` | agreements, and the world without dead ranks |
//! | `transport` | the contract |
//! | `watch` | which rank hangs |
//! | `random` | random numbers from a seed |
//! | `seeds` | many seeds, for a test |
//!
//! Cost: some microseconds for each hand-over to another rank, which is a switch of threads.

mod beside;
mod disk;
mod meeting;
mod network;
mod random;
mod seeds;
mod state;
mod strike;
mod task;
mod transport;
mod watch;
mod world;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

pub use self::disk::{DiskFaults, SimulatedDisk};
pub use self::random::Random;
pub use self::seeds::Seeds;
use self::transport::Leaves;
pub use self::transport::{Simulated, here, mark, pass};
use self::world::{ProcessEnded, World};

/// Stack of a rank, in bytes: a thousand ranks are a gigabyte of addresses. Only touched pages take
/// memory.
const STACK: usize = 1 << 20;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// Decides everything that is left open.
    pub seed: u64,
    /// How many ranks.
    pub ranks: u64,
    /// How long a block takes, by rank, in a cycle; empty: no time.
    pub block_times: Vec<Duration>,
    /// How the network behaves.
    pub weather: Weather,
    /// The faults of the run.
    pub faults: Vec<InjectedFault>,
    /// Storage of checkpoints: a disk that outlives the run.
    pub disk: SimulatedDisk,
    /// Whether the death of a rank is survived, as under ULFM; otherwise it ends the job.
    pub survives: bool,
    /// How long a rank may be silent before the others [report it](crate::transport::Silent).
    pub silence: Option<Duration>,
    /// A run that takes longer is a failure.
    pub most_time: Duration,
    /// A run with more events is a failure.
    pub most_events: u64,
}

/// How the network behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// The longest delay of most messages.
    pub latency: Duration,
    /// Of 100,000 messages, how many take up to 5 ms.
    pub milliseconds: u64,
    /// Of 100,000 messages, how many take up to 3 s.
    pub seconds: u64,
    /// Per cent of messages that leave only when they are received.
    pub rendezvous: u64,
    /// Longer messages always leave only then.
    pub eager_bytes: usize,
    /// Whether polling any sender returns a random message, not the first one.
    pub any_sender: bool,
    /// Of 1000 waits, how many may end without a reason.
    pub early: u64,
    /// The longest time between the starts of the first and the last rank.
    pub skew: Duration,
}

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InjectedFault {
    /// The rank that it strikes, by its number at the start.
    pub rank: u64,
    /// When it strikes.
    pub at: FaultTime,
    /// What happens.
    pub what: FaultKind,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultTime {
    /// This long after the start.
    Time(Duration),
    /// When the rank hands over for the n-th time, from 1.
    Turn(u64),
    /// When it hands over for the n-th time, from 1, in this stage (see [`mark`]).
    Stage(&'static str, u64),
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The process ends, without a message.
    Death,
    /// The process does not run for this long.
    Stop(Duration),
    /// The process gets a signal; a second SIGINT or SIGTERM ends it.
    Signal(i32),
}

impl FaultKind {
    /// Its name, for tables.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Death => "death",
            FaultKind::Stop(_) => "stop",
            FaultKind::Signal(10) => "SIGUSR1",
            FaultKind::Signal(12) => "SIGUSR2",
            FaultKind::Signal(15) => "SIGTERM",
            FaultKind::Signal(_) => "signal",
        }
    }
}

/// A fault that has struck a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struck {
    /// Its [`name`](FaultKind::name).
    pub what: &'static str,
    /// The stage that the rank was in (see [`mark`]).
    pub stage: &'static str,
    /// The rank's number at the start.
    pub rank: u64,
    /// When, from the start of the run.
    pub time: Duration,
    /// How long it lasts, if it is not instant.
    pub lasts: Duration,
}

/// Why a run did not end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Ranks wait for what can no longer happen; lists each rank and its wait.
    Deadlock(String),
    /// The run takes too long; lists what each rank was doing.
    Endless(String),
    /// A rank, or a thread beside one, panicked.
    Panic,
}

/// How one rank ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RankEnd<R> {
    /// It returned.
    Returned(R),
    /// Its process ended: by a death, by the launcher, or because the run failed.
    Killed,
    /// It left with this code, as all living ranks had agreed.
    Left(u8),
}

impl<R> RankEnd<R> {
    /// Its result, if it returned.
    pub fn returned(self) -> Option<R> {
        match self {
            RankEnd::Returned(result) => Some(result),
            RankEnd::Killed | RankEnd::Left(_) => None,
        }
    }
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd<R> {
    /// How every rank ended, by its number at the start.
    pub ranks: Vec<RankEnd<R>>,
    /// Virtual time.
    pub time: Duration,
    /// Events.
    pub events: u64,
    /// Messages that were sent.
    pub sent: u64,
    /// Messages that no rank received.
    pub left: usize,
    /// The largest number of messages that ever waited for one rank.
    pub most_unread: usize,
    /// Faults that struck.
    pub struck: Vec<Struck>,
    /// Why the run did not end.
    pub failure: Option<Failure>,
    /// A digest of all events: equal for equal runs.
    pub trace: u64,
}

impl Weather {
    /// Fast, without irregularities.
    pub fn calm() -> Weather {
        Weather {
            latency: Duration::from_micros(5),
            milliseconds: 0,
            seconds: 0,
            rendezvous: 0,
            eager_bytes: 4096,
            any_sender: false,
            early: 0,
            skew: Duration::from_micros(100),
        }
    }

    /// Random: some runs have a property and some do not, so that no two hide each other.
    pub fn random(random: &mut Random) -> Weather {
        Weather {
            latency: Duration::from_micros(random.one(&[1, 10, 100, 1000])),
            milliseconds: random.one(&[0, 1000, 20_000, 50_000]),
            seconds: random.one(&[0, 0, 0, 30]),
            rendezvous: random.one(&[0, 0, 10, 100]),
            eager_bytes: random.one(&[0, 64, 4096, 1 << 20]),
            any_sender: random.chance(1, 2),
            early: random.one(&[0, 0, 20, 200]),
            skew: Duration::from_micros(random.one(&[0, 100, 5000, 2_000_000])),
        }
    }
}

impl RunPlan {
    /// Ranks that compute in no time, in calm weather, without faults.
    pub fn new(ranks: u64, seed: u64) -> RunPlan {
        RunPlan {
            seed,
            ranks,
            block_times: Vec::new(),
            weather: Weather::calm(),
            faults: Vec::new(),
            disk: SimulatedDisk::new(seed, DiskFaults::default()),
            survives: false,
            silence: None,
            most_time: Duration::from_secs(24 * 3600),
            most_events: 50_000_000,
        }
    }

    fn block_time(&self, rank: usize) -> Duration {
        self.block_times.get(rank % self.block_times.len().max(1)).copied().unwrap_or_default()
    }
}

/// Runs `body` on every rank, to its end.
///
/// # Panics
/// When a rank panics, with its payload; when there are no ranks, and when the operating system
/// refuses a thread.
///
/// ```
/// use montesieve_engine::simulated::{self, RunPlan};
/// use montesieve_engine::transport::Transport;
///
/// let end = simulated::run(&RunPlan::new(4, 1), |rank| rank.sum(rank.rank() + 1));
/// let sums: Vec<_> = end.ranks.into_iter().filter_map(|end| end.returned()).collect();
/// assert_eq!(sums, [Ok(Some(10)), Ok(None), Ok(None), Ok(None)]);
/// ```
pub fn run<R: Send>(plan: &RunPlan, body: impl Fn(&Rc<Simulated>) -> R + Sync) -> RunEnd<R> {
    assert!(plan.ranks > 0, "a program has at least one rank");
    let world = World::new(plan);
    let panic: Mutex<Option<Box<dyn Any + Send>>> = Mutex::new(None);
    let one = |me: usize| {
        let result = catch_unwind(AssertUnwindSafe(|| {
            world.be(me);
            body(&Rc::new(Simulated::new(Arc::clone(&world), me)))
        }));
        let ending = result.map_or_else(|payload| ended(&world, &panic, payload), RankEnd::Returned);
        world.end(me);
        ending
    };
    let ranks = std::thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..plan.ranks as usize)
            .map(|me| {
                let builder = Builder::new().name(format!("rank {me}")).stack_size(STACK);
                builder.spawn_scoped(scope, move || one(me)).unwrap_or_else(|error| {
                    world.give_up(me);
                    panic!("cannot start a thread for rank {me} of {}: {error}", plan.ranks)
                })
            })
            .collect();
        world.begin();
        threads.into_iter().map(|thread| thread.join().unwrap_or(RankEnd::Killed)).collect()
    });
    world.join();
    if let Some(payload) = panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(payload);
    }
    let mut state = world.lock();
    RunEnd {
        ranks,
        time: Duration::from_nanos(state.now),
        events: state.events,
        sent: state.network.sent,
        left: state.network.left(),
        most_unread: state.network.most_unread,
        struck: std::mem::take(&mut state.strikes.struck),
        failure: state.failure.take(),
        trace: state.trace,
    }
}

/// How a rank ended that did not return; the first panic is kept, and ends the run.
fn ended<R>(world: &World, panic: &Mutex<Option<Box<dyn Any + Send>>>, payload: Box<dyn Any + Send>) -> RankEnd<R> {
    if let Some(Leaves(code)) = payload.downcast_ref() {
        return RankEnd::Left(*code);
    }
    if !payload.is::<ProcessEnded>() {
        panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        world.lock().fail(Failure::Panic);
    }
    RankEnd::Killed
}

#[cfg(test)]
mod tests;
