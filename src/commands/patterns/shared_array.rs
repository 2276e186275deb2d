//! A value and an array in shared memory: row 17.
//!
//! In Python: `Value` and `Array` from multiprocessing, in memory that all processes of one machine map; each worker adds 50.
//!
//! In MPI: `MPI_Comm_split_type` finds the ranks that can share memory, and `MPI_Win_allocate_shared` gives them one window that
//! each reads and writes with ordinary loads and stores. Distributed memory has no more than this: ranks on another node have
//! a window of their own. The usual form, here and in the sieve's tables, is: each rank fills its part, all meet, all read.
//!
//! What goes wrong without the meeting: a rank reads a part that is not there yet. [`Cluster::shared`] cannot be used that way,
//! since only its end gives the words out.
//!
//! Right answer: 50 x 5 in the sum of an array of five, filled by however many ranks there are.

use std::time::Instant;

use super::{Pattern, Shown, each_us};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::report::Cost;

/// Workers of the notes: pieces of the array, each filled by one rank.
const WORKERS: usize = 5;
/// What each worker adds to each of its elements.
const ADDED: u64 = 50;
/// Elements a worker: a page of memory and more, to see what reading costs.
const ELEMENTS: usize = 100_000;

pub(super) const PATTERN: Pattern = Pattern {
    name: "shared-array",
    python: "Value and Array",
    mpi: "MPI_Win_allocate_shared: each fills its part, all read",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let began = Instant::now();
    let array = cluster.shared(WORKERS, ELEMENTS, |_, words| {
        words.iter_mut().for_each(|word| *word += ADDED);
        Ok(())
    })?;
    let filled = each_us("to make and fill it", began, 1);
    let began = Instant::now();
    // Every rank sees every worker's part.
    let mine = (0..WORKERS).map(|worker| array[worker * ELEMENTS]).sum::<u64>();
    let whole = array.iter().sum::<u64>();
    let read = each_us("to read all of it", began, 1);
    let agreed = cluster.sum(mine)?;
    array.release();
    Ok(agreed.map(|all| Shown {
        answer: format!("{mine}, whole array {whole}, seen alike: {}", all == mine * cluster.size()),
        expected: format!("{}, whole array {}, seen alike: true", 250, 250 * ELEMENTS),
        costs: vec![filled, read, Cost { what: "bytes", value: (8 * array_length()) as f64, unit: "a node" }],
        ..Shown::default()
    }))
}

fn array_length() -> usize {
    WORKERS * ELEMENTS
}
