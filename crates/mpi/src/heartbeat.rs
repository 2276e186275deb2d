//! The watched wait: from its start to its end, a rank that waits or computes tells the root that
//! it is there, and is told so.
//!
//! Every polite wait of this program calls [`make_progress`] between two tests
//! ([`patience`](super::patience)), and every kernel [`yield_now`]. Now and then these send the
//! questions of the engine's `liveness` and take in answers; a rank that hangs ends the
//! job, with one message that names it and its host. They run on the thread that calls MPI, on
//! purpose: a thread of their own would go on answering for a rank whose work stands still.
//!
//! The messages travel in a communicator of their own (`MPI_Comm_dup` of the world), so that they
//! meet no others, whatever part of the world is at work. What MPI itself waits for, and the steps
//! that do not call this, are watched by the `monitor`.

use std::cell::Cell;
#[cfg(feature = "mpi")]
use std::cell::RefCell;
use std::fmt;
#[cfg(feature = "mpi")]
use std::time::{Duration, Instant};

#[cfg(feature = "mpi")]
use montesieve_engine::liveness::{Accusation, Liveness, RankProgress, Sign, SignLink};

#[cfg(feature = "mpi")]
use crate::error::Error;
use crate::error::Result;

/// How long a rank may be silent until the user has said so (`--stall-timeout`).
#[cfg(feature = "mpi")]
const DEFAULT: Duration = Duration::from_secs(300);

thread_local! {
    #[cfg(feature = "mpi")]
    static OURS: RefCell<Option<raw::Heartbeat>> = const { RefCell::new(None) };
    /// How far this rank has come: a number that grows.
    static PROGRESS: Cell<u64> = const { Cell::new(0) };
    static WAITING: Cell<(Waiting, u64)> = const { Cell::new((Waiting::Nothing, 0)) };
}

/// What a rank waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Waiting {
    /// Nothing that is known.
    Nothing,
    /// Something that the root sends to all.
    Broadcast,
    /// This rank's part of something.
    Scatter,
    /// Something from every rank.
    Gather,
    /// A sum, a maximum or the like.
    Reduction,
    /// All ranks.
    Barrier,
    /// A part from every rank for every rank.
    AllToAll,
    /// A message from one rank.
    Message,
    /// That what it has sent is taken.
    Sending,
    /// An operation on a file or a stream.
    File,
    /// A request of code that calls MPI itself.
    Request,
}

impl Waiting {
    const ALL: [Waiting; 11] = [
        Waiting::Nothing,
        Waiting::Broadcast,
        Waiting::Scatter,
        Waiting::Gather,
        Waiting::Reduction,
        Waiting::Barrier,
        Waiting::AllToAll,
        Waiting::Message,
        Waiting::Sending,
        Waiting::File,
        Waiting::Request,
    ];
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Waiting::Nothing => "the others",
            Waiting::Broadcast => "a broadcast",
            Waiting::Scatter => "a scatter",
            Waiting::Gather => "a gather",
            Waiting::Reduction => "a reduction",
            Waiting::Barrier => "a barrier",
            Waiting::AllToAll => "an all-to-all",
            Waiting::Message => "a message",
            Waiting::Sending => "its messages to leave",
            Waiting::File => "a file or stream",
            Waiting::Request => "an MPI request",
        })
    }
}

/// What a rank waits for, while this is held.
#[must_use = "the wait is over when it is dropped"]
pub struct Wait(());

/// Until the result is dropped this rank waits for that, from this rank if it is a message;
/// `u64::MAX`: from any.
pub fn waiting_for(what: Waiting, from: u64) -> Wait {
    WAITING.set((what, from));
    progress();
    Wait(())
}

impl Drop for Wait {
    fn drop(&mut self) {
        WAITING.set((Waiting::Nothing, 0));
        progress();
    }
}

/// For operations that take less than a microsecond and may be many: now and then one of them
/// counts as a [`yield_now`].
#[cfg(feature = "mpi")]
pub(super) fn tick() {
    thread_local!(static TICKS: Cell<u32> = const { Cell::new(0) });
    TICKS.set(TICKS.get().wrapping_add(1));
    if TICKS.get().is_multiple_of(256) {
        yield_now();
    }
}

/// This rank has come further.
pub fn progress() {
    PROGRESS.set(PROGRESS.get().wrapping_add(1));
    super::watched::step();
}

/// What a rank waits for as one number: what, and above it the rank whose message it is, plus 1.
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
fn encoded((what, from): (Waiting, u64)) -> u64 {
    let from = if what == Waiting::Message { from.wrapping_add(1) } else { 0 };
    from << 8 | what as u64
}

#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
fn described(number: u64) -> String {
    let what = Waiting::ALL.get((number & 0xff) as usize).copied().unwrap_or(Waiting::Nothing);
    match number >> 8 {
        0 => what.to_string(),
        from => format!("{what} from rank {}", from - 1),
    }
}

/// To be called in every wait between two tests: looks after the other ranks now and then. A rank
/// that hangs ends the job here.
pub fn make_progress() {
    if let Err(error) = check() {
        crate::stderr::message(&format!("{error}: ending the job"));
        super::ending::abort(1)
    }
}

/// A kernel calls this every few hundred milliseconds at least, as waits call [`make_progress`]:
/// this rank makes progress.
pub fn yield_now() {
    progress();
    make_progress();
}

/// As [`make_progress`], for a caller that has something to do before the job ends.
///
/// # Errors
/// [`Error::Run`](crate::error::Error::Run), which names the rank that hangs.
pub fn check() -> Result<()> {
    #[cfg(feature = "mpi")]
    return OURS.with(|ours| {
        // In use: this was called by MPI's own callback, from within.
        let Ok(mut ours) = ours.try_borrow_mut() else { return Ok(()) };
        ours.as_mut().map_or(Ok(()), raw::Heartbeat::make_progress)
    });
    #[cfg(not(feature = "mpi"))]
    Ok(())
}

#[cfg(feature = "mpi")]
pub(super) use raw::{start, stop, watch};

#[cfg(feature = "mpi")]
mod raw {
    use mpi::ffi;
    use mpi::point_to_point::Source;
    use mpi::raw::{AsRaw, FromRaw};
    use mpi::topology::{Communicator, SimpleCommunicator};

    use super::super::outbox::Outbox;
    use super::super::{ROOT, monitor, request};
    use super::*;

    /// A question of another rank, and the root's answer. Each has two numbers: how far the sender
    /// has come, and what it waits for.
    const ASK: i32 = 1;
    const ANSWER: i32 = 2;

    /// What carries questions and answers.
    struct Signs {
        // Before the communicator, so that it goes first.
        outbox: Outbox,
        world: SimpleCommunicator,
    }

    impl SignLink for Signs {
        fn send(&self, to: u64, sign: Sign) {
            let RankProgress { count, waiting_for } = sign.progress;
            let tag = if sign.is_answer { ANSWER } else { ASK };
            self.outbox.send(&self.world, to as i32, tag, [count, waiting_for]);
        }

        fn take(&self) -> Option<(u64, Sign)> {
            // What was sent moves on only when MPI is called.
            self.outbox.all_sent(None);
            let status = request::probe(self.world.as_raw(), None, None)?;
            let mut numbers = [0_u64; 2];
            self.world.process_at_rank(status.source_rank()).receive_into_with_tag(&mut numbers[..], status.tag());
            let [count, waiting_for] = numbers;
            let sign = Sign { is_answer: status.tag() == ANSWER, progress: RankProgress { count, waiting_for } };
            Some((status.source_rank() as u64, sign))
        }
    }

    /// This rank's end of the conversation.
    pub struct Heartbeat {
        line: Signs,
        liveness: Liveness,
        limit: Duration,
        /// At the root every rank's host, elsewhere the root's; empty until they are known.
        hosts: Vec<String>,
    }

    /// Begins, in this world, with the default limit. Every rank must call it, and waits by
    /// spinning; so right behind another step of all.
    pub fn start(world: &SimpleCommunicator) {
        stop();
        if world.size() == 1 {
            return;
        }
        // SAFETY: a null handle is only a place to write to.
        let mut copy = unsafe { ffi::RSMPI_COMM_NULL };
        // SAFETY: `world` is a communicator; MPI writes the handle of a new one.
        let code = unsafe { ffi::MPI_Comm_dup(world.as_raw(), &mut copy) };
        if !request::is_good(code) {
            // A rank was lost meanwhile: all come together again.
            return;
        }
        // SAFETY: the call went well, so it is a communicator of processes.
        let world = unsafe { SimpleCommunicator::from_raw(copy) };
        let line = Signs { outbox: Outbox::default(), world };
        OURS.with(|ours| *ours.borrow_mut() = Some(Heartbeat::new(line, DEFAULT, Vec::new())));
    }

    /// From here on with this limit (zero: nobody is watched), and these hosts: every rank's at the
    /// root, the root's elsewhere.
    pub fn watch(limit: Duration, hosts: Vec<String>) {
        OURS.with(|ours| {
            let mut ours = ours.borrow_mut();
            *ours = ours.take().map(|heartbeat| Heartbeat::new(heartbeat.line, limit, hosts));
        });
    }

    /// Ends, without a word: in a world that has lost somebody.
    pub fn stop() {
        monitor::watch(Duration::ZERO, 0);
        if let Some(heartbeat) = OURS.with(|ours| ours.borrow_mut().take()) {
            // To free it would wait for the dead.
            std::mem::forget(heartbeat);
        }
    }

    impl Heartbeat {
        fn new(line: Signs, limit: Duration, hosts: Vec<String>) -> Heartbeat {
            let (rank, ranks) = (line.world.rank() as u64, line.world.size() as u64);
            monitor::watch(limit, rank);
            Heartbeat { line, liveness: Liveness::new(limit, rank, ranks, Instant::now()), limit, hosts }
        }

        /// Looks, if it is time.
        pub fn make_progress(&mut self) -> Result<()> {
            monitor::beat();
            let progress = RankProgress { count: PROGRESS.get(), waiting_for: encoded(WAITING.get()) };
            self.liveness.make_progress(Instant::now(), progress, &self.line).map_err(|accusation| {
                Error::Run(match accusation {
                    Accusation::Silent(rank) => self.accusation(rank),
                    Accusation::Stuck => self.deadlock(),
                })
            })
        }

        /// The answer to this rank's last question has come, or nobody asks.
        pub fn is_quiet(&self) -> bool {
            self.line.outbox.all_sent(None) && self.liveness.is_quiet()
        }

        fn accusation(&self, rank: u64) -> String {
            let host = self.hosts.get(rank as usize).map_or("a host that it has not yet named", String::as_str);
            let waiting = match WAITING.get() {
                (Waiting::Nothing, _) => String::new(),
                waiting => {
                    format!(", while rank {} waited for {}", self.line.world.rank(), described(encoded(waiting)))
                }
            };
            format!(
                "rank {rank} on {host} has not been heard of for {} (--stall-timeout){waiting}",
                humantime::format_duration(self.limit),
            )
        }

        /// Some of the ranks and what they wait for: the first that are different from the rest of
        /// the world tell the most.
        fn deadlock(&self) -> String {
            let mut said = vec![(ROOT, described(encoded(WAITING.get())))];
            for (rank, waiting) in self.liveness.waiting() {
                let waiting = described(waiting);
                if said.len() < 4 && said.iter().all(|(_, before)| *before != waiting) {
                    said.push((rank, waiting));
                }
            }
            let host = |rank: u64| self.hosts.get(rank as usize).map(|host| format!(" on {host}")).unwrap_or_default();
            let ranks: Vec<String> =
                said.into_iter().map(|(rank, what)| format!("rank {rank}{} waits for {what}", host(rank))).collect();
            format!(
                "all ranks are there, but none has come further for {} (--stall-timeout): {}",
                humantime::format_duration(self.limit),
                ranks.join(", ")
            )
        }
    }

    /// Whether all that this rank has asked is answered.
    pub fn is_quiet() -> bool {
        OURS.with(|ours| ours.borrow().as_ref().is_none_or(Heartbeat::is_quiet))
    }

    /// No more questions, and nobody is watched; the root still answers.
    pub fn ask_no_more() {
        monitor::watch(Duration::ZERO, 0);
        OURS.with(|ours| {
            if let Some(heartbeat) = ours.borrow_mut().as_mut() {
                heartbeat.liveness.ask_no_more();
            }
        });
    }

    /// The communicator goes, together with those of all other ranks.
    pub fn close() {
        drop(OURS.with(|ours| ours.borrow_mut().take()));
    }
}
#[cfg(feature = "mpi")]
pub(super) use raw::{ask_no_more, close, is_quiet};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_travels_as_a_number() {
        for (place, what) in Waiting::ALL.into_iter().enumerate() {
            assert_eq!(what as usize, place);
            let said = described(encoded((what, 7)));
            assert!(said.starts_with(&what.to_string()), "{said}");
            assert_eq!(said.ends_with(" from rank 7"), what == Waiting::Message, "{said}");
        }
        assert_eq!(described(0xff), "the others");
    }
}
