//! What this rank does when, for `--trace` and `--plot`.
//!
//! A pattern names here what it does: a call that waits is a span of time, a send is a moment. What
//! is between the spans is the rank's own work. Without `--trace` a call costs one look at a cell.
//!
//! Times are those of the host's clock. Ranks leave a barrier up to a millisecond apart if they
//! share cores, so a common start would show messages that arrive before they are sent. Between
//! hosts the times are as equal as the hosts' clocks.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use mpi::point_to_point::Status;
use mpi::{Rank, Tag};

use super::trace::{Event, Peer, RankTrace};

thread_local! {
    static TRACE: RefCell<Option<RankTrace>> = const { RefCell::new(None) };
}

/// More events of a rank than this are dropped: nobody reads them, and the root keeps all.
const MOST: usize = 20_000;

/// How long after the last barrier a traced pattern begins: until then all ranks are awake.
const LEAD: Duration = Duration::from_millis(3);

/// A moment from which all ranks can begin.
pub(super) fn soon() -> u64 {
    now() + LEAD.as_nanos() as u64
}

/// Starts the record of this rank at `moment`, so that the picture does not begin with ranks that
/// still sleep. A host whose clock is late does not wait longer than that either.
pub(super) fn begin(moment: u64) {
    std::thread::sleep(Duration::from_nanos(moment.saturating_sub(now())).min(LEAD));
    TRACE.set(Some(RankTrace { began: now(), ..RankTrace::default() }));
}

/// Ends it.
pub(super) fn end() -> Option<RankTrace> {
    TRACE.take().map(|trace| RankTrace { ended: now(), ..trace })
}

/// A call that may wait, or a part of the work that deserves a name.
pub(super) fn call<T>(what: &'static str, call: impl FnOnce() -> T) -> T {
    recorded(call, |_| Some((what, Peer::None)))
}

/// A receive.
pub(super) fn receive<T>(receive: impl FnOnce() -> (T, Status)) -> (T, Status) {
    recorded(receive, |(_, status)| arrival(status))
}

/// A look whether a message is there, which shows if one was.
pub(super) fn probe<T>(probe: impl FnOnce() -> Option<(T, Status)>) -> Option<(T, Status)> {
    recorded(probe, |found| found.as_ref().and_then(|(_, status)| arrival(status)))
}

/// A message that is sent now.
pub(super) fn send(to: Rank, tag: Tag) {
    recorded(|| (), |()| Some(("MPI_Send", Peer::To(to as u64, tag as u64))));
}

fn arrival(status: &Status) -> Option<(&'static str, Peer)> {
    Some(("MPI_Recv", Peer::From(status.source_rank() as u64, status.tag() as u64)))
}

fn recorded<T>(call: impl FnOnce() -> T, describe: impl FnOnce(&T) -> Option<(&'static str, Peer)>) -> T {
    if TRACE.with_borrow(Option::is_none) {
        return call();
    }
    let start = now();
    let done = call();
    let end = now();
    TRACE.with_borrow_mut(|trace| {
        if let (Some(trace), Some((what, peer))) = (trace, describe(&done))
            && trace.events.len() < MOST
        {
            trace.events.push(Event { what: what.to_owned(), start, end, peer });
        }
    });
    done
}

/// Nanoseconds of the host's clock.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos() as u64
}
