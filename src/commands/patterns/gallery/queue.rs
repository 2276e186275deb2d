//! A queue of tasks, workers that take them, and a manager that adds up what they send: row 18.
//!
//! Rank 0 sends a task to each worker. A worker that sends a subtotal back gets the next task, and
//! the sentinel when there are none left: the poison pill of the textbooks. The same total without
//! a queue is one `MPI_Reduce`, which is the right form where the shares are known beforehand.
//!
//! # In Python
//! ```python
//! from multiprocessing import Process, Queue
//!
//! def work(tasks, subtotals):
//!     for n in iter(tasks.get, "exit"):
//!         subtotals.put(sum(1 for _ in range(n)))
//!
//! if __name__ == "__main__":
//!     tasks, subtotals = Queue(), Queue()
//!     workers = [Process(target=work, args=(tasks, subtotals)) for _ in range(3)]
//!     for worker in workers:
//!         worker.start()
//!     for task in [1_000_000] * 5 + ["exit"] * len(workers):
//!         tasks.put(task)
//!     print(sum(subtotals.get() for _ in range(5)))
//! ```
//!
//! # With mpi4py
//! ```python
//! from mpi4py import MPI
//!
//! comm, status = MPI.COMM_WORLD, MPI.Status()
//! if comm.Get_rank() == 0:
//!     tasks, total = [1_000_000] * 5, 0
//!     for worker in range(1, comm.Get_size()):
//!         comm.send(tasks.pop() if tasks else "exit", worker)
//!     for _ in range(5):
//!         total += comm.recv(source=MPI.ANY_SOURCE, status=status)
//!         comm.send(tasks.pop() if tasks else "exit", status.Get_source())
//!     print(total)
//! else:
//!     while (n := comm.recv(source=0)) != "exit":
//!         comm.send(sum(1 for _ in range(n)), 0)
//! ```
//!
//! # What goes wrong
//! One sentinel too few leaves a worker waiting for ever. A parent that reads "while not empty"
//! stops too early, since a queue that is empty now need not stay so.
//!
//! # Right answer
//! 5 x 100,000,000 = 500,000,000, by queue and by reduction.
//!
//! # MPI calls
//! `MPI_Send`; `MPI_Irecv` from `MPI_ANY_SOURCE`, and with `MPI_ANY_TAG`; `MPI_Ireduce`.
//!
//! # In the picture
//! Until the queue is empty rank 0 only waits, and each worker gets its next task at once. Then
//! all four count their shares, and `MPI_Reduce` adds them up.
//!
//! # Exercises
//! **1.** Five equal tasks: how long do they take with 1, 4 and 5 workers, in units of one
//! task?
//!
//! <details><summary>Answer</summary>
//!
//! 5, 2 and 1. Four workers do four tasks at once, and then three of them wait for the fifth: a
//! speed-up of 2.5, not 4. More and smaller tasks would help.
//!
//! </details>
//!
//! **2.** The manager only waits. When is it worth a rank?
//!
//! <details><summary>Answer</summary>
//!
//! If the costs of tasks differ and are unknown: then fixed shares leave ranks idle. It costs
//! one rank in p, so half of the machine on 2 ranks, where the reduction is faster, and nothing
//! that matters on 100.
//!
//! </details>

use std::hint::black_box;
use std::time::Instant;

use mpi::Tag;
use mpi::collective::SystemOperation;
use mpi::request::scope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::{ROOT, Shown, share, trace};
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::Result;

const TASKS: u64 = 5;
const COUNT: u64 = 100_000_000;

/// What a message to a worker is: a task, or the sentinel.
const TASK: Tag = 1;
const EXIT: Tag = 2;
/// A message to the manager.
const SUBTOTAL: Tag = 3;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let began = Instant::now();
    let mut queued = 0;
    if world.rank() != ROOT {
        work(world);
    } else if world.size() == 1 {
        queued = (0..TASKS).map(|_| count(COUNT)).sum();
    } else {
        queued = manage(world);
    }
    let by_queue = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let reduced = reduce(world, share(world, TASKS).map(|_| count(COUNT)).sum());
    let by_reduction = began.elapsed().as_secs_f64();
    Ok(reduced.map(|reduced| Shown {
        answer: format!("{queued}, {reduced}"),
        expected: format!("{0}, {0}", TASKS * COUNT),
        costs: vec![
            Cost { what: "by queue", value: by_queue, unit: "s" },
            Cost { what: "by reduction", value: by_reduction, unit: "s" },
        ],
        ..Shown::default()
    }))
}

/// Counts to `n`, one by one: the compiler must not know the sum beforehand.
fn count(n: u64) -> u64 {
    (0..n).fold(0, |total, _| black_box(total) + 1)
}

/// At rank 0: hands tasks out, adds subtotals up, and ends every worker.
fn manage(world: &SimpleCommunicator) -> u64 {
    let mut tasks = 0..TASKS;
    let mut send_next = |worker| {
        let tag = if tasks.next().is_some() { TASK } else { EXIT };
        trace::send(worker, tag);
        world.process_at_rank(worker).send_with_tag(&COUNT, tag);
    };
    (1..world.size()).for_each(&mut send_next);
    let mut total = 0;
    for _ in 0..TASKS {
        let (subtotal, status) =
            trace::receive(|| polite::receive(world.any_process().immediate_receive_with_tag::<u64>(SUBTOTAL)));
        total += subtotal;
        send_next(status.source_rank());
    }
    total
}

/// At every other rank: tasks until the sentinel.
fn work(world: &SimpleCommunicator) {
    let manager = world.process_at_rank(ROOT);
    loop {
        let (n, status) = trace::receive(|| polite::receive(manager.immediate_receive::<u64>()));
        if status.tag() == EXIT {
            return;
        }
        let subtotal = count(n);
        trace::send(ROOT, SUBTOTAL);
        manager.send_with_tag(&subtotal, SUBTOTAL);
    }
}

/// The sum of the numbers of all ranks, at rank 0.
pub(super) fn reduce(world: &SimpleCommunicator, mine: u64) -> Option<u64> {
    let (root, sum) = (world.process_at_rank(ROOT), SystemOperation::sum());
    if world.rank() != ROOT {
        trace::call("MPI_Reduce", || scope(|s| polite::wait(root.immediate_reduce_into(s, &mine, sum))));
        return None;
    }
    let mut total = 0;
    trace::call("MPI_Reduce", || scope(|s| polite::wait(root.immediate_reduce_into_root(s, &mine, &mut total, sum))));
    Some(total)
}
