//! A queue of tasks, workers that take them, and a parent that adds up what they send: row 18.
//!
//! In Python: five processes count to 100,000,000 each and put their subtotal on a `Queue`; the parent takes from it and
//! adds until it has read `exit`.
//!
//! In MPI: manager and workers. Rank 0 sends a task to each worker; who sends a subtotal back gets the next task; when there are
//! none left it gets the sentinel (`Last`), the poison pill of the textbooks. The same total without any queue is
//! one `MPI_Reduce`, which is the right form when the shares are known beforehand.
//!
//! What goes wrong: a sentinel for each worker but one leaves that one waiting for ever; a parent that reads "while not empty"
//! stops early, since empty now does not mean empty for good.
//!
//! Right answer: 5 x 100,000,000 = 500,000,000, by queue and by reduction.

use std::hint::black_box;
use std::time::Instant;

use super::{Pattern, Shown, next_message, share};
use crate::cluster::{Cluster, Tag};
use crate::error::Result;
use crate::report::Cost;

const TASKS: u64 = 5;
const COUNT: u64 = 100_000_000;

pub(super) const PATTERN: Pattern = Pattern {
    name: "queue",
    python: "Queue of subtotals, until 'exit'",
    mpi: "manager, workers and a sentinel; MPI_Reduce",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let began = Instant::now();
    let queued = match cluster.size() {
        1 => Some((0..TASKS).map(|_| count(COUNT)).sum()),
        _ => cluster.at_root(|| manage(cluster)).transpose()?,
    };
    if queued.is_none() {
        work(cluster)?;
    }
    let by_queue = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let reduced = cluster.sum(share(cluster, TASKS).map(|_| count(COUNT)).sum())?;
    let by_reduction = began.elapsed().as_secs_f64();
    Ok(queued.zip(reduced).map(|(queued, reduced)| Shown {
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
fn manage(cluster: &Cluster) -> Result<u64> {
    let mut tasks = 0..TASKS;
    let mut next = |worker| match tasks.next() {
        Some(task) => cluster.send_numbers(worker, Tag::Item, [task, COUNT]),
        None => cluster.send_numbers(worker, Tag::Last, [0, 0]),
    };
    (1..cluster.size()).try_for_each(&mut next)?;
    let mut total = 0;
    for _ in 0..TASKS {
        let (worker, tag) = next_message(cluster)?;
        total += cluster.receive_numbers(worker, tag)?[1];
        next(worker)?;
    }
    cluster.flush(None)?;
    Ok(total)
}

/// At every other rank: tasks until the sentinel.
fn work(cluster: &Cluster) -> Result<()> {
    loop {
        let (manager, tag) = next_message(cluster)?;
        let [task, n] = cluster.receive_numbers(manager, tag)?;
        if tag == Tag::Last {
            return Ok(cluster.flush(None)?);
        }
        cluster.send_numbers(manager, Tag::Reply, [task, count(n)])?;
    }
}
