//! A value and an array in shared memory: row 17.
//!
//! `MPI_Comm_split_type` finds the ranks that can share memory, and `MPI_Win_allocate_shared` gives
//! them one window that each reads and writes with ordinary loads and stores. Distributed memory
//! has no more than this: ranks on another node have another window. The usual form, here and in
//! the sieve's tables: each rank fills its part, all meet, all read.
//!
//! # In Python
//! ```python
//! from multiprocessing import Array, Process
//!
//! def add(array, worker):
//!     array[worker] += 50
//!
//! if __name__ == "__main__":
//!     array = Array("q", 5)
//!     workers = [Process(target=add, args=(array, worker)) for worker in range(5)]
//!     for worker in workers:
//!         worker.start()
//!     for worker in workers:
//!         worker.join()
//!     print(sum(array))
//! ```
//!
//! # With mpi4py
//! ```python
//! from mpi4py import MPI
//!
//! node = MPI.COMM_WORLD.Split_type(MPI.COMM_TYPE_SHARED)
//! rank, size = node.Get_rank(), node.Get_size()
//! pieces = 5 * (rank + 1) // size - 5 * rank // size
//! window = MPI.Win.Allocate_shared(8 * pieces, 8, comm=node)
//! mine = memoryview(window.tomemory()).cast("q")
//! for piece in range(pieces):
//!     mine[piece] = 50
//! window.Fence()
//! parts = [memoryview(window.Shared_query(other)[0]).cast("q") for other in range(size)]
//! print(sum(map(sum, parts)))
//! window.Free()
//! ```
//!
//! # What goes wrong
//! Without the meeting a rank reads a part that is not filled yet. A barrier alone is not enough by
//! the letter of MPI: `MPI_Win_sync` before and behind it orders the stores and the loads.
//!
//! # Right answer
//! 50 x 5 in the sum of an array of five, filled by any number of ranks.
//!
//! # MPI calls
//! `MPI_Comm_split_type`, `MPI_Win_allocate_shared`, `MPI_Win_shared_query`, `MPI_Win_sync`,
//! `MPI_Ibarrier`.
//!
//! # In the picture
//! All allocate the window together and each fills its part. No rank leaves the second barrier,
//! and reads, before all parts are filled.
//!
//! # Exercises
//! **1.** The ranks are on two nodes. What does each rank read?
//!
//! <details><summary>Answer</summary>
//!
//! The array of its own node. `MPI_Comm_split_type` gives a communicator for each node, so
//! there are two windows. A sum over both needs messages: a reduction between one rank of each
//! node.
//!
//! </details>
//!
//! **2.** Leave the barrier between filling and reading out. What may a rank read then?
//!
//! <details><summary>Answer</summary>
//!
//! Zeros, or numbers of the parts that are ready: no rank waits for the others. `MPI_Win_sync`
//! orders this rank's reads and writes of the memory; the barrier orders the ranks. Both are
//! needed.
//!
//! </details>

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::queue::reduce;
use super::{Shown, each_us, trace};
use crate::cluster::one_sided::SharedWindow;
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::Result;

/// Workers of the notes: pieces of the array, each filled by one rank.
const WORKERS: usize = 5;
/// What each worker adds to each of its elements.
const ADDED: u64 = 50;
/// Elements a worker: more than a page of memory, to see what reading costs.
const ELEMENTS: usize = 100_000;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let began = Instant::now();
    // It waits by spinning: all arrive together.
    trace::call("MPI_Barrier", || polite::wait(world.immediate_barrier()));
    let node = world.split_shared(world.rank());
    let (rank, size) = (node.rank() as usize, node.size() as usize);
    let pieces = WORKERS * (rank + 1) / size - WORKERS * rank / size;
    let window = trace::call("MPI_Win_allocate_shared", || SharedWindow::allocate(&node, pieces * ELEMENTS))?;
    for element in window.numbers(node.rank())? {
        // MPI promises nothing about what stands there at first.
        element.store(0, Relaxed);
        element.fetch_add(ADDED, Relaxed);
    }
    window.sync();
    trace::call("MPI_Barrier", || polite::wait(node.immediate_barrier()));
    window.sync();
    let filled = each_us("to make and fill it", began, 1);

    let began = Instant::now();
    let parts: Vec<&[AtomicU64]> = (0..node.size()).map(|rank| window.numbers(rank)).collect::<Result<_>>()?;
    let whole: u64 = parts.iter().flat_map(|part| part.iter()).map(|element| element.load(Relaxed)).sum();
    let read = each_us("to read all of it", began, 1);
    // Every rank sees every worker's piece.
    let firsts = parts.iter().flat_map(|part| part.iter().step_by(ELEMENTS));
    let mine: u64 = firsts.map(|element| element.load(Relaxed)).sum();
    let all = reduce(world, mine);
    window.free()?;
    Ok(all.map(|all| Shown {
        answer: format!("{mine}, whole array {whole}, seen alike: {}", all == mine * world.size() as u64),
        expected: format!("{}, whole array {}, seen alike: true", 250, 250 * ELEMENTS),
        costs: vec![filled, read, Cost { what: "bytes", value: (8 * WORKERS * ELEMENTS) as f64, unit: "a node" }],
        ..Shown::default()
    }))
}
