//! The walk that every job takes: scatter, compute, reduce.
//!
//! This file says what a job is asked for and in which order a round goes; `seat` carries the round out on each rank, and
//! `manager` and `worker` decide. A round ends when every rank has entered a barrier without waiting in it, so that the
//! root can go on answering until the last rank is there.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::keeper::{Keep, Keeper};
use super::manager::{Manager, Window};
use super::profile::Profile;
use super::progress::{Mode, Progress};
use super::seat::{Desk, Seat};
use super::signals::Signals;
use super::survival::Attempt;
use super::timeline::Timeline;
use super::worker::Worker;
use super::writer::{Sink, Writer};
use super::{Dealer, Identity, Job, Ledger, Schedule, Seams, Span, Tally};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};

/// In-order delivery: chunks in work for each rank. One in hand, one in flight, and as many done that wait their turn.
const WINDOW_CHUNKS: u64 = 4;
/// How long a sink whose job has failed may take to put away what it has half written.
const LETTING_GO: Duration = Duration::from_secs(1);

/// How a job is to be run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who computes which blocks next.
    pub schedule: Schedule,
    /// Blocks handed out at a time; `None`: chosen by [`Schedule::auto_chunk`].
    pub chunk: Option<u64>,
    /// How progress is shown.
    pub progress: Mode,
    /// Signals that ask for a stop.
    pub signals: Signals,
    /// When to stop, whatever is done by then. The root's clock decides; the others know it to be ready in time.
    pub deadline: Option<Instant>,
    /// Where to keep what is done; jobs without an [`Identity`](super::Identity) are not kept.
    pub keep: Option<Keep>,
    /// The part of the blocks that this run is about; `None`: all of them.
    pub share: Option<Share>,
    /// Where the timelines of all ranks are wanted: the moment at which this rank's begins. On all ranks or on none.
    pub traced: Option<Instant>,
}

/// One of `of` equal parts of a job's blocks, `index` from 0: what one of several runs does, each with a checkpoint of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Share {
    /// Which part, below `of`.
    pub index: u64,
    /// How many parts there are.
    pub of: u64,
}

/// As the user writes it: counted from 1.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", u128::from(self.index) + 1, self.of)
    }
}

impl Share {
    /// Its blocks, of `blocks`. The shares of a job are all its blocks, once.
    pub fn span(self, blocks: u64) -> Span {
        let edge = |index: u64| (u128::from(blocks) * u128::from(index) / u128::from(self.of)) as u64;
        Span::new(edge(self.index), edge(self.index + 1))
    }
}

/// Why a job ended before it was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// This signal came.
    Signal(i32),
    /// The time was up.
    TimeLimit,
    /// This run's share is done; the rest is for others.
    ShareDone,
    /// The reader of the results went away.
    ReaderGone,
}

/// What a job came to, at the root.
#[derive(Debug)]
pub struct Outcome<T> {
    /// What the done blocks add up to, if any is done. Empty for a job whose results were delivered.
    pub total: Option<T>,
    /// Blocks done.
    pub done: u64,
    /// Blocks of the job.
    pub blocks: u64,
    /// Why it ended early, if it did.
    pub cause: Option<Cause>,
    /// What the ranks did with their time.
    pub account: Account,
}

impl<T> Outcome<T> {
    /// Whether every block is done.
    pub fn is_complete(&self) -> bool {
        self.done == self.blocks
    }
}

/// What the first 1, 2, 4, 8, ... blocks of a job that [has a way](Job::has_a_way) come to: its ledger. Empty for others.
pub type Way<T> = Ledger<T>;

/// A job that has ended, and its way.
pub type Ended<T> = (Outcome<T>, Way<T>);

/// What the ranks did with their time, at the root.
#[derive(Clone, Debug)]
pub struct Account {
    /// Wall-clock seconds from the first scatter to the last reduction.
    pub seconds: f64,
    /// Blocks handed out at a time.
    pub chunk: u64,
    /// One profile for each rank.
    pub profiles: Vec<Profile>,
    /// Whether everything that is done stands in the checkpoint.
    pub saved: bool,
    /// Of what a chunk is a multiple, as far as there is enough ([`Job::grain`]).
    pub grain: u64,
    /// Jobs that ran one after the other.
    pub jobs: u64,
    /// One for each rank, where they were asked for.
    pub timelines: Vec<Timeline>,
}

impl Account {
    /// Of a run without a job.
    pub fn none(ranks: u64) -> Account {
        let profiles = vec![Profile::default(); ranks as usize];
        Account { seconds: 0.0, chunk: 0, profiles, saved: false, grain: 1, jobs: 0, timelines: Vec::new() }
    }

    /// Of what the ranks made together before a job. Every rank must call it, with the seconds since it was begun and those of them that it computed
    /// itself; the root gets `Some`.
    pub fn of_making(cluster: &Cluster, seconds: f64, compute: f64) -> Option<Account> {
        let profile = Profile { compute, idle: seconds - compute, ..Profile::default() };
        let profiles = cluster.gather(profile.to_numbers())?.into_iter().map(Profile::from_numbers).collect();
        Some(Account { seconds, profiles, ..Account::none(cluster.size()) })
    }

    /// Takes the account of the next job of the same command in.
    pub fn join(&mut self, next: Account) {
        self.seconds += next.seconds;
        self.chunk = next.chunk;
        self.saved = next.saved;
        self.grain = next.grain;
        self.jobs += next.jobs;
        for (profile, more) in self.profiles.iter_mut().zip(&next.profiles) {
            profile.add(more);
        }
        if self.timelines.is_empty() {
            self.timelines = next.timelines;
        } else {
            self.timelines.iter_mut().zip(next.timelines).for_each(|(row, more)| row.join(more));
        }
    }
}

/// Runs `job` and reduces its tallies to the root. Every rank must call it; the root gets `Some`.
///
/// # Errors
/// [`Error::Run`] when a message cannot be understood, or a block was done twice: faults of the program.
pub fn run<J: Job>(cluster: &Cluster, job: &J, options: &Options) -> Result<Option<Outcome<J::Tally>>> {
    resume(cluster, job, options, Ledger::new())
}

/// Goes on where `done` ends: computes what is a hole in it, and reduces all. Every rank must call it; the ledger at the root
/// counts, and the root gets `Some`.
///
/// # Errors
/// As [`run`].
pub fn resume<J: Job>(
    cluster: &Cluster,
    job: &J,
    options: &Options,
    done: Ledger<J::Tally>,
) -> Result<Option<Outcome<J::Tally>>> {
    Ok(resume_on_the_way(cluster, job, options, done)?.map(|(outcome, _)| outcome))
}

/// The same; the root gets the ledger, too, if the job [has a way](Job::has_a_way).
///
/// # Errors
/// As [`run`].
pub fn resume_on_the_way<J: Job>(
    cluster: &Cluster,
    job: &J,
    options: &Options,
    done: Ledger<J::Tally>,
) -> Result<Option<Ended<J::Tally>>> {
    walk(cluster, job, options, done, Delivery { room: None, writer: None })
}

/// In-order delivery: how much memory tallies may take while they wait for their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes of a block's tally, at most.
    pub block: u64,
    /// Bytes of all tallies that are done and not yet written, or in work, on all ranks together.
    pub all: u64,
}

impl Room {
    /// Blocks handed out at a time, if `wanted` were good, and how far ahead of the first missing block `ranks` ranks may work: chunks are cut
    /// so that [`WINDOW_CHUNKS`] of them fit for each rank. Where not even single blocks do, some ranks wait.
    fn window(self, wanted: u64, ranks: u64) -> (u64, u64) {
        let blocks = (self.all / self.block.max(1)).max(1);
        let each = WINDOW_CHUNKS * ranks;
        let chunk = wanted.min(blocks / each).max(1);
        (chunk, each.saturating_mul(chunk).min(blocks))
    }
}

/// Runs `job` and delivers its tallies to `sink` at the root, in block order, with bounded memory: the ranks work at
/// most a window ahead of what was written, as long as `room` allows. The sink has a thread of its own, so its reader may pause. Every rank
/// must call it; the root passes `Some` and gets the outcome, and the sink unless the job was stopped while its reader did not read.
///
/// # Errors
/// As [`run`]; and what `sink` returned, on every rank.
pub fn deliver<J: Job, S: Sink<J::Tally>>(
    cluster: &Cluster,
    job: &J,
    options: &Options,
    room: Room,
    sink: Option<S>,
) -> Result<Delivered<J::Tally, S>> {
    let (writer, back) = sink.map(Writer::begin).unzip();
    match walk(cluster, job, options, Ledger::new(), Delivery { room: Some(room), writer }) {
        Ok(ended) => Ok((ended.map(|(outcome, _)| outcome), back.and_then(|back| back.try_recv().ok()))),
        Err(error) => {
            // What it has half written goes with it, if it can let go.
            drop(back.map(|back| back.recv_timeout(LETTING_GO)));
            Err(error)
        }
    }
}

/// What a delivery came to, and its sink; at the root.
pub type Delivered<T, S> = (Option<Outcome<T>>, Option<S>);

/// Where the tallies go.
struct Delivery<T> {
    /// On every rank: to the root as soon as they are done, within this room, not into a reduction at the end.
    room: Option<Room>,
    /// At the root, in order.
    writer: Option<Writer<T>>,
}

fn walk<J: Job>(
    cluster: &Cluster,
    job: &J,
    options: &Options,
    done: Ledger<J::Tally>,
    delivery: Delivery<J::Tally>,
) -> Result<Option<Ended<J::Tally>>> {
    fault::at(Stage::Start, cluster.first_rank())?;
    let begun = Instant::now();
    let (blocks, ranks) = (job.blocks(), cluster.size());
    let identity = job.identity();
    let whole = identity.as_ref().map(|identity| identity.whole).filter(|&whole| whole < blocks);
    let seams = Seams { at: whole, at_powers: job.has_a_way() };
    let Attempt { done, own, place } = Attempt::begin(cluster, done, seams)?;
    let done = sewn(done, seams)?;
    let part = options.share.map_or(Span::new(0, blocks), |share| share.span(blocks));
    let holes = done.holes(part);
    let left: u64 = cluster.broadcast(cluster.at_root(|| holes.iter().map(|hole| hole.len()).sum()))?;
    let Delivery { room, writer } = delivery;
    let wanted = match (options.schedule, options.chunk) {
        // One share for each rank, whatever the chunk; nothing may be left when a finished job is run again.
        (Schedule::Block, _) if room.is_none() => left.div_ceil(ranks).max(1),
        (_, Some(chunk)) => chunk,
        (schedule, None) => schedule.auto_chunk(left, ranks, job.grain()),
    };
    let (chunk, length) = room.map_or((wanted, u64::MAX), |room| room.window(wanted, ranks));
    let window = room.map(|_| Window::new(length));
    let mut manager = cluster.at_root(|| {
        let dealer = Dealer::new(options.schedule, &holes, ranks, chunk, room.map(|_| (length / 2).max(1)));
        Manager::new(done, dealer, window)
    });
    let firsts = manager.as_mut().map(|manager| manager.first_spans(ranks));
    let pairs: Option<Vec<[u64; 2]>> = firsts.map(|spans| spans.iter().map(|s| [s.first, s.end]).collect());
    fault::at(Stage::Scatter, cluster.first_rank())?;
    let [first, end] = cluster.scatter(pairs.as_deref());
    cluster.check_losses()?;

    let progress = cluster.at_root(|| Progress::new(options.progress, cluster.launch().is_forwarded(), part.len()));
    let identity = identity.map(|identity| Identity { parts: options.share.into_iter().collect(), ..identity });
    let keeper =
        cluster.at_root(|| options.keep.clone().zip(identity).map(|(keep, job)| Keeper::new(keep, job))).flatten();
    let worker = Worker::new(Span::new(first, end), seams).keeping(own);
    let mut seat =
        Seat::take(cluster, options, worker, Desk { manager, in_order: room.is_some(), writer, progress, keeper });
    let ended = seat.work(job).and_then(|()| seat.end(job));
    if let Some(own) = seat.own() {
        cluster.keep(place, own)?;
    }
    ended?;
    let mut outcome = seat.account(job, chunk, begun)?;
    if let Some((outcome, _)) =
        outcome.as_mut().filter(|(outcome, _)| options.share.is_some() && outcome.cause.is_none())
    {
        outcome.cause = Some(Cause::ShareDone);
    }
    fault::at(Stage::Report, cluster.first_rank())?;
    Ok(outcome)
}

/// The invariants of everything that is about to be reported, whether it was computed here or comes from a file.
///
/// # Errors
/// [`Error::Run`] with the first one that does not hold.
pub fn check<J: Job>(job: &J, ledger: &Ledger<J::Tally>) -> Result<()> {
    ledger.spans().try_for_each(|(span, tally)| job.check(span, tally).map_err(cannot_be))
}

/// What is said of a result that breaks an invariant.
pub fn cannot_be(why: String) -> Error {
    Error::Run(format!("the result cannot be right: {why} (a fault of montesieve, please report it)"))
}

/// The same ledger with these seams. A ledger without them has no span across one: it is new, or was made for a shorter job.
fn sewn<T: Tally>(ledger: Ledger<T>, seams: Seams) -> Result<Ledger<T>> {
    let mut sewn = Ledger::with_seams(seams);
    sewn.absorb(ledger).map_err(|overlap| Error::Run(overlap.to_string()))?;
    Ok(sewn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_measured_in_bytes_whatever_the_chunk() {
        for (block, all) in [(1, 1), (1, 1000), (100, 256), (4 << 20, 256 << 20), (0, 1000)] {
            let room = Room { block, all };
            for ranks in [1, 2, 3, 8, 100] {
                for wanted in [1, 2, 7, 1000, u64::MAX] {
                    let (chunk, length) = room.window(wanted, ranks);
                    assert!(0 < chunk && chunk <= wanted && chunk <= length, "{room:?} {ranks} {wanted}");
                    // One block at the least.
                    assert!(length == 1 || length * block <= all, "{room:?} {ranks} {wanted}");
                    assert!(chunk == 1 || 4 * ranks * chunk <= length, "{room:?} {ranks} {wanted}");
                }
            }
        }
        let room = Room { block: 1 << 20, all: 256 << 20 };
        assert_eq!((room.window(1000, 2), room.window(3, 2)), ((32, 256), (3, 24)));
    }
}
