//! Lock, semaphore, condition and event: row 24.
//!
//! In Python: `Lock`, `Semaphore(k)`, `Condition`, `Event`, all in memory that processes of one machine share.
//!
//! In MPI there is no shared memory to put them in, so each is made of what there is:
//! - *lock*: `MPI_Win_lock` with `MPI_LOCK_EXCLUSIVE` on rank 0's window;
//! - *semaphore*: a number of rank 0 that counts holders; everyone adds itself by `MPI_Fetch_and_op`, and who finds k there already takes
//!   itself out and tries again;
//! - *condition*: ranks look at a number of rank 0 until it is what they wait for (the number goes up by `MPI_Fetch_and_op`);
//! - *event*: a message. Nobody looks at anything; this is the one that MPI is made for.
//!
//! What goes wrong: looking at a number of another host again and again takes its network from those who work. The pauses
//! between two looks grow, as all waits of this program do.
//!
//! Right answer: never more holders than allowed; the condition met and the event seen by every rank.

use std::time::Instant;

use super::{Pattern, Shown, each_us};
use crate::cluster::patience::Patience;
use crate::cluster::rma::{Counters, Guarded};
use crate::cluster::{Cluster, Tag};
use crate::error::Result;
use crate::report::Cost;

/// How often each rank goes in.
const TURNS: u64 = 20;
/// Holders that the semaphore lets in at once.
const ALLOWED: u64 = 2;

/// Numbers of rank 0: who holds the semaphore, who is inside (two ways of counting the same, one of which is under test), the most
/// that were ever inside, and those that are done.
const HOLDERS: usize = 0;
const INSIDE: usize = 1;
const MOST: usize = 2;
const DONE: usize = 3;

pub(super) const PATTERN: Pattern = Pattern {
    name: "locks",
    python: "Lock, Semaphore, Condition, Event",
    mpi: "MPI_Win_lock; a counter by MPI_Fetch_and_op; a number looked at; a message",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let (counters, guarded) = (cluster.counters(4)?, cluster.guarded(1)?);
    let began = Instant::now();
    (0..TURNS).try_for_each(|_| lock(&guarded))?;
    guarded.meet();
    let lock_cost = each_us("a turn under the lock", began, TURNS);
    let began = Instant::now();
    (0..TURNS).try_for_each(|_| semaphore(&counters))?;
    counters.meet();
    let semaphore_cost = each_us("a turn with the semaphore", began, TURNS);
    condition(cluster, &counters)?;
    counters.meet();
    let seen = cluster.sum(event(cluster)?)?;
    let locked = guarded.lock(0)?.get(0)?;
    let most = counters.load(0, MOST)?;
    guarded.release()?;
    counters.release()?;
    Ok(seen.map(|seen| Shown {
        answer: format!(
            "locked turns all counted: {}, holders within bounds: {}, event seen by all: {}",
            locked == TURNS * cluster.size(),
            (1..=ALLOWED).contains(&most),
            seen == cluster.size()
        ),
        expected: "locked turns all counted: true, holders within bounds: true, event seen by all: true".into(),
        costs: vec![lock_cost, semaphore_cost, Cost { what: "most holders", value: most as f64, unit: "of 2" }],
        ..Shown::default()
    }))
}

/// One addition that needs the lock: were two ranks inside, one would be lost.
fn lock(guarded: &Guarded) -> Result<()> {
    let turn = guarded.lock(0)?;
    turn.put(0, turn.get(0)? + 1)
}

/// In, look around, out.
fn semaphore(counters: &Counters) -> Result<()> {
    let mut patience = Patience::new();
    // Who comes in as one too many goes out again.
    while counters.fetch_add(0, HOLDERS, 1)? >= ALLOWED {
        counters.fetch_add(0, HOLDERS, 1_u64.wrapping_neg())?;
        patience.pause();
    }
    let inside = counters.fetch_add(0, INSIDE, 1)? + 1;
    counters.fetch_max(0, MOST, inside)?;
    // Others get a chance to come in while this rank is there.
    std::thread::yield_now();
    counters.fetch_add(0, INSIDE, 1_u64.wrapping_neg())?;
    counters.fetch_add(0, HOLDERS, 1_u64.wrapping_neg()).map(drop)
}

/// Waits until every rank is done.
fn condition(cluster: &Cluster, counters: &Counters) -> Result<()> {
    counters.fetch_add(0, DONE, 1)?;
    let mut patience = Patience::new();
    while counters.load(0, DONE)? < cluster.size() {
        patience.pause();
    }
    Ok(())
}

/// Rank 0 tells every other; 1 when this rank knows.
fn event(cluster: &Cluster) -> Result<u64> {
    let tell = || (1..cluster.size()).try_for_each(|rank| cluster.send_numbers(rank, Tag::Item, [1, 0]));
    if cluster.at_root(tell).transpose()?.is_some() {
        cluster.flush(None)?;
        return Ok(1);
    }
    Ok(cluster.receive_numbers(0, Tag::Item)?[0])
}
