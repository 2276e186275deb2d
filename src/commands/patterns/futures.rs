//! Results that are asked for now and taken when they are there: row 21.
//!
//! In Python: `pool.apply_async(square, (n,))` gives a result object at once; `get()` waits for it. `map_async` is many of them.
//!
//! In MPI: a request. Rank 0 sends each number to a worker (`MPI_Isend`), asks for the answer before it is there (`MPI_Irecv`), and takes
//! whichever request completes first (what `MPI_Waitany` does, here in a loop of `MPI_Test` that sleeps).
//!
//! What goes wrong: answers from different workers arrive in any order, so each carries the number it belongs to. From one worker,
//! with one tag, they arrive in the order in which they were sent: MPI promises that much.
//!
//! Right answer: the squares 0, 1, 4, ..., 9801, whoever was first.

use std::time::Instant;

use super::map::square;
use super::{Pattern, Shown, each_us, shortened};
use crate::cluster::patience::Patience;
use crate::cluster::{Cluster, Promise, Tag};
use crate::error::Result;
use crate::report::Cost;

const N: u64 = 100;

pub(super) const PATTERN: Pattern = Pattern {
    name: "futures",
    python: "apply_async, map_async, get()",
    mpi: "MPI_Isend, MPI_Irecv, whichever completes first",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let workers = cluster.size() - 1;
    // The numbers that a rank answers are known to all: every worker in turn.
    let Some(began) = cluster.at_root(Instant::now) else {
        for _ in (0..N).filter(|n| 1 + n % workers == cluster.rank()) {
            let [n, _] = cluster.receive_numbers(0, Tag::Item)?;
            cluster.send_numbers(0, Tag::Reply, [n, square(n)])?;
        }
        cluster.flush(None)?;
        return Ok(None);
    };
    let mut squares = vec![0; N as usize];
    let mut overtaken = 0;
    if workers == 0 {
        (0..N).for_each(|n| squares[n as usize] = square(n));
    } else {
        let ask = |n| {
            cluster.send_numbers(1 + n % workers, Tag::Item, [n, 0])?;
            Ok(cluster.promise(1 + n % workers, Tag::Reply))
        };
        let mut last = 0;
        for [n, answer] in as_completed((0..N).map(ask).collect::<Result<_>>()?) {
            squares[n as usize] = answer;
            overtaken += u64::from(n < last);
            last = last.max(n);
        }
        cluster.flush(None)?;
    }
    let cost = each_us("an answer", began, N);
    Ok(Some(Shown {
        answer: shortened(&squares),
        expected: shortened(&Vec::from_iter((0..N).map(|n| n * n))),
        costs: vec![cost, Cost { what: "came after a later one", value: overtaken as f64, unit: "of 100" }],
        ..Shown::default()
    }))
}

/// What was promised, in the order in which it comes.
fn as_completed(mut open: Vec<Promise>) -> Vec<[u64; 2]> {
    let (mut taken, mut patience) = (Vec::new(), Patience::new());
    while !open.is_empty() {
        let before = taken.len();
        open = open
            .into_iter()
            .filter_map(|promise| match promise.take() {
                Ok(numbers) => {
                    taken.push(numbers);
                    None
                }
                Err(promise) => Some(promise),
            })
            .collect();
        if taken.len() > before { patience.reset() } else { patience.pause() }
    }
    taken
}
