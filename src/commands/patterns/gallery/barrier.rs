//! A barrier: row 23.
//!
//! No rank leaves a barrier before the last has entered it. Clocks of different hosts cannot prove
//! that, so every rank adds one to a number of rank 0 before the barrier and reads the number
//! behind it: by then it must count all ranks.
//!
//! # In Python
//! ```python
//! import time
//! from multiprocessing import Barrier, Process
//!
//! def meet(barrier, rank):
//!     time.sleep(0.1 * rank)
//!     print(rank, "enters", time.monotonic())
//!     barrier.wait()
//!     print(rank, "leaves", time.monotonic())
//!
//! if __name__ == "__main__":
//!     barrier = Barrier(4)
//!     for rank in range(4):
//!         Process(target=meet, args=(barrier, rank)).start()
//! ```
//!
//! # With mpi4py
//! ```python
//! from array import array
//! from mpi4py import MPI
//!
//! comm = MPI.COMM_WORLD
//! window = MPI.Win.Allocate(8, 8, comm=comm)
//! memoryview(window.tomemory()).cast("q")[0] = 0
//! comm.Barrier()
//! entered = array("q", [0])
//! for add in (1, 0):
//!     window.Lock(0)
//!     window.Fetch_and_op([array("q", [add]), MPI.INT64_T], [entered, MPI.INT64_T], 0)
//!     window.Unlock(0)
//!     comm.Barrier()
//! print("left early" if entered[0] < comm.Get_size() else "all were there")
//! window.Free()
//! ```
//!
//! # What goes wrong
//! Without the barrier the first ranks read a number that is too small. How many do depends on the
//! moment.
//!
//! # Right answer
//! No rank leaves early in 20 rounds.
//!
//! # MPI calls
//! `MPI_Ibarrier`; `MPI_Win_allocate`, `MPI_Win_lock_all`, `MPI_Fetch_and_op` for the proof.
//!
//! # In the picture
//! At first every rank leaves the barrier with the last. Later, without a barrier, rank 0 is
//! through its rounds at once and waits in the reduction for the ranks that come late.
//!
//! # Exercises
//! **1.** On 8 ranks, each comes 0.5 ms after the one before it. How long does rank 0 wait at
//! the barrier?
//!
//! <details><summary>Answer</summary>
//!
//! 3.5 ms: all leave with the last. The wait is the price of the barrier, not the microseconds
//! of its messages.
//!
//! </details>
//!
//! **2.** Why is the proof a counter and not a timestamp of each rank?
//!
//! <details><summary>Answer</summary>
//!
//! Clocks of two hosts differ by more than a barrier takes, so timestamps can show a rank that
//! leaves before another comes. The counter is at one place: there the additions have one
//! order.
//!
//! </details>

use std::time::{Duration, Instant};

use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::queue::reduce;
use super::{ROOT, Shown, each_us, trace};
use crate::cluster::one_sided::Window;
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::Result;

const ROUNDS: u64 = 20;
/// How much later each rank comes than the one before it: long against a message, short against a
/// launch.
const STAGGER: Duration = Duration::from_micros(500);

/// The numbers of the window: ranks that came to a barrier, and to none.
const WITH: usize = 0;
const WITHOUT: usize = 1;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let window = trace::call("MPI_Win_allocate", || Window::allocate(world, 2))?;
    window.lock_all()?;
    let barrier = || {
        trace::call("MPI_Barrier", || polite::wait(world.immediate_barrier()));
    };
    let with = times_early(world, &window, WITH, barrier)?;
    barrier();
    let without = times_early(world, &window, WITHOUT, || {})?;
    barrier();
    let began = Instant::now();
    (0..ROUNDS).for_each(|_| barrier());
    let cost = each_us("a barrier", began, ROUNDS);
    window.unlock_all()?;
    window.free()?;
    Ok(with.zip(without).map(|(with, without)| Shown {
        answer: format!("{with} ranks left early in {ROUNDS} rounds"),
        expected: format!("0 ranks left early in {ROUNDS} rounds"),
        costs: vec![cost, Cost { what: "left early without it", value: without as f64, unit: "times" }],
        ..Shown::default()
    }))
}

/// How often a rank went on before all had arrived, over all rounds and ranks; at rank 0.
fn times_early(world: &SimpleCommunicator, window: &Window, number: usize, barrier: impl Fn()) -> Result<Option<u64>> {
    let (size, mut early) = (world.size() as u64, 0);
    for round in 1..=ROUNDS {
        trace::call("comes late", || std::thread::sleep(STAGGER * world.rank() as u32));
        window.fetch_and_op(1, ROOT, number, SystemOperation::sum())?;
        barrier();
        let arrived = window.fetch_and_op(0, ROOT, number, SystemOperation::sum())?;
        early += u64::from(arrived < round * size);
    }
    Ok(reduce(world, early))
}
