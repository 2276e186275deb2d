//! Lock, semaphore, condition and event: row 24.
//!
//! Python keeps all four in memory that the processes of one machine share. Ranks have none, so
//! each is made of what MPI has:
//! - *lock*: `MPI_Win_lock` with `MPI_LOCK_EXCLUSIVE` on rank 0's window;
//! - *semaphore*: a number of rank 0 that counts holders; every rank adds itself by
//!   `MPI_Fetch_and_op`, and one that finds k holders there takes itself out and tries again;
//! - *condition*: ranks read a number of rank 0 until it is what they wait for;
//! - *event*: a message. No rank reads anything again and again; MPI is made for this one.
//!
//! # In Python
//! ```python
//! from multiprocessing import Event, Lock, Process, Semaphore
//!
//! def work(lock, semaphore, event):
//!     event.wait()
//!     with semaphore:
//!         with lock:
//!             print("alone under the lock, one of two behind the semaphore")
//!
//! if __name__ == "__main__":
//!     lock, semaphore, event = Lock(), Semaphore(2), Event()
//!     for _ in range(4):
//!         Process(target=work, args=(lock, semaphore, event)).start()
//!     event.set()
//! ```
//!
//! # With mpi4py
//! ```python
//! from array import array
//! from mpi4py import MPI
//!
//! comm, turns = MPI.COMM_WORLD, array("q", [0])
//! window = MPI.Win.Allocate(8, 8, comm=comm)
//! memoryview(window.tomemory()).cast("q")[0] = 0
//! event = comm.bcast("go", root=0)
//! comm.Barrier()
//! window.Lock(0, MPI.LOCK_EXCLUSIVE)
//! window.Get([turns, MPI.INT64_T], 0)
//! window.Flush(0)
//! turns[0] += 1
//! window.Put([turns, MPI.INT64_T], 0)
//! window.Unlock(0)
//! print("turn", turns[0])
//! window.Free()
//! ```
//!
//! # What goes wrong
//! Reading a number of another host again and again takes its network from the ranks that work.
//! Here the pauses between two reads grow.
//!
//! # Right answer
//! Never more holders than allowed; every rank meets the condition and sees the event.
//!
//! # MPI calls
//! `MPI_Win_lock`, `MPI_Win_unlock`, `MPI_Get`, `MPI_Put`; `MPI_Fetch_and_op` with `MPI_SUM` and
//! `MPI_MAX`; `MPI_Send`, `MPI_Irecv`.
//!
//! # In the picture
//! One rank at a time holds the lock, so the waits in `MPI_Win_lock` end one after the other.
//! Two at a time hold the semaphore. The arrows are the event: a message to each rank.
//!
//! # Exercises
//! **1.** A rank could read the semaphore first and add itself only if there is room. What goes
//! wrong?
//!
//! <details><summary>Answer</summary>
//!
//! Between the look and the addition another rank may come in: both saw one place, and both
//! take it. So a rank adds first and looks at what was there, in one operation.
//!
//! </details>
//!
//! **2.** Which of the four needs no repeated reading, and what does reading cost?
//!
//! <details><summary>Answer</summary>
//!
//! The event: the message waits at its receiver. Each look at a number of rank 0 is a round
//! trip, and between hosts without hardware support it also takes rank 0's time.
//!
//! </details>

use std::time::Instant;

use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::queue::reduce;
use super::{ROOT, Shown, each_us, trace};
use crate::cluster::one_sided::Window;
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::Result;

/// How often each rank goes in.
const TURNS: u64 = 20;
/// Holders that the semaphore lets in at once.
const ALLOWED: u64 = 2;

/// Numbers of rank 0: holders of the semaphore, ranks inside (two ways of counting the same, one of
/// which is under test), the most that were ever inside, and ranks that are done.
const HOLDERS: usize = 0;
const INSIDE: usize = 1;
const MOST: usize = 2;
const DONE: usize = 3;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let allocate = |numbers| trace::call("MPI_Win_allocate", || Window::allocate(world, numbers));
    let (counters, locked) = (allocate(4)?, allocate(1)?);
    // Rank 0 has the numbers: it must not sleep while others use them.
    let meet = || {
        trace::call("MPI_Barrier", || polite::wait_and_serve(world.immediate_barrier()));
    };
    counters.lock_all()?;
    let began = Instant::now();
    (0..TURNS).try_for_each(|_| lock(&locked).map(drop))?;
    meet();
    let lock_cost = each_us("a turn under the lock", began, TURNS);
    let began = Instant::now();
    (0..TURNS).try_for_each(|_| semaphore(&counters))?;
    meet();
    let semaphore_cost = each_us("a turn with the semaphore", began, TURNS);
    condition(world, &counters)?;
    meet();
    let seen = reduce(world, event(world));
    let size = world.size() as u64;
    let most = add(&counters, MOST, 0)?;
    // The last of all turns is rank 0's.
    let turns = if world.rank() == ROOT { lock(&locked)? - 1 } else { 0 };
    counters.unlock_all()?;
    counters.free()?;
    locked.free()?;
    Ok(seen.map(|seen| Shown {
        answer: format!(
            "locked turns all counted: {}, holders within bounds: {}, event seen by all: {}",
            turns == TURNS * size,
            (1..=ALLOWED).contains(&most),
            seen == size
        ),
        expected: "locked turns all counted: true, holders within bounds: true, event seen by all: true".into(),
        costs: vec![lock_cost, semaphore_cost, Cost { what: "most holders", value: most as f64, unit: "of 2" }],
        ..Shown::default()
    }))
}

/// One addition that needs the lock, and its sum: were two ranks inside, one would be lost.
fn lock(locked: &Window) -> Result<u64> {
    trace::call("MPI_Win_lock", || locked.lock(ROOT))?;
    let turns = locked.get(ROOT, 0)? + 1;
    locked.put(turns, ROOT, 0)?;
    locked.unlock(ROOT)?;
    Ok(turns)
}

/// Adds to a number of rank 0; what it was before. To read it, add nothing.
fn add(counters: &Window, number: usize, summand: i64) -> Result<u64> {
    counters.fetch_and_op(summand as u64, ROOT, number, SystemOperation::sum())
}

/// In, look around, out.
fn semaphore(counters: &Window) -> Result<()> {
    trace::call("semaphore", || polite::until(|| enter(counters).transpose()))?;
    let inside = add(counters, INSIDE, 1)? + 1;
    counters.fetch_and_op(inside, ROOT, MOST, SystemOperation::max())?;
    // Others get a chance to come in while this rank is there.
    std::thread::yield_now();
    add(counters, INSIDE, -1)?;
    add(counters, HOLDERS, -1).map(drop)
}

/// Becomes a holder; one holder too many goes out again.
fn enter(counters: &Window) -> Result<Option<()>> {
    if add(counters, HOLDERS, 1)? < ALLOWED {
        return Ok(Some(()));
    }
    add(counters, HOLDERS, -1)?;
    Ok(None)
}

/// Waits until every rank is done.
fn condition(world: &SimpleCommunicator, counters: &Window) -> Result<()> {
    add(counters, DONE, 1)?;
    let all = world.size() as u64;
    let is_met = || add(counters, DONE, 0).map(|done| (done >= all).then_some(())).transpose();
    trace::call("condition", || polite::until(is_met))
}

/// Rank 0 tells every other; 1 when this rank knows.
fn event(world: &SimpleCommunicator) -> u64 {
    if world.rank() != ROOT {
        return trace::receive(|| polite::receive(world.process_at_rank(ROOT).immediate_receive::<u64>())).0;
    }
    for rank in 1..world.size() {
        trace::send(rank, 0);
        world.process_at_rank(rank).send(&1_u64);
    }
    1
}
