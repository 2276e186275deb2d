//! A counter that many ranks add to: row 16.
//!
//! The counter is a window of one number at rank 0. `MPI_Fetch_and_op` reads, adds and writes as
//! one step. A lock around a get and a put (`MPI_Win_lock`, exclusive) is right as well; it is for
//! updates that no single operation can do, and every rank waits for its turn.
//!
//! # In Python
//! ```python
//! from multiprocessing import Process, Value
//!
//! def add(counter):
//!     for _ in range(100_000):
//!         with counter.get_lock():
//!             counter.value += 1
//!
//! if __name__ == "__main__":
//!     counter = Value("i", 0)
//!     workers = [Process(target=add, args=(counter,)) for _ in range(5)]
//!     for worker in workers:
//!         worker.start()
//!     for worker in workers:
//!         worker.join()
//!     print(counter.value)
//! ```
//!
//! # With mpi4py
//! ```python
//! from array import array
//! from mpi4py import MPI
//!
//! comm, one, before = MPI.COMM_WORLD, array("q", [1]), array("q", [0])
//! window = MPI.Win.Allocate(8, 8, comm=comm)
//! counter = memoryview(window.tomemory()).cast("q")
//! counter[0] = 0
//! comm.Barrier()
//! window.Lock_all()
//! for _ in range(1000):
//!     window.Fetch_and_op([one, MPI.INT64_T], [before, MPI.INT64_T], 0, op=MPI.SUM)
//! window.Unlock_all()
//! comm.Barrier()
//! if comm.Get_rank() == 0:
//!     print(counter[0])
//! window.Free()
//! ```
//!
//! # What goes wrong
//! `counter.value += 1` without the lock is a read, an addition and a write, and another process
//! may write in between: updates are lost. A get and a put of MPI lose them in just the same way.
//!
//! # Right answer
//! 5 x 100,000 = 500,000 by `MPI_Fetch_and_op`, and all 100 under the lock. How many the naive form
//! loses is shown, not judged: one rank loses none.
//!
//! # MPI calls
//! `MPI_Win_allocate`, `MPI_Win_lock_all`, `MPI_Fetch_and_op`; `MPI_Get`, `MPI_Put`,
//! `MPI_Win_flush`; `MPI_Win_lock`, `MPI_Win_unlock`.
//!
//! # In the picture
//! Additions by `MPI_Fetch_and_op`, then get and put, then the lock, with a barrier behind
//! each. Four ranks share two cores here, so some are done early and wait.
//!
//! # Exercises
//! **1.** What share of the additions by get and put is lost on 2, 4 and 8 ranks that have a
//! core each? Guess before you run `mpirun -n 4 montesieve patterns counter`.
//!
//! <details><summary>Answer</summary>
//!
//! If p ranks take turns exactly, p gets see one number and p puts leave one more than that: p - 1
//! of p additions are lost, so 50, 75 and 88 %. Ranks that share a core differ: one that loses its
//! core between get and put later undoes everything that happened in between.
//!
//! </details>
//!
//! **2.** The lock gives the right number too. Why is it slower than `MPI_Fetch_and_op`?
//!
//! <details><summary>Answer</summary>
//!
//! Lock, get, put and unlock are four calls with an answer each, and meanwhile every other rank
//! waits for its turn. `MPI_Fetch_and_op` is one request and one answer, and nobody holds
//! anything.
//!
//! </details>

use std::time::{Duration, Instant};

use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::queue::reduce;
use super::{ROOT, Shown, each_us, share, trace};
use crate::cluster::one_sided::Window;
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::{Error, Result};

/// Additions in all, spread over the ranks: as the notes have it.
const ADDITIONS: u64 = 5 * 100_000;
/// How long a rank keeps losing updates: 0.3 to 2 s are enough for all (2 and 8 ranks, Open MPI),
/// but not where ranks of MPICH share a core.
const LOSING: Duration = Duration::from_secs(3);
/// Additions under a lock: each waits for its turn, 8 ranks of MPICH on 2 cores for a third of a
/// second.
const LOCKED: u64 = 100;

/// The numbers of the window that all ranks reach at once.
const ATOMIC: usize = 0;
const NAIVE: usize = 1;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let allocate = |numbers| trace::call("MPI_Win_allocate", || Window::allocate(world, numbers));
    let (open, locked) = (allocate(2)?, allocate(1)?);
    // Rank 0 has the numbers: it must not sleep while others use them.
    let meet = || {
        trace::call("MPI_Barrier", || polite::wait_and_serve(world.immediate_barrier()));
    };
    let sum = SystemOperation::sum();
    open.lock_all()?;
    let mine = share(world, ADDITIONS).count() as u64;

    let began = Instant::now();
    trace::call("MPI_Fetch_and_op", || (0..mine).try_for_each(|_| open.fetch_and_op(1, ROOT, ATOMIC, sum).map(drop)))?;
    meet();
    let atomic_cost = each_us("MPI_Fetch_and_op", began, mine);

    let (began, mut tried) = (Instant::now(), 0);
    trace::call("get and put", || {
        while tried < mine && began.elapsed() < LOSING {
            tried += 1;
            let seen = open.get(ROOT, NAIVE)?;
            // What another rank writes here is overwritten by the next line.
            open.put(seen + 1, ROOT, NAIVE)?;
        }
        Ok::<(), Error>(())
    })?;
    meet();
    let naive_cost = each_us("get and put", began, tried);
    let tried = reduce(world, tried);

    let mine = share(world, LOCKED).count() as u64;
    let began = Instant::now();
    for _ in 0..mine {
        trace::call("MPI_Win_lock", || locked.lock(ROOT))?;
        locked.put(locked.get(ROOT, 0)? + 1, ROOT, 0)?;
        locked.unlock(ROOT)?;
    }
    meet();
    let locked_cost = each_us("an addition under the lock", began, mine);

    let (atomic, naive) = (open.fetch_and_op(0, ROOT, ATOMIC, sum)?, open.get(ROOT, NAIVE)?);
    locked.lock(ROOT)?;
    let counted = locked.get(ROOT, 0)?;
    locked.unlock(ROOT)?;
    open.unlock_all()?;
    open.free()?;
    locked.free()?;
    Ok(tried.map(|tried| {
        let lost = Cost { what: "lost by get and put", value: (tried - naive) as f64, unit: "times" };
        let tried = Cost { what: "of", value: tried as f64, unit: "tried" };
        Shown {
            answer: format!("{atomic}, {counted}"),
            expected: format!("{ADDITIONS}, {LOCKED}"),
            costs: vec![atomic_cost, naive_cost, lost, tried, locked_cost],
            ..Shown::default()
        }
    }))
}
