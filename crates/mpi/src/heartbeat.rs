//! The watched wait: a rank that waits or computes regularly tells the root that it is alive, and
//! the root answers.
//!
//! Every polite wait of this program calls [`make_progress`] between two tests
//! ([`backoff`](crate::backoff)), and every kernel calls [`yield_now`]. At intervals these send the
//! questions of the engine's `liveness` and receive its answers. A rank that hangs ends the job,
//! with one message that names the rank and its host. They run on the thread that calls MPI, on
//! purpose: a separate thread would keep answering for a rank whose work is stuck.
//!
//! The messages travel in a separate communicator (`MPI_Comm_dup` of the world), so that they are
//! never confused with others, whichever ranks run a job. The `monitor` watches waits inside MPI
//! and steps that do not call this module.

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
#[cfg(feature = "mpi")]
use crate::stall_limit::StallLimit;

/// How long a rank may be silent before [`watch`] sets the user's limit.
#[cfg(feature = "mpi")]
const DEFAULT: StallLimit = StallLimit { limit: Duration::from_secs(300), set_by: "" };

thread_local! {
    #[cfg(feature = "mpi")]
    static OURS: RefCell<Option<raw::Heartbeat>> = const { RefCell::new(None) };
    /// This rank's progress: a number that grows.
    static PROGRESS: Cell<u64> = const { Cell::new(0) };
    static WAITING: Cell<(Waiting, u64)> = const { Cell::new((Waiting::Nothing, 0)) };
}

/// What a rank is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Waiting {
    /// Nothing known.
    Nothing,
    /// Data that the root sends to all.
    Broadcast,
    /// This rank's part of the root's data.
    Scatter,
    /// Data from every rank.
    Gather,
    /// A sum, a maximum or similar.
    Reduction,
    /// All ranks.
    Barrier,
    /// A part from every rank to every rank.
    AllToAll,
    /// A message from one rank.
    Message,
    /// The completion of its sends.
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

/// The rank waits while this guard is held.
#[must_use = "the wait is over when it is dropped"]
pub struct Wait(());

/// Declares that this rank waits for `what`, until the result is dropped. `from` is the sender of a
/// message; `u64::MAX` means any.
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

/// For frequent operations of less than a microsecond: one in 256 counts as a [`yield_now`].
#[cfg(feature = "mpi")]
pub(super) fn tick() {
    thread_local!(static TICKS: Cell<u32> = const { Cell::new(0) });
    TICKS.set(TICKS.get().wrapping_add(1));
    if TICKS.get().is_multiple_of(256) {
        yield_now();
    }
}

/// Records progress of this rank.
pub fn progress() {
    PROGRESS.set(PROGRESS.get().wrapping_add(1));
    super::thread_watch::step();
}

/// What a rank waits for as one number: the kind in the low byte; above it the sender of the
/// message, plus 1.
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

/// Checks the other ranks when that is due; call it in every wait between two tests. A rank that
/// hangs ends the job here.
pub fn make_progress() {
    if let Err(error) = check() {
        crate::stderr::message(&format!("{error}: ending the job"));
        super::abort::abort(1)
    }
}

/// Records progress and checks the other ranks. A kernel must call this at least every few hundred
/// milliseconds, as waits call [`make_progress`].
pub fn yield_now() {
    progress();
    make_progress();
}

/// As [`make_progress`], for a caller that must act before the job ends.
///
/// # Errors
/// [`Error::Run`], which names the rank that hangs.
pub fn check() -> Result<()> {
    #[cfg(feature = "mpi")]
    return OURS.with(|ours| {
        // Already borrowed: MPI's callback called this from within.
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

    /// Tags of another rank's question and of the root's answer. Each message has two numbers: the
    /// sender's progress, and what it waits for.
    const ASK: i32 = 1;
    const ANSWER: i32 = 2;

    /// Carries questions and answers.
    struct MpiSignLink {
        // Declared before the communicator, so that it is dropped first.
        outbox: Outbox,
        world: SimpleCommunicator,
    }

    impl SignLink for MpiSignLink {
        fn send(&self, to: u64, sign: Sign) {
            let RankProgress { count, waiting_for } = sign.progress;
            let tag = if sign.is_answer { ANSWER } else { ASK };
            self.outbox.send(&self.world, to as i32, tag, [count, waiting_for]);
        }

        fn take(&self) -> Option<(u64, Sign)> {
            // Sends progress only inside calls of MPI.
            self.outbox.all_sent(None);
            let status = request::probe(self.world.as_raw(), None, None)?;
            let mut numbers = [0_u64; 2];
            self.world.process_at_rank(status.source_rank()).receive_into_with_tag(&mut numbers[..], status.tag());
            let [count, waiting_for] = numbers;
            let sign = Sign { is_answer: status.tag() == ANSWER, progress: RankProgress { count, waiting_for } };
            Some((status.source_rank() as u64, sign))
        }
    }

    /// This rank's side of the heartbeat.
    pub struct Heartbeat {
        link: MpiSignLink,
        liveness: Liveness,
        stall: StallLimit,
        /// At the root every rank's host, elsewhere the root's; empty until known.
        hosts: Vec<String>,
    }

    /// Starts in this world, with the default limit. Every rank must call it. It waits by spinning,
    /// so call it right after another collective.
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
            // A rank was lost meanwhile: all regroup.
            return;
        }
        // SAFETY: the call succeeded, so it is a communicator of processes.
        let world = unsafe { SimpleCommunicator::from_raw(copy) };
        let link = MpiSignLink { outbox: Outbox::default(), world };
        OURS.with(|ours| *ours.borrow_mut() = Some(Heartbeat::new(link, DEFAULT, Vec::new())));
    }

    /// Sets the limit (zero: no rank is watched) and the hosts: every rank's at the root, the
    /// root's elsewhere.
    pub fn watch(stall: StallLimit, hosts: Vec<String>) {
        OURS.with(|ours| {
            let mut ours = ours.borrow_mut();
            *ours = ours.take().map(|heartbeat| Heartbeat::new(heartbeat.link, stall, hosts));
        });
    }

    /// Stops without a message, in a world that may have lost ranks.
    pub fn stop() {
        monitor::watch(StallLimit::default(), 0);
        if let Some(heartbeat) = OURS.with(|ours| ours.borrow_mut().take()) {
            // Freeing it would wait for the dead.
            std::mem::forget(heartbeat);
        }
    }

    impl Heartbeat {
        fn new(link: MpiSignLink, stall: StallLimit, hosts: Vec<String>) -> Heartbeat {
            let (rank, ranks) = (link.world.rank() as u64, link.world.size() as u64);
            monitor::watch(stall, rank);
            let liveness = Liveness::new(stall.limit, rank, ranks, Instant::now());
            Heartbeat { link, liveness, stall, hosts }
        }

        /// Looks, if a look is due.
        pub fn make_progress(&mut self) -> Result<()> {
            monitor::beat();
            let progress = RankProgress { count: PROGRESS.get(), waiting_for: encoded(WAITING.get()) };
            self.liveness.make_progress(Instant::now(), progress, &self.link).map_err(|accusation| {
                Error::Run(match accusation {
                    Accusation::Silent(rank) => self.accusation(rank),
                    Accusation::Stuck => self.deadlock(),
                })
            })
        }

        /// Whether the answer to this rank's last question has arrived, or no rank asks.
        pub fn is_quiet(&self) -> bool {
            self.link.outbox.all_sent(None) && self.liveness.is_quiet()
        }

        fn accusation(&self, rank: u64) -> String {
            let host = self.hosts.get(rank as usize).map_or("a host that it has not yet named", String::as_str);
            let waiting = match WAITING.get() {
                (Waiting::Nothing, _) => String::new(),
                waiting => {
                    format!(", while rank {} waited for {}", self.link.world.rank(), described(encoded(waiting)))
                }
            };
            format!("rank {rank} on {host} has not been heard of for {}{waiting}", self.stall)
        }

        /// Some of the ranks and what they wait for. The first ranks that differ from the others
        /// tell the most.
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
            format!("all ranks are alive, but none has made progress for {}: {}", self.stall, ranks.join(", "))
        }
    }

    /// Whether all questions of this rank are answered.
    pub fn is_quiet() -> bool {
        OURS.with(|ours| ours.borrow().as_ref().is_none_or(Heartbeat::is_quiet))
    }

    /// Stops asking and watching; the root still answers.
    pub fn ask_no_more() {
        monitor::watch(StallLimit::default(), 0);
        OURS.with(|ours| {
            if let Some(heartbeat) = ours.borrow_mut().as_mut() {
                heartbeat.liveness.ask_no_more();
            }
        });
    }

    /// Frees the communicator, together with all other ranks.
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
