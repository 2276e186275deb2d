//! A running minimum: row 28.
//!
//! A prefix reduction. Every rank has a part of the list; `MPI_Scan` with `MPI_MIN` gives it the
//! least number up to the end of its part. Where a part has several numbers, those before its last
//! need the least of all parts *before*: that is `MPI_Exscan`, and each of the part's own running
//! minima is lowered to it. Two passes over the data and log2(ranks) steps of messages, where the
//! coroutine has one pass and no way to share it.
//!
//! # In Python
//! ```python
//! def running_minimum():
//!     least = float("inf")
//!     while True:
//!         least = min(least, (yield least))
//!
//! minimum = running_minimum()
//! next(minimum)
//! print([minimum.send(number) for number in (10, 4, 22, -1)])
//! ```
//!
//! # With mpi4py
//! ```python
//! from itertools import accumulate
//! from mpi4py import MPI
//!
//! comm, numbers = MPI.COMM_WORLD, [10, 4, 22, -1]
//! rank, size = comm.Get_rank(), comm.Get_size()
//! mine = numbers[len(numbers) * rank // size : len(numbers) * (rank + 1) // size]
//! below = comm.exscan(min(mine, default=float("inf")), op=MPI.MIN)
//! if rank == 0:
//!     below = float("inf")
//! parts = comm.gather([min(below, least) for least in accumulate(mine, min)], root=0)
//! if parts is not None:
//!     print(sum(parts, []))
//! ```
//!
//! # What goes wrong
//! An empty part (more ranks than numbers) must count as the largest number there is, not as zero.
//! The result of `MPI_Exscan` at rank 0 is undefined: there are no ranks before it.
//!
//! # Right answer
//! 10, 4, 4, -1 for 10, 4, 22, -1, and every rank's last is what `MPI_Scan` says.
//!
//! # MPI calls
//! `MPI_Iscan`, `MPI_Iexscan` with `MPI_MIN`; `MPI_Iallreduce` with `MPI_MAX`; `MPI_Gatherv`.
//!
//! # In the picture
//! Rank 0 leaves a scan at once, since no rank is below it. Every other rank waits for those
//! before it.
//!
//! # Exercises
//! **1.** What does `MPI_Exscan` give rank 0?
//!
//! <details><summary>Answer</summary>
//!
//! Nothing that is defined: no rank is below it. The program must put the neutral element
//! there, which for a minimum is the largest number.
//!
//! </details>
//!
//! **2.** Every rank has lines for one file. How does it know where its own begin?
//!
//! <details><summary>Answer</summary>
//!
//! `MPI_Exscan` with `MPI_SUM` over the lengths gives the offset of each rank (0 at rank 0),
//! and then all write at once. So a scan replaces a loop over ranks by log2(p) steps.
//!
//! </details>

use std::time::Instant;

use mpi::collective::SystemOperation;
use mpi::request::scope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::map::gather;
use super::queue::reduce;
use super::{ROOT, Shown, listed, share, trace};
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::Result;

const NUMBERS: [i64; 4] = [10, 4, 22, -1];
const ROUNDS: u64 = 20;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let mine = share(world, NUMBERS.len() as u64);
    let mut least = running(&NUMBERS[mine.start as usize..mine.end as usize]);
    let last = least.last().copied().unwrap_or(i64::MAX);
    let (so_far, inclusive) = timed(world, "MPI_Scan", || least_so_far(world, last));
    let (below, exclusive) = timed(world, "MPI_Exscan", || least_below(world, last));
    least.iter_mut().for_each(|number| *number = below.min(*number));
    let differs = least.last().is_some_and(|&last| last != so_far);
    let differing = reduce(world, u64::from(differs));
    let all = gather(world, &least);
    Ok(all.zip(differing).map(|(all, differing)| Shown {
        answer: format!("{}, both scans agree: {}", listed(all), differing == 0),
        expected: "10, 4, 4, -1, both scans agree: true".into(),
        costs: vec![inclusive, exclusive],
        ..Shown::default()
    }))
}

/// The least of the numbers of this rank and of all ranks before it.
fn least_so_far(world: &SimpleCommunicator, mine: i64) -> i64 {
    let mut least = 0;
    trace::call("MPI_Scan", || {
        scope(|s| polite::wait(world.immediate_scan_into(s, &mine, &mut least, SystemOperation::min())))
    });
    least
}

/// The least of the numbers of all ranks before this one.
fn least_below(world: &SimpleCommunicator, mine: i64) -> i64 {
    let mut least = 0;
    trace::call("MPI_Exscan", || {
        scope(|s| polite::wait(world.immediate_exclusive_scan_into(s, &mine, &mut least, SystemOperation::min())))
    });
    if world.rank() == ROOT { i64::MAX } else { least }
}

/// What a scan returns, and what it costs the rank that waits longest: the last, as a rule.
fn timed(world: &SimpleCommunicator, what: &'static str, scan: impl Fn() -> i64) -> (i64, Cost) {
    let (least, began) = (scan(), Instant::now());
    for _ in 0..ROUNDS {
        assert_eq!(scan(), least);
    }
    let (mine, mut longest) = (began.elapsed().as_secs_f64(), 0.0);
    let largest = SystemOperation::max();
    scope(|s| polite::wait(world.immediate_all_reduce_into(s, &mine, &mut longest, largest)));
    (least, Cost { what, value: longest * 1e6 / ROUNDS as f64, unit: "us" })
}

/// The least of each number and those before it.
fn running(numbers: &[i64]) -> Vec<i64> {
    let mut least = i64::MAX;
    numbers
        .iter()
        .map(|&number| {
            least = least.min(number);
            least
        })
        .collect()
}
