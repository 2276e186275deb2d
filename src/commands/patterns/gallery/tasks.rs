//! Three tasks by turns: factorial, Fibonacci, binomial: row 29.
//!
//! Every rank is a loop with some of the tasks; a task makes one step, reports it, and gives way to
//! the next. Rank 0 takes the steps of all as they come (`MPI_Test` on a posted receive for each
//! task) and keeps a journal, which shows how they took turns; that differs from run to run, the
//! results do not.
//!
//! # In Python
//! ```python
//! import asyncio
//! from math import comb, factorial
//!
//! async def task(name, step):
//!     for n in range(1, 11):
//!         print(name, step(n))
//!         await asyncio.sleep(0)
//!
//! async def main():
//!     binomial = task("C", lambda k: comb(20, k))
//!     await asyncio.gather(task("n", factorial), binomial)
//!
//! asyncio.run(main())
//! ```
//!
//! # With mpi4py
//! ```python
//! from math import comb, factorial
//! from mpi4py import MPI
//!
//! comm, tasks, results = MPI.COMM_WORLD, [factorial, lambda k: comb(20, k)], {}
//! rank, workers = comm.Get_rank(), comm.Get_size() - 1
//! if rank == 0:
//!     posted = [comm.irecv(source=1 + task % workers, tag=task) for task in range(2)]
//!     left = [10, 10]
//!     while any(left):
//!         for task in range(2):
//!             there, result = posted[task].test() if left[task] else (False, None)
//!             if there:
//!                 results[task], left[task] = result, left[task] - 1
//!                 if left[task]:
//!                     posted[task] = comm.irecv(source=1 + task % workers, tag=task)
//!     print(results)
//! else:
//!     for step in range(1, 11):
//!         for task in range(rank - 1, 2, workers):
//!             comm.send(tasks[task](step), 0, tag=task)
//! ```
//!
//! # What goes wrong
//! A task that does not give way stops all others of its rank. In the notes, Fibonacci printed one
//! number too few or too many, depending on what F(0) is; here F(10) = 55, with F(0) = 0.
//!
//! # Right answer
//! factorial(10) = 3628800, fibonacci(10) = 55, binomial(20, 10) = 184756.
//!
//! # MPI calls
//! `MPI_Send`; `MPI_Irecv`, `MPI_Test`.
//!
//! # In the picture
//! Ranks 1 and 2 make their ten steps and send each. Rank 0 takes them whenever it looks,
//! between its own steps and after them. Rank 3 has no task.
//!
//! # Exercises
//! **1.** Which rank has which task on 2 ranks?
//!
//! <details><summary>Answer</summary>
//!
//! Task t belongs to rank t mod 2: rank 0 has the factorial and the binomial, rank 1 has
//! Fibonacci. The letters of the journal show how their steps mix.
//!
//! </details>
//!
//! **2.** A step of one task takes a second. Who waits?
//!
//! <details><summary>Answer</summary>
//!
//! The other tasks of that rank, since a task gives way only after its step. Other ranks
//! continue, and if the slow task is on rank 0, their steps are noted a second later.
//!
//! </details>

use std::time::Instant;

use mpi::point_to_point::ReceiveFuture;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;
use mpi::{Rank, Tag};

use super::{ROOT, Shown, each_us, trace};
use crate::cluster::polite;
use crate::error::Result;

const NAMES: [&str; 3] = ["factorial(10)", "fibonacci(10)", "binomial(20, 10)"];
/// What the journal calls them.
const LETTERS: [char; 3] = ['n', 'F', 'C'];
/// Steps of each.
const STEPS: u64 = 10;

/// A task: two numbers, and what step 1, 2, ..., 10 makes of them. The first is the result.
struct Task {
    numbers: [u64; 2],
    step: fn([u64; 2], u64) -> [u64; 2],
}

/// `n! = n (n-1)!`; `F(n) = F(n-1) + F(n-2)`; `C(20, k) = C(20, k-1) (21-k) / k`.
const TASKS: [Task; 3] = [
    Task { numbers: [1, 0], step: |[product, _], n| [product * n, 0] },
    Task { numbers: [0, 1], step: |[this, next], _| [next, this + next] },
    Task { numbers: [1, 0], step: |[choose, _], k| [choose * (21 - k) / k, 0] },
];

/// What rank 0 knows of the steps.
#[derive(Default)]
struct Journal {
    turns: String,
    results: [u64; 3],
    steps: [u64; 3],
}

impl Journal {
    fn note(&mut self, task: usize, result: u64) {
        self.turns.push(LETTERS[task]);
        self.results[task] = result;
        self.steps[task] += 1;
    }
}

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let began = Instant::now();
    let (rank, root) = (world.rank(), world.process_at_rank(ROOT));
    let mut journal = Journal::default();
    // At rank 0: a receive for the next step of each task of another rank.
    let mut posted: Vec<(usize, ReceiveFuture<u64>)> = Vec::new();
    if rank == ROOT {
        posted.extend((0..3).filter(|&task| owner(world, task) != ROOT).map(|task| (task, post(world, task))));
    }
    let mut tasks = TASKS;
    for step in 1..=STEPS {
        for task in (0..3).filter(|&task| owner(world, task) == rank) {
            let Task { numbers, step: advance } = &mut tasks[task];
            *numbers = advance(*numbers, step);
            if rank == ROOT {
                journal.note(task, numbers[0]);
            } else {
                trace::send(ROOT, task as Tag);
                root.send_with_tag(&numbers[0], task as Tag);
            }
        }
        take(world, &mut posted, &mut journal);
    }
    polite::until(|| {
        take(world, &mut posted, &mut journal);
        posted.is_empty().then_some(())
    });
    let cost = each_us("a step", began, 3 * STEPS);
    let [factorial, fibonacci, binomial] = journal.results;
    Ok((rank == ROOT).then(|| Shown {
        answer: format!("{} = {factorial}, {} = {fibonacci}, {} = {binomial}", NAMES[0], NAMES[1], NAMES[2]),
        expected: "factorial(10) = 3628800, fibonacci(10) = 55, binomial(20, 10) = 184756".into(),
        costs: vec![cost],
        lines: vec![format!("turns {}", journal.turns)],
    }))
}

/// The rank that has a task.
fn owner(world: &SimpleCommunicator, task: usize) -> Rank {
    task as Rank % world.size()
}

/// Posts a receive for the next step of a task.
fn post(world: &SimpleCommunicator, task: usize) -> ReceiveFuture<u64> {
    world.process_at_rank(owner(world, task)).immediate_receive_with_tag(task as Tag)
}

/// Takes the steps that have arrived, and posts receives for those to come: ten steps of each task.
fn take(world: &SimpleCommunicator, posted: &mut Vec<(usize, ReceiveFuture<u64>)>, journal: &mut Journal) {
    for (task, future) in std::mem::take(posted) {
        match future.r#try() {
            Err(future) => posted.push((task, future)),
            Ok(received) => {
                let (result, _) = trace::receive(|| received);
                journal.note(task, result);
                if journal.steps[task] < STEPS {
                    posted.push((task, post(world, task)));
                }
            }
        }
    }
}
