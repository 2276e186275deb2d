//! A function over a list, in parallel: row 21.
//!
//! In Python: `Pool(4).map(square, range(100))`, with a chunk size or without.
//!
//! In MPI: rank 0 scatters the list in equal parts (`MPI_Scatter`), every rank maps its own, and `MPI_Gatherv` brings the results back
//! in order. Nothing is asked for and nothing is waited for but the slowest part.
//!
//! What goes wrong: parts of `n / ranks` with the remainder left out; here `n * rank / ranks` is where a part begins, so that the
//! parts are all of the list for every number of ranks.
//!
//! Right answer: the squares 0, 1, 4, ..., 9801.

use std::time::Instant;

use super::{Pattern, Shown, each_us, shortened};
use crate::cluster::Cluster;
use crate::error::Result;

const N: u64 = 100;

pub(super) const PATTERN: Pattern =
    Pattern { name: "map", python: "Pool.map of a square", mpi: "MPI_Scatter, work, MPI_Gatherv", run };

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let began = Instant::now();
    let size = cluster.size();
    let parts = cluster.at_root(|| (0..size).map(|rank| [N * rank / size, N * (rank + 1) / size]).collect::<Vec<_>>());
    let [low, high] = cluster.scatter(parts.as_deref())?;
    let squares: Vec<u64> = (low..high).map(square).collect();
    let all = cluster.gather_records(&squares)?;
    let cost = each_us("for 100 squares", began, 1);
    Ok(all.map(|all| Shown {
        answer: shortened(&all.concat()),
        expected: shortened(&Vec::from_iter((0..N).map(|n| n * n))),
        costs: vec![cost],
        ..Shown::default()
    }))
}

pub(super) fn square(n: u64) -> u64 {
    n * n
}
